        -- A repository `f`, with its labels if one of the words in `common` stands nowhere else.
        SELECT r.id, r.name, r.last_component, r.title, r.description, r.pulls, r.updated,
               CASE WHEN EXISTS (SELECT FROM common w
                                 WHERE (r.name LIKE w.inside OR r.title LIKE w.inside OR r.description LIKE w.inside)
                                       IS NOT TRUE)
                    THEN (SELECT string_agg(value, E'\x01') FROM repository_label
                          WHERE repository_id = r.id) END AS labels
        FROM (SELECT id, name, last_component, lower(title) AS title, lower(description) AS description,
                     pulls, updated
              FROM repository
              WHERE id = f.id AND tag_count > 0 AND deleted_at IS NULL OFFSET 0) r
        WHERE NOT EXISTS (SELECT FROM wanted_tag w
                          WHERE NOT EXISTS (SELECT FROM tag
                                            WHERE repository_id = r.id AND name = w.tag OFFSET 0))
        OFFSET 0
