    -- What is told of the base of `image.id`, as JSON: `base`; NULL: nothing is known of it. What its annotations claim
    -- and the chain does not confirm is told as such; so is the only image that its provenance names.
    SELECT nullif(json_strip_nulls(row_to_json(b))::text, '{}')::json AS base
    FROM (SELECT nullif(max(a.value) FILTER (WHERE a.key = 'org.opencontainers.image.base.name'), '') AS name,
                 nullif(max(a.value) FILTER (WHERE a.key = 'org.opencontainers.image.base.digest'), '') AS digest
          FROM (SELECT key, value FROM annotation WHERE manifest_id = image.id OFFSET 0) a) said
    LEFT JOIN LATERAL (
-- include base_found.sql
    ) found ON true
    CROSS JOIN LATERAL (
        SELECT CASE WHEN said.digest IS NOT NULL THEN found.is_claimed_digest ELSE found.is_claimed_name END AS is_true
    ) claim
    -- "debian:12" of "pkg:docker/debian@12?platform=linux%2Famd64". What BuildKit itself runs is a material, too:
    -- its SBOM scanner and the frontend that reads a Dockerfile.
    LEFT JOIN LATERAL (
        SELECT min(replace(regexp_replace(
                       regexp_replace(m.uri, '^pkg:(docker|oci)/([^?@]+)(@([^?]*))?(\?.*)?$', '\2:\4'), ':$', ''), '%3A', ':'))
                   AS name,
               min(digest_text(m.digest)) AS digest
        FROM (SELECT image.id
              UNION ALL
              SELECT index_id FROM index_image WHERE image_id = image.id) top
        CROSS JOIN LATERAL (SELECT digest, uri FROM image_material
                            WHERE image_id = top.id AND uri ~ '^pkg:(docker|oci)/'
                              AND uri !~ '^pkg:docker/docker/(buildkit-syft-scanner|dockerfile|dockerfile-upstream)([@?]|$)'
                            OFFSET 0) m
        HAVING count(DISTINCT m.digest) = 1
    ) made ON found.is_material IS NOT TRUE AND coalesce(said.name, said.digest) IS NULL
    CROSS JOIN LATERAL (
        SELECT found.repository, found.tag, digest_text(found.digest) AS digest, digest_text(found.index) AS index,
               CASE WHEN found.repository IS NULL THEN NULL WHEN found.is_material THEN 'provenance'
                    WHEN claim.is_true THEN 'annotation' ELSE 'layers' END AS evidence,
               found.behind > 0 AS outdated, found.behind,
               CASE WHEN claim.is_true IS NOT TRUE AND coalesce(said.name, said.digest) IS NOT NULL
                    THEN row_to_json(said)
                    WHEN made.digest IS NOT NULL THEN row_to_json(made) END AS claimed
    ) b
