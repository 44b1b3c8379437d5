-- SPDX-License-Identifier: Apache-2.0
-- The feeds of pushes, the newest first.
-- $1 repository: text, NULL: all of them; $2 how many: bigint
-- Columns: generation, is_known (the repository), body: a JSON array. One row.
SELECT s.generation,
       $1::text IS NULL OR EXISTS (SELECT FROM repository WHERE name = $1::text AND deleted_at IS NULL) AS is_known,
       (SELECT json_agg(row_to_json(p)) FROM (
           SELECT f.repository, f.tag, digest_text(f.digest) AS digest, f.by,
                  to_char(f.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at
           FROM ((SELECT c.repository, c.tag, c.digest, c.changed_by AS by, c.at
                  FROM change c
                  WHERE $1::text IS NULL AND c.type IN ('tag.created', 'tag.moved')
                  ORDER BY c.id DESC
                  LIMIT $2::bigint)
                 UNION ALL
                 (SELECT $1::text, h.tag, h.digest, h.changed_by, h.from_time
                  FROM tag_history h
                  WHERE $1::text IS NOT NULL AND h.digest IS NOT NULL
                    AND h.repository_id = (SELECT id FROM repository WHERE name = $1::text)
                  ORDER BY h.from_time DESC, h.id DESC
                  LIMIT $2::bigint)) f
           ORDER BY f.at DESC, f.repository, f.tag) p) AS body
FROM state s
