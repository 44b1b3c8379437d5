-- `result` in its order: by the repository's pulls, the most first, and then the best first.
ranked AS MATERIALIZED (
    SELECT result.*, row_number() OVER (ORDER BY pulls DESC, score DESC, pulls DESC, updated DESC NULLS LAST, name,
                                                 type = 'repository' DESC, digest) AS number
    FROM result
),
