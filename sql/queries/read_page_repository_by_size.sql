-- SPDX-License-Identifier: Apache-2.0
-- The page /r/<name>, tags by size, the largest first.
-- Parameters and columns as read_page_repository_by_name.sql.
WITH list AS MATERIALIZED (
-- include read_tags_by_size.sql
),
-- include page_repository.sql
