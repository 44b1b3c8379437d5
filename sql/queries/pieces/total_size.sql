        -- All that has to be fetched for a manifest, each blob once, with the largest of the sizes that are known.
        -- `top`: the manifest, and the repositories that may serve its parts; what is missing there cannot be
        -- fetched. Rows are looked up one by one: how many parts there are is not known to the planner.
        -- Gives bytes: numeric, NULL: not one size is known.
        WITH RECURSIVE part (id) AS (
            SELECT top.manifest_id
            UNION
            SELECT c.child_id
            FROM part
            CROSS JOIN LATERAL (SELECT child_id FROM manifest_child
                                WHERE parent_id = part.id OFFSET 0) c
            WHERE EXISTS (SELECT FROM repository_manifest h
                          WHERE h.manifest_id = c.child_id AND h.unreadable IS NULL
                            AND h.repository_id = ANY (top.repositories) OFFSET 0)
        ),
        used AS (
            SELECT max(descriptor.size) AS size
            FROM part
            CROSS JOIN LATERAL (SELECT blob_id, size FROM manifest_layer WHERE manifest_id = part.id
                                UNION ALL
                                SELECT config_id, config_size FROM manifest
                                WHERE id = part.id AND config_id IS NOT NULL
                                OFFSET 0) descriptor
            GROUP BY descriptor.blob_id
        )
        SELECT sum(piece.size) AS bytes
        FROM (SELECT (SELECT m.size FROM manifest m WHERE m.id = part.id) AS size FROM part
              UNION ALL
              SELECT size FROM used) piece
