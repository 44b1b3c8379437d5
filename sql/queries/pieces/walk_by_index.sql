-- A page of `numbered`, whose order an index has: by its number, the largest first, and then by name: `walked`, with a
-- place. Rows of the cursor's number and those behind them are walks of their own: so a page among many equal numbers
-- begins where the cursor is. Each stops when the page is full. Parameters: reader/api/paging.h. No number is the
-- largest bigint.
walked AS MATERIALIZED (
    SELECT n.*, row_number() OVER (ORDER BY number DESC, name) AS place
    FROM (SELECT *
          FROM ((SELECT * FROM numbered
                 WHERE NOT $4::boolean AND number = $1::bigint AND name > $2::text
                 ORDER BY name LIMIT $3::bigint + 1)
                UNION ALL
                (SELECT * FROM numbered
                 WHERE NOT $4::boolean AND number < coalesce($1::bigint, 9223372036854775807)
                 ORDER BY number DESC, name LIMIT $3::bigint + 1)) part
          ORDER BY number DESC, name
          LIMIT $3::bigint + 1) n
    UNION ALL
    SELECT n.*, row_number() OVER (ORDER BY number, name DESC)
    FROM (SELECT *
          FROM ((SELECT * FROM numbered
                 WHERE $4::boolean AND number = $1::bigint AND name < $2::text
                 ORDER BY name DESC LIMIT $3::bigint + 1)
                UNION ALL
                (SELECT * FROM numbered
                 WHERE $4::boolean AND number > coalesce($1::bigint, -9223372036854775808)
                 ORDER BY number, name DESC LIMIT $3::bigint + 1)) part
          ORDER BY number, name DESC
          LIMIT $3::bigint + 1) n
),
