-- SPDX-License-Identifier: Apache-2.0
-- Whether assertions hold for an index.
-- $1 the index, as /index answers it: text; $2 the body of the request, which read_assert_request.sql
-- found to be good: text
-- Columns: generation, success, body: the answer as JSON. One row.
WITH given AS MATERIALIZED (
    SELECT $1::json -> 'Results' AS results, ($1::jsonb) -> 'Results' AS searched,
           coalesce(($2::jsonb) -> 'Assertions', '[]') AS assertions
),
failure AS MATERIALIZED (
    SELECT coalesce(jsonb_agg(a.assertion ORDER BY a.place), '[]') AS list
    FROM given
    CROSS JOIN LATERAL jsonb_array_elements(given.assertions) WITH ORDINALITY AS a (assertion, place)
    WHERE (given.searched @> (a.assertion -> 'Test')) <> (a.assertion ->> 'Type' = 'contains')
)
SELECT s.generation, f.list = '[]' AS success,
       '{"Success":' || (f.list = '[]')::text || ',"Results":' || given.results::text
           || ',"Failures":' || f.list::text || '}' AS body
FROM state s CROSS JOIN given CROSS JOIN failure f
