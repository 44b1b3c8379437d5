-- SPDX-License-Identifier: Apache-2.0
-- The page /search, by the repositories' updated.
-- Parameters and columns as read_page_search.sql.
WITH list AS MATERIALIZED (
-- include read_find_by_updated.sql
)
-- include page_search.sql
