    -- Everything that something is attached to, in whatever repository: digest, evidence; a manifest may have several
    -- rows, or none in the database, and indexes have none for what their images have. Bits: manifest.evidence.
    -- What is hidden and begins as a digest has 64 digits behind it: to match them again costs more than all the rest.
    SELECT s.subject AS digest, s.evidence
    FROM manifest s
    WHERE s.evidence > 0 AND s.subject IS NOT NULL
    UNION ALL
    SELECT coalesce(c.about, (SELECT digest FROM manifest WHERE id = c.parent_id)), s.evidence
    FROM manifest s
    CROSS JOIN LATERAL (SELECT parent_id, about FROM manifest_child WHERE child_id = s.id AND is_attestation OFFSET 0) c
    WHERE s.evidence > 0
    UNION ALL
    SELECT digest_bytes('sha256:' || substr(t.name, 8, 64)),
           CASE substr(t.name, 73) WHEN 'sig' THEN 1 WHEN 'sbom' THEN 2
                                   ELSE (SELECT evidence FROM manifest WHERE id = t.manifest_id) END
    FROM (SELECT name, manifest_id FROM tag
          WHERE name >= 'sha256-' AND name < 'sha256.' AND hidden AND right(name, -71) IN ('.sig', '.att', '.sbom')
          OFFSET 0) t
