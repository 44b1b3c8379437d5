-- SPDX-License-Identifier: Apache-2.0
-- What Flatpak's refs are held by.

-- How many refs the tag latest of more than one repository offers: Flatpak would install either. Looks at 20,000
-- images with a ref at most; of more it tells of the first.
CREATE OR REPLACE FUNCTION doubled_flatpak_refs() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT count(*)
      FROM (SELECT l.value
              FROM (SELECT manifest_id, value
                      FROM label
                     WHERE left(key, 200) = 'org.flatpak.ref' AND key = 'org.flatpak.ref'
                     LIMIT 20000) l
             CROSS JOIN LATERAL (SELECT l.manifest_id AS id
                                  UNION ALL
                                 SELECT index_id FROM index_image WHERE image_id = l.manifest_id OFFSET 0) top
             CROSS JOIN LATERAL (SELECT repository_id
                                   FROM tag
                                  WHERE manifest_id = top.id AND name = 'latest' OFFSET 0) t
             CROSS JOIN LATERAL (SELECT
                                   FROM repository_manifest h
                                   JOIN repository r ON r.id = h.repository_id AND r.deleted_at IS NULL
                                  WHERE h.repository_id = t.repository_id AND h.manifest_id = l.manifest_id
                                    AND h.unreadable IS NULL OFFSET 0) held
             GROUP BY l.value
            HAVING count(DISTINCT t.repository_id) > 1) doubled
$$;
