-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/facets: counts of images by what they are.
-- $1 the terms, all must be true: jsonb, see reader/query/search_plan.h
-- $2 the way in: text, and $3 its key, $4 its value: text
-- $5 the label whose values are counted: text, NULL: none
-- Columns: generation, body: the answer as JSON without its end, where its generation stands. One row. An image
-- that several repositories have counts once.
WITH asked AS MATERIALIZED (
    SELECT $1::jsonb AS terms, $2::text AS way, $3::text AS key, $4::text AS value, false AS is_ranked,
           NULL AS type, 10000 AS most, 2500 AS most_walked, 10000 AS most_looked
),
-- include find_items.sql
image AS MATERIALIZED (
    SELECT DISTINCT manifest_id AS id, digest, os, architecture FROM item WHERE kind = 'image'
),
counts AS MATERIALIZED (
-- include facets.sql with $5
)
SELECT s.generation, counts.body || CASE WHEN bounds.is_cut THEN ',"truncated":true' ELSE '' END AS body
FROM state s CROSS JOIN counts CROSS JOIN bounds
