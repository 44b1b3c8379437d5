-- Packages by their name or their URL, and by version. A URL without a version stands for all its versions.
named AS MATERIALIZED (
    SELECT v.id AS version_id, v.version, v.version_key, n.name, n.type, NULL::bigint AS package_id
    FROM package_name n
    CROSS JOIN LATERAL (SELECT * FROM package_version WHERE name_id = n.id OFFSET 0) v
    WHERE n.name = $7::text
    UNION ALL
    SELECT v.id, v.version, v.version_key, n.name, n.type, p.id
    FROM (SELECT id, version_id FROM package WHERE purl <> '' AND purl = $8::text
          UNION
          SELECT id, version_id FROM package
          WHERE purl <> '' AND purl >= $8::text || '@' AND purl < $8::text || 'A') p
    CROSS JOIN LATERAL (SELECT * FROM package_version WHERE id = p.version_id OFFSET 0) v
    CROSS JOIN LATERAL (SELECT * FROM package_name WHERE id = v.name_id OFFSET 0) n
),
wanted AS MATERIALIZED (
    SELECT p.id, p.purl, n.version, n.version_key, n.name, n.type
    FROM named n
    CROSS JOIN LATERAL (SELECT id, purl FROM package
                        WHERE version_id = n.version_id AND (n.package_id IS NULL OR id = n.package_id) OFFSET 0) p
    WHERE CASE $9::text
              WHEN '=' THEN n.version = $10::text
              WHEN '<' THEN n.version <> '' AND n.version_key < (SELECT version_key($10::text))
              WHEN '<=' THEN n.version <> '' AND n.version_key <= (SELECT version_key($10::text))
              WHEN '>' THEN n.version <> '' AND n.version_key > (SELECT version_key($10::text))
              WHEN '>=' THEN n.version <> '' AND n.version_key >= (SELECT version_key($10::text))
              ELSE true END
),
