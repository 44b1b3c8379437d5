-- SPDX-License-Identifier: Apache-2.0
-- Deletes manifests that nothing holds or lists. $1 grace in ms, $2 at most: bigint.
-- Column: manifests that went.
SELECT collect_manifests($1::bigint * interval '1 millisecond', $2::bigint);
