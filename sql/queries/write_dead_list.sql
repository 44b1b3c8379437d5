-- SPDX-License-Identifier: Apache-2.0
-- Dead letters, oldest first. Columns, all read as bytes: id, when it died, reason, action, repository,
-- tag, the event as it came.
SELECT id::text, to_char(died AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), reason, action,
       repository, tag, body
  FROM dead_letter
 ORDER BY id;
