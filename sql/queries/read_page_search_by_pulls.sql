-- SPDX-License-Identifier: Apache-2.0
-- The page /search, by the repositories' pulls.
-- Parameters and columns as read_page_search.sql.
WITH
-- include page_asked.sql
-- include find_results.sql
-- include find_ranked_by_pulls.sql
-- include page_search.sql
