-- The namespaces below a prefix: `listed`. Parameters: read_namespaces_by_name.sql.
listed AS MATERIALIZED (
    SELECT $7::text || r.component AS name, count(*) AS repositories, sum(r.tag_count)::bigint AS tags,
           least(sum(r.size), 9223372036854775807)::bigint AS size,
           least(sum(r.pulls), 9223372036854775807)::bigint AS pulls, max(r.updated) AS updated
    FROM (SELECT split_part(below.rest, '/', 1) AS component, below.pulls, below.size, below.tag_count, below.updated
          FROM (SELECT substr(r.name, length($7::text) + 1) AS rest, r.pulls, r.size, r.tag_count, r.updated
                FROM repository r
                WHERE r.deleted_at IS NULL
                  AND r.name >= $7::text AND r.name < $7::text || U&'\+10FFFF' -- all that begins so
                  AND (r.tag_count > 0
                       OR EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id OFFSET 0))
                OFFSET 0) below
          WHERE strpos(below.rest, '/') > 0) r
    GROUP BY r.component
),
