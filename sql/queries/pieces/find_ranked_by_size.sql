-- `result` in its order: by the repository's size, the largest first, and then the best first.
ranked AS MATERIALIZED (
    SELECT result.*, row_number() OVER (ORDER BY r.size DESC, score DESC, pulls DESC, updated DESC NULLS LAST, name,
                                                 type = 'repository' DESC, digest) AS number
    FROM result
    CROSS JOIN LATERAL (SELECT size FROM repository WHERE id = result.repository_id OFFSET 0) r
),
