-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 4: layers of manifests that are not stored yet, and entries of indexes that are no manifests.
-- Arrays, one element a layer: $1 manifests bytea[], $2 positions integer[], $3 layers bytea[], $4 media types
-- text[], $5 sizes bigint[] (one that cannot be is unknown).
-- A layer whose row is gone since the first step fails (NOT NULL): try again.
INSERT INTO manifest_layer (manifest_id, position, blob_id, media_type, size)
SELECT m.id, l.position, b.id, l.media_type, known_size(l.size)
  FROM unnest($1::bytea[], $2::integer[], $3::bytea[], $4::text[], $5::bigint[])
       AS l (manifest, position, digest, media_type, size)
 CROSS JOIN LATERAL (SELECT id FROM manifest
                      WHERE digest = l.manifest AND xmin = pg_current_xact_id()::xid OFFSET 0) AS m
  LEFT JOIN LATERAL (SELECT id FROM blob WHERE digest = l.digest OFFSET 0) AS b ON true;
