    -- Everything that something is attached to, in whatever repository: manifest_id, evidence; a manifest may have
    -- several rows, and indexes have none for what their images have. Bits: manifest.evidence.
    SELECT m.id AS manifest_id, s.evidence
    FROM manifest s
    CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = s.subject OFFSET 0) m
    WHERE s.evidence > 0
    UNION ALL
    SELECT m.id, s.evidence
    FROM manifest s
    CROSS JOIN LATERAL (SELECT parent_id, about FROM manifest_child WHERE child_id = s.id AND is_attestation OFFSET 0) c
    CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = c.about
                        UNION ALL
                        SELECT c.parent_id WHERE c.about IS NULL) m
    WHERE s.evidence > 0
    UNION ALL
    SELECT m.id, CASE split_part(t.name, '.', 2) WHEN 'sig' THEN 1 WHEN 'sbom' THEN 2
                                                 ELSE (SELECT evidence FROM manifest WHERE id = t.manifest_id) END
    FROM (SELECT name, manifest_id FROM tag
          WHERE name >= 'sha256-' AND name < 'sha256.' AND hidden AND name ~ '^sha256-[0-9a-f]{64}[.](sig|att|sbom)$'
          OFFSET 0) t
    CROSS JOIN LATERAL (SELECT id FROM manifest
                        WHERE digest = digest_bytes(replace(split_part(t.name, '.', 1), '-', ':')) OFFSET 0) m
