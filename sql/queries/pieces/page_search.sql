-- The page /search from `ranked`, its results, and `item`, whose images are counted. Parameters: read_page_search.sql.
list AS MATERIALIZED (
    WITH
-- include find_shown.sql
),
-- Images of the repositories whose names, titles or descriptions have all of the words, which are no results themselves:
-- the latest 20 of each come first. Rank 8: a label has one of the words.
repository_image AS MATERIALIZED (
    SELECT r.id AS repository_id, h.manifest_id
    FROM found_repository r
    CROSS JOIN LATERAL (SELECT manifest_id FROM repository_manifest
                        WHERE repository_id = r.id AND unreadable IS NULL AND "references" > attests
                        ORDER BY manifest_id DESC LIMIT 20) h
    WHERE NOT (SELECT has_filters FROM flag) AND r.rank <> 8
    UNION ALL
    SELECT r.id, h.manifest_id
    FROM found_repository r
    CROSS JOIN LATERAL (SELECT manifest_id FROM repository_manifest
                        WHERE repository_id = r.id AND unreadable IS NULL AND "references" > attests
                        ORDER BY manifest_id DESC OFFSET 20) h
    WHERE NOT (SELECT has_filters FROM flag) AND r.rank <> 8
),
found_image AS MATERIALIZED (
    SELECT manifest_id AS id, digest, os, architecture FROM item WHERE kind = 'image'
    UNION ALL
    SELECT m.id, m.digest, m.os, m.architecture
    FROM repository_image i
    CROSS JOIN LATERAL (SELECT hidden_count FROM repository WHERE id = i.repository_id OFFSET 0) r
    CROSS JOIN LATERAL (SELECT id, digest, kind, os, architecture FROM manifest WHERE id = i.manifest_id OFFSET 0) m
    WHERE m.kind = 'image'
      AND (r.hidden_count = 0 OR EXISTS (
        SELECT FROM (SELECT i.manifest_id AS id
                     UNION ALL
                     SELECT index_id FROM index_image WHERE image_id = i.manifest_id) top
        CROSS JOIN LATERAL (SELECT FROM tag
                            WHERE manifest_id = top.id AND repository_id = i.repository_id AND NOT hidden OFFSET 0) g))
),
image AS MATERIALIZED (
    SELECT DISTINCT id, digest, os, architecture FROM (SELECT * FROM found_image LIMIT (SELECT most FROM bound)) i
)
SELECT s.generation,
-- include page_truth.sql
       json_build_object(
           'results', (
-- include page_rows.sql
           ),
           -- What a result shows beside what the API tells, in the order of the results.
           'more', (
               SELECT json_agg(json_build_object(
                                   'tags', r.tag_count, 'size', r.size,
                                   'official', r.name LIKE ANY ($26::text[]),
                                   'platforms', CASE WHEN m.id IS NULL THEN ARRAY(
                                       SELECT p.platform FROM repository_platform p
                                       WHERE p.repository_id = r.id ORDER BY p.platform) END,
                                   'signed', evidence.signed, 'sbom', evidence.sbom,
                                   'provenance', evidence.provenance,
                                   'why', CASE WHEN told.body ->> 'match' IN ('label', 'annotation')
                                               THEN (told.body ->> 'match') || ' ' || why.text END) ORDER BY told.place)
               FROM (SELECT place, body::json AS body FROM list WHERE place IS NOT NULL) told
               LEFT JOIN LATERAL (SELECT id, name, tag_count, size FROM repository
                                  WHERE name = coalesce(told.body ->> 'repository', told.body ->> 'name') OFFSET 0) r ON true
               LEFT JOIN LATERAL (SELECT id FROM manifest WHERE digest = digest_bytes(told.body ->> 'digest') OFFSET 0) m ON true
               CROSS JOIN LATERAL (SELECT r.id AS repository_id, coalesce(m.id, (
-- include face_of_repository.sql
               )) AS manifest_id OFFSET 0) top
               CROSS JOIN LATERAL (
-- include evidence_of.sql
               ) evidence
               -- Which label or annotation it is that was found, of the first 10,000 that a repository has.
               LEFT JOIN LATERAL (
                   SELECT CASE WHEN pair.key <> '' THEN left(pair.key, 200) || ' = ' ELSE '' END
                              || left(pair.value, 200) AS text
                   FROM jsonb_to_recordset($7::jsonb) AS t (kind text, is_not boolean, "like" text, key text, value text)
                   CROSS JOIN LATERAL (
                       SELECT key, value FROM label WHERE manifest_id = m.id AND told.body ->> 'match' = 'label'
                       UNION ALL
                       SELECT key, value FROM annotation
                       WHERE manifest_id = m.id AND told.body ->> 'match' = 'annotation'
                       UNION ALL
                       (SELECT '', value FROM repository_label
                        WHERE repository_id = r.id AND m.id IS NULL AND told.body ->> 'match' = 'label' LIMIT 10000)) pair
                   WHERE NOT t.is_not
                     AND CASE t.kind WHEN 'word' THEN lower(pair.value) LIKE '%' || lower(t."like") || '%'
                                     WHEN told.body ->> 'match' THEN pair.key = t.key AND pair.value = coalesce(t.value, pair.value)
                                     ELSE false END
                   ORDER BY pair.key, pair.value
                   LIMIT 1
               ) why ON true),
           'some_images', (SELECT is_cut FROM bounds)
                          OR (SELECT count(*) FROM (SELECT FROM found_image LIMIT (SELECT most + 1 FROM bound)) i)
                             > (SELECT most FROM bound),
           'facets', (SELECT (f.body || '}')::json FROM (
-- include facets.sql with $12
           ) f),
           'alone', (
-- include facet_alone.sql
           ),
           'nearest', (SELECT nearest.names FROM (SELECT $13::text AS name) asked
                       CROSS JOIN LATERAL (
-- include page_nearest.sql
                       ) nearest (names))) AS body
FROM state s
