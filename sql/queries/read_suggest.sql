-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/suggest: names that a word begins, or nearly.
-- $1 the word: text; $2 the same, escaped for LIKE: text
-- Columns: generation, body: the answer as JSON without its end. One row.
--
-- Names that begin with it come first, then those whose last component does, then those with a word
-- one edit away from it; among equals what is pulled most. OFFSET 0 and the limits keep each way in
-- short.
WITH found AS MATERIALIZED (
    (SELECT name, pulls, CASE WHEN name = lower($1::text) THEN 0 ELSE 1 END AS rank
     FROM repository
     WHERE name >= lower($1::text) AND name < lower($1::text) || U&'\+10FFFF'
       AND tag_count > 0 AND deleted_at IS NULL
     ORDER BY name
     LIMIT 200)
    UNION ALL
    (SELECT name, pulls, 2
     FROM repository
     WHERE name LIKE '%/' || lower($2::text) || '%' AND tag_count > 0 AND deleted_at IS NULL
     LIMIT 200)
    UNION ALL
    (SELECT name, pulls, 3
     FROM repository
     WHERE repository_keys(name, title)
               && near_keys(lower($1::text) || ' ' || regexp_replace(lower($1::text), '[^a-z0-9]+', '', 'g'))
       AND tag_count > 0 AND deleted_at IS NULL
     LIMIT 200)
),
best AS (
    SELECT name, pulls
    FROM (SELECT name, pulls, min(rank) AS rank FROM found GROUP BY name, pulls) f
    ORDER BY rank, pulls DESC, name
    LIMIT 10
)
SELECT s.generation,
       '{"suggestions":' || coalesce((SELECT json_agg(json_build_object('name', b.name, 'pulls', b.pulls))
                                      FROM best b), '[]') AS body
FROM state s
