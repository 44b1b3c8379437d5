        -- Repositories that have the word `w`, and at best where: 3 a name begins with it, 5 in the name, 6 the title,
        -- 7 the description.
        SELECT id, CASE WHEN last_component LIKE w.beginning OR name LIKE w.beginning THEN 3
                        WHEN name LIKE w.inside THEN 5
                        WHEN lower(title) LIKE w.inside THEN 6
                        ELSE 7 END AS rank
        FROM repository
        WHERE (name LIKE w.inside OR lower(title) LIKE w.inside OR lower(description) LIKE w.inside)
          AND tag_count > 0 AND deleted_at IS NULL
