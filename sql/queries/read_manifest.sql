-- SPDX-License-Identifier: Apache-2.0
-- Everything known of one manifest of a repository.
-- $1 repository: text; $2 tag: text, or NULL and $3 its digest: text
-- Columns: generation, is_known (the repository), body: the answer as JSON without its end, where its generation
-- stands; NULL: no such manifest. One row. A tag whose digest the registry does not tell has an answer too.
WITH asked AS MATERIALIZED (
    SELECT r.id AS repository_id, r.name AS repository, t.name AS tag, t.updated, t.unreadable,
           coalesce(t.manifest_id,
                    (SELECT m.id FROM manifest m WHERE m.digest = digest_bytes($3::text))) AS manifest_id
    FROM repository r
    LEFT JOIN tag t ON t.repository_id = r.id AND t.name = $2::text
    WHERE r.name = $1::text AND r.deleted_at IS NULL
),
chosen AS MATERIALIZED (
    SELECT m.id, m.digest, m.kind, m.media_type, m.artifact_type, m.size, m.annotations, m.subject,
           m.config_id, ARRAY[a.repository_id] AS repositories, h.unreadable AS reason,
           coalesce(h.unreadable_since, h.first_seen) AS unreadable_since,
           a.repository, a.repository_id, h.first_seen, h.pulls
    FROM asked a
    JOIN repository_manifest h ON h.repository_id = a.repository_id
                              AND h.manifest_id = a.manifest_id
    JOIN manifest m ON m.id = a.manifest_id
),
told AS (
    SELECT left(own.members, -1) || ',' || document.members || content.members || inside.members || package.members AS members
    FROM chosen c
    CROSS JOIN LATERAL (
        SELECT row_to_json(o)::text AS members
        FROM (SELECT c.repository,
                     array_to_json(ARRAY(SELECT t.name FROM tag t
                                         WHERE t.repository_id = c.repository_id
                                           AND t.manifest_id = c.id
                                         ORDER BY t.name)) AS tags,
                     to_char(coalesce((SELECT max(t.updated) FROM tag t
                                       WHERE t.repository_id = c.repository_id
                                         AND t.manifest_id = c.id),
                                      c.first_seen) AT TIME ZONE 'UTC',
                             'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated,
                     c.pulls,
                     array_to_json(ARRAY(SELECT r.name
                                         FROM repository_manifest h
                                         JOIN repository r ON r.id = h.repository_id
                                         WHERE h.manifest_id = c.id
                                           AND h.repository_id <> c.repository_id
                                           AND h.unreadable IS NULL AND r.deleted_at IS NULL
                                         ORDER BY r.name)) AS also_in) o
    ) own
-- include manifest_members.sql
    CROSS JOIN LATERAL (SELECT attached.*
                        FROM (SELECT c.id AS manifest_id, c.repository_id) top
                        CROSS JOIN LATERAL (
-- include evidence_of.sql
                        ) attached) evidence
    LEFT JOIN LATERAL (
-- include base_of_manifest.sql
    ) based ON true
    LEFT JOIN LATERAL (
-- include derived_count.sql
    ) derived ON true
    CROSS JOIN LATERAL (
        SELECT concat(CASE WHEN c.kind IN ('image', 'index', 'schema1') THEN concat(
                          ',"signed":', to_json(evidence.signed), ',"sbom":', to_json(evidence.sbom),
                          ',"provenance":', to_json(evidence.provenance)) END,
                      ',"base":' || based.base::text,
                      CASE WHEN derived.images IS NOT NULL THEN ',"derived":' || json_strip_nulls(json_build_object(
                          'images', derived.images,
                          'url', '/api/v1/repositories/' || c.repository || '/-/manifests/' || digest_text(c.digest)
                                     || '/-/derived',
                          'truncated', CASE WHEN derived.is_cut THEN true END))::text END) AS members
    ) inside
-- include packages_counted.sql
    UNION ALL
    SELECT left(row_to_json(o)::text, -1)
    FROM (SELECT a.repository, 'unreadable' AS kind, ARRAY[a.tag] AS tags, row_to_json(u) AS unreadable
          FROM asked a
          CROSS JOIN LATERAL (
              SELECT a.unreadable AS reason,
                     to_char(a.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
          ) u
          WHERE a.unreadable IS NOT NULL) o
)
SELECT s.generation, EXISTS (SELECT FROM asked) AS is_known,
       (SELECT members FROM told) AS body
FROM state s
