-- SPDX-License-Identifier: Apache-2.0
-- The documents of a manifest have been read or refused. $1 term bigint, $2 id of the manifest bigint, $3 the digest
-- that it is about: bytea. Arrays, one element a document: $4 digests bytea[], $5 states text[], $6 reasons text[] (NULL:
-- none), $7 packages left out bigint[],
-- $8 which are provenance boolean[].
SELECT put_sboms($1::bigint, $2::bigint, $3::bytea, $4::bytea[], $5::text[], $6::text[], $7::bigint[],
                 $8::boolean[]);
