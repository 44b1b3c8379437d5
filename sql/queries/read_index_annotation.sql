-- SPDX-License-Identifier: Apache-2.0
-- /index, way in: values of one annotation.
-- Parameters, made by reader/query/index_query.c:
-- $1 repository names     text[]   $2 the same as LIKE patterns   text[]
-- $3 tag names            text[]   $4 the same as LIKE patterns   text[]
-- $5 operating systems    text[]   $6 architectures               text[]
-- $7 filters on labels   jsonb    $8 on annotations
--    [{"key", "equal": [...] or "like": [...] or neither: it exists}]
-- $9 what names must begin with: text
-- NULL is no filter; all of them must hold, in each one value is enough.
-- $10 the annotation's key: text. $11 its values: text[]. Both may be longer than an index can hold:
-- the first 200 characters are looked up, then the whole is compared.
-- Columns: generation, repository (empty in the first row, which is always there), is_list, the
-- entry of "Images" or "Lists" as JSON. In the order of /index: by name, images before lists, by
-- digest.
WITH image AS MATERIALIZED (
    SELECT DISTINCT x.manifest_id
    FROM annotation x
    WHERE left(x.key, 200) = left($10::text, 200)
      AND left(x.value, 200) = ANY (ARRAY(SELECT left(v, 200) FROM unnest($11::text[]) v))
      AND x.key = $10::text AND x.value = ANY ($11::text[])
),
-- include index_candidates.sql
candidate AS NOT MATERIALIZED (SELECT * FROM image_candidate),
-- include index_entries.sql
