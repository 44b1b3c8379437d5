-- SPDX-License-Identifier: Apache-2.0
-- The waiting events of a repository, pulls aside: those that are due, the ones never looked at first,
-- then the postponed ones, each in order of arrival. $1 repository: text, $2 limit: bigint. Columns: id,
-- attempts, age in ms, event_id, action, repository, tag, digest as text, event time in ms since
-- 1970, actor, is it due, is the repository not known.
SELECT id, attempts, (extract(epoch FROM now() - received) * 1000)::bigint, event_id, action, repository,
       tag, digest_text(digest), (extract(epoch FROM event_time) * 1000)::bigint, actor,
       not_before <= now(),
       NOT EXISTS (SELECT FROM repository WHERE name = $1::text AND deleted_at IS NULL)
  FROM inbox
 WHERE action <> 'pull' AND repository = $1::text
 ORDER BY not_before > now(), attempts > 0, id
 LIMIT $2::bigint;
