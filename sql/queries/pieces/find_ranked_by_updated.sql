-- `result` in its order: by the repository's last change, the latest first, and then the best first.
ranked AS MATERIALIZED (
    SELECT result.*, row_number() OVER (ORDER BY updated DESC NULLS LAST, score DESC, pulls DESC, updated DESC NULLS LAST, name,
                                                 type = 'repository' DESC, digest) AS number
    FROM result
),
