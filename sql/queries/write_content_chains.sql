-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 8: the chains of images that are not stored yet. Arrays, one element a depth: $1 manifests bytea[],
-- $2 depths smallint[], from 1, $3 chains bytea[], $4 is it the whole chain boolean[].
INSERT INTO image_chain (manifest_id, depth, chain, is_whole)
SELECT m.id, c.depth, c.chain, c.is_whole
  FROM unnest($1::bytea[], $2::smallint[], $3::bytea[], $4::boolean[]) AS c (manifest, depth, chain, is_whole)
 CROSS JOIN LATERAL (SELECT id FROM manifest
                      WHERE digest = c.manifest AND xmin = pg_current_xact_id()::xid OFFSET 0) AS m;
