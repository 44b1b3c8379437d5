-- SPDX-License-Identifier: Apache-2.0
-- The page /compare.
-- $1 repository: text; $2 tag: text, or NULL and $3 its digest: text; $4 to $6 the same of the other side
-- Columns: generation, as_of, last_scan, body: JSON. One row.
SELECT s.generation,
-- include page_truth.sql
       json_build_object(
           'a', (SELECT (m.body || '}')::json FROM (
-- include read_manifest.sql with $1 $2 $3
           ) m),
           'b', (SELECT (m.body || '}')::json FROM (
-- include read_manifest.sql with $4 $5 $6
           ) m),
           -- What the tag of the other side pointed to before.
           'previous', (SELECT digest_text(h.digest) FROM tag_history h
                        WHERE h.repository_id = (SELECT id FROM repository WHERE name = $4::text)
                          AND h.tag = $5::text AND h.until_time IS NOT NULL
                        ORDER BY h.id DESC LIMIT 1)) AS body
FROM state s
