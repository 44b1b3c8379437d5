-- SPDX-License-Identifier: Apache-2.0
-- Manifests and everything below them, parents first. $1 repository: text, $2 digests: bytea[].
-- Columns: digest as text, is its content stored, can it be read in the repository.
WITH RECURSIVE below (id, depth) AS (
    SELECT m.id, 0
      FROM unnest($2::bytea[]) AS d (digest)
     CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = d.digest OFFSET 0) AS m
     UNION
    SELECT c.child_id, b.depth + 1
      FROM below b
     CROSS JOIN LATERAL (SELECT child_id FROM manifest_child WHERE parent_id = b.id OFFSET 0) AS c
), known AS (
    SELECT id, max(depth) AS depth FROM below GROUP BY id
)
SELECT digest_text(m.digest), m.is_stored,
       EXISTS (SELECT FROM repository_manifest
                WHERE repository_id = (SELECT id FROM repository WHERE name = $1::text)
                  AND manifest_id = k.id AND unreadable IS NULL OFFSET 0)
  FROM known k
 CROSS JOIN LATERAL (SELECT digest, raw IS NOT NULL AS is_stored FROM manifest
                      WHERE id = k.id OFFSET 0) AS m
 ORDER BY k.depth, k.id;
