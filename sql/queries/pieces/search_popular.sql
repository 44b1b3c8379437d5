                         -- The 10,000 most pulled, in this order, as far as somebody reads on.
                         SELECT id, name, last_component, title, description
                         FROM (SELECT * FROM repository WHERE deleted_at IS NULL
                               ORDER BY pulls DESC, updated DESC NULLS LAST, name LIMIT 10000) most
                         WHERE tag_count > 0
