-- SPDX-License-Identifier: Apache-2.0
-- The page /compare.
-- $1 repository: text; $2 tag: text, or NULL and $3 its digest: text; $4 to $6 the same of the other side
-- $7 packages that are the same, too: boolean; $8 rows of packages: bigint; $9 versions of one: bigint
-- Columns: generation, as_of, last_scan, body: JSON. One row.
WITH document AS MATERIALIZED (
    SELECT false AS is_b, (m.body || '}')::json AS body FROM (
-- include read_manifest.sql with $1 $2 $3
    ) m
    UNION ALL
    SELECT true, (m.body || '}')::json FROM (
-- include read_manifest.sql with $4 $5 $6
    ) m
),
-- Packages are compared only where SBOMs of both sides were read.
top AS MATERIALIZED (
    SELECT told.is_b, m.id
    FROM (SELECT is_b, digest_bytes(body ->> 'digest') AS digest FROM document
          WHERE (SELECT count(body -> 'packages' ->> 'total') FROM document) = 2) told
    CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = told.digest OFFSET 0) m
),
image AS MATERIALIZED (
    SELECT is_b, id FROM top
    UNION
    SELECT top.is_b, i.image_id
    FROM top CROSS JOIN LATERAL (SELECT image_id FROM index_image WHERE index_id = top.id OFFSET 0) i
),
held AS MATERIALIZED (
    SELECT p.version_id, bool_or(NOT image.is_b) AS is_in_a, bool_or(image.is_b) AS is_in_b
    FROM image
    CROSS JOIN LATERAL (SELECT package_id FROM image_package WHERE image_id = image.id OFFSET 0) i
    CROSS JOIN LATERAL (SELECT version_id FROM package WHERE id = i.package_id OFFSET 0) p
    GROUP BY p.version_id
),
-- The versions of a name in one side. Those that only this side has come first: where not all can be shown, they are.
version AS MATERIALIZED (
    SELECT side.is_b, v.name_id, v.version, v.version_key, held.version_id, held.is_in_a AND held.is_in_b AS is_in_both,
           row_number() OVER (PARTITION BY side.is_b, v.name_id
                              ORDER BY held.is_in_a AND held.is_in_b, v.version_key, held.version_id) AS place
    FROM held
    CROSS JOIN LATERAL (VALUES (false, held.is_in_a), (true, held.is_in_b)) side (is_b, has_it)
    CROSS JOIN LATERAL (SELECT name_id, version, version_key FROM package_version WHERE id = held.version_id OFFSET 0) v
    WHERE side.has_it
),
listed AS MATERIALIZED (
    SELECT name_id, bool_and(is_in_both) AS is_same,
           json_agg(nullif(version, '') ORDER BY version_key, version_id) FILTER (WHERE NOT is_b AND place <= $9::bigint) AS a,
           json_agg(nullif(version, '') ORDER BY version_key, version_id) FILTER (WHERE is_b AND place <= $9::bigint) AS b,
           count(*) FILTER (WHERE NOT is_b) AS all_a, count(*) FILTER (WHERE is_b) AS all_b
    FROM version
    GROUP BY name_id
),
shown AS (
    SELECT n.name, nullif(n.type, '') AS type, p.is_same, p.a, p.all_a, p.b, p.all_b
    FROM listed p
    CROSS JOIN LATERAL (SELECT name, type FROM package_name WHERE id = p.name_id OFFSET 0) n
    WHERE $7::boolean OR NOT p.is_same
    -- What differs is not cut for what does not.
    ORDER BY p.is_same, n.name, n.type
    LIMIT $8::bigint
)
SELECT s.generation,
-- include page_truth.sql
       json_build_object(
           'a', (SELECT body FROM document WHERE NOT is_b),
           'b', (SELECT body FROM document WHERE is_b),
           'packages', (SELECT json_build_object(
                                   'all', count(*), 'different', count(*) FILTER (WHERE NOT is_same),
                                   'rows', (SELECT json_agg(row_to_json(shown) ORDER BY name, type) FROM shown))
                        FROM listed),
           -- What the tag of the other side pointed to before: times without a digest, or with that of now, are passed over.
           'previous', (SELECT digest_text(h.digest) FROM tag_history h
                        WHERE h.repository_id = (SELECT id FROM repository WHERE name = $4::text)
                          AND h.tag = $5::text AND h.until_time IS NOT NULL AND h.digest IS NOT NULL
                          AND h.digest IS DISTINCT FROM
                              (SELECT digest_bytes(body ->> 'digest') FROM document WHERE is_b)
                        ORDER BY h.id DESC LIMIT 1)) AS body
FROM state s
