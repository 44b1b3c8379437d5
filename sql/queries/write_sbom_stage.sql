-- SPDX-License-Identifier: Apache-2.0
-- Packages of the document that is being read. $1 its digest: bytea. Arrays, one element a package: $2 names text[],
-- $3 types text[], $4 versions text[], $5 package URLs text[]; none is NULL.
SELECT stage_packages($1::bytea, $2::text[], $3::text[], $4::text[], $5::text[]);
