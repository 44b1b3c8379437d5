-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/namespaces: the next name components below a prefix, by their last change, the latest first; the number is in microseconds since 1970.
-- Parameters and columns as read_namespaces_by_name.sql.
WITH
-- include namespaces_listed.sql
numbered AS NOT MATERIALIZED (
    SELECT listed.*, coalesce((extract(epoch FROM updated) * 1000000)::bigint, 0) AS number FROM listed
),
-- include walk_by_number.sql
-- include namespaces_shown.sql
