           -- Names like `asked.name`, for who mistyped it.
           SELECT json_agg(n.name) FROM (
               SELECT r.name
               FROM repository r
               WHERE repository_keys(r.name, r.title)
                         && near_keys(lower(regexp_replace(asked.name, '^.*/', '')) || ' '
                                      || regexp_replace(lower(regexp_replace(asked.name, '^.*/', '')), '[^a-z0-9]+', '', 'g'))
                 AND r.tag_count > 0 AND r.deleted_at IS NULL
               ORDER BY similarity(r.name, asked.name) DESC, r.pulls DESC, r.name
               LIMIT 5) n
