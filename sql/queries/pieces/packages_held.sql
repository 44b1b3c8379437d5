-- `images`: a manifest and, of an index, the images under it. What they hold, each once.
held AS MATERIALIZED (
    SELECT DISTINCT i.package_id
    FROM images
    CROSS JOIN LATERAL (SELECT package_id FROM image_package WHERE image_id = images.id OFFSET 0) i
)
