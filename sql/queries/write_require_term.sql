-- SPDX-License-Identifier: Apache-2.0
-- First statement of every transaction that changes something. $1 the caller's term: bigint.
-- Fails with MS001 when it is over; keeps it from ending until COMMIT.
SELECT require_term($1::bigint);
