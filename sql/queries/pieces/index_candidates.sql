-- From `image`, images that were found, to `image_candidate`: tagged ones, and tagged indexes that hold them.
image_candidate AS MATERIALIZED (
    SELECT r.id AS repository_id, r.name, top.manifest_id
    FROM (SELECT manifest_id FROM image
          UNION
          SELECT ii.index_id
          FROM image
          CROSS JOIN LATERAL (SELECT index_id FROM index_image
                              WHERE image_id = image.manifest_id OFFSET 0) ii) top
    CROSS JOIN LATERAL (SELECT DISTINCT t.repository_id
                        FROM tag t
                        WHERE t.manifest_id = top.manifest_id AND NOT t.hidden) d
    CROSS JOIN LATERAL (SELECT * FROM repository WHERE id = d.repository_id OFFSET 0) r
    WHERE r.deleted_at IS NULL
),
