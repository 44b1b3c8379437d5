-- `result` in its order: by the repository's name, and then the best first.
ranked AS MATERIALIZED (
    SELECT result.*, row_number() OVER (ORDER BY name, score DESC, pulls DESC, updated DESC NULLS LAST, name,
                                                 type = 'repository' DESC, digest) AS number
    FROM result
),
