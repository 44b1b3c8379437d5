-- SPDX-License-Identifier: Apache-2.0
-- The feeds of pushes, the newest first; tags that hold what is attached to others are left out.
-- $1 repository: text, NULL: all of them; $2 how many: bigint; $3 what their names begin with: text, NULL: anything
-- Columns: generation, is_known (the repository), body: a JSON array. One row.
-- Of all repositories the latest 10,000 pushes are looked at.
SELECT s.generation,
       $1::text IS NULL OR EXISTS (SELECT FROM repository WHERE name = $1::text AND deleted_at IS NULL) AS is_known,
       (SELECT json_agg(row_to_json(p)) FROM (
           SELECT f.id::text AS push, f.repository, f.tag, digest_text(f.digest) AS digest, f.by,
                  to_char(f.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at
           FROM ((SELECT r.name AS repository, h.tag, h.digest, h.changed_by AS by, h.from_time AS at, h.id
                  FROM (SELECT id, repository_id, tag, digest, changed_by, from_time FROM tag_history
                        WHERE $1::text IS NULL
                        ORDER BY id DESC LIMIT 10000) h
                  CROSS JOIN LATERAL (SELECT name FROM repository WHERE id = h.repository_id OFFSET 0) r
                  WHERE h.digest IS NOT NULL AND ($3::text IS NULL OR starts_with(r.name, $3::text))
                    AND h.tag !~ '^sha(256|512)-[0-9a-f]{64}(\.(sig|att|sbom))?$|^_deltaindex$|^deltas-[0-9a-f]{12}$'
                  ORDER BY h.id DESC
                  LIMIT $2::bigint)
                 UNION ALL
                 (SELECT $1::text, h.tag, h.digest, h.changed_by, h.from_time, h.id
                  FROM tag_history h
                  WHERE $1::text IS NOT NULL AND h.digest IS NOT NULL
                    AND h.repository_id = (SELECT id FROM repository WHERE name = $1::text)
                    AND h.tag !~ '^sha(256|512)-[0-9a-f]{64}(\.(sig|att|sbom))?$|^_deltaindex$|^deltas-[0-9a-f]{12}$'
                  ORDER BY h.from_time DESC, h.id DESC
                  LIMIT $2::bigint)) f
           ORDER BY f.at DESC, f.id DESC) p) AS body
FROM state s
