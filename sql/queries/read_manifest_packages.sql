-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>/-/manifests/<tag or digest>/-/packages: what the SBOMs of an image say, or of the images
-- of an index, by name and version.
-- $1 number of the cursor (the package) … $6: see reader/api/paging.h; $7 repository: text; $8 tag: text, or NULL and
-- $9 digest: text; $10 LIKE pattern of names, lower case: text, NULL: all.
-- Columns: generation, place, found, has_more, number, text, body (see reader/api/rest_list.h).
WITH top AS MATERIALIZED (
    -- A tag whose digest the registry does not tell is known, and shows nothing.
    SELECT h.manifest_id AS id
    FROM repository r
    LEFT JOIN tag t ON t.repository_id = r.id AND t.name = $8::text
    LEFT JOIN repository_manifest h
        ON h.repository_id = r.id
       AND h.manifest_id = coalesce(t.manifest_id, (SELECT m.id FROM manifest m WHERE m.digest = digest_bytes($9::text)))
    WHERE r.name = $7::text AND r.deleted_at IS NULL AND (t.name IS NOT NULL OR h.manifest_id IS NOT NULL)
),
images AS MATERIALIZED (
    SELECT id FROM top
    UNION
    SELECT i.image_id FROM top CROSS JOIN LATERAL (SELECT image_id FROM index_image WHERE index_id = top.id OFFSET 0) i
),
-- include packages_held.sql
, listed AS MATERIALIZED (
    SELECT p.id, n.name, v.version, v.version_key, n.type, p.purl
    FROM held
    CROSS JOIN LATERAL (SELECT * FROM package WHERE id = held.package_id OFFSET 0) p
    CROSS JOIN LATERAL (SELECT * FROM package_version WHERE id = p.version_id OFFSET 0) v
    CROSS JOIN LATERAL (SELECT * FROM package_name WHERE id = v.name_id OFFSET 0) n
    WHERE $10::text IS NULL OR lower(n.name) LIKE $10::text
),
cursor_row AS MATERIALIZED (
    -- The tag may have moved meanwhile to an image that lacks this package: the list goes on behind its name.
    SELECT n.name, v.version_key, p.id
    FROM package p
    CROSS JOIN LATERAL (SELECT * FROM package_version WHERE id = p.version_id OFFSET 0) v
    CROSS JOIN LATERAL (SELECT * FROM package_name WHERE id = v.name_id OFFSET 0) n
    WHERE p.id = $1::bigint AND ($2::text IS NULL OR true)
),
walked AS MATERIALIZED (
    (SELECT l.*, row_number() OVER (ORDER BY name, version_key, id) AS place FROM listed l
     WHERE NOT $4::boolean
       AND ($1::bigint IS NULL OR (name, version_key, id) > (SELECT name, version_key, id FROM cursor_row))
     ORDER BY name, version_key, id LIMIT $3::bigint + 1)
    UNION ALL
    (SELECT l.*, row_number() OVER (ORDER BY name DESC, version_key DESC, id DESC) FROM listed l
     WHERE $4::boolean
       AND ($1::bigint IS NULL OR (name, version_key, id) < (SELECT name, version_key, id FROM cursor_row))
     ORDER BY name DESC, version_key DESC, id DESC LIMIT $3::bigint + 1)
)
SELECT generation, NULL::bigint AS place, EXISTS (SELECT FROM top) AS found,
       (SELECT count(*) FROM walked) > $3::bigint AS has_more, NULL::bigint AS number, NULL::text AS text,
       '"total":' || CASE WHEN $6::boolean THEN (SELECT count(*) FROM listed) END AS body
FROM state
UNION ALL
SELECT (SELECT generation FROM state), CASE WHEN $5::boolean THEN -w.place ELSE w.place END, NULL, NULL, w.id, '',
       row_to_json(object)::text
FROM walked w
CROSS JOIN LATERAL (SELECT w.name, nullif(w.version, '') AS version, nullif(w.type, '') AS type,
                           nullif(w.purl, '') AS purl) object
WHERE w.place <= $3::bigint
ORDER BY place NULLS FIRST
