-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 4: nobody else stores these, or their children, until COMMIT. $1 digests: bytea[].
-- What is stored already never changes and needs no lock.
SELECT FROM manifest WHERE digest = ANY ($1::bytea[]) AND raw IS NULL
 ORDER BY digest
   FOR NO KEY UPDATE;
