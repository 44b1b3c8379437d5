-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>/-/tags, by version, as people count: 10 behind 9; the largest first. All of them are put
-- in order. Parameters and columns as read_tags_by_name.sql.
WITH
-- include tags_listed.sql
-- Numbers with zeros before them. The row of the cursor is one of these, too, whether the tag is still there or not.
versioned AS MATERIALIZED (
    SELECT l.name, l.manifest_id, l.is_cursor,
           (SELECT string_agg(m[1] || CASE WHEN m[2] = '' THEN '' ELSE lpad(m[2], greatest(length(m[2]), 20), '0') END,
                              '' ORDER BY n)
            FROM regexp_matches(l.name, '(\D*)(\d*)', 'g') WITH ORDINALITY AS p (m, n)) COLLATE "C" AS version
    FROM (SELECT name, manifest_id, false AS is_cursor FROM listed
          UNION ALL
          SELECT $2::text COLLATE "C", NULL, true WHERE $2::text IS NOT NULL) l
),
walked AS MATERIALIZED (
    SELECT n.*, 0::bigint AS number, row_number() OVER (ORDER BY version DESC, name DESC) AS place
    FROM (SELECT name, manifest_id, version FROM versioned
          WHERE NOT $4::boolean AND NOT is_cursor
            AND ($2::text IS NULL OR (version, name) < (SELECT version, name FROM versioned WHERE is_cursor))
            AND ($1::bigint IS NULL OR true) -- its type: a version has no number
          ORDER BY version DESC, name DESC
          LIMIT $3::bigint + 1) n
    UNION ALL
    SELECT n.*, 0, row_number() OVER (ORDER BY version, name)
    FROM (SELECT name, manifest_id, version FROM versioned
          WHERE $4::boolean AND NOT is_cursor
            AND ($2::text IS NULL OR (version, name) > (SELECT version, name FROM versioned WHERE is_cursor))
          ORDER BY version, name
          LIMIT $3::bigint + 1) n
),
-- include tags_shown.sql
