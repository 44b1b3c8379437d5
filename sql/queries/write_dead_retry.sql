-- SPDX-License-Identifier: Apache-2.0
-- Puts back the dead letters that lead somewhere. They keep their ids, and so their order.
-- Columns: how many came back, how many stay.
WITH risen AS (
    DELETE FROM dead_letter WHERE leads_somewhere RETURNING *
), kept AS (
    INSERT INTO inbox (id, event_id, received, action, repository, tag, digest, is_blob, event_time, actor, body)
    OVERRIDING SYSTEM VALUE
    SELECT id, event_id, received, action, repository, tag, digest, is_blob, event_time, actor, body FROM risen
)
SELECT (SELECT count(*) FROM risen), (SELECT count(*) FROM dead_letter WHERE NOT leads_somewhere);
