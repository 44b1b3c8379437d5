-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>/-/tags, by version, as people count: 10 behind 9; the largest first. Parameters and
-- columns as read_tags_by_name.sql.
--
-- Each way to walk, from an end or from a cursor, is a branch of its own with a plan of its own, and only one of them
-- is executed. Where a cursor is does not depend on whether its tag is still there.
WITH
-- include tags_listed.sql
versioned AS NOT MATERIALIZED (
    SELECT name, manifest_id, tag_version(name) AS version FROM listed
),
walked AS MATERIALIZED (
    SELECT n.*, 0::bigint AS number, row_number() OVER (ORDER BY version DESC, name DESC) AS place
    FROM ((SELECT name, manifest_id, version FROM versioned
           WHERE NOT $4::boolean AND $2::text IS NULL
             AND ($1::bigint IS NULL OR true) -- its type: a version has no number
           ORDER BY version DESC, name DESC
           LIMIT $3::bigint + 1)
          UNION ALL
          (SELECT name, manifest_id, version FROM versioned
           WHERE NOT $4::boolean AND (version, name) < (tag_version($2::text), $2::text COLLATE "C")
           ORDER BY version DESC, name DESC
           LIMIT $3::bigint + 1)) n
    UNION ALL
    SELECT n.*, 0, row_number() OVER (ORDER BY version, name)
    FROM ((SELECT name, manifest_id, version FROM versioned
           WHERE $4::boolean AND $2::text IS NULL
           ORDER BY version, name
           LIMIT $3::bigint + 1)
          UNION ALL
          (SELECT name, manifest_id, version FROM versioned
           WHERE $4::boolean AND (version, name) > (tag_version($2::text), $2::text COLLATE "C")
           ORDER BY version, name
           LIMIT $3::bigint + 1)) n
),
-- include tags_shown.sql
