-- From `asked`, the terms and the way in, to `item`, the manifests of which every term is true; on the way
-- `term`, `flag` and `way_repository`.
term AS MATERIALIZED (
    SELECT t.kind, t.is_not, lower(t.plain) AS plain, '%' || lower(t."like") || '%' AS "like",
           lower(t."like") || '%' AS prefix, lower(t.whole) AS whole, t.key, t.value,
           CASE WHEN t.kind = 'digest' THEN '\x01'::bytea || decode(rpad(t.value, 64, '0'), 'hex') END AS low,
           CASE WHEN t.kind = 'digest' THEN '\x01'::bytea || decode(rpad(t.value, 64, 'f'), 'hex') END AS high,
           to_timestamp(t.from_ms / 1000.0) AS not_before, to_timestamp(t.before_ms / 1000.0) AS before
    FROM asked
    CROSS JOIN jsonb_to_recordset(asked.terms)
               AS t (kind text, is_not boolean, plain text, "like" text, whole text, key text, value text,
                     from_ms bigint, before_ms bigint)
),
flag AS MATERIALIZED (
    SELECT coalesce(bool_or(kind <> 'word'), false) AS has_filters,
           coalesce(bool_or(kind IN ('is', 'digest') AND NOT is_not), false) AS is_any_kind,
           coalesce(bool_or(kind IN ('tag', 'updated')), false) AS asks_tags
    FROM term
),
-- The ways in: one of them is gone, the others find nothing and cost nothing.
way_manifest AS MATERIALIZED (
    SELECT x.manifest_id FROM label x
    WHERE (SELECT way FROM asked) = 'label'
      AND left(x.key, 200) = left((SELECT key FROM asked), 200) AND x.key = (SELECT key FROM asked)
      AND left(x.value, 200) = left((SELECT value FROM asked), 200) AND x.value = (SELECT value FROM asked)
    UNION
    SELECT x.manifest_id FROM label x
    WHERE (SELECT way FROM asked) = 'label_key'
      AND left(x.key, 200) = left((SELECT key FROM asked), 200) AND x.key = (SELECT key FROM asked)
    UNION
    SELECT x.manifest_id FROM annotation x
    WHERE (SELECT way FROM asked) = 'annotation'
      AND left(x.key, 200) = left((SELECT key FROM asked), 200) AND x.key = (SELECT key FROM asked)
      AND left(x.value, 200) = left((SELECT value FROM asked), 200) AND x.value = (SELECT value FROM asked)
    UNION
    SELECT x.manifest_id FROM annotation x
    WHERE (SELECT way FROM asked) = 'annotation_key'
      AND left(x.key, 200) = left((SELECT key FROM asked), 200) AND x.key = (SELECT key FROM asked)
    UNION
    SELECT m.id FROM manifest m
    WHERE (SELECT way FROM asked) = 'digest'
      AND m.digest BETWEEN '\x01'::bytea || decode(rpad((SELECT value FROM asked), 64, '0'), 'hex')
                       AND '\x01'::bytea || decode(rpad((SELECT value FROM asked), 64, 'f'), 'hex')
    UNION
    -- What a manifest's own annotations call it; titles from labels are found by way_repository.
    SELECT m.id FROM manifest m
    WHERE (SELECT way FROM asked) = 'word'
      AND (m.title IS NOT NULL OR m.description IS NOT NULL)
      AND m.annotations LIKE '%org.opencontainers.image.%'
      AND lower(coalesce(m.title, '') || ' ' || coalesce(m.description, ''))
          LIKE '%' || lower((SELECT value FROM asked)) || '%'
    UNION
    SELECT used.manifest_id
    FROM blob b
    CROSS JOIN LATERAL (SELECT m.id AS manifest_id FROM manifest m WHERE m.config_id = b.id
                        UNION ALL
                        SELECT l.manifest_id FROM manifest_layer l WHERE l.blob_id = b.id) used
    WHERE (SELECT way FROM asked) = 'digest'
      AND b.digest BETWEEN '\x01'::bytea || decode(rpad((SELECT value FROM asked), 64, '0'), 'hex')
                       AND '\x01'::bytea || decode(rpad((SELECT value FROM asked), 64, 'f'), 'hex')
),
way_repository AS MATERIALIZED (
    SELECT r.id FROM repository r
    WHERE (SELECT way FROM asked) = 'word'
      AND (r.name LIKE '%' || lower((SELECT value FROM asked)) || '%'
           OR lower(r.title) LIKE '%' || lower((SELECT value FROM asked)) || '%'
           OR lower(r.description) LIKE '%' || lower((SELECT value FROM asked)) || '%')
    UNION
    SELECT l.repository_id FROM repository_label l
    WHERE (SELECT way FROM asked) = 'word' AND l.value LIKE '%' || lower((SELECT value FROM asked)) || '%'
    UNION
    SELECT r.id FROM repository r WHERE (SELECT way FROM asked) = 'all'
),
candidate AS MATERIALIZED (
    SELECT h.repository_id, h.manifest_id
    FROM way_manifest w
    CROSS JOIN LATERAL (SELECT * FROM repository_manifest WHERE manifest_id = w.manifest_id OFFSET 0) h
    WHERE h.unreadable IS NULL
    UNION
    SELECT h.repository_id, h.manifest_id
    FROM (SELECT t.repository_id, t.manifest_id FROM tag t
          WHERE (SELECT way FROM asked) = 'tag' AND t.name = (SELECT value FROM asked)
          UNION
          SELECT t.repository_id, i.image_id
          FROM tag t
          CROSS JOIN LATERAL (SELECT image_id FROM index_image WHERE index_id = t.manifest_id OFFSET 0) i
          WHERE (SELECT way FROM asked) = 'tag' AND t.name = (SELECT value FROM asked)) w
    CROSS JOIN LATERAL (SELECT * FROM repository_manifest
                        WHERE repository_id = w.repository_id AND manifest_id = w.manifest_id OFFSET 0) h
    WHERE h.unreadable IS NULL
    UNION
    SELECT h.repository_id, h.manifest_id
    FROM way_repository w
    CROSS JOIN LATERAL (SELECT * FROM repository_manifest WHERE repository_id = w.id OFFSET 0) h
    WHERE h.unreadable IS NULL
),
-- Manifests of which every term is true: images, unless other kinds are asked for. Images and indexes
-- are there if a tag shows them; its tags are those of the indexes above it, too.
-- Where nothing is asked about tags, they are looked for last, and one is enough.
matching AS (
    SELECT c.repository_id, c.manifest_id, m.kind, m.digest, m.os, m.architecture,
           -- The best of its terms. NULL: only its repository has what was asked for.
           CASE WHEN (SELECT is_ranked FROM asked) THEN (
               SELECT min(CASE WHEN t.kind = 'digest' THEN 1
                               WHEN t.kind = 'tag' THEN 2
                               WHEN t.kind = 'label' THEN 3
                               WHEN t.kind = 'annotation' THEN 4
                               WHEN t.kind IN ('os', 'arch') THEN 8
                               WHEN t.kind = 'is' THEN 9
                               WHEN t.kind = 'updated' THEN 10
                               WHEN lower(left(m.title, 4096)) LIKE t."like" THEN 5
                               WHEN lower(left(m.description, 4096)) LIKE t."like" THEN 6
                               WHEN EXISTS (SELECT FROM label l WHERE l.manifest_id = m.id
                                              AND lower(left(l.value, 1000)) LIKE t."like") THEN 7
                               WHEN flag.has_filters THEN 10 END)
               FROM (SELECT kind, "like" FROM term WHERE NOT is_not
                     UNION ALL
                     SELECT 'updated', NULL WHERE flag.has_filters) t) END AS rank
    FROM candidate c
    CROSS JOIN LATERAL (SELECT * FROM repository WHERE id = c.repository_id OFFSET 0) r
    CROSS JOIN LATERAL (SELECT id, digest, kind, os, architecture, title, description, config_id
                        FROM manifest WHERE id = c.manifest_id OFFSET 0) m
    CROSS JOIN flag
    CROSS JOIN LATERAL (
        SELECT array_agg(g.name ORDER BY g.name) AS names, max(g.updated) AS updated
        FROM (SELECT c.manifest_id AS id
              UNION
              SELECT i.index_id FROM index_image i WHERE i.image_id = c.manifest_id) top
        CROSS JOIN LATERAL (SELECT name, updated FROM tag
                            WHERE manifest_id = top.id AND repository_id = c.repository_id
                              AND NOT hidden OFFSET 0) g
        WHERE flag.asks_tags
    ) tagged
    WHERE r.deleted_at IS NULL
      AND (m.kind = 'image' OR flag.is_any_kind AND m.kind IN ('index', 'artifact'))
      AND NOT EXISTS (
          SELECT FROM term t
          WHERE t.is_not = coalesce(CASE t.kind
              WHEN 'word' THEN r.name LIKE t."like"
                  OR lower(r.title) LIKE t."like" OR lower(r.description) LIKE t."like"
                  OR lower(left(m.title, 4096)) LIKE t."like" OR lower(left(m.description, 4096)) LIKE t."like"
                  OR EXISTS (SELECT FROM label l
                             WHERE l.manifest_id = m.id AND lower(left(l.value, 1000)) LIKE t."like")
              WHEN 'tag' THEN t.value = ANY (tagged.names)
                  AND (t.key IS NULL OR r.name = t.key OR right(r.name, length(t.key) + 1) = '/' || t.key)
              WHEN 'digest' THEN m.digest BETWEEN t.low AND t.high
                  OR EXISTS (SELECT FROM blob b
                             WHERE b.id = m.config_id AND b.digest BETWEEN t.low AND t.high)
                  OR EXISTS (SELECT FROM manifest_layer l JOIN blob b ON b.id = l.blob_id
                             WHERE l.manifest_id = m.id AND b.digest BETWEEN t.low AND t.high)
              WHEN 'label' THEN EXISTS (SELECT FROM label l
                             WHERE l.manifest_id = m.id AND l.key = t.key
                               AND (t.value IS NULL OR l.value = t.value))
              WHEN 'annotation' THEN EXISTS (SELECT FROM annotation a
                             WHERE a.manifest_id = m.id AND a.key = t.key
                               AND (t.value IS NULL OR a.value = t.value))
              WHEN 'os' THEN m.os = t.value
              WHEN 'arch' THEN m.architecture = t.value
              WHEN 'is' THEN m.kind = t.value
              WHEN 'updated' THEN (t.not_before IS NULL OR tagged.updated >= t.not_before)
                  AND (t.before IS NULL OR tagged.updated < t.before)
              END, false))
    OFFSET 0
),
item AS MATERIALIZED (
    SELECT s.*
    FROM matching s
    WHERE s.kind = 'artifact' OR EXISTS (
        SELECT FROM (SELECT s.manifest_id AS id
                     UNION ALL
                     SELECT i.index_id FROM index_image i WHERE i.image_id = s.manifest_id) top
        CROSS JOIN LATERAL (SELECT FROM tag
                            WHERE manifest_id = top.id AND repository_id = s.repository_id
                              AND NOT hidden OFFSET 0) g)
),
