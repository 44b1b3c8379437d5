-- SPDX-License-Identifier: Apache-2.0
-- /v2/_catalog.
-- $1 names after this one: text, empty: from the first; $2 how many at most: bigint, NULL: all
-- Columns: generation, name (empty in the first row, which is always there).
SELECT generation, '' COLLATE "C" AS name
FROM state
UNION ALL
(SELECT (SELECT generation FROM state), r.name
 FROM repository r
 WHERE r.name > $1::text AND r.deleted_at IS NULL
   AND (EXISTS (SELECT FROM tag t WHERE t.repository_id = r.id)
        OR EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id))
 ORDER BY r.name
 LIMIT $2::bigint)
ORDER BY name
