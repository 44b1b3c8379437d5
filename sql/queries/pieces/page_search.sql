-- The page /search from `list`, its results. Parameters: read_page_search.sql.
SELECT s.generation,
-- include page_truth.sql
       json_build_object(
           'results', (
-- include page_rows.sql
           ),
           'facets', (SELECT (f.body || '}')::json FROM (
-- include read_facets.sql with $7 $8 $9 $10 $12
           ) f),
           'nearest', (SELECT nearest.names FROM (SELECT $13::text AS name) asked
                       CROSS JOIN LATERAL (
-- include page_nearest.sql
                       ) nearest (names))) AS body
FROM state s
