-- SPDX-License-Identifier: Apache-2.0
-- Deletes manifests that nothing holds or lists, a batch of those behind one. $1 id of the manifest to begin after (0: from the
-- start), $2 grace in ms, $3 at most: bigint. Columns: manifests that went, the last one that was looked at (0: there are no more).
SELECT went, coalesce(last, 0) FROM collect_manifests($1::bigint, $2::bigint * interval '1 millisecond', $3::bigint);
