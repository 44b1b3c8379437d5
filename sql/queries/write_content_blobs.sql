-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 1: layers, configurations and entries of indexes that are no manifests. $1 digests: bytea[],
-- $2 sizes: bigint[], for readers of schema 1 alone.
-- All rows of shared tables are made in the order of their digests, so that nobody waits in a circle.
INSERT INTO blob (digest, size)
SELECT b.digest, coalesce(max(known_size(b.size)), 0)
  FROM unnest($1::bytea[], $2::bigint[]) AS b (digest, size)
 WHERE NOT EXISTS (SELECT FROM blob x WHERE x.digest = b.digest OFFSET 0)
 GROUP BY b.digest
 ORDER BY b.digest
    ON CONFLICT (digest) DO NOTHING;
