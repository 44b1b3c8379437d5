-- SPDX-License-Identifier: Apache-2.0
-- /index, way in: values of one label.
-- Called by reader/api_index.c with the parameters that reader/index_query.c made:
-- $1 repository names     text[]   $2 the same as LIKE patterns   text[]
-- $3 tag names            text[]   $4 the same as LIKE patterns   text[]
-- $5 operating systems    text[]   $6 architectures               text[]
-- $7 filters on labels   jsonb    $8 on annotations
--    [{"key", "equal": [...] or "like": [...] or neither: it exists}]
-- NULL is no filter; all of them must hold, in each one value is enough.
-- $9 the label's key: text. $10 its values: text[]. Both may be longer than an index can hold:
-- the first 200 characters are looked up, then the whole is compared.
-- Columns: generation, repository (empty in the first row, which is always there), is_list, the
-- entry of "Images" or "Lists" as JSON. In the order of /index: by name, images before lists, by
-- digest.
WITH image AS MATERIALIZED (
    SELECT DISTINCT x.manifest_id
    FROM label x
    WHERE left(x.key, 200) = left($9::text, 200)
      AND left(x.value, 200) = ANY (ARRAY(SELECT left(v, 200) FROM unnest($10::text[]) v))
      AND x.key = $9::text AND x.value = ANY ($10::text[])
),
candidate AS MATERIALIZED (
    SELECT r.id AS repository_id, r.name, top.manifest_id
    FROM (SELECT manifest_id FROM image
          UNION
          SELECT ii.index_id FROM image JOIN index_image ii ON ii.image_id = image.manifest_id) top
    CROSS JOIN LATERAL (SELECT DISTINCT t.repository_id
                        FROM tag t
                        WHERE t.manifest_id = top.manifest_id AND NOT t.hidden) d
    JOIN repository r ON r.id = d.repository_id
    WHERE r.deleted_at IS NULL
),
-- From here on all read_index_*.sql are the same (a test compares them): a candidate is a tagged
-- manifest of a repository that may answer; all filters are checked again, whichever led to it.
entry AS (
    SELECT c.name, m.kind = 'index' AS is_list, m.digest,
           '{"Tags":[' || tagged.names || '],' || m.document
               || CASE m.kind WHEN 'index' THEN ',"Images":[' || matching.images || ']' ELSE '' END
               || '}' AS body
    FROM candidate c
    JOIN manifest m ON m.id = c.manifest_id
    JOIN repository_manifest held ON held.repository_id = c.repository_id
                                 AND held.manifest_id = c.manifest_id
    CROSS JOIN LATERAL (
        SELECT string_agg(to_json(t.name)::text, ',' ORDER BY t.name) AS names,
               bool_or(t.name = ANY ($3::text[])) AS has_tag,
               bool_or(t.name LIKE ANY ($4::text[])) AS has_tag_like
        FROM tag t
        WHERE t.repository_id = c.repository_id AND t.manifest_id = c.manifest_id AND NOT t.hidden
    ) tagged
    CROSS JOIN LATERAL (
        SELECT string_agg('{' || i.document || '}', ',' ORDER BY part.position) AS images
        FROM (SELECT m.id AS image_id, 0 AS position WHERE m.kind = 'image'
              UNION ALL
              SELECT ii.image_id, ii.position FROM index_image ii WHERE ii.index_id = m.id) part
        JOIN manifest i ON i.id = part.image_id
        JOIN repository_manifest held_image ON held_image.repository_id = c.repository_id
                                           AND held_image.manifest_id = part.image_id
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
                  SELECT FROM jsonb_to_recordset($7::jsonb)
                              AS f (key text, "equal" text[], "like" text[])
                  WHERE NOT EXISTS (
                      SELECT FROM label l
                      WHERE l.manifest_id = i.id AND l.key = f.key
                        AND (f."equal" IS NULL OR l.value = ANY (f."equal"))
                        AND (f."like" IS NULL OR l.value LIKE ANY (f."like")))))
          AND ($8::jsonb IS NULL OR NOT EXISTS (
                  SELECT FROM jsonb_to_recordset($8::jsonb)
                              AS f (key text, "equal" text[], "like" text[])
                  WHERE NOT EXISTS (
                      SELECT FROM annotation a
                      WHERE a.manifest_id = i.id AND a.key = f.key
                        AND (f."equal" IS NULL OR a.value = ANY (f."equal"))
                        AND (f."like" IS NULL OR a.value LIKE ANY (f."like")))))
    ) matching
    WHERE held.unreadable IS NULL
      AND ($1::text[] IS NULL OR c.name = ANY ($1::text[]))
      AND ($2::text[] IS NULL OR c.name LIKE ANY ($2::text[]))
      AND matching.images IS NOT NULL
)
SELECT generation, name, is_list, body
FROM (SELECT generation, '' COLLATE "C" AS name, NULL::boolean AS is_list, NULL::bytea AS digest,
             NULL::text AS body
      FROM state
      UNION ALL
      SELECT (SELECT generation FROM state), name, is_list, digest, body FROM entry) answer
ORDER BY name, is_list, digest
