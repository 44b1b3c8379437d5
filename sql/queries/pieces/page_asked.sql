-- What the page /search asks for: `asked`. Somebody reads it: the 500 most popular tell as much as 10,000.
asked AS MATERIALIZED (
    SELECT $7::jsonb AS terms, $8::text AS way, $9::text AS key, $10::text AS value,
           true AS is_ranked, true AS is_counted, 500 AS most, 500 AS most_walked
    WHERE $2::text IS NULL OR $6::boolean IS NULL OR true -- their types: they have no effect
),
