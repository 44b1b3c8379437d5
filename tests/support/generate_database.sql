-- SPDX-License-Identifier: Apache-2.0
-- A registry's metadata of any size, for plans, benchmarks and large tests. Run by generate_database, which
-- sets the variables. Manifests and configurations are real: their digests are those of their bytes, and
-- documents are what the writer makes of them. Counters and derived tables are what
-- tests/component/store/store_recount.sql counts.
--
-- What it is like: every repository has `latest`, an index of two images and an attestation; beside that
-- many single images, few indexes, artifacts about an image (SBOMs, signatures under cosign's tags). Few
-- repositories have much, many have little. A twentieth of them holds a copy of their neighbour's
-- latest. Every 25th image has the shared layer alone: others are built on it. Some indexes list another one. Some manifests are untagged, some cannot be read, some tags
-- neither.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET synchronous_commit = off;
SET session_replication_role = replica;
SET work_mem = '64MB';
SET jit = off;
SET maintenance_work_mem = '256MB';
BEGIN;

-- Indexes that no constraint needs are made when the tables are full, which is sooner done.
CREATE TEMP TABLE later AS
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE c.relnamespace = 'public'::regnamespace
   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid);
SELECT format('DROP INDEX %s', name) FROM later \gexec

-- Chances in [0, 1) that depend on nothing but what is asked and the seed.
CREATE FUNCTION pg_temp.chance(number bigint, about integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    RETURN (hashint8extended(number, about * 1000003 + :seed) & 1073741823) / 1073741824.0;
CREATE FUNCTION pg_temp.pick(list text[], number bigint, about integer) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN list[1 + floor(pg_temp.chance(number, about) * cardinality(list))::integer];
CREATE FUNCTION pg_temp.digest_of(bytes bytea) RETURNS bytea
    LANGUAGE sql IMMUTABLE
    RETURN '\x01'::bytea || sha256(bytes);
CREATE FUNCTION pg_temp.rfc3339(at timestamptz) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');

-- ---------------------------------------------------------------------------------------------
-- What is pushed where
-- ---------------------------------------------------------------------------------------------

CREATE TEMP TABLE word AS
SELECT string_to_array('postgres redis nginx grafana prometheus alertmanager loki tempo jaeger kafka '
    || 'zookeeper rabbitmq mongodb mysql mariadb cassandra elastic kibana logstash fluentd vault '
    || 'consul nomad traefik envoy haproxy varnish memcached minio harbor gitea jenkins sonarqube '
    || 'keycloak openldap python node golang rust java ruby php perl debian ubuntu alpine fedora busybox '
    || 'wordpress drupal ghost nextcloud mattermost airflow spark flink hadoop hive presto trino superset '
    || 'metabase jupyter pytorch tensorflow onnx whisper inkscape gimp blender firefox thunderbird '
    || 'gedit evince totem calculator weather maps contacts calendar terminal', ' ') AS software,
       string_to_array('team platform data web mobile infra security research billing search mail media '
    || 'games maps ads identity storage network edge cloud core legacy sandbox mirror partner staging '
    || 'release nightly vendor tools', ' ') AS owner,
       string_to_array('server client api worker proxy agent operator exporter backend frontend gateway '
    || 'sidecar init migrate backup cron cli ui docs test', ' ') AS part;

CREATE TEMP TABLE place AS -- a repository
SELECT id, vendor, software, initcap(software || ' ' || part) AS title,
       format('The %s of %s, as %s builds it for %s', part, initcap(software), vendor, owner) AS description,
       CASE WHEN id = 1 THEN 'large/one'
            WHEN id <= 80 THEN 'library/' || w_software[id]
            WHEN row_number() OVER (PARTITION BY base ORDER BY id) = 1 THEN base
            ELSE base || '-' || row_number() OVER (PARTITION BY base ORDER BY id) END AS name,
       CASE WHEN id % 3 = 0 THEN 'application/vnd.docker.distribution.manifest.v2+json'
            ELSE 'application/vnd.oci.image.manifest.v1+json' END AS image_type,
       CASE WHEN id % 3 = 0 THEN 'application/vnd.docker.container.image.v1+json'
            ELSE 'application/vnd.oci.image.config.v1+json' END AS config_type,
       CASE WHEN id % 3 = 0 THEN 'application/vnd.docker.image.rootfs.diff.tar.gzip'
            ELSE 'application/vnd.oci.image.layer.v1.tar+gzip' END AS layer_type,
       CASE WHEN id % 3 = 0 THEN 'application/vnd.docker.distribution.manifest.list.v2+json'
            ELSE 'application/vnd.oci.image.index.v1+json' END AS index_type,
       1000000 * power(pg_temp.chance(id, 5), 6) AS popularity
  FROM (SELECT n AS id, w.software AS w_software, owner_ AS owner, software_ AS software, part_ AS part,
               CASE WHEN id_ % 4 = 0 THEN format('%s%s/%s', owner_, n % 40, software_)
                    ELSE format('%s/%s-%s', owner_, software_, part_) END AS base,
               initcap(owner_) || ' Works' AS vendor
          FROM word w
         CROSS JOIN generate_series(1, :repositories) AS n
         CROSS JOIN LATERAL (SELECT n AS id_, pg_temp.pick(w.owner, n, 1) AS owner_,
                                    pg_temp.pick(w.software, n, 2) AS software_,
                                    pg_temp.pick(w.part, n, 3) AS part_) AS picked) AS named;

-- A period of 27 pushes beside the latest ones makes 30 manifests. is_tagged: tags may be on it.
CREATE TEMP TABLE push AS
SELECT row_number() OVER (ORDER BY repository_id, number) AS id, *
  FROM (SELECT id AS repository_id, 0 AS number, 'index' AS kind, true AS is_tagged FROM place
         UNION ALL
        SELECT CASE WHEN pg_temp.chance(n, 11) < :largest / (:tags)::double precision THEN 1
                    ELSE 2 + floor((:repositories - 1) * power(pg_temp.chance(n, 12), 2))::bigint END,
               n, v.kind, v.kind <> 'artifact' AND pg_temp.chance(n, 13) > 0.02
          FROM (SELECT :manifests - 4 * :repositories AS manifests) AS rest
         CROSS JOIN generate_series(1, 27 * (manifests / 30) + manifests % 30) AS n
         CROSS JOIN LATERAL (SELECT CASE WHEN n > 27 * (manifests / 30) THEN 'image'
                                         WHEN n % 27 = 0 THEN 'index'
                                         WHEN n % 27 IN (9, 18, 26) THEN 'artifact'
                                         ELSE 'image' END AS kind) AS v) AS pushed;

-- The manifests of each push, from below. subject_push: what an artifact is about.
CREATE TEMP TABLE part AS
SELECT row_number() OVER (ORDER BY p.id, v.place) AS id, p.id AS push_id, p.repository_id, p.number, v.kind,
       CASE v.architecture WHEN 'any' THEN pg_temp.pick('{amd64,amd64,amd64,amd64,arm64,s390x}', p.id, 21)
                           ELSE v.architecture END AS architecture,
       v.place, CASE WHEN p.kind = 'artifact' THEN p.subject_push END AS subject_push,
       timestamptz '2023-11-01Z' + pg_temp.chance(p.id, 22) * interval '1080 days' AS created
  FROM (SELECT *, max(id) FILTER (WHERE kind <> 'artifact')
                      OVER (PARTITION BY repository_id ORDER BY id) AS subject_push FROM push) AS p
  JOIN (VALUES ('image', 0, 'image', 'any'),
               ('index', 0, 'image', 'amd64'), ('index', 1, 'image', 'arm64'),
               ('index', 2, 'artifact', NULL), ('index', 3, 'index', NULL),
               ('artifact', 0, 'artifact', NULL)) AS v (push_kind, place, kind, architecture)
       ON v.push_kind = p.kind;
CREATE UNIQUE INDEX ON part (id);
CREATE INDEX ON part (push_id);
CREATE INDEX ON part (repository_id) WHERE number = 0; -- looked up for each repository
ANALYZE place, push, part;

-- ---------------------------------------------------------------------------------------------
-- Blobs: 50 layers that many images share, two of each image's own, configurations
-- ---------------------------------------------------------------------------------------------

INSERT INTO blob (id, digest, size) OVERRIDING SYSTEM VALUE
SELECT n, pg_temp.digest_of(convert_to('layer ' || n, 'UTF8')),
       1000 + floor(200000000 * power(pg_temp.chance(n, 31), 6))
  FROM generate_series(1, 50 + 2 * :manifests) AS n
 WHERE n <= 50 OR EXISTS (SELECT FROM part WHERE id = (n - 49) / 2 AND kind <> 'index');

INSERT INTO manifest_layer (manifest_id, position, blob_id, media_type, size)
SELECT p.id, l.position, l.blob_id,
       CASE WHEN p.kind = 'image' THEN r.layer_type
            WHEN p.place = 2 THEN 'application/vnd.in-toto+json' ELSE 'application/spdx+json' END, b.size
  FROM part p
  JOIN place r ON r.id = p.repository_id
 CROSS JOIN LATERAL (VALUES (0, 1 + p.repository_id % 50), (1, 49 + 2 * p.id), (2, 50 + 2 * p.id))
                    AS l (position, blob_id)
  JOIN blob b ON b.id = l.blob_id
 WHERE p.kind = 'image' AND (l.position = 0 OR p.id % 25 <> 0) OR p.kind = 'artifact' AND l.position = 1;
UPDATE manifest_layer SET position = 0 WHERE position = 1
   AND EXISTS (SELECT FROM part WHERE id = manifest_id AND kind = 'artifact');

CREATE TEMP TABLE layers AS -- of each manifest, as JSON: descriptors, and digests of what is in them
SELECT l.manifest_id, string_agg(format('{"mediaType":"%s","digest":"%s","size":%s}', l.media_type,
                                        digest_text(b.digest), l.size), ',' ORDER BY l.position)
                          AS descriptors,
       string_agg(format('"sha256:%s"', encode(sha256(b.digest), 'hex')), ',' ORDER BY l.position)
           AS diff_ids
  FROM manifest_layer l JOIN blob b ON b.id = l.blob_id
 GROUP BY l.manifest_id;

CREATE TEMP TABLE image AS
SELECT p.*, CASE WHEN p.id % 50 = 0 THEN 'windows' ELSE 'linux' END AS os,
       100 + 2 * :manifests + p.id AS config_id,
       format('{"maintainer":"%s@example.com","org.opencontainers.image.title":"%s",'
              '"org.opencontainers.image.description":"%s","org.opencontainers.image.vendor":"%s",'
              '"org.opencontainers.image.version":"%s","org.opencontainers.image.revision":"%s",'
              '"org.opencontainers.image.licenses":"%s","org.opencontainers.image.source":'
              '"https://git.example.com/%s"%s}',
              lower(split_part(r.vendor, ' ', 1)), r.title, r.description, r.vendor,
              format('%s.%s', p.push_id % 20, p.push_id % 7), md5('revision ' || p.push_id) || '01234567',
              pg_temp.pick('{MIT,Apache-2.0,GPL-3.0-or-later,BSD-3-Clause,Proprietary}', r.id, 41), r.name,
              CASE WHEN r.id % 25 = 0 THEN format(',"org.flatpak.ref":"app/org.example.%s/%s/stable",'
                                                  '"org.freedesktop.appstream.icon-64":"data:image/png;base64,%s"',
                                                  r.software, p.architecture, md5(r.software)) ELSE '' END) AS labels,
       CASE WHEN p.push_id % 3 = 0
            THEN format('{"org.opencontainers.image.base.name":"docker.io/library/%s","org.example.team":'
                        '"%s"}', pg_temp.pick('{alpine,debian,ubuntu,busybox}', r.id, 42), r.vendor)
            ELSE '{}' END AS annotations,
       r.image_type, r.config_type, r.title, r.description
  FROM part p JOIN place r ON r.id = p.repository_id
 WHERE p.kind = 'image';

CREATE TEMP TABLE settings AS -- configurations of images
SELECT i.config_id AS id, i.id AS image_id, convert_to(format(
           '{"architecture":"%s","os":"%s","created":"%s","config":{"Env":["PATH=/usr/local/bin:/usr/bin:'
           '/bin","LANG=C.UTF-8"],"Entrypoint":["/entrypoint.sh"],"Cmd":["serve"],"WorkingDir":"/app",'
           '"ExposedPorts":{"8080/tcp":{}},"Labels":%s},"rootfs":{"type":"layers","diff_ids":[%s]},'
           '"history":[%s]}', i.architecture, i.os, pg_temp.rfc3339(i.created), i.labels, l.diff_ids,
           h.source), 'UTF8') AS raw,
       format('"os":"%s","architecture":"%s","variant":null,"os_version":null,"created":"%s","author":null,'
              '"labels":%s,"env":["PATH=/usr/local/bin:/usr/bin:/bin","LANG=C.UTF-8"],"entrypoint":'
              '["/entrypoint.sh"],"cmd":["serve"],"user":null,"working_dir":"/app","exposed_ports":'
              '["8080/tcp"],"volumes":[],"stop_signal":null,"diff_ids":[%s],"history":[%s]',
              i.os, i.architecture, pg_temp.rfc3339(i.created), i.labels, l.diff_ids, h.document)
           AS document
  FROM image i
  JOIN layers l ON l.manifest_id = i.id
 CROSS JOIN LATERAL (
     SELECT string_agg(format('{"created":"%s","created_by":"%s"%s}', pg_temp.rfc3339(i.created), step,
                              CASE WHEN is_empty THEN ',"empty_layer":true' END), ',' ORDER BY place)
                AS source,
            string_agg(format('{"created":"%s","created_by":"%s","comment":null,"empty_layer":%s}',
                              pg_temp.rfc3339(i.created), step, is_empty::text), ',' ORDER BY place) AS document
       FROM (VALUES (0, 'ADD rootfs.tar.gz /', false), (1, 'ENV LANG=C.UTF-8', true),
                    (2, 'RUN apt-get update && apt-get install -y ca-certificates', false),
                    (3, 'COPY --chown=1000:1000 build/ /app', false),
                    (4, 'CMD [serve]', true)) AS h (place, step, is_empty)) AS h;

INSERT INTO image_chain (manifest_id, depth, chain, is_whole)
WITH RECURSIVE diff AS MATERIALIZED (
    SELECT l.manifest_id, l.position + 1 AS depth, pg_temp.digest_of(b.digest) AS digest,
           l.position + 1 = count(*) OVER (PARTITION BY l.manifest_id) AS is_whole
      FROM manifest_layer l JOIN image i ON i.id = l.manifest_id JOIN blob b ON b.id = l.blob_id
), chain (manifest_id, depth, chain, is_whole) AS (
    SELECT manifest_id, depth, digest, is_whole FROM diff WHERE depth = 1
     UNION ALL
    SELECT d.manifest_id, d.depth,
           pg_temp.digest_of(convert_to(digest_text(c.chain) || ' ' || digest_text(d.digest), 'UTF8')), d.is_whole
      FROM chain c JOIN diff d ON d.manifest_id = c.manifest_id AND d.depth = c.depth + 1
)
SELECT * FROM chain;

INSERT INTO blob (id, digest, size) OVERRIDING SYSTEM VALUE
SELECT id, pg_temp.digest_of(raw), length(raw) FROM settings
 UNION ALL
SELECT 99 + 2 * :manifests, pg_temp.digest_of('{}'), 2;
INSERT INTO config (id, raw, document, document_version)
SELECT s.id, s.raw, format('"config_digest":"%s",%s', digest_text(b.digest), s.document), 1
  FROM settings s JOIN blob b ON b.id = s.id
 UNION ALL
SELECT 99 + 2 * :manifests, NULL, NULL, 0;

-- ---------------------------------------------------------------------------------------------
-- Manifests, from below
-- ---------------------------------------------------------------------------------------------

INSERT INTO manifest (id, digest, kind, media_type, artifact_type, size, raw, config_id, config_size, os,
                      architecture, created, title, description, annotations, document, document_version)
       OVERRIDING SYSTEM VALUE
SELECT i.id, d.digest, 'image', i.image_type, i.config_type, length(d.raw), d.raw, i.config_id, b.size, i.os,
       i.architecture, i.created, i.title, i.description, i.annotations,
       format('"Digest":"%s","MediaType":"%s","OS":"%s","Architecture":"%s",%s"Labels":%s',
              digest_text(d.digest), i.image_type, i.os, i.architecture,
              CASE WHEN i.annotations <> '{}' THEN format('"Annotations":%s,', i.annotations) ELSE '' END,
              i.labels), 1
  FROM image i
  JOIN blob b ON b.id = i.config_id
  JOIN layers l ON l.manifest_id = i.id
 CROSS JOIN LATERAL (
     SELECT convert_to(format('{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s",'
                              '"size":%s},"layers":[%s]%s}', i.image_type, i.config_type,
                              digest_text(b.digest), b.size, l.descriptors,
                              CASE WHEN i.annotations <> '{}' THEN ',"annotations":' || i.annotations END),
                       'UTF8') AS raw OFFSET 0) AS raw
 CROSS JOIN LATERAL (SELECT raw.raw, pg_temp.digest_of(raw.raw) AS digest OFFSET 0) AS d;

-- Attestations.
INSERT INTO manifest (id, digest, kind, media_type, artifact_type, size, raw, config_id, config_size,
                      annotations, document_version)
       OVERRIDING SYSTEM VALUE
SELECT p.id, pg_temp.digest_of(a.raw), 'artifact', a.type,
       'application/vnd.oci.image.config.v1+json', length(a.raw), a.raw, 99 + 2 * :manifests, 2, '{}', 1
  FROM part p
  JOIN layers l ON l.manifest_id = p.id
 CROSS JOIN LATERAL (
     SELECT t.type, convert_to(format(
                '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"application/vnd.oci.image.config'
                '.v1+json","digest":"%s","size":2},"layers":[%s]}', t.type,
                digest_text(pg_temp.digest_of('{}')), l.descriptors), 'UTF8') AS raw
       FROM (SELECT 'application/vnd.oci.image.manifest.v1+json' AS type) AS t OFFSET 0) AS a
 WHERE p.kind = 'artifact' AND p.place = 2;

-- Indexes: first those that list no other; every 50th of the later ones lists its repository's latest.
CREATE TEMP TABLE child AS
SELECT p.id AS parent_id, c.place AS position, c.id AS child_id, c.place = 2 AS is_attestation,
       CASE c.place WHEN 2 THEN c.id - 2 ELSE c.id END AS about_id, false AS is_index
  FROM part p JOIN part c ON c.push_id = p.push_id AND c.place < 3
 WHERE p.kind = 'index';
INSERT INTO child
SELECT p.id, 3, latest.id, false, latest.id, true
  FROM part p JOIN part latest ON latest.repository_id = p.repository_id AND latest.number = 0
                              AND latest.kind = 'index'
 WHERE p.kind = 'index' AND p.number > 0 AND p.number % 50 = 0;

CREATE FUNCTION pg_temp.put_indexes(is_nested boolean) RETURNS void LANGUAGE sql AS $$
    INSERT INTO manifest_child (parent_id, position, child_id, media_type, size, os, architecture,
                                annotations, is_attestation, about)
    SELECT c.parent_id, c.position, c.child_id, m.media_type, m.size,
           CASE WHEN c.is_attestation THEN 'unknown' ELSE m.os END,
           CASE WHEN c.is_attestation THEN 'unknown' ELSE m.architecture END,
           CASE WHEN c.is_attestation
                THEN format('{"vnd.docker.reference.digest":"%s","vnd.docker.reference.type":'
                            '"attestation-manifest"}', digest_text(about.digest)) ELSE '{}' END,
           c.is_attestation, CASE WHEN c.is_attestation THEN about.digest END
      FROM child c
      JOIN manifest m ON m.id = c.child_id
      JOIN manifest about ON about.id = c.about_id
     WHERE EXISTS (SELECT FROM child n WHERE n.parent_id = c.parent_id AND n.is_index) = is_nested;
    INSERT INTO manifest (id, digest, kind, media_type, size, raw, annotations, document, document_version,
                          nesting)
           OVERRIDING SYSTEM VALUE
    SELECT i.id, digest.digest, 'index', i.type, length(i.raw), i.raw, '{}',
           format('"Digest":"%s","MediaType":"%s"', digest_text(digest.digest), i.type), 1,
           is_nested::integer
      FROM (SELECT p.id, r.index_type AS type,
                   convert_to(format('{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}', r.index_type,
                                     listed.descriptors), 'UTF8') AS raw
              FROM part p
              JOIN place r ON r.id = p.repository_id
              JOIN (SELECT c.parent_id, string_agg(
                               format('{"mediaType":"%s","digest":"%s","size":%s%s%s}', c.media_type,
                                      digest_text(m.digest), c.size,
                                      format(',"platform":{"architecture":"%s","os":"%s"}', c.architecture,
                                             c.os),
                                      CASE WHEN c.is_attestation THEN ',"annotations":' || c.annotations
                                      END), ',' ORDER BY c.position) AS descriptors
                      FROM manifest_child c JOIN manifest m ON m.id = c.child_id
                     GROUP BY c.parent_id) AS listed ON listed.parent_id = p.id
             WHERE EXISTS (SELECT FROM child n WHERE n.parent_id = p.id AND n.is_index) = is_nested
            OFFSET 0) AS i
     CROSS JOIN LATERAL (SELECT pg_temp.digest_of(i.raw) AS digest OFFSET 0) AS digest
$$;
ANALYZE child, manifest;
SELECT pg_temp.put_indexes(false) \g /dev/null
SELECT pg_temp.put_indexes(true) \g /dev/null

INSERT INTO index_image (index_id, position, image_id)
SELECT parent_id, position, child_id FROM child WHERE NOT is_attestation AND NOT is_index
 UNION ALL
SELECT c.parent_id, 2 + below.position, below.child_id
  FROM child c JOIN child below ON below.parent_id = c.child_id AND below.position < 2
 WHERE c.is_index;

-- Artifacts with a subject: the index or image of the push before.
INSERT INTO manifest (id, digest, kind, media_type, artifact_type, size, raw, subject, config_id, config_size,
                      annotations, document_version)
       OVERRIDING SYSTEM VALUE
SELECT p.id, pg_temp.digest_of(a.raw), 'artifact', 'application/vnd.oci.image.manifest.v1+json', a.type,
       length(a.raw), a.raw, subject.digest, 99 + 2 * :manifests, 2, a.annotations, 1
  FROM part p
  JOIN layers l ON l.manifest_id = p.id
  JOIN part s ON s.push_id = p.subject_push AND s.kind IN ('image', 'index')
             AND NOT EXISTS (SELECT FROM part above WHERE above.push_id = s.push_id AND above.id > s.id)
  JOIN manifest subject ON subject.id = s.id
 CROSS JOIN LATERAL (
     SELECT t.type, t.annotations, convert_to(format(
                '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":'
                '"%s","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"%s","size":2},'
                '"layers":[%s],"subject":{"mediaType":"%s","digest":"%s","size":%s},"annotations":%s}',
                t.type, digest_text(pg_temp.digest_of('{}')), l.descriptors, subject.media_type,
                digest_text(subject.digest), subject.size, t.annotations), 'UTF8') AS raw
       FROM (SELECT CASE WHEN p.number % 27 = 9 THEN 'application/vnd.dev.cosign.artifact.sig.v1+json'
                         ELSE 'application/spdx+json' END AS type,
                    format('{"org.opencontainers.image.created":"%s"}', pg_temp.rfc3339(p.created))
                        AS annotations) AS t OFFSET 0) AS a
 WHERE p.subject_push IS NOT NULL;

INSERT INTO label (manifest_id, key, value)
SELECT i.id, l.key, l.value FROM image i CROSS JOIN LATERAL json_each_text(i.labels::json) AS l;
INSERT INTO annotation (manifest_id, key, value)
SELECT m.id, a.key, a.value
  FROM manifest m CROSS JOIN LATERAL json_each_text(m.annotations::json) AS a WHERE m.annotations <> '{}';

-- ---------------------------------------------------------------------------------------------
-- Repositories: what they hold
-- ---------------------------------------------------------------------------------------------

CREATE TEMP TABLE hold AS -- the last two: whose latest is copied, and where to
SELECT repository_id, id AS manifest_id,
       CASE WHEN kind = 'image' AND pg_temp.chance(id, 51) < 0.001 THEN 'missing in the registry' END
           AS unreadable
  FROM part
 UNION ALL
SELECT p.repository_id + 1, p.id, NULL
  FROM part p
 WHERE p.number = 0 AND p.repository_id % 20 = 19 AND p.repository_id < :repositories;
ALTER TABLE hold ADD PRIMARY KEY (repository_id, manifest_id);

-- The manifest that stands for a push, for each tag: latest, copies, cosign's, versions.
CREATE TEMP TABLE named (repository_id bigint, name text COLLATE "C", manifest_id bigint, unreadable text);
INSERT INTO named
SELECT p.repository_id, 'latest', p.id FROM part p WHERE p.number = 0 AND p.kind = 'index'
 UNION ALL
SELECT p.repository_id + 1, 'mirror', p.id FROM part p
 WHERE p.number = 0 AND p.kind = 'index' AND p.repository_id % 20 = 19 AND p.repository_id < :repositories
 UNION ALL
SELECT DISTINCT ON (p.repository_id, m.subject) p.repository_id,
       format('sha256-%s.sig', encode(substr(m.subject, 2), 'hex')), p.id
  FROM part p JOIN manifest m ON m.id = p.id
 WHERE p.subject_push IS NOT NULL AND p.number % 27 = 9;

CREATE TEMP TABLE choice AS -- what versions are tags of
SELECT repository_id = 1 AS is_largest, p.repository_id, top.id AS manifest_id,
       row_number() OVER (PARTITION BY repository_id = 1 ORDER BY p.id) AS place
  FROM push p CROSS JOIN LATERAL (SELECT max(id) AS id FROM part WHERE push_id = p.id OFFSET 0) AS top
 WHERE p.is_tagged;
CREATE TEMP TABLE quota AS -- the largest repository, all others: how many versions to make
SELECT g.is_largest, g.tags - (SELECT count(*) FROM named n WHERE (n.repository_id = 1) = g.is_largest)
           AS versions,
       (SELECT count(*) FROM choice c WHERE c.is_largest = g.is_largest) AS choices
  FROM (VALUES (true, :largest), (false, :tags - :largest)) AS g (is_largest, tags);
INSERT INTO named
SELECT repository_id, CASE WHEN n % 5 = 0 THEN format('nightly-%s', n)
                           WHEN n % 3 = 0 THEN format('%s.%s.%s-alpine', n / 400, n / 20 % 20, n % 20)
                           ELSE format('%s.%s.%s', n / 400, n / 20 % 20, n % 20) END,
       CASE WHEN is_known THEN manifest_id END,
       CASE WHEN NOT is_known THEN 'the registry does not know its digest' END
  FROM (SELECT c.repository_id, c.manifest_id, pg_temp.chance(w.n, 52) > 0.0002 AS is_known,
               row_number() OVER (PARTITION BY c.repository_id ORDER BY w.n) AS n
          FROM quota q
         CROSS JOIN LATERAL generate_series(1, q.versions) AS w (n)
          JOIN choice c ON c.is_largest = q.is_largest
                       AND c.place = 1 + floor(pg_temp.chance(w.n, 53) * q.choices)) AS numbered;

CREATE TEMP TABLE dated AS -- the tags, but for their sizes
SELECT n.repository_id, n.name, n.manifest_id, n.unreadable, t.updated,
       CASE WHEN t.is_event THEN 'event' WHEN m.created IS NOT NULL THEN 'created' ELSE 'seen' END AS updated_source,
       CASE WHEN t.is_event THEN 'ci-' || r.software END AS updated_by,
       floor(r.popularity * power(pg_temp.chance(t.number, 61), 6))::bigint AS pulls
  FROM (SELECT *, row_number() OVER (ORDER BY repository_id, name) AS number FROM named) AS n
  JOIN place r ON r.id = n.repository_id
  LEFT JOIN manifest m ON m.id = n.manifest_id
 CROSS JOIN LATERAL (
     SELECT n.number, pg_temp.chance(n.number, 62) < 0.5 AS is_event,
            coalesce(m.created, '2023-11-01Z')
                + floor(pg_temp.chance(n.number, 63) * 2000000) * interval '1 second' AS updated) AS t;

-- What is live, and how often: tags, and indexes that are live themselves.
CREATE TEMP TABLE tagged AS
SELECT repository_id, manifest_id, count(*) AS tags, sum(pulls) AS pulls
  FROM dated WHERE manifest_id IS NOT NULL GROUP BY 1, 2;
CREATE TEMP TABLE live AS
WITH RECURSIVE live (repository_id, manifest_id) AS (
    SELECT t.repository_id, t.manifest_id
      FROM tagged t JOIN hold h USING (repository_id, manifest_id) WHERE h.unreadable IS NULL
     UNION
    SELECT l.repository_id, c.child_id
      FROM live l
      JOIN child c ON c.parent_id = l.manifest_id
      JOIN hold h ON h.repository_id = l.repository_id AND h.manifest_id = c.child_id
     WHERE h.unreadable IS NULL)
SELECT * FROM live;
ALTER TABLE live ADD PRIMARY KEY (repository_id, manifest_id);
ANALYZE hold, live, tagged;

INSERT INTO repository_manifest (repository_id, manifest_id, "references", attests, unreadable,
                                 unreadable_since, pulls)
SELECT h.repository_id, h.manifest_id, coalesce(t.tags, 0) + coalesce(l.parents, 0),
       coalesce(l.attests, 0), h.unreadable,
       CASE WHEN h.unreadable IS NOT NULL THEN now() END, coalesce(t.pulls, 0)
  FROM hold h
  LEFT JOIN tagged t USING (repository_id, manifest_id)
  LEFT JOIN (SELECT l.repository_id, c.child_id AS manifest_id, count(DISTINCT c.parent_id) AS parents,
                    count(DISTINCT c.parent_id) FILTER (WHERE c.is_attestation) AS attests
               FROM live l JOIN child c ON c.parent_id = l.manifest_id GROUP BY 1, 2) AS l
       USING (repository_id, manifest_id);

INSERT INTO repository_blob (repository_id, blob_id, "references", size)
SELECT repository_id, blob_id, count(*), size
  FROM (SELECT l.repository_id, m.blob_id, m.size FROM live l JOIN manifest_layer m USING (manifest_id)
         UNION ALL
        SELECT l.repository_id, m.config_id, m.config_size FROM live l JOIN manifest m ON m.id = l.manifest_id
         WHERE m.config_id IS NOT NULL) AS used
 GROUP BY repository_id, blob_id, size;
INSERT INTO repository_label (repository_id, value_hash, value, "references")
SELECT repository_id, sha256(convert_to(value, 'UTF8')), value, count(*)
  FROM (SELECT l.repository_id, lower(left(v.value, 1000) COLLATE "default") COLLATE "C" AS value
          FROM live l JOIN label v USING (manifest_id)) AS shown
 GROUP BY 1, 3;
INSERT INTO repository_platform (repository_id, platform, "references")
SELECT l.repository_id, m.os || '/' || m.architecture, count(*)
  FROM live l JOIN manifest m ON m.id = l.manifest_id WHERE m.kind = 'image' GROUP BY 1, 2;

ANALYZE repository_manifest, manifest_layer, manifest_child; -- each was filled here
CREATE TEMP TABLE weighed AS
SELECT t.repository_id, t.manifest_id, m.size + coalesce(m.config_size, 0) + coalesce(l.size, 0) AS bytes
  FROM tagged t
  JOIN manifest m ON m.id = t.manifest_id AND m.kind <> 'index'
  LEFT JOIN (SELECT manifest_id, sum(size) AS size FROM manifest_layer GROUP BY 1) AS l USING (manifest_id)
 UNION ALL
SELECT t.repository_id, t.manifest_id, bytes_of_manifest(t.repository_id, t.manifest_id)
  FROM tagged t JOIN manifest m ON m.id = t.manifest_id AND m.kind = 'index';
INSERT INTO tag (repository_id, name, manifest_id, unreadable, first_seen, updated, updated_source, updated_by,
                 pulls, size)
SELECT d.repository_id, d.name, d.manifest_id, d.unreadable, d.updated, d.updated, d.updated_source, d.updated_by,
       d.pulls, coalesce(w.bytes, 0)
  FROM dated d LEFT JOIN weighed w USING (repository_id, manifest_id)
 ORDER BY d.repository_id, d.name;
ANALYZE tag, index_image, repository_blob;
INSERT INTO repository (id, name, tag_count, hidden_count, image_count, artifact_count, size, pulls, first_seen,
                        created, updated, updated_source, title, description)
       OVERRIDING SYSTEM VALUE
SELECT r.id, r.name, t.tags, t.hidden, l.images, h.artifacts, l.size + b.size, t.pulls, t.created, t.created,
       newest.updated, newest.updated_source, latest.title, latest.description
  FROM place r
  JOIN (SELECT repository_id AS id, count(*) AS tags, count(*) FILTER (WHERE hidden) AS hidden,
               sum(pulls) AS pulls, min(updated) AS created
          FROM tag GROUP BY 1) AS t USING (id)
  JOIN (SELECT DISTINCT ON (repository_id) repository_id AS id, updated, updated_source
          FROM tag WHERE NOT hidden ORDER BY repository_id, updated DESC) AS newest USING (id)
  JOIN (SELECT l.repository_id AS id, sum(m.size) AS size, count(*) FILTER (WHERE m.kind = 'image') AS images
          FROM live l JOIN manifest m ON m.id = l.manifest_id GROUP BY 1) AS l USING (id)
  JOIN (SELECT repository_id AS id, sum(size) AS size FROM repository_blob GROUP BY 1) AS b USING (id)
  JOIN (SELECT h.repository_id AS id,
               count(*) FILTER (WHERE m.kind = 'artifact' AND h.unreadable IS NULL) AS artifacts
          FROM hold h JOIN manifest m ON m.id = h.manifest_id GROUP BY 1) AS h USING (id)
  LEFT JOIN LATERAL ( -- an unreadable image does not stand for its repository
      SELECT m.title, m.description
        FROM part top
        JOIN index_image i ON i.index_id = top.id
        JOIN live l ON l.repository_id = r.id AND l.manifest_id = i.image_id
        JOIN manifest m ON m.id = i.image_id
       WHERE top.repository_id = r.id AND top.number = 0 AND top.kind = 'index'
       ORDER BY m.os = 'linux' AND m.architecture = 'amd64' DESC, i.position
       LIMIT 1) AS latest ON true;

-- ---------------------------------------------------------------------------------------------
-- What happened: a first scan, then two moves of each latest and pulls
-- ---------------------------------------------------------------------------------------------

INSERT INTO tag_history (repository_id, tag, digest, from_time, until_time, changed_by, source)
SELECT t.repository_id, t.name, old.digest, t.first_seen - age * interval '30 days',
       t.first_seen - (age - 1) * interval '30 days', 'ci', 'event'
  FROM tag t
 CROSS JOIN generate_series(2, 1, -1) AS age
 CROSS JOIN LATERAL (SELECT sha256(convert_to(format('%s %s', t.repository_id, age), 'UTF8')) AS hash) AS h
 CROSS JOIN LATERAL (SELECT '\x01'::bytea || h.hash AS digest) AS old
 WHERE t.name = 'latest'
 UNION ALL
SELECT t.repository_id, t.name, m.digest, t.updated, NULL, t.updated_by,
       CASE t.updated_source WHEN 'event' THEN 'event' ELSE 'scan' END
  FROM tag t LEFT JOIN manifest m ON m.id = t.manifest_id;

INSERT INTO pull_day (repository_id, manifest_id, day, pulls)
SELECT t.repository_id, t.manifest_id, current_date - d, 1 + t.pulls / 10
  FROM tagged t CROSS JOIN generate_series(0, 4) AS d WHERE t.pulls > 100;
INSERT INTO repository_day (repository_id, day, pulls, pushes)
SELECT repository_id, day, sum(pulls), sum(pushes)
  FROM (SELECT repository_id, day, pulls, 0 AS pushes FROM pull_day
         UNION ALL
        SELECT repository_id, (from_time AT TIME ZONE 'UTC')::date, 0, 1 FROM tag_history WHERE source = 'event') AS told
 GROUP BY repository_id, day;
INSERT INTO registry_day (day, pulls, pushes)
SELECT day, sum(pulls), sum(pushes) FROM repository_day GROUP BY day;

INSERT INTO touched (generation, repository) SELECT id, name FROM repository;
INSERT INTO change (generation, type, repository, tag, digest, changed_by)
SELECT r.id, c.type, r.name, c.tag, c.digest, c.changed_by
  FROM repository r
 CROSS JOIN LATERAL (
     SELECT 0 AS place, 'repository.created' AS type, NULL AS tag, NULL::bytea AS digest, NULL AS changed_by
      UNION ALL
     SELECT 1, 'tag.created', t.name, m.digest, t.updated_by
       FROM tag t LEFT JOIN manifest m ON m.id = t.manifest_id WHERE t.repository_id = r.id) AS c
 ORDER BY r.id, c.place, c.tag;
INSERT INTO scan (started, ended, complete, repositories, tags, manifests, added, requests)
VALUES (now() - interval '1 minute', now(), true, :repositories, :tags, :manifests, :tags, :tags);
UPDATE state s
   SET generation = :repositories, last_complete_scan = now(), manifests = t.manifests, artifacts = t.artifacts,
       images = t.images, indexes = t.indexes, size = t.size
  FROM recount_totals() AS t;

SELECT setval(pg_get_serial_sequence(name, 'id'), last)
  FROM (SELECT 'blob' AS name, (SELECT max(id) FROM blob) AS last
         UNION ALL SELECT 'manifest', (SELECT max(id) FROM manifest)
         UNION ALL SELECT 'repository', (SELECT max(id) FROM repository)) AS sequence \g /dev/null
SELECT definition FROM later \gexec
COMMIT;
VACUUM ANALYZE;
-- It needs the indexes.
SELECT keep_sizes() \g /dev/null
SELECT format('%s repositories, %s manifests, %s tags, %s labels', (SELECT count(*) FROM repository),
              (SELECT count(*) FROM manifest), (SELECT count(*) FROM tag), (SELECT count(*) FROM label));
