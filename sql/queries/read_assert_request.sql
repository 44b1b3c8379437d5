-- SPDX-License-Identifier: Apache-2.0
-- What POST /assert asks. Text that is no JSON is refused by the server.
-- $1 the request's body: text
-- Columns: generation, problem: what is wrong with it, else NULL; name and value of a parameter of the
-- index query (NULL in the first row, which is always there).
WITH body AS MATERIALIZED (
    SELECT b.json, coalesce(b.json -> 'Query', '{}') AS query,
           coalesce(b.json -> 'Assertions', '[]') AS assertions
    FROM (SELECT $1::jsonb AS json) b
),
parameter AS MATERIALIZED (
    SELECT p.name, p.list
    FROM body b
    CROSS JOIN LATERAL jsonb_each(CASE jsonb_typeof(b.query) WHEN 'object' THEN b.query ELSE '{}' END)
                       AS p (name, list)
),
value AS MATERIALIZED (
    SELECT p.name, v.value
    FROM parameter p
    CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(p.list) WHEN 'array' THEN p.list ELSE '[]' END)
                       AS v (value)
)
SELECT s.generation,
       CASE WHEN jsonb_typeof(b.json) <> 'object' THEN 'the body is no JSON object'
            WHEN EXISTS (SELECT FROM jsonb_object_keys(CASE jsonb_typeof(b.json) WHEN 'object' THEN b.json
                                                       ELSE '{}' END) AS k (name)
                         WHERE k.name NOT IN ('Query', 'Assertions'))
                THEN 'the body may have Query and Assertions, and nothing else'
            WHEN jsonb_typeof(b.query) <> 'object' THEN 'Query is no object'
            WHEN EXISTS (SELECT FROM parameter WHERE jsonb_typeof(list) <> 'array')
                OR EXISTS (SELECT FROM value WHERE jsonb_typeof(value) <> 'string')
                THEN 'a parameter in Query is no array of strings'
            WHEN jsonb_typeof(b.assertions) <> 'array' THEN 'Assertions is no array'
            WHEN EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(b.assertions)
                                                          WHEN 'array' THEN b.assertions ELSE '[]' END) a
                         WHERE coalesce(a ->> 'Type', '') NOT IN ('contains', 'not-contains')
                            OR a -> 'Test' IS NULL)
                THEN 'an assertion needs a Type of contains or not-contains, and a Test' END AS problem,
       NULL AS name, NULL AS value
FROM state s CROSS JOIN body b
UNION ALL
SELECT (SELECT generation FROM state), NULL, name, value #>> '{}'
FROM value
WHERE jsonb_typeof(value) = 'string'
ORDER BY name NULLS FIRST, value
