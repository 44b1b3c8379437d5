-- SPDX-License-Identifier: Apache-2.0
-- Names of a repository's tags that are on some digests, or will be when what scans staged is published.
-- $1 repository: text, $2 digests: bytea[], $3 limit: bigint.
-- Columns: name.
SELECT t.name
  FROM repository r
  JOIN tag t ON t.repository_id = r.id
 WHERE r.name = $1::text
   AND t.manifest_id = ANY (ARRAY(SELECT id FROM manifest WHERE digest = ANY ($2::bytea[])))
 UNION
SELECT name
  FROM scan_tag
 WHERE repository = $1::text AND digest = ANY ($2::bytea[])
 ORDER BY name
 LIMIT $3::bigint;
