-- SPDX-License-Identifier: Apache-2.0
-- Forgets removals that a scan did not find again. $1 its id: bigint.
DELETE FROM held_removal WHERE scan_id <> $1::bigint;
