-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>. Called by reader/api_repositories.c.
-- $1 repository: text; $2 LIKE patterns of official repositories: text[]
-- Columns: generation, body (JSON; NULL: it is not known). One row.
SELECT s.generation,
       json_strip_nulls(row_to_json(object))::text AS body
FROM state s
LEFT JOIN repository r ON r.name = $1::text AND r.deleted_at IS NULL
LEFT JOIN LATERAL (
    SELECT r.name, r.title, r.description,
           r.name LIKE ANY ($2::text[]) AS official,
           r.tag_count AS tags, r.image_count AS images, r.artifact_count AS artifacts,
           (SELECT count(*) FROM repository_manifest h
            WHERE h.repository_id = r.id AND h."references" = 0) AS untagged,
           (SELECT count(*) FROM repository_manifest h
            WHERE h.repository_id = r.id AND h.unreadable IS NOT NULL) AS unreadable,
           r.size,
           ARRAY(SELECT p.platform FROM repository_platform p
                 WHERE p.repository_id = r.id ORDER BY p.platform) AS platforms,
           r.pulls,
           to_char(r.created AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created,
           to_char(r.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated,
           r.updated_source,
           s.generation
) object ON r.id IS NOT NULL
