    -- How many images that some tag shows are built on `top.manifest_id`, or on an image of it: the first 1,000.
    -- Gives images, is_cut (there are more); no row: it has no layers on which something could be built.
    SELECT least(found.images, 1000) AS images, found.images > 1000 AS is_cut
    FROM (SELECT count(DISTINCT p.manifest_id) AS images, count(w.chain) AS chains
          FROM (SELECT DISTINCT c.chain
                FROM (SELECT top.manifest_id AS id
                      UNION
                      SELECT image_id FROM index_image WHERE index_id = top.manifest_id) image
                CROSS JOIN LATERAL (SELECT chain FROM image_chain
                                    WHERE manifest_id = image.id AND is_whole OFFSET 0) c) w
          LEFT JOIN LATERAL (SELECT manifest_id FROM image_chain c
                             WHERE c.chain = w.chain AND NOT c.is_whole
                               AND EXISTS (SELECT FROM repository_manifest
                                           WHERE manifest_id = c.manifest_id AND unreadable IS NULL
                                             AND "references" > attests OFFSET 0)
                             LIMIT 1001) p ON true) found
    WHERE found.chains > 0
