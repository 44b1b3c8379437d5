-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 5: layers of manifests that are not stored yet. Arrays, one element a layer:
-- $1 manifests bytea[], $2 positions integer[], $3 layers bytea[], $4 media types text[].
-- A layer whose row is gone since the first step fails (NOT NULL): try again.
INSERT INTO manifest_layer (manifest_id, position, blob_id, media_type)
SELECT m.id, l.position, b.id, l.media_type
  FROM unnest($1::bytea[], $2::integer[], $3::bytea[], $4::text[])
       AS l (manifest, position, digest, media_type)
 CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = l.manifest AND raw IS NULL OFFSET 0) AS m
  LEFT JOIN LATERAL (SELECT id FROM blob WHERE digest = l.digest OFFSET 0) AS b ON true;
