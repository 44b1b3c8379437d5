-- SPDX-License-Identifier: Apache-2.0
-- Manifests and everything below them. $1 repository: text, $2 digests: bytea[].
-- Columns: digest as text, is its content stored, can it be read in the repository, was it unreadable there.
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
       coalesce(h.is_readable, false), coalesce(NOT h.is_readable, false)
  FROM below b
 CROSS JOIN LATERAL (SELECT digest, raw IS NOT NULL AS is_stored FROM manifest
                      WHERE id = b.id OFFSET 0) AS m
  LEFT JOIN LATERAL (SELECT unreadable IS NULL AS is_readable FROM repository_manifest
                      WHERE repository_id = (SELECT id FROM repository WHERE name = $1::text)
                        AND manifest_id = b.id OFFSET 0) AS h ON true
 ORDER BY b.id;
