-- SPDX-License-Identifier: Apache-2.0
-- Repositories with removals that wait, by name. $1 after this name: text, $2 found first before this
-- time in ms since 1970, $3 limit: bigint. Column: repository.
SELECT DISTINCT repository
  FROM held_removal
 WHERE repository > $1::text AND since < to_timestamp($2::bigint / 1000.0)
 ORDER BY repository
 LIMIT $3::bigint;
