-- SPDX-License-Identifier: Apache-2.0
-- Dead letters, oldest first. Columns, all text: id, when it died, action, repository, tag, digest, reason.
SELECT id::text, to_char(died AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), action, repository, tag,
       digest_text(digest), reason
  FROM dead_letter
 ORDER BY id;
