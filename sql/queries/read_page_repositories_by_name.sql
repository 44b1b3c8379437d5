-- SPDX-License-Identifier: Apache-2.0
-- The pages /r/ and /r/<prefix>/, repositories by name.
-- $1 to $11 as of read_repositories_by_name.sql ($8 is the prefix, $11 false)
-- $12 rows of namespaces, the largest first: bigint    $13 and $14 number and text of their cursor: bigint, text
-- $15 the page before that cursor, not the one behind it: boolean    $16 true: boolean
-- Columns: generation, as_of, last_scan, body: JSON. One row.
WITH list AS MATERIALIZED (
-- include read_repositories_by_name.sql
)
-- include page_repositories.sql
