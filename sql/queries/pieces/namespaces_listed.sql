-- The namespaces below a prefix: `listed`. Parameters: read_namespaces_by_name.sql.
part AS MATERIALIZED (
    SELECT $7::text || split_part(substr(r.name, length($7::text) + 1), '/', 1) AS name, r.pulls, r.size,
           r.tag_count, r.updated
    FROM repository r
    WHERE r.deleted_at IS NULL
      AND r.name >= $7::text AND r.name < $7::text || U&'\+10FFFF' AND starts_with(r.name, $7::text)
      AND strpos(substr(r.name, length($7::text) + 1), '/') > 0
      AND (r.tag_count > 0
           OR EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id OFFSET 0))
),
listed AS MATERIALIZED (
    SELECT name, count(*) AS repositories, sum(tag_count)::bigint AS tags,
           least(sum(size), 9223372036854775807)::bigint AS size,
           least(sum(pulls), 9223372036854775807)::bigint AS pulls, max(updated) AS updated
    FROM part
    GROUP BY name
),
