-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories, by name.
-- $1 number and $2 text of the cursor: bigint, text; NULL: from the end of the list
-- $3 rows on a page: bigint    $4 walk against the statement's own order: boolean
-- $5 the rows walked are to be shown in reverse: boolean    $6 count all rows: boolean
-- $7 LIKE pattern of names, in any case: text, NULL: all    $8 prefix of names: text, NULL: all
-- $9 LIKE patterns of official repositories: text[]
-- $10 only those directly below the prefix, in no further namespace: boolean
-- $11 tell what is attached to their images, and their base: boolean
-- Columns: generation, place, found, has_more, number, text, body: see reader/api/rest_list.h.
--
-- Each way to walk is a branch of its own with a plan of its own, and only one of them is executed.
WITH
-- include repositories_listed.sql
walked AS MATERIALIZED (
    (SELECT id, 0::bigint AS number, row_number() OVER (ORDER BY name) AS place
     FROM listed
     WHERE NOT $4::boolean AND NOT $10::boolean AND name > coalesce($2::text, '') AND name >= coalesce($8::text, '')
       AND ($1::bigint IS NULL OR true) -- its type: a name has no number
     ORDER BY name
     LIMIT $3::bigint + 1)
    UNION ALL
    (SELECT id, 0, row_number() OVER (ORDER BY name DESC)
     FROM listed
     WHERE $4::boolean AND NOT $10::boolean AND name < coalesce($2::text, U&'\+10FFFF')
       AND name < coalesce($8::text, '') || U&'\+10FFFF'
     ORDER BY name DESC
     LIMIT $3::bigint + 1)
    UNION ALL
    -- Those of one namespace, which are few among many below it.
    (SELECT id, 0, row_number() OVER (ORDER BY name)
     FROM listed
     WHERE $10::boolean AND NOT $4::boolean AND namespace_of(name) = coalesce($8::text, '')
       AND name > coalesce($2::text, '')
     ORDER BY name
     LIMIT $3::bigint + 1)
    UNION ALL
    (SELECT id, 0, row_number() OVER (ORDER BY name DESC)
     FROM listed
     WHERE $10::boolean AND $4::boolean AND namespace_of(name) = coalesce($8::text, '')
       AND name < coalesce($2::text, U&'\+10FFFF')
     ORDER BY name DESC
     LIMIT $3::bigint + 1)
),
-- include repositories_shown.sql
