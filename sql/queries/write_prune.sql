-- SPDX-License-Identifier: Apache-2.0
-- Forgets what is old. $1 term: bigint. $2 age of changes, $3 of closed history, in ms:
-- bigint, NULL: for ever.
SELECT prune($1::bigint, $2::bigint * interval '1 millisecond', $3::bigint * interval '1 millisecond');
