-- SPDX-License-Identifier: Apache-2.0
-- The page /r/<name>/-/<tag or digest>.
-- $1 repository: text; $2 tag: text, or NULL and $3 its digest: text
-- $4 and $5 NULL: bigint, text; $6 rows of the tag's history, and of packages: bigint; $7 false, $8 true: boolean
-- $9 rows of what is built on it: bigint    $10 LIKE pattern of its packages' names: text, NULL: all
-- Columns: generation, as_of, last_scan, body: JSON, bytes: of the manifest, config: bytes of its configuration (both
-- NULL: not known). One row.
WITH document AS MATERIALIZED (
    SELECT (m.body || '}')::json AS body FROM (
-- include read_manifest.sql with $1 $2 $3
    ) m
)
SELECT s.generation,
-- include page_truth.sql
       json_build_object(
           'manifest', (SELECT body FROM document),
           -- How many of its layers are those of its base: NULL of an index.
           'base_layers', (SELECT part.depth
                           FROM (SELECT digest_bytes(body ->> 'digest') AS image,
                                        digest_bytes(body -> 'base' ->> 'digest') AS base FROM document) told
                           CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = told.image OFFSET 0) image
                           CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = told.base OFFSET 0) base
                           CROSS JOIN LATERAL (SELECT chain FROM image_chain
                                               WHERE manifest_id = base.id AND is_whole OFFSET 0) whole
                           CROSS JOIN LATERAL (SELECT depth FROM image_chain
                                               WHERE manifest_id = image.id AND chain = whole.chain OFFSET 0) part),
           -- What a pull of each platform of an index fetches, for as many as people look at.
           'weights', (SELECT json_agg(json_build_object('digest', digest_text(image.digest), 'size', total.bytes))
                       FROM (SELECT digest_bytes(body ->> 'digest') AS digest FROM document) told
                       CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = told.digest OFFSET 0) whole
                       CROSS JOIN LATERAL (SELECT image_id FROM index_image WHERE index_id = whole.id
                                           ORDER BY position LIMIT 50) i
                       CROSS JOIN LATERAL (SELECT digest FROM manifest WHERE id = i.image_id OFFSET 0) image
                       CROSS JOIN LATERAL (SELECT i.image_id AS manifest_id,
                                                  ARRAY(SELECT id FROM repository WHERE name = $1::text) AS repositories
                                           OFFSET 0) top
                       CROSS JOIN LATERAL (
-- include total_size.sql
                       ) total),
           -- Those of nested indexes, too.
           'platforms', (SELECT count(*)
                         FROM (SELECT digest_bytes(body ->> 'digest') AS digest FROM document) told
                         CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = told.digest OFFSET 0) whole
                         JOIN index_image i ON i.index_id = whole.id),
           'is_known', EXISTS (SELECT FROM repository WHERE name = $1::text AND deleted_at IS NULL),
           'was_there', EXISTS (SELECT FROM repository WHERE name = $1::text AND deleted_at IS NOT NULL),
           'nearest', (SELECT nearest.names
                       FROM (SELECT $1::text AS name
                             WHERE NOT EXISTS (SELECT FROM repository
                                               WHERE name = $1::text AND deleted_at IS NULL)) asked
                       CROSS JOIN LATERAL (
-- include page_nearest.sql
                       ) nearest (names)),
           'indexes', (SELECT json_agg(digest_text(i.digest))
                       FROM repository r
                       CROSS JOIN LATERAL (
                           SELECT coalesce((SELECT manifest_id FROM tag
                                            WHERE repository_id = r.id AND name = $2::text),
                                           (SELECT id FROM manifest WHERE digest = digest_bytes($3::text))) AS id
                       ) asked
                       CROSS JOIN LATERAL (
                           SELECT m.digest
                           FROM manifest_child c
                           JOIN manifest m ON m.id = c.parent_id
                           WHERE c.child_id = asked.id
                             AND EXISTS (SELECT FROM repository_manifest h
                                         WHERE h.repository_id = r.id AND h.manifest_id = c.parent_id OFFSET 0)
                           ORDER BY m.id DESC
                           LIMIT 20
                       ) i
                       WHERE r.name = $1::text AND r.deleted_at IS NULL),
           'derived', (
               WITH list AS MATERIALIZED (
-- include read_derived.sql with $4 $5 $9 $7 $7 $7 $1 $2 $3
               )
-- include page_rows.sql
           ),
           'packages', (
               WITH list AS MATERIALIZED (
-- include read_manifest_packages.sql with $4 $5 $6 $7 $7 $8 $1 $2 $3 $10
               )
-- include page_rows.sql
           ),
           'history', (
               WITH list AS MATERIALIZED (
-- include read_tag_history.sql with $4 $5 $6 $7 $7 $7 $1 $2
               )
-- include page_rows.sql
           )) AS body,
       (SELECT nullif(raw.bytes, '') FROM (
-- include read_manifest_raw.sql with $1 $2 $3
       ) raw) AS bytes,
       (SELECT c.raw
        FROM (SELECT digest_bytes(body ->> 'digest') AS digest FROM document) told
        CROSS JOIN LATERAL (SELECT config_id FROM manifest WHERE digest = told.digest OFFSET 0) m
        CROSS JOIN LATERAL (SELECT raw FROM config WHERE id = m.config_id OFFSET 0) c) AS config
FROM state s
