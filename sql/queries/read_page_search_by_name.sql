-- SPDX-License-Identifier: Apache-2.0
-- The page /search, by the repositories' name.
-- Parameters and columns as read_page_search.sql.
WITH list AS MATERIALIZED (
-- include read_find_by_name.sql
)
-- include page_search.sql
