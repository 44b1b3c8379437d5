-- SPDX-License-Identifier: Apache-2.0
-- /v1/search without words: every repository, the most pulled first.
-- $1 the query (no words in it), to be echoed: text
-- $2 results on a page, $3 results to skip: bigint
-- Columns as read_search.sql: generation, place, name, description, number.
WITH page AS (
    SELECT r.name, r.description, r.pulls, r.updated
    FROM repository r
    WHERE r.tag_count > 0 AND r.deleted_at IS NULL
    ORDER BY r.pulls DESC, r.updated DESC NULLS LAST, r.name
    LIMIT $2::bigint OFFSET $3::bigint
)
SELECT generation, 0 AS place, $1::text COLLATE "C" AS name, NULL AS description,
       (SELECT count(*) FROM repository WHERE tag_count > 0 AND deleted_at IS NULL) AS number
FROM state
UNION ALL
SELECT (SELECT generation FROM state),
       row_number() OVER (ORDER BY pulls DESC, updated DESC NULLS LAST, name),
       name, description, pulls
FROM page
ORDER BY place
