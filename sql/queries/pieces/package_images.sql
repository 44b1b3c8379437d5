    -- Images of the repository `c.id` that hold what is `wanted` and that a tag there shows, or an index above them: of
    -- `c.images`, which hold it; NULL: of the repository's latest ones.
    SELECT i.id, m.digest
    FROM (SELECT unnest(c.images) AS id
          UNION ALL
          SELECT h.manifest_id
          FROM (SELECT manifest_id FROM repository_manifest
                WHERE c.images IS NULL AND repository_id = c.id AND unreadable IS NULL AND "references" > attests
                ORDER BY manifest_id DESC LIMIT 10) h
          WHERE CASE WHEN (SELECT is_very_wide FROM bounds)
                     THEN EXISTS (SELECT FROM image_package
                                  WHERE image_id = h.manifest_id AND package_id = ANY (ARRAY(SELECT id FROM wanted)))
                     ELSE h.manifest_id IN (SELECT image_id FROM held) END) i
    CROSS JOIN LATERAL (SELECT digest FROM manifest WHERE id = i.id AND kind = 'image' OFFSET 0) m
    WHERE EXISTS (SELECT FROM (SELECT i.id
                               UNION ALL
                               SELECT index_id FROM index_image WHERE image_id = i.id) top
                  CROSS JOIN LATERAL (SELECT FROM tag
                                      WHERE manifest_id = top.id AND repository_id = c.id AND NOT hidden OFFSET 0) g)
