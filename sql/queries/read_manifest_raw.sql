-- SPDX-License-Identifier: Apache-2.0
-- The bytes of a manifest, if the repository has it.
-- $1 repository: text; $2 tag: text, or NULL and $3 its digest: text
-- Columns: generation, is_known (the repository), bytes (NULL: no such manifest, empty: it could not be
-- read), media_type. One row.
SELECT s.generation, r.id IS NOT NULL AS is_known,
       CASE WHEN t.unreadable IS NOT NULL OR h.unreadable IS NOT NULL THEN ''
            WHEN h.manifest_id IS NOT NULL THEN coalesce(m.raw, '') END AS bytes,
       m.media_type
FROM state s
LEFT JOIN repository r ON r.name = $1::text AND r.deleted_at IS NULL
LEFT JOIN tag t ON t.repository_id = r.id AND t.name = $2::text
LEFT JOIN manifest m ON m.id = coalesce(t.manifest_id,
                                        (SELECT id FROM manifest WHERE digest = digest_bytes($3::text)))
LEFT JOIN repository_manifest h ON h.repository_id = r.id AND h.manifest_id = m.id
