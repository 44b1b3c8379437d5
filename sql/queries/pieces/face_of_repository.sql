    -- What stands for the repository `r`: where its latest tag points, else the tag updated last. Gives manifest_id.
    SELECT face.manifest_id
    FROM ((SELECT t.manifest_id, 0 AS rank FROM tag t WHERE t.repository_id = r.id AND t.name = 'latest')
          UNION ALL
          (SELECT t.manifest_id, 1 FROM tag t
           WHERE t.repository_id = r.id AND NOT t.hidden AND t.manifest_id IS NOT NULL
           ORDER BY t.updated DESC, t.name LIMIT 1)
          ORDER BY rank LIMIT 1) face
    WHERE face.manifest_id IS NOT NULL
