-- Tags of a repository that may be on a page: `repo` and `listed`. Parameters: read_tags_by_name.sql.
repo AS MATERIALIZED (
    SELECT id, tag_count, hidden_count FROM repository WHERE name = $7::text AND deleted_at IS NULL
),
listed AS NOT MATERIALIZED (
    SELECT t.name, t.manifest_id, t.pulls, t.updated, t.size
    FROM tag t
    WHERE t.repository_id = (SELECT id FROM repo)
      AND ($9::boolean OR NOT t.hidden)
      -- CASE: to the planner a filter that may be none must not look as if it left nothing.
      AND CASE WHEN $8::text IS NULL THEN true ELSE t.name LIKE $8::text END
),
