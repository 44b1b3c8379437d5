-- SPDX-License-Identifier: Apache-2.0
-- /index, way in: values of one label.
-- Parameters, made by reader/query/index_query.c:
-- $1 repository names     text[]   $2 the same as LIKE patterns   text[]
-- $3 tag names            text[]   $4 the same as LIKE patterns   text[]
-- $5 operating systems    text[]   $6 architectures               text[]
-- $7 filters on labels   jsonb    $8 on annotations
--    [{"key", "equal": [...] or "like": [...] or neither: it exists}]
-- NULL is no filter; all of them must hold, in each one value is enough.
-- $9 the label's key: text. $10 its values: text[]. Both may be longer than an index can hold:
-- the first 200 characters are looked up, then the whole is compared.
-- Columns: generation, repository (empty in the first row, which is always there), is_list, the
-- entry of "Images" or "Lists" as JSON. In the order of /index: by name, images before lists, by
-- digest.
WITH image AS MATERIALIZED (
    SELECT DISTINCT x.manifest_id
    FROM label x
    WHERE left(x.key, 200) = left($9::text, 200)
      AND left(x.value, 200) = ANY (ARRAY(SELECT left(v, 200) FROM unnest($10::text[]) v))
      AND x.key = $9::text AND x.value = ANY ($10::text[])
),
-- include index_candidates.sql
candidate AS NOT MATERIALIZED (SELECT * FROM image_candidate),
-- include index_entries.sql
