-- SPDX-License-Identifier: Apache-2.0
-- Events to be looked at again later. $1 ids: bigint[], $2 in how many milliseconds: bigint.
UPDATE inbox
   SET attempts = attempts + 1, not_before = now() + $2::bigint * interval '1 millisecond'
 WHERE id = ANY ($1::bigint[]);
