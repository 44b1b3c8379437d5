-- SPDX-License-Identifier: Apache-2.0
-- /index, way in: names of repositories, however many tags they have.
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
WITH candidate AS (
    SELECT r.id AS repository_id, r.name, d.manifest_id
    FROM repository r
    CROSS JOIN LATERAL (SELECT DISTINCT t.manifest_id
                        FROM tag t
                        WHERE t.repository_id = r.id AND NOT t.hidden) d
    WHERE r.name = ANY ($1::text[]) AND r.deleted_at IS NULL
),
-- include index_entries.sql
