-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 9: the manifests themselves, those that are not stored yet.
-- Arrays, one element a manifest: $1 digests bytea[], $2 kinds text[], $3 media types text[],
-- $4 artifact types text[], $5 sizes bigint[], $6 their bytes bytea[], $7 subjects bytea[],
-- $8 configurations bytea[], $9 operating systems text[], $10 architectures text[], $11 variants text[],
-- $12 OS versions text[], $13 created in ms since 1970 bigint[], $14 titles text[], $15 descriptions
-- text[], $16 annotations text[], $17 documents text[]. $18 version of the documents: smallint.
-- A configuration whose row is gone since the second step fails (foreign key): try again.
UPDATE manifest m
   SET kind = n.kind, media_type = n.media_type, artifact_type = n.artifact_type, size = n.size,
       raw = n.raw, subject = n.subject,
       config_id = CASE WHEN n.config IS NOT NULL THEN coalesce(n.config_id, -1) END,
       os = n.os, architecture = n.architecture, variant = n.variant, os_version = n.os_version,
       created = to_timestamp(n.created_ms / 1000.0), title = n.title, description = n.description,
       annotations = n.annotations, document = n.document, document_version = $18::smallint
  FROM (SELECT x.ctid, b.id AS config_id, r.*
          FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bytea[],
                      $7::bytea[], $8::bytea[], $9::text[], $10::text[], $11::text[], $12::text[],
                      $13::bigint[], $14::text[], $15::text[], $16::text[], $17::text[])
               AS r (digest, kind, media_type, artifact_type, size, raw, subject, config, os,
                     architecture, variant, os_version, created_ms, title, description, annotations,
                     document)
         CROSS JOIN LATERAL (SELECT ctid FROM manifest
                              WHERE digest = r.digest
                                AND raw IS NULL OFFSET 0) AS x
          LEFT JOIN LATERAL (SELECT id FROM blob WHERE digest = r.config OFFSET 0) AS b ON true) AS n
 WHERE m.ctid = n.ctid;
