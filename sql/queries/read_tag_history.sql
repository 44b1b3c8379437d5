-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>/-/tags/<tag>/history, the newest first. $1 to $6 as in
-- reader/api/paging.h:
-- $1 number of the cursor: bigint, NULL: from the end of the list
-- $2 its text: it has none           $3 rows on a page: bigint
-- $4 walk against the statement's own order: boolean
-- $5 the rows walked are to be shown in reverse: boolean    $6 count all rows: boolean
-- $7 repository: text; it may be gone    $8 tag: text; it may be gone
-- Columns: generation, place, found, has_more, number, text, body: see reader/api/rest_list.h.
WITH listed AS NOT MATERIALIZED (
    SELECT h.id, h.digest, h.from_time, h.until_time, h.changed_by, h.source
    FROM tag_history h
    WHERE h.repository_id = (SELECT id FROM repository WHERE name = $7::text) AND h.tag = $8::text
      AND ($2::text IS NULL OR true) -- its type: a number is enough
),
walked AS MATERIALIZED (
    (SELECT listed.*, row_number() OVER (ORDER BY id DESC) AS place
     FROM listed
     WHERE NOT $4::boolean AND id < coalesce($1::bigint, 9223372036854775807)
     ORDER BY id DESC
     LIMIT $3::bigint + 1)
    UNION ALL
    (SELECT listed.*, row_number() OVER (ORDER BY id)
     FROM listed
     WHERE $4::boolean AND id > coalesce($1::bigint, 0)
     ORDER BY id
     LIMIT $3::bigint + 1)
)
SELECT generation, NULL::bigint AS place, EXISTS (SELECT FROM listed) AS found,
       (SELECT count(*) FROM walked) > $3::bigint AS has_more, NULL::bigint AS number,
       NULL::text AS text,
       '"total":' || CASE WHEN $6::boolean THEN (SELECT count(*) FROM listed) END AS body
FROM state
UNION ALL
SELECT (SELECT generation FROM state), CASE WHEN $5::boolean THEN -w.place ELSE w.place END, NULL,
       NULL, w.id, '', row_to_json(object)::text
FROM walked w
CROSS JOIN LATERAL (
    SELECT digest_text(w.digest) AS digest,
           to_char(w.from_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "from",
           to_char(w.until_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS until,
           w.changed_by AS by, w.source
) object
WHERE w.place <= $3::bigint
ORDER BY place NULLS FIRST
