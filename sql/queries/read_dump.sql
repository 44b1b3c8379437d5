-- SPDX-License-Identifier: Apache-2.0
-- Everything, a line a row, of one snapshot.
-- Columns: generation, section (0: the first line, 1: repositories, 2: tags, 3: manifests), line: a JSON
-- object without the closing brace.
-- Each section is read in the order of an index and a line is made when its turn comes, so that the first
-- comes at once and nothing is held. There is no order over all: it would sort the whole, and sections
-- follow each other as they stand here (sessions of readers have no parallel workers).
SELECT s.generation, 0 AS section, left(row_to_json(d)::text, -1) AS line
FROM state s
CROSS JOIN LATERAL (
    SELECT 'metastore.dump' AS type, 1 AS version, s.generation,
           to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS time
) d
UNION ALL
(SELECT (SELECT generation FROM state), 1,
        concat('{"type":"repository","name":', to_json(r.name), ',"title":' || to_json(r.title)::text,
               ',"description":' || to_json(r.description)::text, ',"pulls":', r.pulls)
 FROM repository r
 WHERE r.deleted_at IS NULL
   AND (r.tag_count > 0
        OR EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id OFFSET 0))
 ORDER BY r.name)
UNION ALL
(SELECT (SELECT generation FROM state), 2,
        concat('{"type":"tag","repository":', to_json(r.name), ',"name":', to_json(t.name),
               ',"digest":"' || digest_text(m.digest) || '"',
               ',"updated":"', to_char(t.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
               '","updated_source":"', t.updated_source, '","pulls":', t.pulls,
               ',"unreadable":' || to_json(t.unreadable)::text)
 FROM repository r
 CROSS JOIN LATERAL (SELECT * FROM tag WHERE repository_id = r.id OFFSET 0) t
 LEFT JOIN LATERAL (SELECT digest FROM manifest WHERE id = t.manifest_id OFFSET 0) m ON true
 ORDER BY r.name, t.name)
UNION ALL
(SELECT (SELECT generation FROM state), 3,
        left(own.members, -1) || ',' || document.members || content.members || coalesce(inside.members, '')
 FROM (SELECT m.id, m.digest, m.kind, m.media_type, m.artifact_type, m.size, m.annotations, m.subject,
              m.config_id, h.repositories, h.names, h.pulls,
              CASE WHEN NOT h.is_readable THEN h.reason END AS reason, h.unreadable_since
       FROM manifest m
       CROSS JOIN LATERAL (
           SELECT array_agg(r.id) AS repositories, array_agg(r.name ORDER BY r.name) AS names,
                  sum(held.pulls) AS pulls, bool_or(held.unreadable IS NULL) AS is_readable,
                  min(held.unreadable) AS reason,
                  min(coalesce(held.unreadable_since, held.first_seen)) AS unreadable_since
           FROM (SELECT * FROM repository_manifest WHERE manifest_id = m.id OFFSET 0) held
           CROSS JOIN LATERAL (SELECT id, name FROM repository
                               WHERE id = held.repository_id OFFSET 0) r) h
       WHERE h.names IS NOT NULL
       ORDER BY m.digest
       OFFSET 0) c
    CROSS JOIN LATERAL (
        SELECT row_to_json(d)::text AS members
        FROM (SELECT 'manifest' AS type, c.names AS repositories, c.pulls) d
    ) own
-- include manifest_members.sql
    -- Of images: what is attached to them anywhere, and what they are built on.
    LEFT JOIN LATERAL (
        SELECT concat(',"signed":', to_json(evidence.signed), ',"sbom":', to_json(evidence.sbom),
                      ',"provenance":', to_json(evidence.provenance), ',"base":' || based.base::text) AS members
        FROM (SELECT bool_or(attached.signed) AS signed, bool_or(attached.sbom) AS sbom,
                     bool_or(attached.provenance) AS provenance
              FROM (SELECT c.id AS manifest_id, unnest(c.repositories) AS repository_id) top
              CROSS JOIN LATERAL (
-- include evidence_of.sql
              ) attached) evidence
        LEFT JOIN (SELECT c.id AS manifest_id) top ON true
        LEFT JOIN LATERAL (
-- include base_of_manifest.sql
        ) based ON true
    ) inside ON c.kind IN ('image', 'index', 'schema1')
 ORDER BY c.digest)
