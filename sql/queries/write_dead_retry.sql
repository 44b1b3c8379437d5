-- SPDX-License-Identifier: Apache-2.0
-- Puts all dead letters back. Rows affected: how many. They keep their ids, and so their order.
WITH risen AS (
    DELETE FROM dead_letter RETURNING *
)
INSERT INTO inbox (id, event_id, received, action, repository, tag, digest, is_blob, event_time, actor, body)
OVERRIDING SYSTEM VALUE
SELECT id, event_id, received, action, repository, tag, digest, is_blob, event_time, actor, body FROM risen;
