-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/search for one package and nothing else, the best first: the repositories that hold it, the most popular
-- first, and then the images. $1 to $6 as in reader/api/paging.h:
-- $1 number of the cursor: bigint, NULL: from the end of the list
-- $2 its text: it has none           $3 rows on a page: bigint
-- $4 walk against the statement's own order: boolean
-- $5 the rows walked are to be shown in reverse: boolean    $6 count all rows: it is always done
-- $7 name: text; $8 NULL: text; $9 how versions are compared ("=", "<"; NULL: any): text, $10 with which: text
-- $11 the type of results: text, NULL: all
-- Columns: generation, place, found, has_more, number, text, body: see reader/api/rest_list.h.
--
-- How it is found depends on how many images hold it:
--   up to 1,000   all of them are looked at, and counted
--   up to 5,000   their repositories are looked at in their order, until the page has its results
--   more          the repositories are walked in their order, which an index has, at most 10,000 of them, and the
--                 latest 10 images of each are looked at; up to 20,000 images are known by then, others are looked up
-- Unless all were looked at, the total is what is kept of the package, and is told as one that is not exact.
WITH
-- include packages_wanted.sql
held AS MATERIALIZED (
    SELECT i.image_id
    FROM wanted w
    CROSS JOIN LATERAL (SELECT DISTINCT image_id FROM image_package WHERE package_id = w.id
                        ORDER BY image_id LIMIT 20001) i
    LIMIT 20001
),
pair AS MATERIALIZED (
    SELECT h.repository_id, h.manifest_id
    FROM (SELECT DISTINCT image_id FROM held WHERE (SELECT count(*) FROM held) <= 5000) i
    CROSS JOIN LATERAL (SELECT repository_id, manifest_id FROM repository_manifest
                        WHERE manifest_id = i.image_id AND unreadable IS NULL AND "references" > attests OFFSET 0) h
    LIMIT 5001
),
bounds AS MATERIALIZED (
    SELECT b.*, NOT is_wide AND pairs <= 1000 AS is_small,
           -- How many results the page needs: those before it, its own, and one that tells that there are more.
           CASE WHEN $4::boolean THEN coalesce($1::bigint, 10001) - 1
                ELSE coalesce($1::bigint, 0) + $3::bigint + 1 END AS enough
    FROM (SELECT images > 5000 OR pairs > 5000 AS is_wide, images > 20000 AS is_very_wide, pairs
          FROM (SELECT count(*) AS images FROM held) h CROSS JOIN (SELECT count(*) AS pairs FROM pair) p) b
    WHERE $2::text IS NULL OR $6::boolean IS NULL OR true -- their types: they have no effect
),
chosen AS MATERIALIZED (
    (SELECT r.id, p.images
     FROM (SELECT repository_id, array_agg(manifest_id) AS images FROM pair
           WHERE NOT (SELECT is_wide FROM bounds) GROUP BY repository_id) p
     CROSS JOIN LATERAL (SELECT id, name, pulls, updated FROM repository
                         WHERE id = p.repository_id AND deleted_at IS NULL OFFSET 0) r
     ORDER BY r.pulls DESC, r.updated DESC NULLS LAST, r.name)
    UNION ALL
    (SELECT id, NULL FROM repository
     WHERE (SELECT is_wide FROM bounds) AND deleted_at IS NULL
     ORDER BY pulls DESC, updated DESC NULLS LAST, name LIMIT 10000)
),
ranked AS MATERIALIZED (
    SELECT result.*, row_number() OVER () AS number
    FROM (
        (SELECT 'repository' AS type, c.id AS repository_id, NULL::bigint AS manifest_id,
                0.45 AS score, 'content' AS match
         FROM chosen c
         WHERE coalesce($11::text, 'repository') = 'repository'
           AND EXISTS (
-- include package_images.sql
                       ))
        UNION ALL
        (SELECT 'image', c.id, i.id, 0.37, 'package'
         FROM chosen c
         CROSS JOIN LATERAL (SELECT id
                             FROM (
-- include package_images.sql
                             ) shown
                             ORDER BY digest) i
         WHERE coalesce($11::text, 'image') = 'image')
        LIMIT (SELECT CASE WHEN is_small THEN 2001 ELSE enough END FROM bounds)
    ) result
),
counted AS MATERIALIZED (
    SELECT CASE WHEN is_cut THEN greatest(seen, (
                    SELECT sum(images) FROM package_version
                    WHERE id IN (SELECT version_id FROM package WHERE id IN (SELECT id FROM wanted))))
                ELSE seen END AS total,
           is_cut
    FROM (SELECT (SELECT count(*) FROM ranked) AS seen,
                 is_wide OR NOT is_small AND (SELECT count(*) FROM ranked) >= enough AS is_cut
          FROM bounds) c
),
-- include find_shown.sql
