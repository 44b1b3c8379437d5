-- What the page /search asks for: `asked`. Parameters: read_page_search.sql. Somebody reads it, 50 results at a time: the
-- 500 most popular do. Facets count images whatever type of results is shown.
asked AS MATERIALIZED (
    SELECT $7::jsonb AS terms, $8::text AS way, $9::text AS key, $10::text AS value, true AS is_ranked,
           NULL AS type, 500 AS most, 500 AS most_walked, 1000 AS most_looked
    WHERE $2::text IS NULL OR $6::boolean IS NULL OR true -- their types: they have no effect
),
