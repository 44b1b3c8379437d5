-- SPDX-License-Identifier: Apache-2.0
-- The pages /r/ and /r/<prefix>/, repositories by the number of their tags, the most first.
-- Parameters and columns as read_page_repositories_by_name.sql.
WITH list AS MATERIALIZED (
-- include read_repositories_by_tags.sql
)
-- include page_repositories.sql
