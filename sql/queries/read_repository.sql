-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>.
-- $1 repository: text; $2 LIKE patterns of official repositories: text[]
-- Columns: generation, body (JSON without its end, where its generation stands; NULL: it is not
-- known). One row.
SELECT s.generation,
       left(json_strip_nulls(row_to_json(object))::text, -1) AS body
FROM state s
CROSS JOIN (SELECT $2::text[] AS patterns, true AS looks_inside) official
LEFT JOIN repository r ON r.name = $1::text AND r.deleted_at IS NULL
LEFT JOIN LATERAL (
-- include repository_object.sql
) object ON r.id IS NOT NULL
