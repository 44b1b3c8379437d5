-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>/-/tags, by size, the largest first: all of them are measured. Parameters and columns as
-- read_tags_by_name.sql.
WITH
-- include tags_listed.sql
weighed AS MATERIALIZED (
    SELECT top.manifest_id, total.bytes
    FROM (SELECT DISTINCT manifest_id, ARRAY(SELECT id FROM repo) AS repositories FROM listed) top
    CROSS JOIN LATERAL (
-- include total_size.sql
    ) total
),
numbered AS NOT MATERIALIZED (
    SELECT l.name, l.manifest_id, least(coalesce(w.bytes, 0), 9223372036854775807)::bigint AS number
    FROM listed l
    LEFT JOIN weighed w ON w.manifest_id = l.manifest_id
),
-- include walk_by_number.sql
-- include tags_shown.sql
