-- SPDX-License-Identifier: Apache-2.0
-- /index, way in: names of repositories that have 100 tags at most, all together. When they have more there is no
-- row, not even the first: read_index_repository_large.sql is asked then.
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
WITH state AS MATERIALIZED ( -- for all that follows
    SELECT generation
    FROM state
    WHERE (SELECT coalesce(sum(tag_count), 0) FROM repository WHERE name = ANY ($1::text[])) <= 100
),
candidate AS (
    SELECT r.id AS repository_id, r.name, d.manifest_id
    FROM repository r
    CROSS JOIN LATERAL (SELECT DISTINCT t.manifest_id
                        FROM tag t
                        WHERE t.repository_id = r.id AND NOT t.hidden) d
    WHERE r.name = ANY ($1::text[]) AND r.deleted_at IS NULL AND EXISTS (SELECT FROM state)
),
-- include index_entries.sql
