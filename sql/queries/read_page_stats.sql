-- SPDX-License-Identifier: Apache-2.0
-- The page /stats; $1 NULL: text; $2 days of activity: bigint
-- Columns: generation, as_of, last_scan, body: JSON. One row.
--
-- Totals are kept in `state`. What would have to be counted image by image is bounded: media types are those of the
-- 10,000 manifests stored last, and platforms are summed up over what each repository counts.
WITH listed AS MATERIALIZED (
    SELECT r.id, r.name, r.tag_count, r.size, r.pulls
    FROM repository r
    WHERE r.deleted_at IS NULL
      AND (r.tag_count > 0 OR EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id OFFSET 0))
),
-- Blobs that another repository has, too, stay when this one is deleted. NULL, unknown: of more than 100,000 blobs.
largest AS MATERIALIZED (
    SELECT l.name, l.tag_count, l.size, CASE WHEN held.is_few THEN coalesce(shared.size, 0) END AS shared
    FROM (SELECT id, name, tag_count, size FROM listed ORDER BY size DESC, name LIMIT 10) l
    CROSS JOIN LATERAL (
        SELECT count(*) <= 100000 AS is_few
        FROM (SELECT FROM repository_blob WHERE repository_id = l.id LIMIT 100001) b
    ) held
    CROSS JOIN LATERAL (
        SELECT least(sum(b.size), 9223372036854775807)::bigint AS size
        FROM (SELECT blob_id, max(size) AS size FROM repository_blob
              WHERE held.is_few AND repository_id = l.id GROUP BY blob_id) b
        WHERE EXISTS (SELECT FROM repository_blob o
                      WHERE o.blob_id = b.blob_id AND o.repository_id <> l.id OFFSET 0)
    ) shared
),
told AS MATERIALIZED (
-- include evidence_all.sql
),
-- Images, and indexes, which have what one of their images has.
attached AS MATERIALIZED (
    SELECT part.manifest_id, bit_or(part.evidence) AS evidence
    FROM (SELECT manifest_id, evidence FROM told
          UNION ALL
          SELECT i.index_id, told.evidence
          FROM told
          CROSS JOIN LATERAL (SELECT index_id FROM index_image WHERE image_id = told.manifest_id OFFSET 0) i) part
    GROUP BY part.manifest_id
)
SELECT s.generation,
-- include page_truth.sql
       json_build_object(
           'repositories', (SELECT count(*) FROM listed),
           'tags', (SELECT coalesce(sum(tag_count), 0) FROM listed),
           'pulls', (SELECT coalesce(sum(pulls), 0) FROM listed),
           'manifests', s.manifests, 'images', s.images, 'indexes', s.indexes, 'artifacts', s.artifacts,
           'size', least(s.size, 9223372036854775807),
           'unreadable_all', (SELECT count(*) FROM repository_manifest WHERE unreadable IS NOT NULL)
                             + (SELECT count(*) FROM tag WHERE manifest_id IS NULL),
           'untagged', (SELECT count(*) FROM repository_manifest WHERE "references" = 0),
           'evidence', (SELECT json_build_object('signed', count(*) FILTER (WHERE a.evidence & 1 > 0),
                                                 'sbom', count(*) FILTER (WHERE a.evidence & 2 > 0),
                                                 'provenance', count(*) FILTER (WHERE a.evidence & 4 > 0))
                        FROM attached a
                        CROSS JOIN LATERAL (SELECT kind FROM manifest WHERE id = a.manifest_id OFFSET 0) m
                        WHERE m.kind IN ('image', 'index')
                          AND EXISTS (SELECT FROM repository_manifest h
                                      WHERE h.manifest_id = a.manifest_id AND h."references" > h.attests
                                        AND h.unreadable IS NULL OFFSET 0)),
           'platforms', (SELECT json_agg(row_to_json(o)) FROM (
               SELECT platform AS value, sum("references") AS images FROM repository_platform
               GROUP BY platform ORDER BY 2 DESC, 1 LIMIT 20) o),
           'media_types', (SELECT json_agg(row_to_json(o)) FROM (
               SELECT m.media_type AS value, count(*) AS images
               FROM (SELECT media_type FROM manifest WHERE raw IS NOT NULL ORDER BY id DESC LIMIT 10000) m
               WHERE m.media_type <> ''
               GROUP BY m.media_type ORDER BY 2 DESC, 1 LIMIT 20) o),
           'namespaces', (SELECT json_agg(row_to_json(o)) FROM (
               SELECT split_part(name, '/', 1) AS name, count(*) AS repositories,
                      least(sum(size), 9223372036854775807)::bigint AS size
               FROM listed WHERE strpos(name, '/') > 0
               GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT 20) o),
           'all_namespaces', (SELECT count(DISTINCT split_part(name, '/', 1)) FROM listed WHERE strpos(name, '/') > 0),
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
           'doubled_refs', doubled_flatpak_refs(),
           'activity', (SELECT (a.body || '}')::json FROM (
-- include read_activity.sql with $1 $2
           ) a)) AS body
FROM state s
