-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 6: labels of manifests that are not stored yet. Arrays, one element a label:
-- $1 manifests bytea[], $2 keys text[], $3 values text[].
INSERT INTO label (manifest_id, key, value)
SELECT m.id, l.key, l.value
  FROM unnest($1::bytea[], $2::text[], $3::text[]) AS l (manifest, key, value)
 CROSS JOIN LATERAL (SELECT id FROM manifest
                      WHERE digest = l.manifest AND xmin = pg_current_xact_id()::xid OFFSET 0) AS m;
