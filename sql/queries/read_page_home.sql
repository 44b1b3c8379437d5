-- SPDX-License-Identifier: Apache-2.0
-- The page /.
-- Columns: generation, as_of, last_scan, body: JSON. One row.
WITH
-- include by_namespace.sql
-- What most people would look for, for examples.
popular AS MATERIALIZED (
    SELECT id, name FROM repository
    WHERE deleted_at IS NULL AND tag_count > 0
    ORDER BY pulls DESC, updated DESC NULLS LAST, name LIMIT 1
),
popular_image AS MATERIALIZED (
    SELECT coalesce(i.image_id, t.manifest_id) AS id
    FROM popular p
    CROSS JOIN LATERAL (SELECT manifest_id FROM tag
                        WHERE repository_id = p.id AND manifest_id IS NOT NULL AND NOT hidden
                        ORDER BY updated DESC LIMIT 1) t
    LEFT JOIN LATERAL (SELECT image_id FROM index_image WHERE index_id = t.manifest_id
                       ORDER BY position LIMIT 1) i ON true
),
last_scan AS MATERIALIZED (
    SELECT complete, ended FROM scan WHERE ended IS NOT NULL ORDER BY id DESC LIMIT 1
)
SELECT s.generation,
-- include page_truth.sql
       json_build_object(
           'repositories', (SELECT coalesce(sum(repositories), 0) FROM by_namespace),
           'tags', (SELECT coalesce(sum(tags), 0) FROM by_namespace),
           'images', s.images,
           'size', least(s.size, 9223372036854775807),
           'pushed', (SELECT json_agg(row_to_json(o)) FROM (
               SELECT r.name, r.tag_count AS tags,
                      to_char(r.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated
               FROM repository r
               WHERE r.deleted_at IS NULL AND r.updated IS NOT NULL
                 AND (r.tag_count > 0
                      OR EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id OFFSET 0))
               ORDER BY r.updated DESC, r.name LIMIT 10) o),
           'pulled', (SELECT json_agg(row_to_json(o)) FROM (
               SELECT r.name, r.tag_count AS tags, r.pulls
               FROM repository r
               WHERE r.deleted_at IS NULL AND r.pulls > 0
                 AND (r.tag_count > 0
                      OR EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id OFFSET 0))
               ORDER BY r.pulls DESC, r.updated DESC NULLS LAST, r.name LIMIT 10) o),
           'namespaces', (SELECT json_agg(row_to_json(o)) FROM (
               SELECT name, repositories, least(size, 9223372036854775807)::bigint AS size
               FROM by_namespace WHERE name <> '' ORDER BY by_namespace.size DESC, name LIMIT 10) o),
           'all_namespaces', (SELECT count(*) FROM by_namespace WHERE name <> ''),
           'examples', json_build_array(
               (SELECT regexp_replace(name, '^.*/', '') FROM popular),
               (SELECT 'label:' || l.key || '=' || l.value
                FROM popular_image i
                CROSS JOIN LATERAL (SELECT key, value FROM label
                                    WHERE manifest_id = i.id AND key ~ '^[A-Za-z0-9._-]{1,60}$'
                                      AND value ~ '^[A-Za-z0-9._/-]{1,40}$'
                                    ORDER BY length(value), key LIMIT 1) l),
               (SELECT 'os:' || m.os || ' arch:' || m.architecture
                FROM popular_image i JOIN manifest m ON m.id = i.id
                WHERE m.os ~ '^[a-z0-9]+$' AND m.architecture ~ '^[a-z0-9]+$')),
           'troubles', json_build_object(
               'scan_failed', (SELECT NOT complete FROM last_scan),
               'scan_ended', (SELECT to_char(ended AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM last_scan),
               'oldest_event_seconds',
               (SELECT greatest(floor(extract(epoch FROM now() - min(i.received))), 0)::bigint
                FROM inbox i WHERE i.action <> 'pull'),
               'held_tags', (SELECT count(*) FROM held_removal WHERE tag <> ''),
               'held_repositories', (SELECT count(*) FROM held_removal WHERE tag = ''),
               'unreadable', (SELECT count(*) FROM repository_manifest WHERE unreadable IS NOT NULL)
                             + (SELECT count(*) FROM tag WHERE manifest_id IS NULL),
               'dead_letters', (SELECT count(*) FROM dead_letter),
               'doubled_refs', s.doubled_refs)) AS body
FROM state s
