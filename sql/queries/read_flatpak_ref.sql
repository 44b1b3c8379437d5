-- SPDX-License-Identifier: Apache-2.0
-- /<name>/index/flatpakref: the application that the repository's latest tag holds.
-- $1 repository: text
-- Columns: generation, ref: app/<id>/<architecture>/<branch> (NULL: it holds none), title, comment, home page, and where
-- its runtime is to be had (a URL): each NULL where it is not said. One row.
WITH image AS MATERIALIZED (
    SELECT l.manifest_id AS id, l.value AS ref
    FROM repository r
    CROSS JOIN LATERAL (SELECT manifest_id FROM tag WHERE repository_id = r.id AND name = 'latest' OFFSET 0) t
    CROSS JOIN LATERAL (SELECT t.manifest_id AS id, -1 AS position
                        UNION ALL
                        SELECT image_id, position FROM index_image WHERE index_id = t.manifest_id) i
    CROSS JOIN LATERAL (SELECT manifest_id, value FROM label
                        WHERE manifest_id = i.id AND key = 'org.flatpak.ref' AND value LIKE 'app/%/%/%' OFFSET 0) l
    WHERE r.name = $1::text AND r.deleted_at IS NULL
      AND EXISTS (SELECT FROM repository_manifest h
                  WHERE h.repository_id = r.id AND h.manifest_id = i.id AND h.unreadable IS NULL OFFSET 0)
    ORDER BY i.position
    LIMIT 1
)
SELECT s.generation, image.ref, m.title, m.description,
       (SELECT min(value) FROM label WHERE manifest_id = image.id AND key = 'org.opencontainers.image.url') AS homepage,
       (SELECT min(value) FROM label WHERE manifest_id = image.id AND key = 'org.flatpak.runtime-repo') AS runtime_repo
FROM state s
LEFT JOIN image ON true
LEFT JOIN manifest m ON m.id = image.id
