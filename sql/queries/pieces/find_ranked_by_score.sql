-- `result` in its order: the best first.
ranked AS MATERIALIZED (
    SELECT result.*, row_number() OVER (ORDER BY score DESC, pulls DESC, updated DESC NULLS LAST, name,
                                                 type = 'repository' DESC, digest) AS number
    FROM result
),
