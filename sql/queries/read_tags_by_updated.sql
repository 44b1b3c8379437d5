-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>/-/tags, by the time of their last move, the latest first. Parameters and columns as
-- read_tags_by_name.sql; the number is in microseconds since 1970.
--
-- to_timestamp() counts in floating point: it is for the index, a second too wide. The large number is the first day
-- of year 1: earlier times than PostgreSQL's could be asked for (and greatest() leaves NULL out).
WITH
-- include tags_listed.sql
timed AS NOT MATERIALIZED (
    SELECT name, manifest_id, updated, (extract(epoch FROM updated) * 1000000)::bigint AS number FROM listed
),
walked AS MATERIALIZED (
    (SELECT name, manifest_id, number, row_number() OVER (ORDER BY updated DESC, name) AS place
     FROM timed
     WHERE NOT $4::boolean
       AND updated <= to_timestamp(greatest(coalesce($1::bigint, 9223372036854775807) / 1000000,
                                            -62135596800) + 1)
       AND ($1::bigint IS NULL OR number < $1::bigint OR number = $1::bigint AND name > $2::text)
     ORDER BY updated DESC, name
     LIMIT $3::bigint + 1)
    UNION ALL
    (SELECT name, manifest_id, number, row_number() OVER (ORDER BY updated, name DESC)
     FROM timed
     WHERE $4::boolean
       AND updated >= to_timestamp(greatest($1::bigint / 1000000, -62135596800) - 1)
       AND ($1::bigint IS NULL OR number > $1::bigint OR number = $1::bigint AND name < $2::text)
     ORDER BY updated, name DESC
     LIMIT $3::bigint + 1)
),
-- include tags_shown.sql
