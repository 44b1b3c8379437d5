-- SPDX-License-Identifier: Apache-2.0
-- One repository's changes in one short transaction: store.h, struct ms_apply.
-- $1 term bigint, $2 repository text, $3 from a scan boolean, $4 with what was staged boolean;
-- tags: $5 names text[], $6 digests bytea[] (NULL: unknown), $7 why unreadable text[], $8 event times in
-- ms since 1970 bigint[] (NULL: no event), $9 actors text[]; $10 removed tags text[];
-- held manifests: $11 digests bytea[], $12 why unreadable text[]; $13 gone manifests bytea[],
-- $14 also its removals that were found first before this time in ms since 1970 bigint (0: none),
-- $15 ids of events that are done bigint[].
-- Columns: generation (0: nothing visible changed), tags created or moved, tags removed.
SELECT generation, tags_changed, tags_removed
  FROM apply($1::bigint, $2::text, $3::boolean, $4::boolean, $5::text[], $6::bytea[], $7::text[],
             $8::bigint[], $9::text[], $10::text[], $11::bytea[], $12::text[], $13::bytea[],
             $14::bigint, $15::bigint[]);
