-- SPDX-License-Identifier: Apache-2.0
-- The page /packages. $1 to $9 as of read_packages.sql.
-- Columns: generation, as_of, last_scan, body: JSON. One row.
WITH list AS MATERIALIZED (
-- include read_packages.sql
)
SELECT s.generation,
-- include page_truth.sql
       json_build_object(
           'packages', (
-- include page_rows.sql
           )) AS body
FROM state s
