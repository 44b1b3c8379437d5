-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/search, by the repository's last change, the latest first, and then the best first. Parameters and columns as read_find.sql.
WITH
-- include find_results.sql
ranked AS MATERIALIZED (
    SELECT result.*, row_number() OVER (ORDER BY updated DESC NULLS LAST, score DESC, pulls DESC, updated DESC NULLS LAST, name,
                                                 type = 'repository' DESC, digest) AS number
    FROM result
),
counted AS MATERIALIZED (
    SELECT (SELECT count(*) FROM ranked) AS total, is_cut FROM bounds
),
-- include find_shown.sql
