-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/packages/images: live images that hold a package, the lowest version first.
-- $1 number of the cursor (the image) and $2 its text (package and repository) … $6: see reader/api/paging.h;
-- $7 name: text, or NULL and $8 package URL: text; $9 how versions are compared ("=", "<" …; NULL: any): text,
-- $10 with which: text.
-- Columns: generation, place, found, has_more, number, text, body (see reader/api/rest_list.h). A row is an image in
-- a repository and one of the packages that were asked for.
WITH
-- include packages_wanted.sql
cursor_row AS MATERIALIZED (
    SELECT w.version_key, w.id, $1::bigint AS image_id, split_part($2::text, '.', 2)::bigint AS repository_id
    FROM wanted w
    WHERE $2::text ~ '^[0-9]{1,18}\.[0-9]{1,18}$' AND w.id = split_part($2::text, '.', 1)::bigint
),
-- The packages in order, and of each as many images as are shown at most.
walked AS MATERIALIZED (
    SELECT w.*, row_number() OVER () AS place
    FROM (
        (SELECT p.id, p.version_key, x.image_id, x.repository_id
         FROM (SELECT w.id, w.version_key, c.image_id, c.repository_id
               FROM wanted w LEFT JOIN cursor_row c ON c.id = w.id
               WHERE NOT $4::boolean
                 AND ($2::text IS NULL OR (w.version_key, w.id) >= (SELECT version_key, id FROM cursor_row))
               ORDER BY w.version_key, w.id) p
         CROSS JOIN LATERAL (
             SELECT i.image_id, h.repository_id
             FROM (SELECT DISTINCT image_id FROM image_package
                   WHERE package_id = p.id AND image_id >= coalesce(p.image_id, 0) ORDER BY image_id) i
             CROSS JOIN LATERAL (SELECT repository_id FROM repository_manifest
                                 WHERE manifest_id = i.image_id AND "references" > attests AND unreadable IS NULL
                                 ORDER BY repository_id) h
             WHERE p.image_id IS NULL OR (i.image_id, h.repository_id) > (p.image_id, p.repository_id)
             ORDER BY i.image_id, h.repository_id
             LIMIT $3::bigint + 1) x
         ORDER BY p.version_key, p.id, x.image_id, x.repository_id
         LIMIT $3::bigint + 1)
        UNION ALL
        (SELECT p.id, p.version_key, x.image_id, x.repository_id
         FROM (SELECT w.id, w.version_key, c.image_id, c.repository_id
               FROM wanted w LEFT JOIN cursor_row c ON c.id = w.id
               WHERE $4::boolean
                 AND ($2::text IS NULL OR (w.version_key, w.id) <= (SELECT version_key, id FROM cursor_row))
               ORDER BY w.version_key DESC, w.id DESC) p
         CROSS JOIN LATERAL (
             SELECT i.image_id, h.repository_id
             FROM (SELECT DISTINCT image_id FROM image_package
                   WHERE package_id = p.id AND image_id <= coalesce(p.image_id, 9223372036854775807)
                   ORDER BY image_id DESC) i
             CROSS JOIN LATERAL (SELECT repository_id FROM repository_manifest
                                 WHERE manifest_id = i.image_id AND "references" > attests AND unreadable IS NULL
                                 ORDER BY repository_id) h
             WHERE p.image_id IS NULL OR (i.image_id, h.repository_id) < (p.image_id, p.repository_id)
             ORDER BY i.image_id DESC, h.repository_id DESC
             LIMIT $3::bigint + 1) x
         ORDER BY p.version_key DESC, p.id DESC, x.image_id DESC, x.repository_id DESC
         LIMIT $3::bigint + 1)
    ) w
)
SELECT generation, NULL::bigint AS place, true AS found, (SELECT count(*) FROM walked) > $3::bigint AS has_more,
       NULL::bigint AS number, NULL::text AS text,
       '"total":' || CASE WHEN $6::boolean THEN (
           SELECT count(*)
           FROM wanted w
           CROSS JOIN LATERAL (SELECT DISTINCT image_id FROM image_package WHERE package_id = w.id) i
           CROSS JOIN LATERAL (SELECT FROM repository_manifest
                               WHERE manifest_id = i.image_id AND "references" > attests
                                 AND unreadable IS NULL OFFSET 0) h) END AS body
FROM state
UNION ALL
SELECT (SELECT generation FROM state), CASE WHEN $5::boolean THEN -w.place ELSE w.place END, NULL, NULL, w.image_id,
       w.id || '.' || w.repository_id, row_to_json(object)::text
FROM walked w
CROSS JOIN LATERAL (SELECT * FROM manifest WHERE id = w.image_id OFFSET 0) m
CROSS JOIN LATERAL (SELECT variants FROM repository_manifest
                    WHERE repository_id = w.repository_id AND manifest_id = w.image_id OFFSET 0) h
CROSS JOIN LATERAL (
    SELECT (SELECT name FROM repository WHERE id = w.repository_id) AS repository, digest_text(m.digest) AS digest,
           ARRAY(SELECT g.name
                 FROM (SELECT w.image_id AS id
                       UNION
                       SELECT i.index_id FROM index_image i WHERE i.image_id = w.image_id) top
                 CROSS JOIN LATERAL (SELECT name FROM tag
                                     WHERE manifest_id = top.id AND repository_id = w.repository_id
                                       AND NOT hidden OFFSET 0) g
                 ORDER BY g.name) AS tags,
-- include platform_of_image.sql
               AS platform,
           (SELECT row_to_json(k) FROM (SELECT p.name, nullif(p.version, '') AS version, nullif(p.type, '') AS type,
                                               nullif(p.purl, '') AS purl
                                        FROM wanted p WHERE p.id = w.id) k) AS package
) object
WHERE w.place <= $3::bigint
ORDER BY place NULLS FIRST
