-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories. Called by reader/api/repositories.c; $1 to $7 as in reader/api/paging.h:
-- $1 sort: text, one of name, pulls, size, tags, updated
-- $2 number and $3 text of the cursor: bigint, text; NULL: from the end of the list
-- $4 rows on a page: bigint    $5 walk against the statement's own order: boolean
-- $6 the rows walked are to be shown in reverse: boolean    $7 count all rows: boolean
-- $8 LIKE pattern of names, in any case: text, NULL: all    $9 prefix of names: text, NULL: all
-- $10 LIKE patterns of official repositories: text[]
-- Columns: generation, place, found, has_more, number, text, body: see reader/api/rest_list.h.
--
-- The statement's own order: by name, or by a number, the largest first, and then by name. Each way to
-- walk is a branch of its own with a plan of its own, and only one of them is executed. OFFSET 0 keeps
-- the planner from reading a whole table where a look at one row will do.
WITH listed AS NOT MATERIALIZED ( -- those of the catalog
    SELECT r.id, r.name,
           CASE $1::text
               WHEN 'pulls' THEN r.pulls
               WHEN 'size' THEN least(r.size, 9223372036854775807)::bigint
               WHEN 'tags' THEN r.tag_count
               WHEN 'updated' THEN coalesce((extract(epoch FROM r.updated) * 1000000)::bigint, 0)
               ELSE 0
           END AS number
    FROM repository r
    WHERE r.deleted_at IS NULL
      AND (r.tag_count > 0
           OR EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id OFFSET 0))
      -- CASE: to the planner a filter that may be none must not look as if it left nothing.
      AND CASE WHEN $8::text IS NULL THEN true ELSE r.name LIKE lower($8::text) END
      AND CASE WHEN $9::text IS NULL THEN true ELSE starts_with(r.name, $9::text) END
),
walked AS MATERIALIZED (
    (SELECT id, number, row_number() OVER (ORDER BY name) AS place
     FROM listed
     WHERE $1::text = 'name' AND NOT $5::boolean
       AND name > coalesce($3::text, '') AND name >= coalesce($9::text, '')
     ORDER BY name
     LIMIT $4::bigint + 1)
    UNION ALL
    (SELECT id, number, row_number() OVER (ORDER BY name DESC)
     FROM listed
     WHERE $1::text = 'name' AND $5::boolean
       AND name < coalesce($3::text, U&'\+10FFFF') AND name < coalesce($9::text, '') || U&'\+10FFFF'
     ORDER BY name DESC
     LIMIT $4::bigint + 1)
    UNION ALL
    (SELECT id, number, row_number() OVER (ORDER BY number DESC, name)
     FROM listed
     WHERE $1::text <> 'name' AND NOT $5::boolean
       AND ($2::bigint IS NULL OR number < $2::bigint
            OR number = $2::bigint AND name > $3::text)
     ORDER BY number DESC, name
     LIMIT $4::bigint + 1)
    UNION ALL
    (SELECT id, number, row_number() OVER (ORDER BY number, name DESC)
     FROM listed
     WHERE $1::text <> 'name' AND $5::boolean
       AND ($2::bigint IS NULL OR number > $2::bigint
            OR number = $2::bigint AND name < $3::text)
     ORDER BY number, name DESC
     LIMIT $4::bigint + 1)
)
SELECT generation, NULL::bigint AS place, true AS found,
       (SELECT count(*) FROM walked) > $4::bigint AS has_more, NULL::bigint AS number,
       NULL::text AS text,
       '"total":' || CASE WHEN $7::boolean THEN (SELECT count(*) FROM listed) END AS body
FROM state
UNION ALL
SELECT (SELECT generation FROM state), CASE WHEN $6::boolean THEN -w.place ELSE w.place END, NULL,
       NULL, w.number, r.name, json_strip_nulls(row_to_json(object))::text
FROM walked w
JOIN repository r ON r.id = w.id
CROSS JOIN (SELECT $10::text[] AS patterns) official
CROSS JOIN LATERAL (
-- include repository_object.sql
) object
WHERE w.place <= $4::bigint
ORDER BY place NULLS FIRST
