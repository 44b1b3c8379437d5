    -- The day at whose end sizes were kept that growth is told from: 30 days ago, or the first one, if that is later. No
    -- day: nothing was kept before today.
    SELECT coalesce((SELECT max(day) FROM registry_day
                     WHERE size IS NOT NULL AND day <= (now() AT TIME ZONE 'UTC')::date - 30),
                    (SELECT min(day) FROM registry_day
                     WHERE size IS NOT NULL AND day < (now() AT TIME ZONE 'UTC')::date)) AS day
