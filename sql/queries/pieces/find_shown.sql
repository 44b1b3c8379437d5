-- The end of every read_find*.sql: from `ranked`, whose number is the place in the whole list, and `counted`, to the rows.
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
       (SELECT '"total":' || total || CASE WHEN is_cut THEN ',"truncated":true' ELSE '' END FROM counted) AS body
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
