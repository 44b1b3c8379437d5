-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/search, by the repository's last change, the latest first, and then the best first. Parameters and columns as read_find.sql.
WITH
-- include find_asked.sql
-- include find_results.sql
-- include find_ranked_by_updated.sql
-- include find_shown.sql
