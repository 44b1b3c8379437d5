-- From `asked` to `item`, the manifests of which every term is true; on the way `term`, `flag`, `chosen` and
-- `named_repository`, the repositories, `bound`, what is taken at most, and `bounds`, whether there was more. `asked` has
--   terms, way, key, value  the terms and the way in: see reader/query/search_plan.h
--   is_ranked    results are wanted, in an order; else all that every term is true of, to be counted
--   type         the one kind of manifests that is wanted: text, NULL: all
--   most         how many are taken of what the way in leads to
--   most_walked  how many of a walk, and of a search by a word: nobody reads on behind so many
--   most_looked  at how many manifests a search by words alone looks for them
--
-- A search looks at 10,000 candidates and no more: repositories, and manifests in them. What the way in leads to is
-- looked up by an index. If that is more, or a word of more than 2,500 repositories, or if there is no way, the most
-- popular repositories are walked instead, an index has their order, and every term is a filter. Of each repository its
-- 100 latest manifests come first, so that one that has very many does not hide the others; where a tag is asked for, what
-- it points to, and nothing else. A search stops once it has as many as are taken: each step reads of the one before only
-- as far as it needs, so none of them sorts or counts what may be long.
term AS MATERIALIZED (
    SELECT t.kind, t.is_not, lower(t.plain) AS plain, lower(t."like") AS pattern,
           '%' || lower(t."like") || '%' AS "like", lower(t."like") || '%' AS prefix, lower(t.whole) AS whole,
           t.key, t.value,
           CASE WHEN t.kind IN ('digest', 'base_digest') THEN '\x01'::bytea || decode(rpad(t.value, 64, '0'), 'hex') END AS low,
           CASE WHEN t.kind IN ('digest', 'base_digest') THEN '\x01'::bytea || decode(rpad(t.value, 64, 'f'), 'hex') END AS high,
           to_timestamp(t.from_ms / 1000.0) AS not_before, to_timestamp(t.before_ms / 1000.0) AS before
    FROM asked
    CROSS JOIN jsonb_to_recordset(asked.terms)
               AS t (kind text, is_not boolean, plain text, "like" text, whole text, key text, value text,
                     from_ms bigint, before_ms bigint)
    ORDER BY t.kind = 'word' -- what is cheap is tried first
),
flag AS MATERIALIZED (
    SELECT coalesce(bool_or(kind <> 'word'), false) AS has_filters,
           coalesce(bool_or(kind IN ('is', 'has', 'digest') AND NOT is_not), false) AS is_any_kind,
           coalesce(bool_or(kind IN ('tag', 'updated')), false) AS asks_tags,
           coalesce(bool_or(kind = 'tag'), false) AS asks_tag_names,
           -- Manifests are counted, or are results where a term is true of themselves.
           NOT (SELECT is_ranked FROM asked) OR coalesce(bool_or(NOT is_not OR kind <> 'word'), false)
               AS needs_manifests,
           -- Then no manifest is a result that has the word by its repository's name or title alone.
           (SELECT is_ranked AND way = 'word' FROM asked) AND count(*) FILTER (WHERE NOT is_not) = 1
               AND bool_and(kind = 'word') AS is_one_word
    FROM term
),
-- Of what terms name as a base the whole chains, of each tag's images of today and of before.
base_chain AS MATERIALIZED (
    SELECT DISTINCT named.kind, named.key, named.value, whole.chain
    FROM (SELECT t.kind, t.key, t.value, m.id
          FROM term t
          CROSS JOIN LATERAL (SELECT id FROM repository
                              WHERE t.kind = 'base' AND name LIKE '%' || replace(t.key, '_', '\_')
                                AND (name = t.key OR right(name, length(t.key) + 1) = '/' || t.key) OFFSET 0) r
          CROSS JOIN LATERAL (SELECT digest FROM tag_history
                              WHERE repository_id = r.id AND tag = coalesce(t.value, tag) AND digest IS NOT NULL
                              OFFSET 0) h
          CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = h.digest OFFSET 0) m
          UNION ALL
          SELECT t.kind, t.key, t.value, m.id
          FROM term t
          CROSS JOIN LATERAL (SELECT id FROM manifest
                              WHERE t.kind = 'base_digest' AND digest BETWEEN t.low AND t.high OFFSET 0) m) named
    CROSS JOIN LATERAL (SELECT named.id
                        UNION
                        SELECT image_id FROM index_image WHERE index_id = named.id) image
    CROSS JOIN LATERAL (SELECT chain FROM image_chain WHERE manifest_id = image.id AND is_whole OFFSET 0) whole
),
-- Packages that terms name.
package_wanted AS MATERIALIZED (
    SELECT p.id, t.key AS name, t.value, t.plain AS comparison
    FROM (SELECT DISTINCT key, value, plain, version_key(value) AS value_key FROM term WHERE kind = 'package') t
    CROSS JOIN LATERAL (SELECT id FROM package_name WHERE name = t.key OFFSET 0) n
    CROSS JOIN LATERAL (
        SELECT id FROM package_version
        WHERE name_id = n.id
          AND CASE t.plain
                  WHEN '=' THEN version = t.value
                  WHEN '<' THEN version <> '' AND version_key < t.value_key
                  WHEN '<=' THEN version <> '' AND version_key <= t.value_key
                  WHEN '>' THEN version <> '' AND version_key > t.value_key
                  WHEN '>=' THEN version <> '' AND version_key >= t.value_key
                  ELSE true END OFFSET 0) v
    CROSS JOIN LATERAL (SELECT id FROM package WHERE version_id = v.id OFFSET 0) p
),
-- Where the way in is a word, the repositories that have it, and those that have it in a label; as far as they are read.
way_named AS MATERIALIZED (
    SELECT id, tag_count FROM repository
    WHERE (SELECT way FROM asked) = 'word' AND deleted_at IS NULL
      AND (name LIKE '%' || lower((SELECT value FROM asked)) || '%'
           OR lower(title) LIKE '%' || lower((SELECT value FROM asked)) || '%'
           OR lower(description) LIKE '%' || lower((SELECT value FROM asked)) || '%')
),
way_label AS MATERIALIZED (
    SELECT repository_id FROM repository_label
    WHERE (SELECT way FROM asked) = 'word' AND value LIKE '%' || lower((SELECT value FROM asked)) || '%'
),
-- A word that so many have leads nowhere: the most popular repositories have it as well. Where it is all that is asked
-- for and more repositories are results than are taken, no manifest is looked for that has it by itself.
way_word AS MATERIALIZED (
    SELECT named.number > 2500 OR (SELECT count(*) FROM (SELECT FROM way_label LIMIT 12501) w) > 12500 AS is_common,
           named.results > (SELECT most_walked FROM asked) AND (SELECT count(*) FROM term) = 1 AS is_enough
    FROM (SELECT count(*) AS number, count(*) FILTER (WHERE tag_count > 0) AS results
          FROM (SELECT tag_count FROM way_named LIMIT 2501) w) named
),
-- The ways in: one of them is gone, the others find nothing and cost nothing.
way_found AS MATERIALIZED (
    (SELECT x.manifest_id FROM label x
     WHERE (SELECT way FROM asked) = 'label'
       AND left(x.key, 200) = left((SELECT key FROM asked), 200) AND x.key = (SELECT key FROM asked)
       AND left(x.value, 200) = left((SELECT value FROM asked), 200) AND x.value = (SELECT value FROM asked)
     LIMIT 10001)
    UNION ALL
    (SELECT x.manifest_id FROM label x
     WHERE (SELECT way FROM asked) = 'label_key'
       AND left(x.key, 200) = left((SELECT key FROM asked), 200) AND x.key = (SELECT key FROM asked)
     LIMIT 10001)
    UNION ALL
    (SELECT x.manifest_id FROM annotation x
     WHERE (SELECT way FROM asked) = 'annotation'
       AND left(x.key, 200) = left((SELECT key FROM asked), 200) AND x.key = (SELECT key FROM asked)
       AND left(x.value, 200) = left((SELECT value FROM asked), 200) AND x.value = (SELECT value FROM asked)
     LIMIT 10001)
    UNION ALL
    (SELECT x.manifest_id FROM annotation x
     WHERE (SELECT way FROM asked) = 'annotation_key'
       AND left(x.key, 200) = left((SELECT key FROM asked), 200) AND x.key = (SELECT key FROM asked)
     LIMIT 10001)
    UNION ALL
    (SELECT m.id FROM manifest m
     WHERE (SELECT way FROM asked) = 'digest'
       AND m.digest BETWEEN '\x01'::bytea || decode(rpad((SELECT value FROM asked), 64, '0'), 'hex')
                        AND '\x01'::bytea || decode(rpad((SELECT value FROM asked), 64, 'f'), 'hex')
     LIMIT 10001)
    UNION ALL
    (SELECT x.image_id
     FROM package_wanted w
     CROSS JOIN LATERAL (SELECT DISTINCT image_id FROM image_package WHERE package_id = w.id
                         ORDER BY image_id LIMIT 10001) x
     WHERE (SELECT way FROM asked) = 'package'
       AND w.name = (SELECT key FROM asked) AND w.value IS NOT DISTINCT FROM (SELECT value FROM asked)
     LIMIT 10001)
    UNION ALL
    -- What a manifest's own annotations call it; titles from labels are found by way_repository.
    (SELECT m.id FROM manifest m
     WHERE (SELECT way FROM asked) = 'word' AND NOT (SELECT is_common OR is_enough FROM way_word)
       AND (m.title IS NOT NULL OR m.description IS NOT NULL)
       AND m.annotations LIKE '%org.opencontainers.image.%'
       AND lower(left(coalesce(m.title, ''), 4096) || ' ' || left(coalesce(m.description, ''), 4096))
           LIKE '%' || lower((SELECT value FROM asked)) || '%'
     LIMIT 10001)
    UNION ALL
    (SELECT p.manifest_id
     FROM base_chain b
     CROSS JOIN LATERAL (SELECT manifest_id FROM image_chain WHERE chain = b.chain AND NOT is_whole OFFSET 0) p
     WHERE b.kind = (SELECT way FROM asked) AND b.key IS NOT DISTINCT FROM (SELECT key FROM asked)
       AND b.value IS NOT DISTINCT FROM (SELECT value FROM asked)
     LIMIT 10001)
    UNION ALL
    -- What is built on that to which a tag points no longer.
    (SELECT DISTINCT p.manifest_id
     FROM (SELECT DISTINCT digest FROM tag_history
           WHERE (SELECT way FROM asked) = 'outdated' AND until_time IS NOT NULL AND digest IS NOT NULL) h
     CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = h.digest OFFSET 0) m
     CROSS JOIN LATERAL (SELECT m.id
                         UNION
                         SELECT image_id FROM index_image WHERE index_id = m.id) image
     CROSS JOIN LATERAL (SELECT chain FROM image_chain WHERE manifest_id = image.id AND is_whole OFFSET 0) whole
     CROSS JOIN LATERAL (SELECT manifest_id FROM image_chain WHERE chain = whole.chain AND NOT is_whole OFFSET 0) p
     LIMIT 10001)
    UNION ALL
    (SELECT DISTINCT x.id
     FROM (
-- include evidence_all.sql
     ) e
     CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = e.digest OFFSET 0) m
     CROSS JOIN LATERAL (SELECT m.id
                         UNION ALL
                         SELECT index_id FROM index_image WHERE image_id = m.id) x
     WHERE (SELECT way FROM asked) = 'has'
       AND e.evidence & CASE (SELECT value FROM asked) WHEN 'signed' THEN 1 WHEN 'sbom' THEN 2 ELSE 4 END > 0
     LIMIT 10001)
    UNION ALL
    (SELECT used.manifest_id
     FROM blob b
     CROSS JOIN LATERAL (SELECT m.id AS manifest_id FROM manifest m WHERE m.config_id = b.id
                         UNION ALL
                         SELECT l.manifest_id FROM manifest_layer l WHERE l.blob_id = b.id) used
     WHERE (SELECT way FROM asked) = 'digest'
       AND b.digest BETWEEN '\x01'::bytea || decode(rpad((SELECT value FROM asked), 64, '0'), 'hex')
                        AND '\x01'::bytea || decode(rpad((SELECT value FROM asked), 64, 'f'), 'hex')
     LIMIT 10001)
),
way_tag AS MATERIALIZED (
    (SELECT repository_id, manifest_id FROM tag
     WHERE (SELECT way FROM asked) = 'tag' AND name = (SELECT value FROM asked)
     LIMIT 10001)
    UNION ALL
    (SELECT t.repository_id, t.manifest_id
     FROM repository r
     CROSS JOIN LATERAL (SELECT repository_id, manifest_id FROM tag
                         WHERE repository_id = r.id AND name = (SELECT value FROM asked) OFFSET 0) t
     WHERE (SELECT way FROM asked) = 'repository_tag'
       AND (r.name = (SELECT key FROM asked) OR r.name LIKE '%/' || replace((SELECT key FROM asked), '_', '\_'))
     LIMIT 10001)
),
way_pair AS MATERIALIZED (
    (SELECT h.repository_id, h.manifest_id, h."references" > h.attests AS is_referenced
     FROM (SELECT DISTINCT manifest_id FROM way_found WHERE (SELECT count(*) FROM way_found) <= 10000) w
     CROSS JOIN LATERAL (SELECT * FROM repository_manifest WHERE manifest_id = w.manifest_id OFFSET 0) h
     WHERE h.unreadable IS NULL
     LIMIT 10001)
    UNION
    (SELECT h.repository_id, h.manifest_id, h."references" > h.attests AS is_referenced
     FROM way_tag t
     CROSS JOIN LATERAL (SELECT t.manifest_id
                         UNION ALL
                         SELECT image_id FROM index_image WHERE index_id = t.manifest_id) top
     CROSS JOIN LATERAL (SELECT * FROM repository_manifest
                         WHERE repository_id = t.repository_id AND manifest_id = top.manifest_id OFFSET 0) h
     WHERE h.unreadable IS NULL
     LIMIT 10001)
),
way_repository AS MATERIALIZED (
    SELECT id, bool_or(by_label) AS by_label
    FROM (SELECT repository_id AS id, true AS by_label FROM way_label WHERE NOT (SELECT is_common FROM way_word)
          UNION ALL
          SELECT id, false FROM way_named WHERE NOT (SELECT is_common FROM way_word)) found
    GROUP BY id
),
found_way AS MATERIALIZED (
    SELECT (SELECT way FROM asked) = 'all' OR (SELECT is_common FROM way_word)
           OR greatest((SELECT count(*) FROM way_found), (SELECT count(*) FROM way_tag),
                       (SELECT count(*) FROM way_pair), (SELECT count(*) FROM way_repository)) > 10000 AS is_wide
),
bound AS MATERIALIZED (
    SELECT CASE WHEN is_wide OR way = 'word' THEN most_walked ELSE most END AS most,
           CASE WHEN has_filters THEN 10000 ELSE most_looked END AS looked
    FROM found_way CROSS JOIN asked CROSS JOIN flag
),
-- The repositories that are looked at. No walk misses one whose name or last component is, or begins with, a word.
named_repository AS MATERIALIZED (
    SELECT r.id, name, last_component, pulls, updated, tag_count, hidden_count, lower(title) AS title,
           lower(description) AS description, true AS by_label
    FROM (SELECT DISTINCT named.id
          FROM term t
          CROSS JOIN LATERAL ((SELECT id FROM repository
                               WHERE name >= t.plain AND name < t.plain || U&'\+10FFFF' ORDER BY name LIMIT 100)
                              UNION ALL
                              (SELECT id FROM repository
                               WHERE last_component >= t.plain AND last_component < t.plain || U&'\+10FFFF'
                               ORDER BY last_component, name LIMIT 100)) named
          WHERE t.kind = 'word' AND NOT t.is_not AND (SELECT is_wide FROM found_way)) i
    CROSS JOIN LATERAL (SELECT * FROM repository WHERE id = i.id AND deleted_at IS NULL OFFSET 0) r
    ORDER BY pulls DESC, updated DESC NULLS LAST, name
),
-- The limit is no constant: to the planner, which would sort all of them, it is small.
walked_repository AS MATERIALIZED (
    SELECT id, name, last_component, pulls, updated, tag_count, hidden_count, lower(title) AS title,
           lower(description) AS description, true AS by_label
    FROM repository
    WHERE (SELECT is_wide FROM found_way) AND deleted_at IS NULL
    ORDER BY pulls DESC, updated DESC NULLS LAST, name
    LIMIT (SELECT 10001)
),
chosen AS MATERIALIZED (
    (SELECT r.id, name, last_component, pulls, updated, tag_count, hidden_count, lower(title) AS title,
            lower(description) AS description, i.by_label
     FROM way_repository i
     CROSS JOIN LATERAL (SELECT * FROM repository WHERE id = i.id AND deleted_at IS NULL OFFSET 0) r
     WHERE NOT (SELECT is_wide FROM found_way)
     ORDER BY pulls DESC, updated DESC NULLS LAST, name)
    UNION ALL
    SELECT * FROM walked_repository WHERE id NOT IN (SELECT id FROM named_repository)
),
looked_at AS MATERIALIZED (
    SELECT * FROM chosen WHERE (SELECT needs_manifests FROM flag) AND (by_label OR NOT (SELECT is_one_word FROM flag))
    UNION ALL
    SELECT * FROM named_repository WHERE (SELECT needs_manifests FROM flag)
),
-- One of the tags that are asked for: what is found must have it. No row: none is asked for.
wanted_tag AS MATERIALIZED (
    SELECT value AS name FROM term WHERE kind = 'tag' AND NOT is_not LIMIT 1
),
chosen_pair AS MATERIALIZED (
    SELECT c.id AS repository_id, h.manifest_id, c.name, c.pulls, c.updated, c.title, c.description, c.hidden_count,
           h.is_referenced
    FROM looked_at c
    CROSS JOIN LATERAL (SELECT manifest_id, "references" > attests AS is_referenced FROM repository_manifest
                        WHERE repository_id = c.id AND unreadable IS NULL
                        ORDER BY manifest_id DESC LIMIT 100) h
    WHERE NOT EXISTS (SELECT FROM wanted_tag)
    UNION ALL
    SELECT c.id, h.manifest_id, c.name, c.pulls, c.updated, c.title, c.description, c.hidden_count, h.is_referenced
    FROM looked_at c
    CROSS JOIN LATERAL (SELECT manifest_id, "references" > attests AS is_referenced FROM repository_manifest
                        WHERE repository_id = c.id AND unreadable IS NULL
                        ORDER BY manifest_id DESC OFFSET 100) h
    WHERE NOT EXISTS (SELECT FROM wanted_tag)
    UNION ALL
    SELECT c.id, h.manifest_id, c.name, c.pulls, c.updated, c.title, c.description, c.hidden_count, h.is_referenced
    FROM looked_at c
    CROSS JOIN LATERAL (SELECT manifest_id FROM tag
                        WHERE repository_id = c.id AND name = (SELECT name FROM wanted_tag) AND NOT hidden OFFSET 0) t
    CROSS JOIN LATERAL (SELECT t.manifest_id AS id
                        UNION ALL
                        SELECT image_id FROM index_image WHERE index_id = t.manifest_id) top
    CROSS JOIN LATERAL (SELECT manifest_id, "references" > attests AS is_referenced FROM repository_manifest
                        WHERE repository_id = c.id AND manifest_id = top.id AND unreadable IS NULL OFFSET 0) h
    WHERE EXISTS (SELECT FROM wanted_tag)
    LIMIT (SELECT looked + 1 FROM bound)
),
candidate AS MATERIALIZED (
    (SELECT w.repository_id, w.manifest_id, r.name, r.pulls, r.updated, lower(r.title) AS title,
            lower(r.description) AS description, r.hidden_count, w.is_referenced
     FROM way_pair w
     CROSS JOIN LATERAL (SELECT * FROM repository WHERE id = w.repository_id AND deleted_at IS NULL OFFSET 0) r
     WHERE NOT (SELECT is_wide FROM found_way)
     ORDER BY r.pulls DESC, r.updated DESC NULLS LAST, r.name, w.manifest_id DESC)
    UNION ALL
    SELECT * FROM chosen_pair
    WHERE (SELECT is_wide FROM found_way)
       OR (repository_id, manifest_id) NOT IN (SELECT repository_id, manifest_id FROM way_pair)
),
-- Manifests of which every term is true: images, unless other kinds are asked for. Images and indexes
-- are there if a tag shows them; its tags are those of the indexes above it, too.
-- Where nothing is asked about tags, they are looked for last, and one is enough.
matching AS (
    SELECT c.repository_id, c.name, c.pulls, c.updated, c.manifest_id, m.kind, m.digest, m.os, m.architecture,
           -- An image that tags and indexes refer to, none of them hidden: one shows it.
           m.kind = 'image' AND c.hidden_count = 0 AND c.is_referenced AS is_shown,
           tagged.updated IS NOT NULL AS is_tagged, -- NULL: nothing was asked about tags, or they have no time
           -- The best of its terms. NULL: only its repository has what was asked for.
           CASE WHEN (SELECT is_ranked FROM asked) THEN (
               SELECT min(CASE WHEN t.kind = 'digest' THEN 1
                               WHEN t.kind = 'tag' THEN 2
                               WHEN t.kind = 'label' THEN 3
                               WHEN t.kind = 'annotation' THEN 4
                               WHEN t.kind IN ('os', 'arch') THEN 8
                               WHEN t.kind = 'package' THEN 9
                               WHEN t.kind = 'is' THEN 10
                               WHEN t.kind = 'updated' THEN 11
                               WHEN m.title LIKE t."like" THEN 5
                               WHEN m.description LIKE t."like" THEN 6
                               WHEN EXISTS (SELECT FROM label l
                                            WHERE l.manifest_id = m.id AND lower(left(l.value, 1000) COLLATE "default") LIKE t."like")
                               THEN 7
                               WHEN flag.has_filters THEN 11 END)
               FROM (SELECT kind, "like" FROM term WHERE NOT is_not
                     UNION ALL
                     SELECT 'updated', NULL WHERE flag.has_filters) t) END AS rank
    FROM candidate c
    CROSS JOIN flag
    CROSS JOIN LATERAL (SELECT id, digest, kind, os, architecture, config_id,
                               lower(left(title, 4096)) AS title, lower(left(description, 4096)) AS description
                        FROM manifest
                        WHERE id = c.manifest_id
                          AND (kind = 'image' OR flag.is_any_kind AND kind IN ('index', 'artifact')) OFFSET 0) m
    CROSS JOIN LATERAL (
        SELECT array_agg(g.name) FILTER (WHERE flag.asks_tag_names) AS names, max(g.updated) AS updated
        FROM (SELECT c.manifest_id AS id
              UNION ALL
              SELECT i.index_id FROM index_image i WHERE i.image_id = c.manifest_id) top
        CROSS JOIN LATERAL (SELECT name, updated FROM tag
                            WHERE manifest_id = top.id AND repository_id = c.repository_id
                              AND NOT hidden OFFSET 0) g
        WHERE flag.asks_tags
    ) tagged
    WHERE NOT EXISTS (
          SELECT FROM term t
          WHERE t.is_not = coalesce(CASE t.kind
              -- Labels are read where a word is in nothing else.
              WHEN 'word' THEN coalesce(c.name LIKE t."like" OR c.title LIKE t."like" OR c.description LIKE t."like"
                                        OR m.title LIKE t."like" OR m.description LIKE t."like", false)
                  OR EXISTS (SELECT FROM label l
                             WHERE l.manifest_id = m.id AND lower(left(l.value, 1000) COLLATE "default") LIKE t."like")
              WHEN 'tag' THEN t.value = ANY (tagged.names)
                  AND (t.key IS NULL OR c.name = t.key OR right(c.name, length(t.key) + 1) = '/' || t.key)
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
              WHEN 'package' THEN EXISTS (
                  SELECT FROM package_wanted w
                  WHERE w.name = t.key AND w.value IS NOT DISTINCT FROM t.value
                    AND w.comparison IS NOT DISTINCT FROM t.plain
                    AND EXISTS (SELECT FROM image_package i
                                WHERE i.image_id = c.manifest_id AND i.package_id = w.id OFFSET 0))
              WHEN 'os' THEN m.os = t.value
              WHEN 'arch' THEN m.architecture = t.value
              WHEN 'has' THEN (
                  SELECT CASE t.value WHEN 'signed' THEN b.signed WHEN 'sbom' THEN b.sbom ELSE b.provenance END
                  FROM (SELECT m.id AS manifest_id, c.repository_id OFFSET 0) top CROSS JOIN LATERAL (
-- include evidence_of.sql
                  ) b)
              WHEN 'is' THEN m.kind = t.value OR t.value = 'outdated' AND EXISTS (
                  SELECT FROM (SELECT m.id AS id OFFSET 0) image CROSS JOIN LATERAL (
-- include base_found.sql
                  ) b WHERE b.behind > 0)
              WHEN 'base' THEN EXISTS (
                  SELECT FROM (SELECT chain FROM image_chain WHERE manifest_id = m.id AND NOT is_whole OFFSET 0) p
                  WHERE EXISTS (SELECT FROM base_chain b
                                WHERE b.chain = p.chain AND b.kind = 'base' AND b.key = t.key
                                  AND b.value IS NOT DISTINCT FROM t.value OFFSET 0))
              WHEN 'base_digest' THEN EXISTS (
                  SELECT FROM (SELECT chain FROM image_chain WHERE manifest_id = m.id AND NOT is_whole OFFSET 0) p
                  WHERE EXISTS (SELECT FROM base_chain b
                                WHERE b.chain = p.chain AND b.kind = 'base_digest' AND b.value = t.value OFFSET 0))
              WHEN 'updated' THEN (t.not_before IS NULL OR tagged.updated >= t.not_before)
                  AND (t.before IS NULL OR tagged.updated < t.before)
              END, false))
    OFFSET 0
),
true_of AS MATERIALIZED (
    SELECT s.*
    FROM matching s
    WHERE (s.rank IS NOT NULL OR NOT (SELECT is_ranked FROM asked))
      AND s.kind = coalesce((SELECT type FROM asked), s.kind)
      AND (s.kind = 'artifact' OR s.is_tagged OR s.is_shown OR EXISTS (
        SELECT FROM (SELECT s.manifest_id AS id
                     UNION ALL
                     SELECT i.index_id FROM index_image i WHERE i.image_id = s.manifest_id) top
        CROSS JOIN LATERAL (SELECT FROM tag
                            WHERE manifest_id = top.id AND repository_id = s.repository_id
                              AND NOT hidden OFFSET 0) g))
),
item AS MATERIALIZED (
    SELECT * FROM true_of LIMIT (SELECT most FROM bound)
),
bounds AS MATERIALIZED (
    SELECT CASE WHEN (SELECT count(*) FROM (SELECT FROM true_of LIMIT most + 1) s) > most THEN true
                ELSE (SELECT count(*) FROM chosen_pair) > looked OR (SELECT count(*) FROM walked_repository) > 10000 END AS is_cut
    FROM bound
),
