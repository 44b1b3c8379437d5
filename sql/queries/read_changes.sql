-- SPDX-License-Identifier: Apache-2.0
-- The feed of changes after a generation.
-- $1 the generation: bigint, NULL: no changes are wanted; $2 how many changes at most: bigint
-- Columns: generation, and of the first row, which has no body: problem ('expired', 'future' or NULL),
-- the oldest generation that $1 may be, the generation to ask after next. Then body: a change as JSON, in
-- order.
-- Changes of one generation belong together: they are given all, even when there are more than $2.
WITH feed AS MATERIALIZED (
    SELECT c.generation FROM change c
    WHERE c.generation > $1::bigint
    ORDER BY c.generation, c.id
    LIMIT $2::bigint + 1
),
page AS MATERIALIZED (
    SELECT s.generation, s.changes_pruned,
           CASE WHEN f.n <= $2::bigint THEN s.generation
                WHEN f.first = f.last THEN f.last
                ELSE (SELECT max(generation) FROM feed WHERE feed.generation < f.last) END AS until
    FROM state s
    CROSS JOIN (SELECT count(*) AS n, min(generation) AS first, max(generation) AS last FROM feed) f
)
SELECT p.generation,
       CASE WHEN $1::bigint < p.changes_pruned THEN 'expired'
            WHEN $1::bigint > p.generation THEN 'future' END AS problem,
       p.changes_pruned AS oldest, p.until AS next, NULL AS body, NULL::bigint AS id
FROM page p
UNION ALL
SELECT p.generation, NULL, NULL, NULL, json_strip_nulls(row_to_json(shown))::text, c.id
FROM page p
JOIN change c ON c.generation > $1::bigint AND c.generation <= p.until
CROSS JOIN LATERAL (
    SELECT c.generation, to_char(c.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS time, c.type,
           c.repository, c.tag, digest_text(c.digest) AS digest, digest_text(c.previous) AS previous,
           c.changed_by AS by
) shown
WHERE $1::bigint >= p.changes_pruned
ORDER BY id NULLS FIRST
