-- SPDX-License-Identifier: Apache-2.0
-- How far what readers show is behind the registry.
-- Columns: generation, last_complete_scan (RFC 3339, NULL: never), scan_running, oldest_event_seconds: since the
-- oldest event that is not applied yet came. One row.
SELECT s.generation,
       to_char(s.last_complete_scan AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       s.scan_running,
       coalesce((SELECT greatest(floor(extract(epoch FROM clock_timestamp() - min(i.received))), 0)
                 FROM inbox i WHERE i.action <> 'pull'), 0)::bigint AS oldest_event_seconds
FROM state s
