-- SPDX-License-Identifier: Apache-2.0
-- Manifests that nothing in their repository needs (unneeded_manifests()), of the first repository that has any and that no
-- event waits for. $1 grace in ms: bigint, $2 repository and $3 id of the manifest to begin after: text and bigint,
-- $4 limit: bigint. Columns: repository, id, digest as text, may it be deleted from the registry.
SELECT r.name, c.id, digest_text(c.digest), r.is_read
  FROM (SELECT r.id, r.name, begin.id AS after, NOT has_unread(r.id, $1::bigint * interval '1 millisecond') AS is_read
          FROM repository AS r
         CROSS JOIN LATERAL (SELECT CASE WHEN r.name = $2::text THEN $3::bigint ELSE 0 END AS id) AS begin
         WHERE r.name >= $2::text
           AND NOT EXISTS (SELECT FROM inbox e WHERE e.repository = r.name AND e.action <> 'pull')
           AND EXISTS (SELECT FROM unneeded_manifests(r.id, begin.id, $1::bigint * interval '1 millisecond', 1) OFFSET 0)
         ORDER BY r.name LIMIT 1) AS r
 CROSS JOIN LATERAL unneeded_manifests(r.id, r.after, $1::bigint * interval '1 millisecond', $4::bigint) AS c
 ORDER BY c.id;
