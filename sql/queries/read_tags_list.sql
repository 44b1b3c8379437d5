-- SPDX-License-Identifier: Apache-2.0
-- /v2/<name>/tags/list: every tag that the registry has, hidden and unreadable ones too.
-- $1 repository: text; $2 names after this one: text, empty: from the first
-- $3 how many at most: bigint, NULL: all
-- Columns: generation, is_known, name (empty in the first row, which is always there).
SELECT generation,
       EXISTS (SELECT FROM repository WHERE name = $1::text AND deleted_at IS NULL) AS is_known,
       '' COLLATE "C" AS name
FROM state
UNION ALL
(SELECT (SELECT generation FROM state), true, t.name
 FROM tag t
 WHERE t.repository_id = (SELECT id FROM repository WHERE name = $1::text AND deleted_at IS NULL)
   AND t.name > $2::text
 ORDER BY t.name
 LIMIT $3::bigint)
ORDER BY name
