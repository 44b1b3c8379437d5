-- SPDX-License-Identifier: Apache-2.0
-- Turns pull events into counts. $1 events at most: bigint. Column: events taken.
SELECT collect_pulls($1::bigint);
