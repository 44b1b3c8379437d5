    -- The base of `top.manifest_id`, an image or an index: of an index that of linux/amd64, else of the first of its
    -- first images that has one. Gives base: JSON; no row: nothing is known of it.
    SELECT told.base
    FROM (SELECT top.manifest_id AS id, false AS is_other, 0 AS position
          WHERE NOT EXISTS (SELECT FROM index_image WHERE index_id = top.manifest_id)
          UNION ALL
          SELECT ii.image_id, (m.os = 'linux' AND m.architecture = 'amd64') IS NOT TRUE, ii.position
          FROM (SELECT image_id, position FROM index_image WHERE index_id = top.manifest_id
                ORDER BY position LIMIT 8) ii
          CROSS JOIN LATERAL (SELECT os, architecture FROM manifest WHERE id = ii.image_id OFFSET 0) m
          ORDER BY 2, 3) image
    CROSS JOIN LATERAL (
-- include base_object.sql
    ) told
    WHERE told.base IS NOT NULL
    ORDER BY image.is_other, image.position
    LIMIT 1
