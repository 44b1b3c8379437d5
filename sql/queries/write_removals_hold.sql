-- SPDX-License-Identifier: Apache-2.0
-- Removals that a scan found. $1 its id: bigint. Arrays, one element a removal: $2 repositories text[],
-- $3 tags text[] (empty: the repository). What is not known here cannot be removed: a catalog may name
-- repositories that never had anything.
INSERT INTO held_removal (repository, tag, scan_id)
SELECT DISTINCT r.repository, r.tag, $1::bigint
  FROM unnest($2::text[], $3::text[]) AS r (repository, tag)
 WHERE EXISTS (SELECT FROM repository k WHERE k.name = r.repository AND k.deleted_at IS NULL)
 ORDER BY 1, 2
    ON CONFLICT (repository, tag) DO UPDATE SET scan_id = excluded.scan_id;
