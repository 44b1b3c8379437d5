-- SPDX-License-Identifier: Apache-2.0
-- Everything, a line a row, of one snapshot. Called by reader/api_dump.c.
-- Columns: generation, section (0: the first line, 1: repositories, 2: tags, 3: manifests), line: a JSON
-- object without the closing brace.
-- What stands in a line is looked up when its turn comes: only the order is held, never the whole.
WITH ordered AS (
    SELECT 0 AS section, NULL::bigint AS repository_id, '' COLLATE "C" AS name, NULL::bigint AS manifest_id,
           NULL::bytea AS digest
    UNION ALL
    SELECT 1, r.id, r.name, NULL, NULL
    FROM repository r
    WHERE r.deleted_at IS NULL
      AND (EXISTS (SELECT FROM tag t WHERE t.repository_id = r.id)
           OR EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id))
    UNION ALL
    -- A blank comes before whatever a name may have in it.
    SELECT 2, t.repository_id, r.name || ' ' || t.name, t.manifest_id, NULL
    FROM tag t JOIN repository r ON r.id = t.repository_id
    UNION ALL
    SELECT 3, NULL, '', m.id, m.digest
    FROM manifest m
    WHERE EXISTS (SELECT FROM repository_manifest h WHERE h.manifest_id = m.id)
    ORDER BY section, name, digest
    OFFSET 0
)
SELECT s.generation, o.section,
       CASE o.section
       WHEN 0 THEN (
           SELECT left(row_to_json(d)::text, -1)
           FROM (SELECT 'metastore.dump' AS type, 1 AS version, s.generation,
                        to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS time) d)
       WHEN 1 THEN (
           SELECT left(json_strip_nulls(row_to_json(d))::text, -1)
           FROM (SELECT 'repository' AS type, r.name, r.title, r.description, r.pulls
                 FROM repository r WHERE r.id = o.repository_id) d)
       WHEN 2 THEN (
           SELECT left(json_strip_nulls(row_to_json(d))::text, -1)
           FROM (SELECT 'tag' AS type, r.name AS repository, t.name, digest_text(m.digest) AS digest,
                        to_char(t.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated,
                        t.updated_source, t.pulls, t.unreadable
                 FROM repository r
                 JOIN tag t ON t.repository_id = r.id AND t.name = substr(o.name, length(r.name) + 2)
                 LEFT JOIN manifest m ON m.id = t.manifest_id
                 WHERE r.id = o.repository_id) d)
       ELSE (
           SELECT left(own.members, -1) || ',' || document.members || content.members
           FROM (SELECT m.id, m.digest, m.kind, m.media_type, m.artifact_type, m.size, m.annotations,
                        m.subject, m.config_id, h.repositories, h.names, h.pulls,
                        CASE WHEN NOT h.is_readable THEN h.reason END AS reason, h.unreadable_since
                 FROM manifest m
                 CROSS JOIN LATERAL (
                     SELECT array_agg(r.id) AS repositories, array_agg(r.name ORDER BY r.name) AS names,
                            sum(held.pulls) AS pulls, bool_or(held.unreadable IS NULL) AS is_readable,
                            min(held.unreadable) AS reason,
                            min(coalesce(held.unreadable_since, held.first_seen)) AS unreadable_since
                     FROM repository_manifest held
                     CROSS JOIN LATERAL (SELECT id, name FROM repository
                                         WHERE id = held.repository_id OFFSET 0) r
                     WHERE held.manifest_id = m.id) h
                 WHERE m.id = o.manifest_id) c
    CROSS JOIN LATERAL (
        SELECT row_to_json(d)::text AS members
        FROM (SELECT 'manifest' AS type, c.names AS repositories, c.pulls) d
    ) own
    -- From here to "the same ends" read_manifest.sql and read_dump.sql are the same (a test compares
    -- them): what does not depend on the repository. `c`: a manifest, the repositories that may serve what belongs to it,
    -- why it cannot be read and since when.
    CROSS JOIN LATERAL (
        -- All that has to be fetched for it, each blob once; what is missing here cannot be. Rows are
        -- looked up one by one: how many parts there are is not known to the planner.
        WITH RECURSIVE part (id) AS (
            SELECT c.id
            UNION
            SELECT mc.child_id
            FROM part p
            CROSS JOIN LATERAL (SELECT child_id FROM manifest_child
                                WHERE parent_id = p.id OFFSET 0) mc
            WHERE EXISTS (SELECT FROM repository_manifest h
                          WHERE h.manifest_id = mc.child_id AND h.unreadable IS NULL
                            AND h.repository_id = ANY (c.repositories) OFFSET 0)
        ),
        used AS (
            SELECT l.blob_id
            FROM part p
            CROSS JOIN LATERAL (SELECT blob_id FROM manifest_layer
                                WHERE manifest_id = p.id OFFSET 0) l
            UNION
            SELECT (SELECT m.config_id FROM manifest m WHERE m.id = p.id) FROM part p
        )
        SELECT coalesce((SELECT sum((SELECT m.size FROM manifest m WHERE m.id = p.id)) FROM part p), 0)
               + coalesce((SELECT sum((SELECT b.size FROM blob b WHERE b.id = u.blob_id)) FROM used u), 0)
               AS bytes
    ) weight
    CROSS JOIN LATERAL (
        SELECT substr(left(row_to_json(d)::text, -1), 2) AS members
        FROM (SELECT digest_text(c.digest) AS digest, c.media_type,
                     CASE WHEN c.kind <> 'image' THEN c.artifact_type END AS artifact_type,
                     CASE WHEN failure.reason IS NOT NULL THEN 'unreadable'
                          WHEN c.kind = 'schema1' THEN 'image' ELSE c.kind END AS kind,
                     c.size, weight.bytes AS total_size,
                     coalesce(c.annotations, '{}')::json AS annotations,
                     digest_text(c.subject) AS subject,
                     CASE WHEN failure.reason IS NOT NULL THEN row_to_json(failure) END AS unreadable,
                     array_to_json(ARRAY(
                         SELECT row_to_json(f)
                         FROM (SELECT digest_text(s.digest) AS digest, s.media_type, s.artifact_type,
                                      s.size, coalesce(s.annotations, '{}')::json AS annotations
                               FROM manifest s
                               WHERE s.subject = c.digest
                                 AND EXISTS (SELECT FROM repository_manifest h
                                             WHERE h.manifest_id = s.id AND h.unreadable IS NULL
                                               AND h.repository_id = ANY (c.repositories) OFFSET 0)
                               ORDER BY s.digest
                               LIMIT 1000) f)) AS referrers
              FROM (SELECT coalesce(c.reason, CASE c.kind WHEN 'unknown' THEN 'not read yet' END)
                               AS reason,
                           to_char(c.unreadable_since AT TIME ZONE 'UTC',
                                   'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since) failure) d
    ) document
    CROSS JOIN LATERAL (
        SELECT ('{' || f.document || '}')::json AS json
        FROM (SELECT (SELECT document FROM config WHERE id = c.config_id AND c.kind = 'image')
                         AS document) f
    ) config
    CROSS JOIN LATERAL (
        SELECT count(*) AS n, array_agg(l.digest ORDER BY ml.position) AS digests,
               array_to_json(array_agg(json_strip_nulls(row_to_json(l)) ORDER BY ml.position)) AS list
        FROM manifest_layer ml
        CROSS JOIN LATERAL (SELECT digest, size FROM blob WHERE id = ml.blob_id OFFSET 0) b
        CROSS JOIN LATERAL (SELECT digest_text(b.digest) AS digest, ml.media_type, b.size,
                                   config.json -> 'diff_ids' ->> ml.position AS diff_id) l
        WHERE ml.manifest_id = c.id
    ) layer
    CROSS JOIN LATERAL (
        -- Entries that are not empty made the layers, in order; if as many there are.
        SELECT array_to_json(array_agg(
                   CASE WHEN e.is_empty OR e.n <> layer.n THEN e.value
                        ELSE (left(e.value::text, -1) || ',"layer":"' || layer.digests[e.number] || '"}')
                                 ::json END
                   ORDER BY e.place)) AS list
        FROM (SELECT h.value, h.place, h.value ->> 'empty_layer' = 'true' AS is_empty,
                     count(*) FILTER (WHERE h.value ->> 'empty_layer' = 'false') OVER () AS n,
                     count(*) FILTER (WHERE h.value ->> 'empty_layer' = 'false')
                         OVER (ORDER BY h.place) AS number
              FROM json_array_elements(config.json -> 'history') WITH ORDINALITY AS h (value, place)) e
    ) history
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN c.kind = 'index' THEN ',"manifests":' || array_to_json(ARRAY(
                SELECT json_strip_nulls(row_to_json(part))
                FROM (SELECT digest_text(m.digest) AS digest,
                             coalesce(mc.media_type, m.media_type) AS media_type,
                             coalesce(mc.size, m.size) AS size,
                             CASE WHEN mc.is_attestation THEN 'attestation'
                                  WHEN m.kind = 'unknown' OR NOT EXISTS (
                                      SELECT FROM repository_manifest h
                                      WHERE h.manifest_id = m.id AND h.unreadable IS NULL
                                        AND h.repository_id = ANY (c.repositories) OFFSET 0)
                                      THEN 'unreadable'
                                  WHEN m.kind = 'schema1' THEN 'image'
                                  ELSE m.kind END AS kind,
                             digest_text(mc.about) AS about,
                             nullif(json_strip_nulls(json_build_object(
                                 'os', coalesce(mc.os, m.os),
                                 'architecture', coalesce(mc.architecture, m.architecture),
                                 'variant', coalesce(mc.variant, m.variant),
                                 'os_version', coalesce(mc.os_version, m.os_version)))::text, '{}')::json
                                 AS platform,
                             coalesce(mc.annotations, '{}')::json AS annotations
                      FROM manifest_child mc
                      CROSS JOIN LATERAL (
                          SELECT id, digest, media_type, size, kind, os, architecture, variant, os_version
                          FROM manifest WHERE id = mc.child_id OFFSET 0) m
                      WHERE mc.parent_id = c.id
                      ORDER BY mc.position) part))::text
            WHEN config.json IS NOT NULL THEN ',"image":{'
                || coalesce((SELECT string_agg(to_json(e.key)::text || ':' || e.value::text, ','
                                               ORDER BY e.place)
                             FROM json_each(config.json) WITH ORDINALITY AS e (key, value, place)
                             WHERE e.key NOT IN ('diff_ids', 'history')) || ',', '')
                || '"layers":' || coalesce(layer.list::text, '[]')
                || ',"history":' || coalesce(history.list::text, '[]') || '}'
            WHEN layer.n > 0 THEN ',"layers":' || layer.list::text
            ELSE '' END AS members
    ) content
    -- the same ends
       ) END AS line
FROM ordered o
CROSS JOIN state s
ORDER BY o.section, o.name, o.digest
