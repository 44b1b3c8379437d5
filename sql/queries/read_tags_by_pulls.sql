-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>/-/tags, by pulls, the most first. Parameters and columns as read_tags_by_name.sql.
WITH
-- include tags_listed.sql
numbered AS NOT MATERIALIZED (
    SELECT name, manifest_id, pulls AS number FROM listed
),
-- include walk_by_index.sql
-- include tags_shown.sql
