-- SPDX-License-Identifier: Apache-2.0
-- What the watcher asks, in one statement and so of one snapshot: the present state, and which
-- repositories the generations after the last one seen touched. Not a query of the workers; asked
-- over the simple protocol (store/watch.c), which sets the setting before it:
--     SET metastore.seen = '81234';   -- not set: no touched rows are wanted
-- Rows: one for each touched generation in order, at least one; columns 7 and 8 are NULL without any.
-- More rows than the ring of shared memory holds (4096) are of no use: the limit shows that there
-- are more.
SELECT s.term,
       s.generation,
       v.version,
       v.min_reader_version,
       pg_is_in_recovery() AS standby,
       CASE
           WHEN NOT pg_is_in_recovery() THEN NULL
           WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
           ELSE (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::bigint
       END AS replay_lag_ms,
       has_table_privilege('state', 'INSERT, UPDATE, DELETE') AS can_write,
       t.generation AS touched_generation,
       t.repository
FROM state AS s
CROSS JOIN (
    SELECT version, min_reader_version FROM schema_version ORDER BY version DESC LIMIT 1
) AS v
LEFT JOIN touched AS t
       ON t.generation > nullif(current_setting('metastore.seen', true), '')::bigint
      AND t.generation <= s.generation
ORDER BY t.generation
LIMIT 4097;
