-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>/-/manifests/<reference>/-/derived: images that are built on an image, or on an image of
-- an index, in every repository where a tag shows them; the newest to be known first.
-- $1 number and $2 text of the cursor: bigint, text; NULL: from the end of the list
-- $3 rows on a page: bigint    $4 walk against the statement's own order: boolean
-- $5 the rows walked are to be shown in reverse: boolean    $6 count all rows: boolean
-- $7 repository: text    $8 tag: text, or NULL and $9 its digest: text
-- Columns: generation, place, found, has_more, number, text, body: see reader/api/rest_list.h.
--
-- Of each chain as many images are read as a page shows, in the order of the index: one more than rows that are looked
-- for, because that of the cursor may have no more of them.
WITH
asked AS MATERIALIZED (
    SELECT h.manifest_id AS id
    FROM repository r
    LEFT JOIN tag t ON t.repository_id = r.id AND t.name = $8::text
    JOIN repository_manifest h ON h.repository_id = r.id
                              AND h.manifest_id = coalesce(t.manifest_id, (SELECT m.id FROM manifest m
                                                                           WHERE m.digest = digest_bytes($9::text)))
    WHERE r.name = $7::text AND r.deleted_at IS NULL
),
whole AS MATERIALIZED (
    SELECT DISTINCT w.chain
    FROM (SELECT id FROM asked
          UNION
          SELECT image_id FROM asked CROSS JOIN LATERAL (SELECT image_id FROM index_image
                                                         WHERE index_id = asked.id OFFSET 0) i) image
    CROSS JOIN LATERAL (SELECT chain FROM image_chain WHERE manifest_id = image.id AND is_whole OFFSET 0) w
),
ahead AS MATERIALIZED (
    SELECT DISTINCT d.*
    FROM whole
    CROSS JOIN LATERAL (
        SELECT p.manifest_id AS number, r.name, h.repository_id
        FROM (SELECT manifest_id FROM image_chain c
              WHERE NOT $4::boolean AND c.chain = whole.chain AND NOT c.is_whole
                AND c.manifest_id <= coalesce($1::bigint, 9223372036854775807)
                AND EXISTS (SELECT FROM repository_manifest
                            WHERE manifest_id = c.manifest_id AND unreadable IS NULL AND "references" > attests OFFSET 0)
              ORDER BY c.manifest_id DESC LIMIT $3::bigint + 2) p
        CROSS JOIN LATERAL (SELECT repository_id FROM repository_manifest
                            WHERE manifest_id = p.manifest_id AND unreadable IS NULL AND "references" > attests
                            OFFSET 0) h
        CROSS JOIN LATERAL (SELECT name FROM repository WHERE id = h.repository_id OFFSET 0) r
        WHERE $1::bigint IS NULL OR p.manifest_id < $1::bigint OR r.name > $2::text
        ORDER BY p.manifest_id DESC, r.name
        LIMIT $3::bigint + 1
    ) d
),
behind AS MATERIALIZED (
    SELECT DISTINCT d.*
    FROM whole
    CROSS JOIN LATERAL (
        SELECT p.manifest_id AS number, r.name, h.repository_id
        FROM (SELECT manifest_id FROM image_chain c
              WHERE $4::boolean AND c.chain = whole.chain AND NOT c.is_whole
                AND c.manifest_id >= coalesce($1::bigint, 0)
                AND EXISTS (SELECT FROM repository_manifest
                            WHERE manifest_id = c.manifest_id AND unreadable IS NULL AND "references" > attests OFFSET 0)
              ORDER BY c.manifest_id LIMIT $3::bigint + 2) p
        CROSS JOIN LATERAL (SELECT repository_id FROM repository_manifest
                            WHERE manifest_id = p.manifest_id AND unreadable IS NULL AND "references" > attests
                            OFFSET 0) h
        CROSS JOIN LATERAL (SELECT name FROM repository WHERE id = h.repository_id OFFSET 0) r
        WHERE $1::bigint IS NULL OR p.manifest_id > $1::bigint OR r.name < $2::text
        ORDER BY p.manifest_id, r.name DESC
        LIMIT $3::bigint + 1
    ) d
),
walked AS MATERIALIZED (
    (SELECT ahead.*, row_number() OVER (ORDER BY number DESC, name) AS place FROM ahead
     ORDER BY number DESC, name LIMIT $3::bigint + 1)
    UNION ALL
    (SELECT behind.*, row_number() OVER (ORDER BY number, name DESC) FROM behind
     ORDER BY number, name DESC LIMIT $3::bigint + 1)
)
SELECT generation, NULL::bigint AS place, EXISTS (SELECT FROM asked) AS found,
       (SELECT count(*) FROM walked) > $3::bigint AS has_more, NULL::bigint AS number, NULL::text AS text,
       '"total":' || CASE WHEN $6::boolean THEN (
           SELECT count(DISTINCT (p.manifest_id, h.repository_id))
           FROM whole
           CROSS JOIN LATERAL (SELECT manifest_id FROM image_chain WHERE chain = whole.chain AND NOT is_whole OFFSET 0) p
           CROSS JOIN LATERAL (SELECT repository_id FROM repository_manifest
                               WHERE manifest_id = p.manifest_id AND unreadable IS NULL AND "references" > attests
                               OFFSET 0) h) END AS body
FROM state
UNION ALL
SELECT (SELECT generation FROM state), CASE WHEN $5::boolean THEN -w.place ELSE w.place END, NULL, NULL, w.number,
       w.name, json_strip_nulls(row_to_json(object))::text
FROM walked w
CROSS JOIN LATERAL (SELECT digest, os, architecture, variant FROM manifest WHERE id = w.number OFFSET 0) m
CROSS JOIN LATERAL (SELECT first_seen, variants FROM repository_manifest
                    WHERE repository_id = w.repository_id AND manifest_id = w.number OFFSET 0) h
CROSS JOIN LATERAL (
    SELECT array_agg(g.name ORDER BY g.name) AS names, max(g.updated) AS updated
    FROM (SELECT w.number AS id
          UNION
          SELECT index_id FROM index_image WHERE image_id = w.number) top
    CROSS JOIN LATERAL (SELECT name, updated FROM tag
                        WHERE manifest_id = top.id AND repository_id = w.repository_id AND NOT hidden OFFSET 0) g
) tagged
CROSS JOIN LATERAL (
    SELECT w.name AS repository, digest_text(m.digest) AS digest, coalesce(tagged.names, '{}') AS tags,
           nullif(concat_ws('/', nullif(m.os, ''), nullif(m.architecture, ''),
                            coalesce(nullif(m.variant, ''), h.variants[1])), '') AS platform,
           to_char(coalesce(tagged.updated, h.first_seen) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated
) object
WHERE w.place <= $3::bigint
ORDER BY place NULLS FIRST
