-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/namespaces: the next name components below a prefix, by the number of their repositories, the most first.
-- Parameters and columns as read_namespaces_by_name.sql.
WITH
-- include namespaces_listed.sql
numbered AS NOT MATERIALIZED (
    SELECT listed.*, repositories AS number FROM listed
),
-- include walk_by_number.sql
-- include namespaces_shown.sql
