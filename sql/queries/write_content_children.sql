-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 5: descriptors of manifests in indexes that are not stored yet. Arrays, one element a
-- descriptor: $1 indexes bytea[], $2 positions integer[], $3 digests bytea[], $4 media types text[],
-- $5 artifact types text[], $6 sizes bigint[] (one that cannot be is unknown), $7 operating systems text[],
-- $8 architectures text[], $9 variants text[], $10 OS versions text[], $11 annotations text[], $12 is it an
-- attestation boolean[], $13 about which digest bytea[], $14 OS features text[].
INSERT INTO manifest_child (parent_id, position, child_id, media_type, artifact_type, size, os,
                            architecture, variant, os_version, annotations, is_attestation, about, os_features)
SELECT p.id, c.position, m.id, c.media_type, c.artifact_type, known_size(c.size), left(c.os, 200),
       left(c.architecture, 200), left(c.variant, 200), left(c.os_version, 200), c.annotations,
       c.is_attestation, c.about, c.os_features
  FROM unnest($1::bytea[], $2::integer[], $3::bytea[], $4::text[], $5::text[], $6::bigint[], $7::text[],
              $8::text[], $9::text[], $10::text[], $11::text[], $12::boolean[], $13::bytea[], $14::text[])
       AS c (parent, position, digest, media_type, artifact_type, size, os, architecture, variant,
             os_version, annotations, is_attestation, about, os_features)
 CROSS JOIN LATERAL (SELECT id FROM manifest
                      WHERE digest = c.parent AND xmin = pg_current_xact_id()::xid OFFSET 0) AS p
  LEFT JOIN LATERAL (SELECT id FROM manifest WHERE digest = c.digest OFFSET 0) AS m ON true;
