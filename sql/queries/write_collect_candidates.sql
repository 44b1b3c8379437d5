-- SPDX-License-Identifier: Apache-2.0
-- Manifests that repositories hold and nothing there needs: without a tag for the whole grace period,
-- listed by no index there, without a subject that is there; in repositories that no event waits for. $1 grace in ms: bigint, $2 repository
-- and $3 id of the manifest to begin after: text and bigint, $4 limit: bigint. Columns: repository, id, digest as text, may it be deleted
-- from the registry.
SELECT r.name, c.manifest_id, digest_text(c.digest),
       NOT has_unread(r.id, $1::bigint * interval '1 millisecond')
  FROM (SELECT id, name FROM repository WHERE name >= $2::text ORDER BY name OFFSET 0) AS r
 CROSS JOIN LATERAL (SELECT h.manifest_id, m.digest
                       FROM repository_manifest h
                      CROSS JOIN LATERAL (SELECT digest, subject FROM manifest WHERE id = h.manifest_id OFFSET 0) AS m
                      WHERE h.repository_id = r.id AND h."references" = 0
                        AND h.manifest_id > CASE WHEN r.name = $2::text THEN $3::bigint ELSE 0 END
                        AND h.first_seen < now() - $1::bigint * interval '1 millisecond'
                        AND NOT is_needed_untagged(r.id, h.manifest_id, m.digest, m.subject,
                                                   $1::bigint * interval '1 millisecond')
                      ORDER BY h.manifest_id LIMIT $4::bigint) AS c
 WHERE NOT EXISTS (SELECT FROM inbox e WHERE e.repository = r.name AND e.action <> 'pull')
 ORDER BY r.name, c.manifest_id
 LIMIT $4::bigint;
