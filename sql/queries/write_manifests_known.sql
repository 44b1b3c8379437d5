-- SPDX-License-Identifier: Apache-2.0
-- Manifests and everything below them, parents first. $1 repository: text, $2 digests: bytea[].
-- Columns: digest as text, is its content stored, can it be read in the repository.
WITH RECURSIVE below (id, depth) AS (
    SELECT id, 0 FROM manifest WHERE digest = ANY ($2::bytea[])
     UNION
    SELECT c.child_id, b.depth + 1 FROM below b JOIN manifest_child c ON c.parent_id = b.id
), known AS (
    SELECT id, max(depth) AS depth FROM below GROUP BY id
)
SELECT digest_text(m.digest), m.raw IS NOT NULL,
       EXISTS (SELECT FROM repository r
                 JOIN repository_manifest h ON h.repository_id = r.id AND h.manifest_id = m.id
                WHERE r.name = $1::text AND h.unreadable IS NULL)
  FROM known k JOIN manifest m ON m.id = k.id
 ORDER BY k.depth, m.id;
