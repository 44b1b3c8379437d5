-- SPDX-License-Identifier: Apache-2.0
-- Manifests that a repository holds. $1 repository: text, $2 limit: bigint. Column: digest as text.
SELECT digest_text(m.digest)
  FROM repository r
  JOIN repository_manifest h ON h.repository_id = r.id
  JOIN manifest m ON m.id = h.manifest_id
 WHERE r.name = $1::text
 ORDER BY h.manifest_id
 LIMIT $2::bigint;
