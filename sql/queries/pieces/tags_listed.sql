-- Tags of a repository that may be on a page: `repo`, `listed` and `counted`. Parameters: read_tags_by_name.sql.
repo AS MATERIALIZED (
    SELECT id, tag_count, hidden_count FROM repository WHERE name = $7::text AND deleted_at IS NULL
),
-- What the names begin with that the pattern lets through, and an end behind all of them: for who walks or counts by name.
named AS MATERIALIZED (
    SELECT prefix.text AS first, prefix.text || U&'\+10FFFF' AS last
    FROM (SELECT coalesce(substring($8::text FROM '^[^\\%_]*'), '') AS text) prefix
),
listed AS NOT MATERIALIZED (
    SELECT t.name, t.manifest_id, t.pulls, t.updated, t.size
    FROM tag t
    WHERE t.repository_id = (SELECT id FROM repo)
      AND ($9::boolean OR NOT t.hidden)
      -- CASE: to the planner a filter that may be none must not look as if it left nothing.
      AND CASE WHEN $8::text IS NULL THEN true ELSE t.name LIKE $8::text END
),
-- How many match the pattern: all, by the index of names alone, less the hidden ones. Without a pattern it is not asked.
counted AS (
    SELECT (SELECT count(*) FROM tag
            WHERE repository_id = (SELECT id FROM repo) AND name LIKE $8::text
              AND name >= (SELECT first FROM named) AND name < (SELECT last FROM named))
           - (SELECT count(*) FROM tag
              WHERE repository_id = (SELECT id FROM repo) AND name LIKE $8::text AND hidden AND NOT $9::boolean
                AND name >= (SELECT first FROM named) AND name < (SELECT last FROM named)) AS total
),
