-- SPDX-License-Identifier: Apache-2.0
-- Events into the inbox, or among the dead letters, each once: those with the same id, action, repository,
-- tag and digest are the same. Arrays, one element an event: $1 event ids text[], $2 actions text[],
-- $3 repositories text[], $4 tags text[], $5 digests bytea[], $6 event times in
-- ms since 1970 bigint[], $7 actors text[], $8 bodies bytea[], $9 why it leads nowhere text[] (NULL: it
-- does not), $10 may a crash of the server undo this transaction: boolean. Column: events that are new. What is longer than an index takes is cut: it names nothing that
-- exists. No clock of a registry is believed that is ahead of ours, and no time outside of the years 1 to 9999.
-- Schema 1 remembered the ids alone: for two days after it, what it has seen is sent again in vain.
WITH sent AS (
    SELECT CASE WHEN length(event_id) <= 200 THEN event_id
                ELSE encode(sha256(convert_to(event_id, 'UTF8')), 'hex') END AS event_id,
           encode(sha256(convert_to(concat_ws(chr(31), event_id, action, repository, coalesce(tag, ''),
                                              encode(digest, 'hex')), 'UTF8')), 'hex') AS key,
           action, left(coalesce(repository, ''), 600) AS repository, tag, digest,
           CASE WHEN known_time(time_ms) > now() THEN now() ELSE known_time(time_ms) END AS event_time,
           actor, body, fault, place
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[],
                  $6::bigint[], $7::text[], $8::bytea[], $9::text[]) WITH ORDINALITY
           AS e (event_id, action, repository, tag, digest, time_ms, actor, body, fault, place)
), arrived AS (
    SELECT DISTINCT ON (key) * FROM sent ORDER BY key, place
), upgrade AS (
    SELECT coalesce(max(applied_at) > now() - interval '2 days', false) AS is_recent
      FROM schema_version WHERE version = 2 AND EXISTS (SELECT FROM schema_version WHERE version = 1)
), fresh AS (
    INSERT INTO event_seen (slot, event_id)
    SELECT event_slot(0), a.key
      FROM arrived a
     WHERE NOT EXISTS (SELECT FROM event_seen s
                        WHERE s.slot = event_slot(-1) AND s.event_id = a.key)
       AND NOT ((SELECT is_recent FROM upgrade)
                AND EXISTS (SELECT FROM event_seen s
                             WHERE s.slot IN (event_slot(-1), event_slot(0)) AND s.event_id = a.event_id))
     ORDER BY a.key
        ON CONFLICT DO NOTHING
    RETURNING event_id AS key
), kept AS (
    INSERT INTO inbox (event_id, action, repository, tag, digest, is_blob, event_time, actor, body)
    SELECT event_id, action, repository, tag, digest, false, event_time, actor, body
      FROM arrived JOIN fresh USING (key)
     WHERE fault IS NULL
     ORDER BY place
), buried AS (
    INSERT INTO dead_letter (id, event_id, received, reason, leads_somewhere, action, repository, tag,
                             digest, is_blob, event_time, actor, body)
    SELECT nextval('inbox_id_seq'), event_id, now(), fault, false, action, repository, tag, digest,
           false, event_time, actor, body
      FROM arrived JOIN fresh USING (key)
     WHERE fault IS NOT NULL
     ORDER BY place
)
SELECT (SELECT count(*) FROM fresh),
       CASE WHEN $10::boolean THEN set_config('synchronous_commit', 'off', true) END;
