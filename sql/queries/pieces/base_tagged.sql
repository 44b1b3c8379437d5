            -- The tags, now or in history, that show the image `whole.manifest_id`: its own, and those of indexes that hold
            -- it. Hidden ones (as tag.hidden says) name no base: few begin so, and only these are matched.
            SELECT m.id AS manifest_id, m.digest, CASE WHEN top.id <> m.id THEN t.digest END AS index, top.id AS top_id,
                   h.repository_id, r.name AS repository, h.tag, h.until_time IS NULL AS is_open
            FROM (SELECT id, digest FROM manifest WHERE id = whole.manifest_id OFFSET 0) m
            CROSS JOIN LATERAL (SELECT m.id
                                UNION ALL
                                SELECT index_id FROM index_image WHERE image_id = m.id) top
            CROSS JOIN LATERAL (SELECT digest FROM manifest WHERE id = top.id OFFSET 0) t
            CROSS JOIN LATERAL (SELECT repository_id, tag, until_time FROM tag_history
                                WHERE digest = t.digest OFFSET 0) h
            CROSS JOIN LATERAL (SELECT name FROM repository WHERE id = h.repository_id OFFSET 0) r
            WHERE CASE WHEN left(h.tag, 3) IN ('sha', '_de', 'del')
                       THEN h.tag !~ '^sha(256|512)-[0-9a-f]{64}(\.(sig|att|sbom))?$|^_deltaindex$|^deltas-[0-9a-f]{12}$'
                       ELSE true END
