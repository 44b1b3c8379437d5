-- SPDX-License-Identifier: Apache-2.0
-- Manifests that repositories hold and nothing there needs: without a tag for the whole grace period,
-- listed by no index there, without a subject that is there; in repositories that no event waits for. $1 grace in ms: bigint, $2 repository and
-- $3 digest to begin after: text and bytea, $4 limit: bigint. Columns: repository, digest as text, may it be deleted from
-- the registry: not where the registry has something that could not be read, which may need it, unless that may go itself.
SELECT r.name, digest_text(m.digest),
       NOT EXISTS (SELECT FROM repository_manifest u
                    WHERE u.repository_id = h.repository_id AND u.unreadable IS NOT NULL
                      AND u.unreadable <> 'missing in the registry'
                      AND (u."references" > 0
                           OR u.first_seen >= now() - $1::bigint * interval '1 millisecond'
                           OR EXISTS (SELECT FROM tag_history t
                                       WHERE t.repository_id = u.repository_id
                                         AND t.digest = (SELECT digest FROM manifest WHERE id = u.manifest_id)
                                         AND t.until_time > now() - $1::bigint * interval '1 millisecond')))
  FROM repository_manifest h
  JOIN repository r ON r.id = h.repository_id
  JOIN manifest m ON m.id = h.manifest_id
 WHERE h."references" = 0
   AND h.first_seen < now() - $1::bigint * interval '1 millisecond'
   AND r.name >= $2::text -- what an index finds of the next line
   AND (r.name, m.digest) > ($2::text, $3::bytea)
   AND NOT EXISTS (SELECT FROM inbox e WHERE e.repository = r.name AND e.action <> 'pull')
   AND NOT EXISTS (SELECT FROM manifest_child c
                     JOIN repository_manifest p ON p.repository_id = h.repository_id
                                               AND p.manifest_id = c.parent_id
                    WHERE c.child_id = h.manifest_id)
   AND NOT EXISTS (SELECT FROM manifest s
                     JOIN repository_manifest held ON held.repository_id = h.repository_id
                                                  AND held.manifest_id = s.id
                    WHERE s.digest = m.subject)
   AND NOT EXISTS (SELECT FROM tag_history t
                    WHERE t.repository_id = h.repository_id AND t.digest = m.digest
                      AND t.until_time > now() - $1::bigint * interval '1 millisecond')
 ORDER BY r.name, m.digest
 LIMIT $4::bigint;
