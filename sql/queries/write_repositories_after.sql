-- SPDX-License-Identifier: Apache-2.0
-- Repositories that are not deleted, by name. $1 after this name: text, $2 limit: bigint. Column: name.
SELECT name
  FROM repository
 WHERE name > $1::text AND deleted_at IS NULL
 ORDER BY name
 LIMIT $2::bigint;
