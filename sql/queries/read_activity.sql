-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/activity: pulls and pushes by day (UTC), the oldest first.
-- $1 repository: text, NULL: all of them; $2 days: bigint
-- Columns: generation, is_known (the repository; it may be gone), body: the answer as JSON without its
-- end. One row.
--
-- Pushes are events that moved a tag. Both are kept by day, of each repository and of all together.
WITH day AS MATERIALIZED (
    SELECT d::date AS day
    FROM generate_series((now() AT TIME ZONE 'UTC')::date - ($2::bigint - 1)::integer,
                         (now() AT TIME ZONE 'UTC')::date, interval '1 day') d
),
repo AS MATERIALIZED (
    SELECT id FROM repository WHERE name = $1::text
),
kept AS MATERIALIZED (
    SELECT day.day, counted.pulls, counted.pushes
    FROM day
    CROSS JOIN LATERAL (SELECT d.pulls, d.pushes FROM repository_day d
                        WHERE $1::text IS NOT NULL AND d.repository_id = (SELECT id FROM repo) AND d.day = day.day
                        UNION ALL
                        SELECT d.pulls, d.pushes FROM registry_day d
                        WHERE $1::text IS NULL AND d.day = day.day) counted
)
SELECT s.generation, $1::text IS NULL OR EXISTS (SELECT FROM repo) AS is_known,
       '{"days":' || (SELECT json_agg(json_build_object(
                                 'day', to_char(day.day, 'YYYY-MM-DD'),
                                 'pulls', coalesce(kept.pulls, 0),
                                 'pushes', coalesce(kept.pushes, 0))
                             ORDER BY day.day)
                      FROM day LEFT JOIN kept ON kept.day = day.day) AS body
FROM state s
