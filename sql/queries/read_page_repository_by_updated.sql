-- SPDX-License-Identifier: Apache-2.0
-- The page /r/<name>, tags by their last change, the latest first.
-- Parameters and columns as read_page_repository_by_name.sql.
WITH list AS MATERIALIZED (
-- include read_tags_by_updated.sql
),
-- include page_repository.sql
