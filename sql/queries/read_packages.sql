-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/packages: packages that live images hold, by name and type.
-- $1 number of the cursor (id of a name) … $6: see reader/api/paging.h; $7 LIKE pattern of names, lower case: text,
-- NULL: all; $8 type: text, NULL: any; $9 can an index find the pattern: boolean.
-- Columns: generation, place, found, has_more, number, text, body (see reader/api/rest_list.h).
WITH cursor_row AS MATERIALIZED (
    SELECT name, type FROM package_name WHERE id = $1::bigint AND ($2::text IS NULL OR true)
),
-- Found by a part of the name; else all of them are walked in order, until there are enough.
found AS MATERIALIZED (
    SELECT id, name, type FROM package_name
    WHERE $9::boolean AND lower(name) LIKE $7::text AND images > 0 AND ($8::text IS NULL OR type = $8::text)
),
walked AS MATERIALIZED (
    SELECT id, row_number() OVER () AS place
    FROM (
        (SELECT id, name, type FROM found
         WHERE $9::boolean AND NOT $4::boolean
           AND ($1::bigint IS NULL OR (name, type) > (SELECT name, type FROM cursor_row))
         ORDER BY name, type LIMIT $3::bigint + 1)
        UNION ALL
        (SELECT id, name, type FROM found
         WHERE $9::boolean AND $4::boolean
           AND ($1::bigint IS NULL OR (name, type) < (SELECT name, type FROM cursor_row))
         ORDER BY name DESC, type DESC LIMIT $3::bigint + 1)
        UNION ALL
        (SELECT id, name, type FROM package_name
         WHERE NOT $9::boolean AND NOT $4::boolean AND images > 0 AND ($8::text IS NULL OR type = $8::text)
           AND ($7::text IS NULL OR lower(name) LIKE $7::text)
           AND (name, type) > (coalesce((SELECT name FROM cursor_row), ''), coalesce((SELECT type FROM cursor_row), ''))
         ORDER BY name, type LIMIT $3::bigint + 1)
        UNION ALL
        (SELECT id, name, type FROM package_name
         WHERE NOT $9::boolean AND $4::boolean AND images > 0 AND ($8::text IS NULL OR type = $8::text)
           AND ($7::text IS NULL OR lower(name) LIKE $7::text)
           AND (name, type) < ((SELECT name FROM cursor_row), (SELECT type FROM cursor_row))
         ORDER BY name DESC, type DESC LIMIT $3::bigint + 1)
    ) w
)
SELECT generation, NULL::bigint AS place, true AS found, (SELECT count(*) FROM walked) > $3::bigint AS has_more,
       NULL::bigint AS number, NULL::text AS text,
       '"total":' || CASE WHEN $6::boolean THEN (
           SELECT count(*) FROM package_name
           WHERE images > 0 AND ($7::text IS NULL OR lower(name) LIKE $7::text)
             AND ($8::text IS NULL OR type = $8::text)) END AS body
FROM state
UNION ALL
SELECT (SELECT generation FROM state), CASE WHEN $5::boolean THEN -w.place ELSE w.place END, NULL, NULL, w.id, '',
       row_to_json(object)::text
FROM walked w
CROSS JOIN LATERAL (SELECT * FROM package_name WHERE id = w.id OFFSET 0) n
CROSS JOIN LATERAL (
    SELECT n.name, nullif(n.type, '') AS type,
           array_to_json(ARRAY(
               SELECT row_to_json(v)
               FROM (SELECT nullif(version, '') AS version, images
                     FROM (SELECT version, version_key, images FROM package_version
                           WHERE name_id = n.id AND images > 0
                           ORDER BY version_key DESC LIMIT 100) newest
                     ORDER BY version_key, version) v)) AS versions,
           n.images
) object
WHERE w.place <= $3::bigint
ORDER BY place NULLS FIRST
