-- SPDX-License-Identifier: Apache-2.0
-- The page /r/<name>, tags by pulls, the most first.
-- Parameters and columns as read_page_repository_by_name.sql.
WITH list AS MATERIALIZED (
-- include read_tags_by_pulls.sql
),
-- include page_repository.sql
