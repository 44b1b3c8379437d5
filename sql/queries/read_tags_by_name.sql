-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>/-/tags, by name.
-- $1 number and $2 text of the cursor: bigint, text; NULL: from the end of the list
-- $3 rows on a page: bigint    $4 walk against the statement's own order: boolean
-- $5 the rows walked are to be shown in reverse: boolean    $6 count all rows: boolean
-- $7 repository: text    $8 LIKE pattern of tags: text, NULL: all
-- $9 hidden tags (fallback tags, cosign's) too: boolean
-- Columns: generation, place, found, has_more, number, text, body: see reader/api/rest_list.h.
--
-- Each way to walk is a branch of its own with a plan of its own, and only one of them is executed.
WITH
-- include tags_listed.sql
walked AS MATERIALIZED (
    (SELECT name, manifest_id, 0::bigint AS number, row_number() OVER (ORDER BY name) AS place
     FROM listed
     WHERE NOT $4::boolean AND name > coalesce($2::text, '') AND name >= (SELECT first FROM named)
       AND name < (SELECT last FROM named)
       AND ($1::bigint IS NULL OR true) -- its type: a name has no number
     ORDER BY name
     LIMIT $3::bigint + 1)
    UNION ALL
    (SELECT name, manifest_id, 0, row_number() OVER (ORDER BY name DESC)
     FROM listed
     WHERE $4::boolean AND name < coalesce($2::text, U&'\+10FFFF') AND name >= (SELECT first FROM named)
       AND name < (SELECT last FROM named)
     ORDER BY name DESC
     LIMIT $3::bigint + 1)
),
-- include tags_shown.sql
