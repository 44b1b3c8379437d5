-- SPDX-License-Identifier: Apache-2.0
-- A scan ends. $1 id, $2 complete boolean, $3 repositories, $4 tags, $5 manifests, $6 added, $7 removed,
-- $8 unreadable, $9 requests: bigint, $10 error: text.
WITH ended AS (
    UPDATE scan
       SET ended = now(), complete = $2::boolean, repositories = $3::bigint, tags = $4::bigint,
           manifests = $5::bigint, added = $6::bigint, removed = $7::bigint, unreadable = $8::bigint,
           requests = $9::bigint, error = $10::text
     WHERE id = $1::bigint
)
UPDATE state
   SET scan_running = false,
       last_complete_scan = CASE WHEN $2::boolean THEN now() ELSE last_complete_scan END;
