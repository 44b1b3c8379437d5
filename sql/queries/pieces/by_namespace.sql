-- All repositories, summed up by the first component of their names ('': they have no other), which is less than reading
-- them once for each total: `by_namespace`.
by_namespace AS MATERIALIZED (
    SELECT left(r.name, greatest(strpos(r.name, '/') - 1, 0)) AS name, count(*) AS repositories,
           sum(r.tag_count) AS tags, sum(r.pulls) AS pulls, sum(r.size) AS size
    FROM repository r
    WHERE r.deleted_at IS NULL
      AND (r.tag_count > 0 OR EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id OFFSET 0))
    GROUP BY 1
),
