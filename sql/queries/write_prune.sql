-- SPDX-License-Identifier: Apache-2.0
-- Forgets what is old. $1 age of changes, $2 of closed history, in ms: bigint, NULL: for ever.
SELECT prune($1::bigint * interval '1 millisecond', $2::bigint * interval '1 millisecond');
