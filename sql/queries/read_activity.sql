-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/activity: pulls and pushes by day (UTC), the oldest first.
-- $1 repository: text, NULL: all of them; $2 days: bigint
-- Columns: generation, is_known (the repository; it may be gone), body: the answer as JSON without its
-- end. One row.
--
-- Pushes are events that moved a tag, as the tags' history has them; of all repositories together all of it is
-- read.
WITH day AS MATERIALIZED (
    SELECT d::date AS day
    FROM generate_series((now() AT TIME ZONE 'UTC')::date - ($2::bigint - 1)::integer,
                         (now() AT TIME ZONE 'UTC')::date, interval '1 day') d
),
repo AS MATERIALIZED (
    SELECT id FROM repository WHERE name = $1::text
),
pulled AS MATERIALIZED (
    SELECT p.day, sum(p.pulls)::bigint AS number
    FROM pull_day p
    WHERE $1::text IS NOT NULL AND p.repository_id = (SELECT id FROM repo) AND p.day >= (SELECT min(day) FROM day)
    GROUP BY p.day
    UNION ALL
    SELECT p.day, sum(p.pulls)::bigint
    FROM pull_day p
    WHERE $1::text IS NULL AND p.day >= (SELECT min(day) FROM day)
    GROUP BY p.day
),
pushed AS MATERIALIZED (
    SELECT (h.from_time AT TIME ZONE 'UTC')::date AS day, count(*) AS number
    FROM tag_history h
    WHERE $1::text IS NOT NULL AND h.repository_id = (SELECT id FROM repo) AND h.source = 'event'
      AND h.from_time >= (SELECT min(day) FROM day) AT TIME ZONE 'UTC'
    GROUP BY 1
    UNION ALL
    SELECT (h.from_time AT TIME ZONE 'UTC')::date, count(*)
    FROM tag_history h
    WHERE $1::text IS NULL AND h.source = 'event'
      AND h.from_time >= (SELECT min(day) FROM day) AT TIME ZONE 'UTC'
    GROUP BY 1
)
SELECT s.generation, $1::text IS NULL OR EXISTS (SELECT FROM repo) AS is_known,
       '{"days":' || (SELECT json_agg(json_build_object(
                                 'day', to_char(day.day, 'YYYY-MM-DD'),
                                 'pulls', coalesce((SELECT number FROM pulled p WHERE p.day = day.day), 0),
                                 'pushes', coalesce((SELECT number FROM pushed p WHERE p.day = day.day), 0))
                             ORDER BY day.day)
                      FROM day) AS body
FROM state s
