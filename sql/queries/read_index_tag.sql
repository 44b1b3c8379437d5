-- SPDX-License-Identifier: Apache-2.0
-- /index, way in: names of tags ($3).
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
WITH named AS MATERIALIZED (
    SELECT DISTINCT t.repository_id, t.manifest_id
    FROM tag t
    WHERE t.name = ANY ($3::text[]) AND NOT t.hidden AND t.manifest_id IS NOT NULL
),
-- A tag of an image also finds the lists that hold the image.
candidate AS MATERIALIZED (
    SELECT r.id AS repository_id, r.name, top.manifest_id
    FROM (SELECT repository_id, manifest_id FROM named
          UNION
          SELECT named.repository_id, ii.index_id
          FROM named
          CROSS JOIN LATERAL (SELECT index_id FROM index_image
                              WHERE image_id = named.manifest_id OFFSET 0) ii) top
    CROSS JOIN LATERAL (SELECT id, name FROM repository
                        WHERE id = top.repository_id AND deleted_at IS NULL OFFSET 0) r
),
-- include index_entries.sql
