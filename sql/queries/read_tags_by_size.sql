-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>/-/tags, by size, the largest first: all of them are measured. Parameters and columns as
-- read_tags_by_name.sql.
--
-- What has no children, most of them, is measured at once, each blob once with the largest of its sizes.
WITH
-- include tags_listed.sql
tagged AS MATERIALIZED (
    SELECT name, manifest_id FROM listed
),
weighed AS MATERIALIZED (
    SELECT top.manifest_id,
           CASE WHEN EXISTS (SELECT FROM manifest_child c WHERE c.parent_id = top.manifest_id)
                THEN (SELECT total.bytes
                      FROM (SELECT top.manifest_id, ARRAY(SELECT id FROM repo) AS repositories OFFSET 0) top
                      CROSS JOIN LATERAL (
-- include total_size.sql
                      ) total)
                ELSE (SELECT sum(piece.size)
                      FROM (SELECT max(part.size) AS size
                            FROM (SELECT blob_id, size FROM manifest_layer WHERE manifest_id = top.manifest_id
                                  UNION ALL
                                  SELECT own.blob_id, own.size
                                  FROM manifest m
                                  CROSS JOIN LATERAL (VALUES (m.config_id, m.config_size), (NULL, m.size))
                                             AS own (blob_id, size)
                                  WHERE m.id = top.manifest_id) part
                            GROUP BY part.blob_id) piece) END AS bytes
    FROM (SELECT manifest_id FROM tagged GROUP BY manifest_id OFFSET 0) top
),
numbered AS NOT MATERIALIZED (
    SELECT t.name, t.manifest_id, least(coalesce(w.bytes, 0), 9223372036854775807)::bigint AS number
    FROM tagged t
    LEFT JOIN weighed w ON w.manifest_id = t.manifest_id
),
-- include walk_by_number.sql
-- include tags_shown.sql
