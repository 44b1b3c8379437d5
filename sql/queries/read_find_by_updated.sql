-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/search, by the repository's last change, the latest first, and then the best first. Parameters and columns as read_find.sql.
WITH
-- include find_results.sql
ranked AS MATERIALIZED (
    SELECT result.*, row_number() OVER (ORDER BY r.updated DESC NULLS LAST, score DESC, r.pulls DESC, r.updated DESC NULLS LAST,
                                                 r.name, type = 'repository' DESC, result.digest) AS number
    FROM result
    CROSS JOIN LATERAL (SELECT * FROM repository WHERE id = result.repository_id OFFSET 0) r
),
-- include find_shown.sql
