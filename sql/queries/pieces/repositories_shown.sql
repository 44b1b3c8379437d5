-- The end of every read_repositories_by_*.sql: from `walked` (id, number, place) to the rows.
shown AS NOT MATERIALIZED (
    SELECT id, number, place FROM walked WHERE place <= $3::bigint
)
SELECT generation, NULL::bigint AS place, true AS found,
       (SELECT count(*) FROM walked) > $3::bigint AS has_more, NULL::bigint AS number,
       NULL::text AS text,
       '"total":' || CASE
           WHEN NOT $6::boolean THEN NULL
           WHEN $10::boolean THEN (SELECT count(*) FROM listed WHERE namespace_of(name) = coalesce($8::text, ''))
           ELSE (SELECT count(*) FROM listed) END AS body
FROM state
UNION ALL
SELECT (SELECT generation FROM state), CASE WHEN $5::boolean THEN -w.place ELSE w.place END, NULL,
       NULL, w.number, r.name, json_strip_nulls(row_to_json(object))::text
FROM shown w
JOIN repository r ON r.id = w.id
CROSS JOIN (SELECT $9::text[] AS patterns, $11::boolean AS looks_inside) official
CROSS JOIN LATERAL (
-- include repository_object.sql
) object
ORDER BY place NULLS FIRST
