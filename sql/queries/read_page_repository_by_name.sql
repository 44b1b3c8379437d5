-- SPDX-License-Identifier: Apache-2.0
-- The page /r/<name>, tags by name.
-- $1 to $9 as of read_tags_by_name.sql ($7 is the repository)
-- $10 LIKE patterns of official repositories: text[]    $11 days of activity: bigint
-- Columns: generation, as_of, last_scan, body: JSON. One row.
WITH list AS MATERIALIZED (
-- include read_tags_by_name.sql
),
-- include page_repository.sql
