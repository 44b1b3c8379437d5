-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/search, the best first. $1 to $6 as in reader/api/paging.h:
-- $1 number of the cursor: bigint, NULL: from the end of the list
-- $2 its text: it has none           $3 rows on a page: bigint
-- $4 walk against the statement's own order: boolean
-- $5 the rows walked are to be shown in reverse: boolean    $6 count all rows: it is always done
-- $7 the terms, all must be true: jsonb [{"kind", "is_not", …}], see reader/query/search_plan.h
-- $8 the way in: text, and $9 its key, $10 its value: text
-- $11 the type of results: text, NULL: all
-- Columns: generation, place, found, has_more, number, text, body: see reader/api/rest_list.h.
WITH asked AS MATERIALIZED (
    SELECT $7::jsonb AS terms, $8::text AS way, $9::text AS key, $10::text AS value, true AS is_ranked
    WHERE $2::text IS NULL OR $6::boolean IS NULL OR true -- their types: they have no effect
),
-- include find_items.sql
-- A repository is found by its words; where there are other terms, by what is in it.
found_repository AS MATERIALIZED (
    SELECT DISTINCT i.repository_id AS id FROM item i WHERE (SELECT has_filters FROM flag)
    UNION ALL
    SELECT r.id
    FROM way_repository w
    CROSS JOIN LATERAL (SELECT * FROM repository WHERE id = w.id OFFSET 0) r
    WHERE NOT (SELECT has_filters FROM flag) AND r.tag_count > 0 AND r.deleted_at IS NULL
      AND NOT EXISTS (
          SELECT FROM term t
          WHERE t.is_not = coalesce(r.name LIKE t."like"
                  OR lower(r.title) LIKE t."like" OR lower(r.description) LIKE t."like"
                  OR EXISTS (SELECT FROM (SELECT value FROM repository_label
                                          WHERE repository_id = r.id OFFSET 0) l
                             WHERE l.value LIKE t."like"), false))
),
-- The worst of its words places a repository, the best of its terms a manifest; one that is found by
-- its repository only is not listed beside it.
result AS MATERIALIZED (
    SELECT 'repository' AS type, r.id AS repository_id, NULL::bigint AS manifest_id, NULL::bytea AS digest,
           (ARRAY[1, 0.98, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.45])[placed.rank] AS score,
           (ARRAY['name', 'name', 'name', 'name', 'name', 'title', 'description', 'label',
                  'content'])[placed.rank] AS match
    FROM found_repository f
    CROSS JOIN LATERAL (SELECT * FROM repository WHERE id = f.id OFFSET 0) r
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
    WHERE coalesce($11::text, 'repository') = 'repository'
    UNION ALL
    SELECT i.kind, i.repository_id, i.manifest_id, i.digest,
           (ARRAY[0.99, 0.92, 0.71, 0.7, 0.65, 0.55, 0.48, 0.4, 0.35, 0.3])[i.rank],
           (ARRAY['digest', 'tag', 'label', 'annotation', 'title', 'description', 'label', 'platform',
                  'kind', 'content'])[i.rank]
    FROM item i
    WHERE i.rank IS NOT NULL AND coalesce($11::text, i.kind) = i.kind
),
ranked AS MATERIALIZED (
    SELECT result.*, row_number() OVER (ORDER BY score DESC, r.pulls DESC, r.updated DESC NULLS LAST, r.name,
                                                 type = 'repository' DESC, result.digest) AS number
    FROM result
    CROSS JOIN LATERAL (SELECT * FROM repository WHERE id = result.repository_id OFFSET 0) r
),
walked AS MATERIALIZED (
    (SELECT ranked.*, row_number() OVER (ORDER BY number) AS place
     FROM ranked
     WHERE NOT $4::boolean AND number > coalesce($1::bigint, 0)
     ORDER BY number
     LIMIT $3::bigint + 1)
    UNION ALL
    (SELECT ranked.*, row_number() OVER (ORDER BY number DESC)
     FROM ranked
     WHERE $4::boolean AND number < coalesce($1::bigint, 9223372036854775807)
     ORDER BY number DESC
     LIMIT $3::bigint + 1)
)
SELECT generation, NULL::bigint AS place, true AS found,
       (SELECT count(*) FROM walked) > $3::bigint AS has_more, NULL::bigint AS number,
       NULL::text AS text,
       '"total":' || (SELECT count(*) FROM ranked) AS body
FROM state
UNION ALL
SELECT (SELECT generation FROM state), CASE WHEN $5::boolean THEN -w.place ELSE w.place END, NULL,
       NULL, w.number, '', shown.body
FROM walked w
CROSS JOIN LATERAL (SELECT * FROM repository WHERE id = w.repository_id OFFSET 0) r
LEFT JOIN LATERAL (SELECT * FROM manifest WHERE id = w.manifest_id OFFSET 0) m ON true
LEFT JOIN LATERAL (
    SELECT array_agg(g.name ORDER BY g.name) AS names, max(g.updated) AS updated
    FROM (SELECT w.manifest_id AS id
          UNION
          SELECT index_id FROM index_image WHERE image_id = w.manifest_id) top
    CROSS JOIN LATERAL (SELECT name, updated FROM tag
                        WHERE manifest_id = top.id AND repository_id = w.repository_id
                          AND NOT hidden OFFSET 0) g
) i ON w.manifest_id IS NOT NULL
-- Where the configuration names no variant, the first of those that indexes name.
LEFT JOIN LATERAL (
    SELECT variants[1] AS variant FROM repository_manifest
    WHERE repository_id = w.repository_id AND manifest_id = w.manifest_id OFFSET 0
) named ON true
LEFT JOIN LATERAL (
    SELECT coalesce(total.bytes, 0) AS size
    FROM (SELECT m.id AS manifest_id, ARRAY[w.repository_id] AS repositories) top
    CROSS JOIN LATERAL (
-- include total_size.sql
    ) total
) weight ON m.kind <> 'index'
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
                                      coalesce(nullif(m.variant, ''), named.variant)), '') AS platform,
                     CASE m.kind WHEN 'artifact' THEN m.artifact_type END AS artifact_type,
                     weight.size,
                     to_char(i.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated,
                     w.score, w.match) o)
    END AS body
) shown
WHERE w.place <= $3::bigint
ORDER BY place NULLS FIRST
