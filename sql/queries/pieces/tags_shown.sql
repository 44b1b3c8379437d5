-- The end of every read_tags_by_*.sql: from `walked` (name, manifest_id, number, place) and `counted` to the rows. What belongs to
-- a tag is looked up for each by a whole key: OFFSET 0 keeps the planner from joining large tables, which it would
-- do when one repository holds most of them. What is told of a manifest is looked up once for all tags on it.
pointed AS MATERIALIZED (
    SELECT top.manifest_id, total.bytes AS size, evidence.signed, evidence.sbom, evidence.provenance,
           referrer.number AS referrers,
           (
-- include base_of_manifest.sql
           ) AS base
    FROM (SELECT DISTINCT manifest_id, repo.id AS repository_id, ARRAY[repo.id] AS repositories
          FROM walked CROSS JOIN repo
          WHERE place <= $3::bigint AND manifest_id IS NOT NULL) top
    CROSS JOIN LATERAL (
-- include total_size.sql
    ) total
    CROSS JOIN LATERAL (
-- include evidence_of.sql
    ) evidence
    CROSS JOIN LATERAL (
        SELECT count(*) AS number
        FROM manifest s
        WHERE s.subject = (SELECT digest FROM manifest WHERE id = top.manifest_id)
          AND EXISTS (SELECT FROM repository_manifest h
                      WHERE h.repository_id = top.repository_id AND h.manifest_id = s.id
                        AND h.unreadable IS NULL OFFSET 0)
    ) referrer
)
SELECT generation, NULL::bigint AS place, EXISTS (SELECT FROM repo) AS found,
       (SELECT count(*) FROM walked) > $3::bigint AS has_more, NULL::bigint AS number,
       NULL::text AS text,
       '"total":' || CASE WHEN NOT $6::boolean THEN NULL
                          WHEN $8::text IS NULL
                          THEN coalesce((SELECT tag_count - CASE WHEN $9::boolean THEN 0 ELSE hidden_count END FROM repo), 0)
                          ELSE (SELECT total FROM counted) END AS body
FROM state
UNION ALL
SELECT (SELECT generation FROM state), CASE WHEN $5::boolean THEN -w.place ELSE w.place END, NULL,
       NULL, w.number, t.name, json_strip_nulls(row_to_json(object))::text
FROM walked w
CROSS JOIN LATERAL (
    SELECT * FROM tag WHERE repository_id = (SELECT id FROM repo) AND name = w.name OFFSET 0
) t
LEFT JOIN LATERAL (SELECT * FROM manifest WHERE id = t.manifest_id OFFSET 0) m ON true
LEFT JOIN LATERAL (
    SELECT * FROM repository_manifest
    WHERE repository_id = t.repository_id AND manifest_id = t.manifest_id OFFSET 0
) held ON true
LEFT JOIN pointed ON pointed.manifest_id = t.manifest_id
CROSS JOIN LATERAL (
    SELECT t.name, digest_text(m.digest) AS digest, m.media_type,
           CASE
               WHEN held.manifest_id IS NULL OR held.unreadable IS NOT NULL THEN 'unreadable'
               WHEN m.kind = 'schema1' THEN 'image'
               ELSE m.kind
           END AS kind,
           pointed.size,
           ARRAY(SELECT platform
                 FROM (SELECT concat_ws('/', i.os, i.architecture, v.variant)
                                  AS platform,
                              min(part.position) AS position
                       FROM (SELECT m.id AS image_id, 0 AS position WHERE m.kind = 'image'
                             UNION ALL
                             SELECT ii.image_id, ii.position FROM index_image ii
                             WHERE ii.index_id = m.id) part
                       JOIN manifest i ON i.id = part.image_id
                       CROSS JOIN LATERAL (SELECT variants FROM repository_manifest
                                           WHERE repository_id = t.repository_id
                                             AND manifest_id = i.id AND unreadable IS NULL OFFSET 0) h
                       CROSS JOIN LATERAL unnest(coalesce(h.variants, ARRAY[nullif(i.variant, '')]))
                                  AS v (variant)
                       WHERE held.unreadable IS NULL
                         AND i.kind = 'image' AND i.os <> '' AND i.architecture <> ''
                       GROUP BY 1) p
                 ORDER BY position, platform) AS platforms,
           to_char(t.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated,
           t.updated_source, t.updated_by AS pushed_by, t.pulls,
           ARRAY(SELECT o.name FROM tag o
                 WHERE o.repository_id = t.repository_id AND o.manifest_id = t.manifest_id
                   AND o.name <> t.name AND ($9::boolean OR NOT o.hidden)
                 ORDER BY o.name) AS aliases,
           coalesce(pointed.signed, false) AS signed, coalesce(pointed.sbom, false) AS sbom,
           coalesce(pointed.provenance, false) AS provenance, coalesce(pointed.referrers, 0) AS referrers, pointed.base,
           CASE WHEN t.unreadable IS NOT NULL
                THEN json_build_object('reason', t.unreadable)
                WHEN held.unreadable IS NOT NULL
                THEN json_build_object('reason', held.unreadable, 'since',
                                       to_char(held.unreadable_since AT TIME ZONE 'UTC',
                                               'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
           END AS unreadable
) object
WHERE w.place <= $3::bigint
ORDER BY place NULLS FIRST
