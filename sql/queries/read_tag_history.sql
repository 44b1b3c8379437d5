-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>/-/tags/<tag>/history, the newest first. Called by reader/api/tags.c; $1 to
-- $7 as in reader/api/paging.h:
-- $1 sort: text, there is but one    $2 number of the cursor: bigint, NULL: from the end of the list
-- $3 its text: it has none           $4 rows on a page: bigint
-- $5 walk against the statement's own order: boolean
-- $6 the rows walked are to be shown in reverse: boolean    $7 count all rows: boolean
-- $8 repository: text; it may be gone    $9 tag: text; it may be gone
-- Columns: generation, place, found, has_more, number, text, body: see reader/api/rest_list.h.
WITH listed AS NOT MATERIALIZED (
    SELECT h.id, h.digest, h.from_time, h.until_time, h.changed_by, h.source
    FROM tag_history h
    WHERE h.repository_id = (SELECT id FROM repository WHERE name = $8::text) AND h.tag = $9::text
      AND ($1::text IS NOT NULL OR $3::text IS NOT NULL) -- tells the types of what is not used
),
walked AS MATERIALIZED (
    (SELECT listed.*, row_number() OVER (ORDER BY id DESC) AS place
     FROM listed
     WHERE NOT $5::boolean AND id < coalesce($2::bigint, 9223372036854775807)
     ORDER BY id DESC
     LIMIT $4::bigint + 1)
    UNION ALL
    (SELECT listed.*, row_number() OVER (ORDER BY id)
     FROM listed
     WHERE $5::boolean AND id > coalesce($2::bigint, 0)
     ORDER BY id
     LIMIT $4::bigint + 1)
)
SELECT generation, NULL::bigint AS place, EXISTS (SELECT FROM listed) AS found,
       (SELECT count(*) FROM walked) > $4::bigint AS has_more, NULL::bigint AS number,
       NULL::text AS text,
       '"total":' || CASE WHEN $7::boolean THEN (SELECT count(*) FROM listed) END AS body
FROM state
UNION ALL
SELECT (SELECT generation FROM state), CASE WHEN $6::boolean THEN -w.place ELSE w.place END, NULL,
       NULL, w.id, '', row_to_json(object)::text
FROM walked w
CROSS JOIN LATERAL (
    SELECT digest_text(w.digest) AS digest,
           to_char(w.from_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "from",
           to_char(w.until_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS until,
           w.changed_by AS by, w.source
) object
WHERE w.place <= $4::bigint
ORDER BY place NULLS FIRST
