-- Repositories of the catalog that may be on a page: `listed`. Parameters: read_repositories_by_name.sql. OFFSET 0
-- keeps the planner from reading a whole table where a look at one row will do.
listed AS NOT MATERIALIZED (
    SELECT r.id, r.name, r.pulls, r.size, r.tag_count, r.updated
    FROM repository r
    WHERE r.deleted_at IS NULL
      AND (r.tag_count > 0
           OR EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id OFFSET 0))
      -- CASE: to the planner a filter that may be none must not look as if it left nothing.
      AND CASE WHEN $7::text IS NULL THEN true ELSE r.name LIKE lower($7::text) END
      AND CASE WHEN $8::text IS NULL THEN true ELSE starts_with(r.name, $8::text) END
      AND CASE WHEN $10::boolean
               THEN strpos(substr(r.name, length(coalesce($8::text, '')) + 1), '/') = 0 ELSE true END
),
