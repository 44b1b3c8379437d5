-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/search, the best first. Called by reader/api_find.c; $1 to $7 as in reader/paging.h:
-- $1 sort: text, there is but one    $2 number of the cursor: bigint, NULL: from the end of the list
-- $3 its text: it has none           $4 rows on a page: bigint
-- $5 walk against the statement's own order: boolean
-- $6 the rows walked are to be shown in reverse: boolean    $7 count all rows: it is always done
-- $8 the terms, all must be true: jsonb [{"kind", "is_not", …}], see reader/search_plan.h
-- $9 the way in: text, and $10 its key, $11 its value: text
-- $12 the type of results: text, NULL: all
-- Columns: generation, place, found, has_more, number, text, body: see reader/rest_list.h.
WITH asked AS MATERIALIZED (
    SELECT $8::jsonb AS terms, $9::text AS way, $10::text AS key, $11::text AS value
    WHERE $1::text IS NOT NULL OR $3::text IS NOT NULL OR $7::boolean -- tells the types of what is not used
),
-- From here to "the same ends" read_find.sql and read_facets.sql are the same (a test compares them).
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
           coalesce(bool_or(kind IN ('is', 'digest') AND NOT is_not), false) AS is_any_kind
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
    WHERE (SELECT way FROM asked) = 'word' AND r.name LIKE '%' || lower((SELECT value FROM asked)) || '%'
    UNION
    SELECT r.id FROM repository r
    WHERE (SELECT way FROM asked) = 'word'
      AND lower(coalesce(r.title, '') || ' ' || coalesce(r.description, ''))
          LIKE '%' || lower((SELECT value FROM asked)) || '%'
    UNION
    SELECT l.repository_id FROM repository_label l
    WHERE (SELECT way FROM asked) = 'word' AND l.value LIKE '%' || lower((SELECT value FROM asked)) || '%'
    UNION
    SELECT r.id FROM repository r WHERE (SELECT way FROM asked) = 'all'
),
candidate AS MATERIALIZED (
    SELECT h.repository_id, h.manifest_id
    FROM way_manifest w JOIN repository_manifest h ON h.manifest_id = w.manifest_id
    WHERE h.unreadable IS NULL
    UNION
    SELECT h.repository_id, h.manifest_id
    FROM (SELECT t.repository_id, t.manifest_id FROM tag t
          WHERE (SELECT way FROM asked) = 'tag' AND t.name = (SELECT value FROM asked)
          UNION
          SELECT t.repository_id, i.image_id FROM tag t JOIN index_image i ON i.index_id = t.manifest_id
          WHERE (SELECT way FROM asked) = 'tag' AND t.name = (SELECT value FROM asked)) w
    JOIN repository_manifest h ON h.repository_id = w.repository_id AND h.manifest_id = w.manifest_id
    WHERE h.unreadable IS NULL
    UNION
    SELECT h.repository_id, h.manifest_id
    FROM way_repository w JOIN repository_manifest h ON h.repository_id = w.id
    WHERE h.unreadable IS NULL
),
-- Manifests of which every term is true: images, unless other kinds are asked for. Images and indexes
-- are there if a tag shows them; its tags are those of the indexes above it, too.
item AS MATERIALIZED (
    SELECT c.repository_id, c.manifest_id, m.kind, tagged.names, tagged.updated
    FROM candidate c
    JOIN repository r ON r.id = c.repository_id
    JOIN manifest m ON m.id = c.manifest_id
    CROSS JOIN flag
    CROSS JOIN LATERAL (
        SELECT array_agg(g.name ORDER BY g.name) AS names, max(g.updated) AS updated
        FROM (SELECT c.manifest_id AS id
              UNION
              SELECT i.index_id FROM index_image i WHERE i.image_id = c.manifest_id) top
        CROSS JOIN LATERAL (SELECT name, updated FROM tag
                            WHERE manifest_id = top.id AND repository_id = c.repository_id
                              AND NOT hidden OFFSET 0) g
    ) tagged
    WHERE r.deleted_at IS NULL
      AND (m.kind = 'image' OR flag.is_any_kind AND m.kind IN ('index', 'artifact'))
      AND (m.kind = 'artifact' OR tagged.names IS NOT NULL)
      AND NOT EXISTS (
          SELECT FROM term t
          WHERE t.is_not = coalesce(CASE t.kind
              WHEN 'word' THEN r.name LIKE t."like"
                  OR lower(coalesce(r.title, '') || ' ' || coalesce(r.description, '')) LIKE t."like"
                  OR lower(coalesce(m.title, '') || ' ' || coalesce(m.description, '')) LIKE t."like"
                  OR EXISTS (SELECT FROM label l
                             WHERE l.manifest_id = m.id AND lower(l.value) LIKE t."like")
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
),
-- the same ends
-- A repository is found by its words; where there are other terms, by what is in it.
found_repository AS MATERIALIZED (
    SELECT DISTINCT i.repository_id AS id FROM item i WHERE (SELECT has_filters FROM flag)
    UNION ALL
    SELECT r.id
    FROM way_repository w JOIN repository r ON r.id = w.id
    WHERE NOT (SELECT has_filters FROM flag) AND r.tag_count > 0 AND r.deleted_at IS NULL
      AND NOT EXISTS (
          SELECT FROM term t
          WHERE t.is_not = (r.name LIKE t."like"
                  OR lower(coalesce(r.title, '') || ' ' || coalesce(r.description, '')) LIKE t."like"
                  OR EXISTS (SELECT FROM repository_label l
                             WHERE l.repository_id = r.id AND l.value LIKE t."like")))
),
-- The worst of its words places a repository, the best of its terms a manifest; one that is found by
-- its repository only is not listed beside it.
result AS MATERIALIZED (
    SELECT 'repository' AS type, r.id AS repository_id, NULL::bigint AS manifest_id,
           (ARRAY[1, 0.98, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.45])[placed.rank] AS score,
           (ARRAY['name', 'name', 'name', 'name', 'name', 'title', 'description', 'label',
                  'content'])[placed.rank] AS match
    FROM found_repository f
    JOIN repository r ON r.id = f.id
    CROSS JOIN LATERAL (
        SELECT coalesce(max(CASE WHEN r.name = t.plain THEN 1
                                 WHEN r.last_component = t.plain THEN 2
                                 WHEN r.last_component LIKE t.prefix OR r.name LIKE t.prefix THEN 3
                                 WHEN r.name ~ t.whole THEN 4
                                 WHEN r.name LIKE t."like" THEN 5
                                 WHEN lower(r.title) LIKE t."like" THEN 6
                                 WHEN lower(r.description) LIKE t."like" THEN 7
                                 ELSE 8 END), 9) AS rank
        FROM term t
        WHERE t.kind = 'word' AND NOT t.is_not
    ) placed
    WHERE coalesce($12::text, 'repository') = 'repository'
    UNION ALL
    SELECT i.kind, i.repository_id, i.manifest_id,
           (ARRAY[0.99, 0.92, 0.71, 0.7, 0.65, 0.55, 0.48, 0.4, 0.35, 0.3])[placed.rank],
           (ARRAY['digest', 'tag', 'label', 'annotation', 'title', 'description', 'label', 'platform',
                  'kind', 'content'])[placed.rank]
    FROM item i
    JOIN manifest m ON m.id = i.manifest_id
    CROSS JOIN flag
    CROSS JOIN LATERAL (
        SELECT min(CASE WHEN t.kind = 'digest' THEN 1
                        WHEN t.kind = 'tag' THEN 2
                        WHEN t.kind = 'label' THEN 3
                        WHEN t.kind = 'annotation' THEN 4
                        WHEN t.kind IN ('os', 'arch') THEN 8
                        WHEN t.kind = 'is' THEN 9
                        WHEN t.kind = 'updated' THEN 10
                        WHEN lower(m.title) LIKE t."like" THEN 5
                        WHEN lower(m.description) LIKE t."like" THEN 6
                        WHEN EXISTS (SELECT FROM label l WHERE l.manifest_id = m.id
                                       AND lower(l.value) LIKE t."like") THEN 7
                        WHEN flag.has_filters THEN 10 END) AS rank
        FROM (SELECT * FROM term WHERE NOT is_not
              UNION ALL
              SELECT 'updated', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
              WHERE flag.has_filters) t
    ) placed
    WHERE placed.rank IS NOT NULL AND coalesce($12::text, i.kind) = i.kind
),
ranked AS MATERIALIZED (
    SELECT result.*, row_number() OVER (ORDER BY score DESC, r.pulls DESC, r.updated DESC NULLS LAST, r.name,
                                                 type = 'repository' DESC, m.digest) AS number
    FROM result
    JOIN repository r ON r.id = result.repository_id
    LEFT JOIN manifest m ON m.id = result.manifest_id
),
walked AS MATERIALIZED (
    (SELECT ranked.*, row_number() OVER (ORDER BY number) AS place
     FROM ranked
     WHERE NOT $5::boolean AND number > coalesce($2::bigint, 0)
     ORDER BY number
     LIMIT $4::bigint + 1)
    UNION ALL
    (SELECT ranked.*, row_number() OVER (ORDER BY number DESC)
     FROM ranked
     WHERE $5::boolean AND number < coalesce($2::bigint, 9223372036854775807)
     ORDER BY number DESC
     LIMIT $4::bigint + 1)
)
SELECT generation, NULL::bigint AS place, true AS found,
       (SELECT count(*) FROM walked) > $4::bigint AS has_more, NULL::bigint AS number,
       NULL::text AS text,
       concat('"total":', (SELECT count(*) FROM ranked), ',"generation":', generation) AS body
FROM state
UNION ALL
SELECT (SELECT generation FROM state), CASE WHEN $6::boolean THEN -w.place ELSE w.place END, NULL,
       NULL, w.number, '', shown.body
FROM walked w
JOIN repository r ON r.id = w.repository_id
LEFT JOIN manifest m ON m.id = w.manifest_id
LEFT JOIN item i ON i.repository_id = w.repository_id AND i.manifest_id = w.manifest_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN w.type = 'repository' THEN (
        SELECT json_strip_nulls(row_to_json(o))::text
        FROM (SELECT w.type, r.name, r.title, r.description, r.pulls,
                     to_char(r.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated,
                     w.score, w.match) o)
    ELSE (
        SELECT json_strip_nulls(row_to_json(o))::text
        FROM (SELECT w.type, r.name AS repository, digest_text(m.digest) AS digest,
                     coalesce(i.names, '{}') AS tags, m.title,
                     nullif(concat_ws('/', nullif(m.os, ''), nullif(m.architecture, ''),
                                      nullif(m.variant, '')), '') AS platform,
                     CASE m.kind WHEN 'artifact' THEN m.artifact_type END AS artifact_type,
                     CASE WHEN m.kind <> 'index' THEN coalesce(m.size, 0)
                         + coalesce((SELECT b.size FROM blob b WHERE b.id = m.config_id), 0)
                         + coalesce((SELECT sum(b.size)
                                     FROM (SELECT DISTINCT blob_id FROM manifest_layer
                                           WHERE manifest_id = m.id) l
                                     CROSS JOIN LATERAL (SELECT size FROM blob
                                                         WHERE id = l.blob_id OFFSET 0) b), 0) END AS size,
                     to_char(i.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated,
                     w.score, w.match) o)
    END AS body
) shown
WHERE w.place <= $4::bigint
ORDER BY place NULLS FIRST
