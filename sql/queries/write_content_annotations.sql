-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 7: annotations of manifests that are not stored yet. Arrays, one element a annotation:
-- $1 manifests bytea[], $2 keys text[], $3 values text[].
INSERT INTO annotation (manifest_id, key, value)
SELECT m.id, l.key, l.value
  FROM unnest($1::bytea[], $2::text[], $3::text[]) AS l (manifest, key, value)
 CROSS JOIN LATERAL (SELECT id FROM manifest
                      WHERE digest = l.manifest AND xmin = pg_current_xact_id()::xid OFFSET 0) AS m;
