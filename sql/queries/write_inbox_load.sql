-- SPDX-License-Identifier: Apache-2.0
-- The due events of a repository in order of arrival, pulls aside. $1 repository: text, $2 limit: bigint.
-- Columns: id, attempts, received in ms since 1970, event_id, action, repository, tag, digest as text,
-- is_blob, event time in ms, actor.
SELECT id, attempts, (extract(epoch FROM received) * 1000)::bigint, event_id, action, repository, tag,
       digest_text(digest), is_blob, (extract(epoch FROM event_time) * 1000)::bigint, actor
  FROM inbox
 WHERE action <> 'pull' AND repository = $1::text AND not_before <= now()
 ORDER BY id
 LIMIT $2::bigint;
