-- SPDX-License-Identifier: Apache-2.0
-- /index, way in: none, every tagged manifest is looked at; or the images of the platforms that are asked for, if
-- these are few.
-- Parameters, made by reader/query/index_query.c:
-- $1 repository names     text[]   $2 the same as LIKE patterns   text[]
-- $3 tag names            text[]   $4 the same as LIKE patterns   text[]
-- $5 operating systems    text[]   $6 architectures               text[]
-- $7 filters on labels   jsonb    $8 on annotations
--    [{"key", "equal": [...] or "like": [...] or neither: it exists}]
-- $9 what names must begin with: text
-- NULL is no filter; all of them must hold, in each one value is enough.
-- Columns: generation, repository (empty in the first row, which is always there), is_list, the
-- entry of "Images" or "Lists" as JSON. In the order of /index: by name, images before lists, by
-- digest.
WITH
-- include index_few.sql
image AS MATERIALIZED (
    SELECT id AS manifest_id FROM few WHERE (SELECT is_so FROM scarce)
),
-- include index_candidates.sql
candidate AS (
    SELECT r.id AS repository_id, r.name, d.manifest_id
    FROM repository r
    CROSS JOIN LATERAL (SELECT DISTINCT t.manifest_id
                        FROM tag t
                        WHERE t.repository_id = r.id AND NOT t.hidden) d
    WHERE NOT (SELECT is_so FROM scarce) AND r.deleted_at IS NULL
      AND ($2::text[] IS NULL OR r.name LIKE ANY ($2::text[]))
      AND ($9::text IS NULL OR starts_with(r.name, $9::text))
    UNION ALL
    SELECT * FROM image_candidate
),
-- include index_entries.sql
