-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories, by the time of their last change, the latest first; the number is in microseconds since 1970.
-- All of them are put in order. Parameters and columns as read_repositories_by_name.sql.
WITH
-- include repositories_listed.sql
numbered AS NOT MATERIALIZED (
    SELECT id, name, coalesce((extract(epoch FROM updated) * 1000000)::bigint, 0) AS number FROM listed
),
-- include walk_by_number.sql
-- include repositories_shown.sql
