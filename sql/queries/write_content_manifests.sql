-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 9: the manifests themselves, those that are not stored yet.
-- Arrays, one element a manifest: $1 digests bytea[], $2 kinds text[], $3 media types text[],
-- $4 artifact types text[], $5 sizes bigint[], $6 their bytes bytea[], $7 subjects bytea[],
-- $8 configurations bytea[], $9 their sizes bigint[], $10 operating systems text[], $11 architectures text[],
-- $12 variants text[], $13 OS versions text[], $14 created in ms since 1970 bigint[], $15 titles text[],
-- $16 descriptions text[], $17 annotations text[], $18 documents text[], $19 evidence smallint[].
-- $20 version of the documents: smallint.
-- Sizes and times that cannot be are unknown; of a platform as much is kept as an index takes.
-- A configuration whose row is gone since the second step fails (foreign key): try again.
UPDATE manifest m
   SET kind = n.kind, media_type = n.media_type, artifact_type = n.artifact_type, size = known_size(n.size),
       raw = n.raw, subject = n.subject,
       config_id = CASE WHEN n.config IS NOT NULL THEN coalesce(n.config_id, -1) END,
       config_size = CASE WHEN n.config IS NOT NULL THEN known_size(n.config_size) END,
       os = left(n.os, 200), architecture = left(n.architecture, 200), variant = left(n.variant, 200),
       os_version = left(n.os_version, 200),
       created = known_time(n.created_ms), title = n.title, description = n.description,
       annotations = n.annotations, document = n.document, document_version = $20::smallint, evidence = n.evidence
  FROM (SELECT x.ctid, b.id AS config_id, r.*
          FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bytea[],
                      $7::bytea[], $8::bytea[], $9::bigint[], $10::text[], $11::text[], $12::text[],
                      $13::text[], $14::bigint[], $15::text[], $16::text[], $17::text[], $18::text[],
                      $19::smallint[])
               AS r (digest, kind, media_type, artifact_type, size, raw, subject, config, config_size, os,
                     architecture, variant, os_version, created_ms, title, description, annotations,
                     document, evidence)
         CROSS JOIN LATERAL (SELECT ctid FROM manifest
                              WHERE digest = r.digest
                                AND raw IS NULL OFFSET 0) AS x
          LEFT JOIN LATERAL (SELECT id FROM blob WHERE digest = r.config OFFSET 0) AS b ON true) AS n
 WHERE m.ctid = n.ctid;
