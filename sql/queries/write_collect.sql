-- SPDX-License-Identifier: Apache-2.0
-- Deletes manifests that nothing holds or lists. $1 term, $2 grace in ms, $3 at most: bigint.
-- Column: manifests that went.
SELECT collect_manifests($1::bigint, $2::bigint * interval '1 millisecond', $3::bigint);
