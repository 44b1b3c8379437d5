-- The end of every read_namespaces_by_*.sql: from `walked` to the rows.
shown AS NOT MATERIALIZED (
    SELECT * FROM walked WHERE place <= $3::bigint
)
SELECT generation, NULL::bigint AS place, true AS found,
       (SELECT count(*) FROM walked) > $3::bigint AS has_more, NULL::bigint AS number,
       NULL::text AS text,
       '"total":' || CASE WHEN $6::boolean THEN (SELECT count(*) FROM listed) END AS body
FROM state
UNION ALL
SELECT (SELECT generation FROM state), CASE WHEN $5::boolean THEN -w.place ELSE w.place END, NULL,
       NULL, w.number, w.name, json_strip_nulls(row_to_json(object))::text
FROM shown w
CROSS JOIN LATERAL (
    SELECT w.name, w.repositories, w.tags, w.size, w.pulls,
           to_char(w.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated,
           -- Kept of first components alone.
           (SELECT growth.bytes FROM (SELECT w.name, w.size WHERE $7::text = '') grown
            CROSS JOIN LATERAL (
-- include growth_of_namespace.sql
            ) growth) AS growth
) object
ORDER BY place NULLS FIRST
