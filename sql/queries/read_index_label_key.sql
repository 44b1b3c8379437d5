-- SPDX-License-Identifier: Apache-2.0
-- /index, way in: the key of one label, whatever its value.
-- Parameters, made by reader/query/index_query.c:
-- $1 repository names     text[]   $2 the same as LIKE patterns   text[]
-- $3 tag names            text[]   $4 the same as LIKE patterns   text[]
-- $5 operating systems    text[]   $6 architectures               text[]
-- $7 filters on labels   jsonb    $8 on annotations
--    [{"key", "equal": [...] or "like": [...] or neither: it exists}]
-- $9 what names must begin with: text
-- NULL is no filter; all of them must hold, in each one value is enough.
-- Globs are compared with the first 4096 characters of a value, here and in all that follows: LIKE on a longer one
-- could not be interrupted for long.
-- $10 the label's key: text. $11 LIKE patterns of its value: text[], NULL: any value.
-- Columns: generation, repository (empty in the first row, which is always there), is_list, the
-- entry of "Images" or "Lists" as JSON. In the order of /index: by name, images before lists, by
-- digest.
WITH
-- include index_few.sql
image AS MATERIALIZED (
    SELECT DISTINCT x.manifest_id
    FROM label x
    WHERE NOT (SELECT is_so FROM scarce) AND left(x.key, 200) = left($10::text, 200) AND x.key = $10::text
      AND ($11::text[] IS NULL OR left(x.value, 4096) LIKE ANY ($11::text[]))
    UNION ALL
    SELECT few.id
    FROM few
    WHERE (SELECT is_so FROM scarce)
      AND EXISTS (SELECT FROM label x
                  WHERE x.manifest_id = few.id AND x.key = $10::text
                    AND ($11::text[] IS NULL OR left(x.value, 4096) LIKE ANY ($11::text[])) OFFSET 0)
),
-- include index_candidates.sql
candidate AS NOT MATERIALIZED (SELECT * FROM image_candidate),
-- include index_entries.sql
