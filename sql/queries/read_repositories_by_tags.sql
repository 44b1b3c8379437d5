-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories, by tags, the most first.
-- All of them are put in order. Parameters and columns as read_repositories_by_name.sql.
WITH
-- include repositories_listed.sql
numbered AS NOT MATERIALIZED (
    SELECT id, name, tag_count::bigint AS number FROM listed
),
-- include walk_by_number.sql
-- include repositories_shown.sql
