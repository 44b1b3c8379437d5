-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 1: layers and configurations. $1 digests: bytea[], $2 sizes: bigint[].
-- All rows of shared tables are made in the order of their digests, so that nobody waits in a circle.
INSERT INTO blob (digest, size)
SELECT DISTINCT ON (b.digest) b.digest, b.size
  FROM unnest($1::bytea[], $2::bigint[]) AS b (digest, size)
 WHERE NOT EXISTS (SELECT FROM blob x WHERE x.digest = b.digest OFFSET 0)
 ORDER BY b.digest
    ON CONFLICT (digest) DO NOTHING;
