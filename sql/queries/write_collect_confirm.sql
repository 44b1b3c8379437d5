-- SPDX-License-Identifier: Apache-2.0
-- Those of some manifests that nothing in their repository needs, still: by the rules of unneeded_manifests() and
-- write_collect_candidates.sql. $1 grace in ms: bigint, $2 repository: text, $3 digests: bytea[]. Columns: as there.
SELECT r.name, m.id, digest_text(m.digest),
       NOT has_unread(r.id, $1::bigint * interval '1 millisecond')
  FROM repository r
 CROSS JOIN LATERAL (SELECT unnest($3::bytea[]) AS digest) AS asked
 CROSS JOIN LATERAL (SELECT id, digest, subject FROM manifest WHERE digest = asked.digest OFFSET 0) AS m
 CROSS JOIN LATERAL (SELECT first_seen FROM repository_manifest
                      WHERE repository_id = r.id AND manifest_id = m.id AND "references" = 0 OFFSET 0) AS h
 WHERE r.name = $2::text
   AND h.first_seen < now() - $1::bigint * interval '1 millisecond'
   AND NOT is_needed_untagged(r.id, m.id, m.digest, m.subject, $1::bigint * interval '1 millisecond')
   AND NOT EXISTS (SELECT FROM inbox e WHERE e.repository = r.name AND e.action <> 'pull');
