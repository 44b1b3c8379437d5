-- The end of every read_index_*.sql: from `candidate`, tagged manifests of repositories that may answer, to
-- the rows. All filters are checked again, whichever led there. Parameters and columns: read_index_all.sql.
label_filter AS MATERIALIZED (
    SELECT key, "equal", "like"
    FROM jsonb_to_recordset($7::jsonb) AS f (key text, "equal" text[], "like" text[])
),
annotation_filter AS MATERIALIZED (
    SELECT key, "equal", "like"
    FROM jsonb_to_recordset($8::jsonb) AS f (key text, "equal" text[], "like" text[])
),
-- Put in order before the entries are made, which then come one after the other and are nowhere held.
listed AS (
    SELECT c.repository_id, c.name, m.kind = 'index' AS is_list, m.digest, m.id
    FROM candidate c
    CROSS JOIN LATERAL (SELECT id, kind, digest FROM manifest WHERE id = c.manifest_id OFFSET 0) m
    WHERE ($1::text[] IS NULL OR c.name = ANY ($1::text[]))
      AND ($2::text[] IS NULL OR c.name LIKE ANY ($2::text[]))
      AND ($9::text IS NULL OR starts_with(c.name, $9::text))
    ORDER BY name, is_list, digest
    OFFSET 0
),
entry AS (
    SELECT c.name, c.is_list, c.digest,
           '{"Tags":[' || tagged.names || '],' || m.document
               || CASE WHEN c.is_list THEN ',"Images":[' || matching.images || ']' ELSE '' END
               || '}' AS body
    FROM listed c
    CROSS JOIN LATERAL (SELECT id, kind, document FROM manifest WHERE id = c.id OFFSET 0) m
    CROSS JOIN LATERAL (SELECT unreadable FROM repository_manifest
                        WHERE repository_id = c.repository_id AND manifest_id = c.id OFFSET 0) held
    CROSS JOIN LATERAL (
        SELECT string_agg(to_json(t.name)::text, ',' ORDER BY t.name) AS names,
               bool_or(t.name = ANY ($3::text[])) AS has_tag,
               bool_or(t.name LIKE ANY ($4::text[])) AS has_tag_like
        FROM tag t
        WHERE t.repository_id = c.repository_id AND t.manifest_id = c.id AND NOT t.hidden
    ) tagged
    -- Each by its number: as long as there are no statistics, a join goes through all that the repository holds, for each.
    CROSS JOIN LATERAL (
        SELECT string_agg('{' || i.document || '}', ',' ORDER BY part.position) AS images
        FROM (SELECT m.id AS image_id, 0 AS position WHERE m.kind = 'image'
              UNION ALL
              SELECT ii.image_id, ii.position FROM index_image ii WHERE ii.index_id = m.id) part
        CROSS JOIN LATERAL (SELECT id, kind, document, os, architecture FROM manifest
                            WHERE id = part.image_id OFFSET 0) i
        CROSS JOIN LATERAL (SELECT unreadable FROM repository_manifest
                            WHERE repository_id = c.repository_id AND manifest_id = part.image_id OFFSET 0) held_image
        WHERE i.kind = 'image' AND held_image.unreadable IS NULL
          AND ($5::text[] IS NULL OR coalesce(i.os, '') = ANY ($5::text[]))
          AND ($6::text[] IS NULL OR coalesce(i.architecture, '') = ANY ($6::text[]))
          AND ($3::text[] IS NULL OR tagged.has_tag OR EXISTS (
                  SELECT FROM tag own
                  WHERE own.repository_id = c.repository_id AND own.manifest_id = part.image_id
                    AND NOT own.hidden AND own.name = ANY ($3::text[])))
          AND ($4::text[] IS NULL OR tagged.has_tag_like OR EXISTS (
                  SELECT FROM tag own
                  WHERE own.repository_id = c.repository_id AND own.manifest_id = part.image_id
                    AND NOT own.hidden AND own.name LIKE ANY ($4::text[])))
          AND ($7::jsonb IS NULL OR NOT EXISTS (
                  SELECT FROM label_filter f
                  WHERE NOT EXISTS (
                      SELECT FROM label l
                      WHERE l.manifest_id = i.id AND l.key = f.key
                        AND (f."equal" IS NULL OR l.value = ANY (f."equal"))
                        AND (f."like" IS NULL OR left(l.value, 4096) LIKE ANY (f."like")))))
          AND ($8::jsonb IS NULL OR NOT EXISTS (
                  SELECT FROM annotation_filter f
                  WHERE NOT EXISTS (
                      SELECT FROM annotation a
                      WHERE a.manifest_id = i.id AND a.key = f.key
                        AND (f."equal" IS NULL OR a.value = ANY (f."equal"))
                        AND (f."like" IS NULL OR left(a.value, 4096) LIKE ANY (f."like")))))
    ) matching
    WHERE held.unreadable IS NULL AND matching.images IS NOT NULL
)
SELECT generation, '' COLLATE "C" AS name, NULL::boolean AS is_list, NULL::text AS body
FROM state
UNION ALL
(SELECT (SELECT generation FROM state), name, is_list, body
 FROM entry
 ORDER BY name, is_list, digest)
