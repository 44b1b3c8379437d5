-- SPDX-License-Identifier: Apache-2.0
-- The page /stats.; $1 NULL: text; $2 days of activity: bigint
-- Columns: generation, as_of, last_scan, body: JSON. One row.
WITH listed AS MATERIALIZED (
    SELECT name, tag_count, size FROM repository WHERE deleted_at IS NULL AND tag_count > 0
)
SELECT s.generation,
-- include page_truth.sql
       json_build_object(
           'stats', (SELECT (t.body || '}')::json FROM (
-- include read_stats.sql
           ) t),
           'namespaces', (SELECT json_agg(row_to_json(o)) FROM (
               SELECT split_part(name, '/', 1) AS name, count(*) AS repositories, sum(size)::bigint AS size
               FROM listed WHERE strpos(name, '/') > 0
               GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT 20) o),
           'largest', (SELECT json_agg(row_to_json(o)) FROM (
               SELECT name, tag_count AS repositories, size FROM listed ORDER BY size DESC, name LIMIT 20) o),
           'unreadable', (SELECT json_agg(row_to_json(o)) FROM (
               SELECT r.name AS repository, u.reference, u.reason,
                      to_char(u.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
               FROM (SELECT t.repository_id, t.name AS reference, t.unreadable AS reason, t.updated AS since
                     FROM tag t WHERE t.manifest_id IS NULL
                     UNION ALL
                     SELECT h.repository_id, digest_text(m.digest), h.unreadable,
                            coalesce(h.unreadable_since, h.first_seen)
                     FROM repository_manifest h JOIN manifest m ON m.id = h.manifest_id
                     WHERE h.unreadable IS NOT NULL) u
               JOIN repository r ON r.id = u.repository_id
               ORDER BY u.since DESC, r.name, u.reference LIMIT 50) o),
           'doubled_refs', doubled_flatpak_refs(),
           'activity', (SELECT (a.body || '}')::json FROM (
-- include read_activity.sql with $1 $2
           ) a)) AS body
FROM state s
