    -- The packages of `c`, a manifest, for its answer. NULL where no SBOM was read.
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
            SELECT coalesce(nullif(n.type, ''), 'unknown') AS type, count(*) AS packages
            FROM held
            CROSS JOIN LATERAL (SELECT version_id FROM package WHERE id = held.package_id OFFSET 0) p
            CROSS JOIN LATERAL (SELECT name_id FROM package_version WHERE id = p.version_id OFFSET 0) v
            CROSS JOIN LATERAL (SELECT type FROM package_name WHERE id = v.name_id OFFSET 0) n
            WHERE (SELECT place FROM source) IS NOT NULL
            GROUP BY 1
        )
        SELECT CASE WHEN c.kind IN ('image', 'index') THEN ',"packages":' || coalesce((
            SELECT row_to_json(p)::text
            FROM (SELECT (SELECT coalesce(sum(packages), 0) FROM typed) AS total,
                         (SELECT coalesce(json_object_agg(type, packages ORDER BY packages DESC, type), '{}')
                          FROM typed) AS by_type,
                         (ARRAY['attestation', 'referrer', 'tag'])[place] AS source
                  FROM source WHERE place IS NOT NULL) p), 'null') ELSE '' END AS members
    ) package
