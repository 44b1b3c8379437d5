-- SPDX-License-Identifier: Apache-2.0
-- Events that cannot be applied. $1 ids: bigint[], $2 why: text.
WITH dead AS (
    DELETE FROM inbox WHERE id = ANY ($1::bigint[]) RETURNING *
)
INSERT INTO dead_letter (id, event_id, received, reason, leads_somewhere, action, repository, tag, digest,
                         is_blob, event_time, actor, body)
SELECT id, event_id, received, $2::text, true, action, repository, tag, digest, is_blob, event_time, actor,
       body
  FROM dead;
