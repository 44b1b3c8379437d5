-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 3: the manifests themselves, those that are not stored yet, and rows for what they name.
-- Arrays, one element a manifest: $1 digests bytea[], $2 kinds text[], $3 media types text[],
-- $4 artifact types text[], $5 sizes bigint[], $6 their bytes bytea[], $7 subjects bytea[],
-- $8 configurations bytea[], $9 their sizes bigint[], $10 operating systems text[], $11 architectures text[],
-- $12 variants text[], $13 OS versions text[], $14 created in ms since 1970 bigint[], $15 titles text[],
-- $16 descriptions text[], $17 annotations text[], $18 documents text[], $19 evidence smallint[].
-- $20 version of the documents: smallint. $21 digests of children: bytea[].
-- Sizes and times that cannot be are unknown; of a platform as much is kept as an index takes.
-- A configuration whose row is gone since the second step fails (foreign key): try again.
-- One row, written once, and all of them in the order of their digests, so that nobody waits in a circle. Who is
-- met there (a row known by its digest only) stays locked: nobody else stores it until COMMIT. The steps behind
-- this one tell what is new by the transaction that wrote it. The trigger of sbom_source sees updates alone.
WITH new AS (
    SELECT DISTINCT ON (r.digest) r.*, b.id AS config_id
      FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bytea[], $7::bytea[],
                  $8::bytea[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[],
                  $15::text[], $16::text[], $17::text[], $18::text[], $19::smallint[])
           AS r (digest, kind, media_type, artifact_type, size, raw, subject, config, config_size, os,
                 architecture, variant, os_version, created_ms, title, description, annotations, document, evidence)
      LEFT JOIN LATERAL (SELECT id FROM blob WHERE digest = r.config OFFSET 0) AS b ON true
     ORDER BY r.digest
), named AS (
    SELECT DISTINCT c.digest
      FROM unnest($21::bytea[]) AS c (digest)
     WHERE c.digest IS NOT NULL AND c.digest <> ALL ($1::bytea[])
), put AS (
    INSERT INTO manifest AS m (digest, kind, media_type, artifact_type, size, raw, subject, config_id, config_size, os,
                               architecture, variant, os_version, created, title, description, annotations, document,
                               document_version, evidence)
    SELECT n.digest, coalesce(n.kind, 'unknown'), n.media_type, n.artifact_type, known_size(n.size), n.raw, n.subject,
           CASE WHEN n.config IS NOT NULL THEN coalesce(n.config_id, -1) END,
           CASE WHEN n.config IS NOT NULL THEN known_size(n.config_size) END,
           left(n.os, 200), left(n.architecture, 200), left(n.variant, 200), left(n.os_version, 200),
           known_time(n.created_ms), n.title, n.description, n.annotations, n.document,
           CASE WHEN n.raw IS NULL THEN 0 ELSE $20::smallint END, coalesce(n.evidence, 0::smallint)
      FROM (SELECT * FROM new FULL JOIN named USING (digest)) AS n
     WHERE NOT EXISTS (SELECT FROM manifest x WHERE x.digest = n.digest AND x.raw IS NOT NULL OFFSET 0)
     ORDER BY n.digest
        ON CONFLICT (digest) DO UPDATE
       SET kind = excluded.kind, media_type = excluded.media_type, artifact_type = excluded.artifact_type,
           size = excluded.size, raw = excluded.raw, subject = excluded.subject, config_id = excluded.config_id,
           config_size = excluded.config_size, os = excluded.os, architecture = excluded.architecture,
           variant = excluded.variant, os_version = excluded.os_version, created = excluded.created,
           title = excluded.title, description = excluded.description, annotations = excluded.annotations,
           document = excluded.document, document_version = excluded.document_version, evidence = excluded.evidence
     WHERE m.raw IS NULL AND excluded.raw IS NOT NULL
    RETURNING id, subject
)
INSERT INTO sbom_source (manifest_id, about, kind)
SELECT id, subject, 'referrer' FROM put WHERE subject IS NOT NULL
    ON CONFLICT (manifest_id, about) DO NOTHING;
