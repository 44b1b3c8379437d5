-- SPDX-License-Identifier: Apache-2.0
-- The page /search, the best first.
-- $1 to $11 as of read_find.sql
-- $12 the label whose values are counted: text, NULL: none    $13 the query as one name: text
-- $14 to $25 what pieces/facet_alone.sql says    $26 patterns of what is official: text[]
-- Columns: generation, as_of, last_scan, body: JSON. One row.
WITH list AS MATERIALIZED (
-- include read_find.sql
)
-- include page_search.sql
