-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/search, the best first. $1 to $6 as in reader/api/paging.h:
-- $1 number of the cursor: bigint, NULL: from the end of the list
-- $2 its text: it has none           $3 rows on a page: bigint
-- $4 walk against the statement's own order: boolean
-- $5 the rows walked are to be shown in reverse: boolean    $6 count all rows: it is always done
-- $7 the terms, all must be true: jsonb [{"kind", "is_not", …}], see reader/query/search_plan.h
-- $8 the way in: text, and $9 its key, $10 its value: text
-- The search stops at 10,000 candidates, the most popular first, and says so (pieces/find_items.sql).
-- $11 the type of results: text, NULL: all
-- Columns: generation, place, found, has_more, number, text, body: see reader/api/rest_list.h.
WITH
-- include find_results.sql
ranked AS MATERIALIZED (
    SELECT result.*, row_number() OVER (ORDER BY score DESC, pulls DESC, updated DESC NULLS LAST, name,
                                                 type = 'repository' DESC, digest) AS number
    FROM result
),
counted AS MATERIALIZED (
    SELECT (SELECT count(*) FROM ranked) AS total, is_cut FROM bounds
),
-- include find_shown.sql
