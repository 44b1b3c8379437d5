-- SPDX-License-Identifier: Apache-2.0
-- Manifests and everything below them. $1 repository: text, $2 digests: bytea[].
-- Columns: digest as text, is its content stored, can it be read in the repository.
WITH RECURSIVE below (id) AS (
    SELECT m.id
      FROM unnest($2::bytea[]) AS d (digest)
     CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = d.digest OFFSET 0) AS m
     UNION
    SELECT c.child_id
      FROM below b
     CROSS JOIN LATERAL (SELECT child_id FROM manifest_child WHERE parent_id = b.id OFFSET 0) AS c
)
SELECT digest_text(m.digest), m.is_stored,
       EXISTS (SELECT FROM repository_manifest
                WHERE repository_id = (SELECT id FROM repository WHERE name = $1::text)
                  AND manifest_id = b.id AND unreadable IS NULL OFFSET 0)
  FROM below b
 CROSS JOIN LATERAL (SELECT digest, raw IS NOT NULL AS is_stored FROM manifest
                      WHERE id = b.id OFFSET 0) AS m
 ORDER BY b.id;
