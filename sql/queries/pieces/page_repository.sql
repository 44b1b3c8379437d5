-- The page /r/<name> from `list`, its tags. Parameters: read_page_repository_by_name.sql.
repo AS MATERIALIZED (
    SELECT id, tag_count, hidden_count, image_count FROM repository WHERE name = $7::text AND deleted_at IS NULL
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
    SELECT top.id
    FROM (SELECT DISTINCT coalesce(i.image_id, t.manifest_id) AS id
          FROM repo
          CROSS JOIN LATERAL (SELECT manifest_id FROM tag
                              WHERE repository_id = repo.id AND manifest_id IS NOT NULL AND NOT hidden OFFSET 0) t
          LEFT JOIN LATERAL (SELECT image_id FROM index_image WHERE index_id = t.manifest_id OFFSET 0) i ON true
          WHERE repo.tag_count <= 1000 AND repo.image_count <= 300) top
    CROSS JOIN LATERAL (SELECT FROM manifest WHERE id = top.id AND kind = 'image' OFFSET 0) m
),
shared_label AS MATERIALIZED (
    SELECT l.key, l.value
    FROM image
    CROSS JOIN LATERAL (SELECT key, value FROM label WHERE manifest_id = image.id OFFSET 0) l
    GROUP BY l.key, l.value
    HAVING count(*) = (SELECT count(*) FROM image)
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
           'newest', (SELECT json_build_object('tag', n.name, 'digest', digest_text(m.digest),
                                               'kind', CASE WHEN EXISTS (SELECT FROM repository_manifest h
                                                                         WHERE h.repository_id = (SELECT id FROM repo)
                                                                           AND h.manifest_id = m.id
                                                                           AND h.unreadable IS NOT NULL) THEN 'unreadable'
                                                            WHEN m.kind = 'schema1' THEN 'image' ELSE m.kind END,
                                               'flatpak_ref',
                                               (SELECT min(l.value) FROM label l
                                                WHERE l.key = 'org.flatpak.ref'
                                                  AND l.manifest_id = coalesce((SELECT image_id FROM index_image
                                                                                WHERE index_id = m.id
                                                                                ORDER BY position LIMIT 1), m.id)))
                      FROM newest n JOIN manifest m ON m.id = n.manifest_id),
           'tags', (
-- include page_rows.sql
           ),
           -- What no tag leads to, and what only a hidden one does: the newest of them.
           'hidden', (SELECT hidden_count FROM repo),
           'untagged', (SELECT json_agg(row_to_json(u)) FROM (
               SELECT digest_text(m.digest) AS digest,
                      CASE WHEN h.unreadable IS NOT NULL OR m.kind = 'unknown' THEN 'unreadable'
                           WHEN m.kind = 'schema1' THEN 'image' ELSE m.kind END AS kind,
                      coalesce(h.unreadable, m.artifact_type,
                               nullif(concat_ws('/', nullif(m.os, ''), nullif(m.architecture, ''),
                                                nullif(m.variant, '')), '')) AS what,
                      m.size, about.digest AS about,
                      to_char(h.first_seen AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS first_seen
               FROM repo
               CROSS JOIN LATERAL ((SELECT manifest_id, NULL AS tag FROM repository_manifest
                                    WHERE repository_id = repo.id AND "references" = 0
                                    ORDER BY manifest_id DESC LIMIT 20)
                                   UNION ALL
                                   (SELECT manifest_id, name FROM tag
                                    WHERE repository_id = repo.id AND hidden AND manifest_id IS NOT NULL
                                    ORDER BY updated DESC LIMIT 20)) listed
               CROSS JOIN LATERAL (SELECT unreadable, first_seen FROM repository_manifest
                                   WHERE repository_id = repo.id AND manifest_id = listed.manifest_id OFFSET 0) h
               CROSS JOIN LATERAL (SELECT * FROM manifest WHERE id = listed.manifest_id OFFSET 0) m
               -- What it is attached to, if that is here.
               LEFT JOIN LATERAL (
                   SELECT digest_text(s.digest) AS digest
                   FROM (SELECT id, digest FROM manifest
                         WHERE digest = coalesce(m.subject,
                                                 CASE WHEN listed.tag ~ '^sha256-[0-9a-f]{64}'
                                                      THEN digest_bytes(replace(left(listed.tag, 71), '-', ':')) END)
                         OFFSET 0) s
                   WHERE EXISTS (SELECT FROM repository_manifest
                                 WHERE repository_id = repo.id AND manifest_id = s.id OFFSET 0)
               ) about ON true
               ORDER BY h.first_seen DESC, m.id DESC, listed.tag
               LIMIT 20) u),
           'labels', (SELECT json_agg(row_to_json(l)) FROM (
               SELECT key, value FROM shared_label ORDER BY key, value LIMIT 50) l),
           'activity', (SELECT (a.body || '}')::json FROM (
-- include read_activity.sql with $7 $11
           ) a)) AS body
FROM state s
