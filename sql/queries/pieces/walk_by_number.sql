-- A page of `numbered`, by its number, the largest first, and then by name: `walked`, with a place. Each way to walk
-- is a branch of its own, and only one of them is executed. Only the rows of the page are put in order: places are
-- given behind LIMIT. Parameters: reader/api/paging.h.
walked AS MATERIALIZED (
    SELECT n.*, row_number() OVER (ORDER BY number DESC, name) AS place
    FROM (SELECT * FROM numbered
          WHERE NOT $4::boolean
            AND ($1::bigint IS NULL OR number < $1::bigint OR number = $1::bigint AND name > $2::text)
          ORDER BY number DESC, name
          LIMIT $3::bigint + 1) n
    UNION ALL
    SELECT n.*, row_number() OVER (ORDER BY number, name DESC)
    FROM (SELECT * FROM numbered
          WHERE $4::boolean
            AND ($1::bigint IS NULL OR number > $1::bigint OR number = $1::bigint AND name < $2::text)
          ORDER BY number, name DESC
          LIMIT $3::bigint + 1) n
),
