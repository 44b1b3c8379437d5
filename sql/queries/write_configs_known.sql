-- SPDX-License-Identifier: Apache-2.0
-- Image configurations that are stored. $1 digests: bytea[].
-- Columns, read as bytes: digest, the configuration itself.
SELECT b.digest, c.raw
  FROM blob b JOIN config c ON c.id = b.id
 WHERE b.digest = ANY ($1::bytea[]) AND c.raw IS NOT NULL;
