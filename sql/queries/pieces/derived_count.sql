    -- How many images that some tag shows are built on `top.manifest_id`, or on an image of it: the first 10,000.
    -- Gives images; no row: it has no layers on which something could be built.
    SELECT (SELECT count(*)
            FROM (SELECT DISTINCT p.manifest_id
                  FROM unnest(whole.chains) AS w (chain)
                  CROSS JOIN LATERAL (SELECT manifest_id FROM image_chain
                                      WHERE chain = w.chain AND NOT is_whole OFFSET 0) p
                  WHERE EXISTS (SELECT FROM repository_manifest
                                WHERE manifest_id = p.manifest_id AND unreadable IS NULL
                                  AND "references" > attests OFFSET 0)
                  LIMIT 10000) d) AS images
    FROM (SELECT array_agg(DISTINCT c.chain) AS chains
          FROM (SELECT top.manifest_id AS id
                UNION
                SELECT image_id FROM index_image WHERE index_id = top.manifest_id) image
          CROSS JOIN LATERAL (SELECT chain FROM image_chain WHERE manifest_id = image.id AND is_whole OFFSET 0) c) whole
    WHERE whole.chains IS NOT NULL
