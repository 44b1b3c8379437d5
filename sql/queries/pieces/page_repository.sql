-- The page /r/<name> from `list`, its tags. Parameters: read_page_repository_by_name.sql.
repo AS MATERIALIZED (
    SELECT id, image_count FROM repository WHERE name = $7::text AND deleted_at IS NULL
),
-- What is pulled without another word: latest, else the tag that was pushed last.
newest AS MATERIALIZED (
    SELECT t.name, t.manifest_id
    FROM repo
    CROSS JOIN LATERAL (
        (SELECT name, manifest_id, 0 AS rank FROM tag
         WHERE repository_id = repo.id AND name = 'latest' AND manifest_id IS NOT NULL)
        UNION ALL
        (SELECT name, manifest_id, 1 FROM tag
         WHERE repository_id = repo.id AND NOT hidden AND manifest_id IS NOT NULL
         ORDER BY updated DESC, name LIMIT 1)
        ORDER BY rank LIMIT 1
    ) t
),
-- Images that tags show, as long as there are not too many to compare.
image AS MATERIALIZED (
    SELECT DISTINCT coalesce(i.image_id, t.manifest_id) AS id
    FROM repo
    CROSS JOIN LATERAL (SELECT manifest_id FROM tag
                        WHERE repository_id = repo.id AND manifest_id IS NOT NULL AND NOT hidden OFFSET 0) t
    LEFT JOIN LATERAL (SELECT image_id FROM index_image WHERE index_id = t.manifest_id OFFSET 0) i ON true
    WHERE repo.image_count <= 1000
),
shared_label AS MATERIALIZED (
    SELECT l.key, l.value
    FROM image
    CROSS JOIN LATERAL (SELECT key, value FROM label WHERE manifest_id = image.id OFFSET 0) l
    GROUP BY l.key, l.value
    HAVING count(*) = (SELECT count(*) FROM image JOIN manifest m ON m.id = image.id WHERE m.kind = 'image')
)
SELECT s.generation,
-- include page_truth.sql
       json_build_object(
           'repository', (SELECT (r.body || '}')::json FROM (
-- include read_repository.sql with $7 $10
           ) r),
           'was_there', EXISTS (SELECT FROM repository WHERE name = $7::text),
           'nearest', (SELECT nearest.names FROM (SELECT $7::text AS name WHERE NOT EXISTS (SELECT FROM repo)) asked
                       CROSS JOIN LATERAL (
-- include page_nearest.sql
                       ) nearest (names)),
           'newest', (SELECT json_build_object('tag', n.name, 'digest', digest_text(m.digest), 'flatpak_ref',
                                               (SELECT min(l.value) FROM label l
                                                WHERE l.key = 'org.flatpak.ref'
                                                  AND l.manifest_id = coalesce((SELECT image_id FROM index_image
                                                                                WHERE index_id = m.id
                                                                                ORDER BY position LIMIT 1), m.id)))
                      FROM newest n JOIN manifest m ON m.id = n.manifest_id),
           'tags', (
-- include page_rows.sql
           ),
           'untagged', (SELECT json_agg(row_to_json(u)) FROM (
               SELECT digest_text(m.digest) AS digest,
                      CASE WHEN h.unreadable IS NOT NULL OR m.kind = 'unknown' THEN 'unreadable'
                           WHEN m.kind = 'schema1' THEN 'image' ELSE m.kind END AS kind,
                      coalesce(h.unreadable, m.artifact_type,
                               nullif(concat_ws('/', nullif(m.os, ''), nullif(m.architecture, ''),
                                                nullif(m.variant, '')), '')) AS what,
                      m.size,
                      to_char(h.first_seen AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS first_seen
               FROM repo
               CROSS JOIN LATERAL (SELECT manifest_id, unreadable, first_seen FROM repository_manifest
                                   WHERE repository_id = repo.id AND "references" = 0
                                   ORDER BY first_seen DESC, manifest_id LIMIT 20) h
               JOIN manifest m ON m.id = h.manifest_id
               ORDER BY h.first_seen DESC, m.id) u),
           'labels', (SELECT json_agg(row_to_json(l)) FROM (
               SELECT key, value FROM shared_label ORDER BY key, value LIMIT 50) l),
           'activity', (SELECT (a.body || '}')::json FROM (
-- include read_activity.sql with $7 $11
           ) a)) AS body
FROM state s
