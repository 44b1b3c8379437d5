    -- What each `image` is, counted, as JSON without its end. $1 the label whose values are counted: text, NULL: none
    WITH
    -- What is attached to them, in whatever repository. To many images it is put together by grouping all that is attached
    -- to anything: of a join the planner does not know how many images there are, and would look through it for each.
    attached AS MATERIALIZED (
        SELECT about.digest, bit_or(about.evidence) AS evidence
        FROM (
            WITH few AS MATERIALIZED (
                SELECT id, digest FROM image WHERE (SELECT count(*) FROM image) <= 1000
            )
-- include evidence_about.sql
        ) about
        GROUP BY about.digest
        UNION ALL
        SELECT e.digest, bit_or(e.evidence)
        FROM (SELECT digest, 0 AS evidence, true AS is_image FROM image
              UNION ALL
              SELECT found.digest, found.evidence, false
              FROM (
-- include evidence_all.sql
              ) found) e
        WHERE (SELECT count(*) FROM image) > 1000
        GROUP BY e.digest
        HAVING bool_or(e.is_image)
    ),
    -- What their first layers are, told by the chains of layers: of 300 images at most, else none is told. Whoever filters by
    -- one of these repositories finds as many, and more only where very many images are these layers.
    part AS MATERIALIZED (
        SELECT image.id, p.chain
        FROM image
        CROSS JOIN LATERAL (SELECT chain FROM image_chain WHERE manifest_id = image.id AND NOT is_whole OFFSET 0) p
        WHERE (SELECT count(*) FROM image) <= 300
    ),
    based AS MATERIALIZED (
        SELECT DISTINCT c.chain, r.name
        FROM (SELECT DISTINCT chain FROM part) c
        -- Many may have the same layers, rebuilt every night: the newest.
        CROSS JOIN LATERAL (SELECT manifest_id FROM image_chain WHERE chain = c.chain AND is_whole
                            ORDER BY manifest_id DESC LIMIT 16) whole
        CROSS JOIN LATERAL (SELECT whole.manifest_id AS id
                            UNION ALL
                            SELECT index_id FROM index_image WHERE image_id = whole.manifest_id) top
        CROSS JOIN LATERAL (SELECT digest FROM manifest WHERE id = top.id OFFSET 0) m
        CROSS JOIN LATERAL (SELECT repository_id FROM tag_history WHERE digest = m.digest OFFSET 0) h
        CROSS JOIN LATERAL (SELECT name FROM repository WHERE id = h.repository_id OFFSET 0) r
    )
    SELECT left(row_to_json(o)::text, -1) AS body
    FROM (SELECT array_to_json(ARRAY(
                     SELECT row_to_json(f)
                     FROM (SELECT os AS value, count(*) AS images FROM image WHERE os <> ''
                           GROUP BY os ORDER BY 2 DESC, 1 LIMIT 100) f)) AS os,
                 array_to_json(ARRAY(
                     SELECT row_to_json(f)
                     FROM (SELECT architecture AS value, count(*) AS images FROM image
                           WHERE architecture <> ''
                           GROUP BY architecture ORDER BY 2 DESC, 1 LIMIT 100) f)) AS architecture,
                 array_to_json(ARRAY(
                     SELECT row_to_json(f)
                     FROM (SELECT v.value, count(*) AS images
                           FROM (VALUES ('signed', 1), ('sbom', 2), ('provenance', 4)) AS v (value, bit)
                           JOIN attached a ON a.evidence & v.bit > 0
                           GROUP BY v.value ORDER BY 2 DESC, 1) f)) AS attached,
                 array_to_json(ARRAY(
                     SELECT row_to_json(f)
                     FROM (SELECT based.name AS value, count(DISTINCT part.id) AS images
                           FROM part JOIN based ON based.chain = part.chain
                           GROUP BY based.name ORDER BY 2 DESC, 1 LIMIT 100) f)) AS base,
                 array_to_json(ARRAY(
                     SELECT row_to_json(f)
                     FROM (SELECT l.key AS value, count(*) AS images
                           FROM (SELECT DISTINCT manifest_id, key FROM label
                                 WHERE manifest_id = ANY (ARRAY(SELECT id FROM image))) l
                           GROUP BY l.key ORDER BY 2 DESC, 1 LIMIT 100) f)) AS label_keys,
                 array_to_json(ARRAY(
                     SELECT row_to_json(f)
                     FROM (SELECT a.key AS value, count(*) AS images
                           FROM (SELECT DISTINCT manifest_id, key FROM annotation
                                 WHERE manifest_id = ANY (ARRAY(SELECT id FROM image))) a
                           GROUP BY a.key ORDER BY 2 DESC, 1 LIMIT 100) f)) AS annotation_keys,
                 array_to_json(ARRAY(
                     SELECT row_to_json(f)
                     FROM (SELECT l.value, count(*) AS images
                           FROM (SELECT DISTINCT manifest_id, value FROM label
                                 WHERE manifest_id = ANY (ARRAY(SELECT id FROM image)) AND key = $1::text) l
                           WHERE $1::text IS NOT NULL
                           GROUP BY l.value ORDER BY 2 DESC, 1 LIMIT 100) f)) AS label_values) o
