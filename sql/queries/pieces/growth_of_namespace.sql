    -- By how many bytes the namespace `grown.name` of `grown.size` bytes is larger than at the end of `since.day`.
    SELECT least(greatest(grown.size - coalesce((SELECT size FROM namespace_day
                                                 WHERE name = grown.name AND day <= since.day
                                                 ORDER BY day DESC LIMIT 1), 0),
                          -9223372036854775807), 9223372036854775807)::bigint AS bytes
    FROM (
-- include growth_since.sql
    ) since
    WHERE since.day IS NOT NULL
