-- SPDX-License-Identifier: Apache-2.0
-- Events to be looked at again later. $1 ids, $2 each in how many milliseconds: bigint[].
UPDATE inbox
   SET attempts = attempts + 1, not_before = now() + d.delay * interval '1 millisecond'
  FROM unnest($1::bigint[], $2::bigint[]) AS d (id, delay)
 WHERE inbox.id = d.id;
