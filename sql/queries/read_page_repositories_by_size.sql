-- SPDX-License-Identifier: Apache-2.0
-- The pages /r/ and /r/<prefix>/, repositories by size, the largest first.
-- Parameters and columns as read_page_repositories_by_name.sql.
WITH list AS MATERIALIZED (
-- include read_repositories_by_size.sql
)
-- include page_repositories.sql
