-- What the API asks for: `asked`. Parameters: read_find.sql. Repositories are found by what is in them, of all types.
asked AS MATERIALIZED (
    SELECT $7::jsonb AS terms, $8::text AS way, $9::text AS key, $10::text AS value, true AS is_ranked,
           nullif($11::text, 'repository') AS type, 10000 AS most, 2500 AS most_walked, 10000 AS most_looked
    WHERE $2::text IS NULL OR $6::boolean IS NULL OR true -- their types: they have no effect
),
