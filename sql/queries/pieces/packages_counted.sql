    -- The packages of `c`, a manifest, for its answer. NULL where no SBOM was read. Documents that were refused are told
    -- beside them, 20 of them.
    CROSS JOIN LATERAL (
        WITH images AS (
            SELECT c.id UNION SELECT i.image_id FROM index_image i WHERE i.index_id = c.id
        ), source AS MATERIALIZED (
            SELECT min(array_position(ARRAY['attestation', 'referrer', 'tag'], s.kind)) AS place
            FROM images
            CROSS JOIN LATERAL (SELECT manifest_id, about, state, is_provenance FROM sbom WHERE image_id = images.id OFFSET 0) b
            CROSS JOIN LATERAL (SELECT kind FROM sbom_source
                                WHERE manifest_id = b.manifest_id AND about = b.about OFFSET 0) s
            WHERE b.state = 'done' AND NOT b.is_provenance
        ),
-- include packages_held.sql
        , typed AS MATERIALIZED (
            -- A package's type is that of its URL: so one table is read for it rather than three.
            SELECT CASE WHEN octet_length(u.type) BETWEEN 1 AND 64 THEN u.type ELSE 'unknown' END AS type,
                   count(*) AS packages
            FROM held
            CROSS JOIN LATERAL (SELECT purl FROM package WHERE id = held.package_id OFFSET 0) p
            CROSS JOIN LATERAL (
                SELECT CASE WHEN starts_with(p.purl, 'pkg:')
                            THEN lower(split_part(ltrim(substr(p.purl, 5), '/'), '/', 1) COLLATE "C") END AS type
                OFFSET 0) u
            WHERE (SELECT place FROM source) IS NOT NULL
            GROUP BY 1
        )
        SELECT CASE WHEN c.kind IN ('image', 'index') THEN ',"packages":' || coalesce((
            SELECT row_to_json(p)::text
            FROM (SELECT (SELECT coalesce(sum(packages), 0) FROM typed) AS total,
                         (SELECT coalesce(json_object_agg(type, packages ORDER BY packages DESC, type), '{}')
                          FROM typed) AS by_type,
                         (ARRAY['attestation', 'referrer', 'tag'])[place] AS source
                  FROM source WHERE place IS NOT NULL) p), 'null')
                   || coalesce(',"refused_documents":' || refused.list::text, '') ELSE '' END AS members
        FROM (SELECT json_agg(row_to_json(r)) AS list
              FROM (SELECT digest_text(s.digest) AS manifest, digest_text(b.document) AS document, b.state, b.reason
                    FROM images
                    CROSS JOIN LATERAL (SELECT manifest_id, document, state, reason FROM sbom
                                        WHERE image_id = images.id AND state <> 'done' OFFSET 0) b
                    CROSS JOIN LATERAL (SELECT digest FROM manifest WHERE id = b.manifest_id OFFSET 0) s
                    ORDER BY s.digest, b.document LIMIT 20) r) refused
    ) package
