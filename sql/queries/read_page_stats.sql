-- SPDX-License-Identifier: Apache-2.0
-- The page /stats; $1 NULL: text; $2 days of activity: bigint
-- Columns: generation, as_of, last_scan, body: JSON. One row.
--
-- Totals are kept in `state`. What would have to be counted image by image is bounded: media types are those of the
-- 2,000 manifests stored last, and platforms are summed up over what each repository counts. Evidence and what the
-- largest repositories share with others are counted now, if that is not much, else they are as keep_sizes() found them.
WITH
-- include by_namespace.sql
-- Blobs that another repository has, too, stay when this one is deleted. NULL: unknown.
largest AS MATERIALIZED (
    SELECT l.name, l.tag_count, l.size,
           CASE WHEN held.is_few THEN shared_bytes(l.id) ELSE l.shared_size END AS shared
    FROM (SELECT id, name, tag_count, size, shared_size FROM repository r
          WHERE deleted_at IS NULL
            AND (tag_count > 0 OR EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id OFFSET 0))
          ORDER BY size DESC, name LIMIT 10) l
    CROSS JOIN LATERAL (
        SELECT count(*) <= 300 AS is_few
        FROM (SELECT FROM repository_blob WHERE repository_id = l.id LIMIT 301) b
    ) held
),
evidence AS MATERIALIZED (
    SELECT e.signed, e.sbom, e.provenance
    FROM state CROSS JOIN LATERAL (SELECT (c).* FROM (SELECT count_evidence() AS c WHERE state.artifacts <= 1000 OFFSET 0) now) e
    UNION ALL
    (SELECT d.signed, d.sbom, d.provenance
     FROM state CROSS JOIN registry_day d
     WHERE state.artifacts > 1000 AND d.signed IS NOT NULL
     ORDER BY d.day DESC LIMIT 1)
),
since AS MATERIALIZED (
-- include growth_since.sql
)
SELECT s.generation,
-- include page_truth.sql
       json_build_object(
           'repositories', (SELECT coalesce(sum(repositories), 0) FROM by_namespace),
           'tags', (SELECT coalesce(sum(tags), 0) FROM by_namespace),
           'pulls', (SELECT coalesce(sum(pulls), 0) FROM by_namespace),
           'manifests', s.manifests, 'images', s.images, 'indexes', s.indexes, 'artifacts', s.artifacts,
           'size', least(s.size, 9223372036854775807),
           'unreadable_all', (SELECT count(*) FROM repository_manifest WHERE unreadable IS NOT NULL)
                             + (SELECT count(*) FROM tag WHERE manifest_id IS NULL),
           'untagged', (SELECT count(*) FROM repository_manifest WHERE "references" = 0),
           'evidence', (SELECT row_to_json(e) FROM evidence e),
           'growth', (SELECT json_build_object('since', to_char(d.day, 'YYYY-MM-DD'),
                                               'size', least(greatest(s.size - d.size, -9223372036854775807),
                                                             9223372036854775807)::bigint)
                      FROM since JOIN registry_day d ON d.day = since.day),
           'platforms', (SELECT json_agg(row_to_json(o)) FROM (
               SELECT platform AS value, sum("references") AS images FROM repository_platform
               GROUP BY platform ORDER BY 2 DESC, 1 LIMIT 20) o),
           'media_types', (SELECT json_agg(row_to_json(o)) FROM (
               SELECT m.media_type AS value, count(*) AS images
               FROM (SELECT media_type FROM manifest WHERE raw IS NOT NULL ORDER BY id DESC LIMIT 2000) m
               WHERE m.media_type <> ''
               GROUP BY m.media_type ORDER BY 2 DESC, 1 LIMIT 20) o),
           'namespaces', (SELECT json_agg(json_build_object('name', grown.name, 'repositories', grown.repositories,
                                                            'size', grown.size, 'growth', growth.bytes)
                                          ORDER BY grown.size DESC, grown.name)
                          FROM (SELECT name, repositories, least(size, 9223372036854775807)::bigint AS size
                                FROM by_namespace WHERE name <> '' ORDER BY by_namespace.size DESC, name LIMIT 20) grown
                          LEFT JOIN LATERAL (
-- include growth_of_namespace.sql
                          ) growth ON true),
           'all_namespaces', (SELECT count(*) FROM by_namespace WHERE name <> ''),
           'largest', (SELECT json_agg(json_build_object('name', name, 'repositories', tag_count,
                                                         'size', least(size, 9223372036854775807),
                                                         'shared', CASE WHEN shared IS NOT NULL THEN least(shared, size) END)
                                       ORDER BY size DESC, name) FROM largest),
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
           'doubled_refs', s.doubled_refs,
           'activity', (SELECT (a.body || '}')::json FROM (
-- include read_activity.sql with $1 $2
           ) a)) AS body
FROM state s
