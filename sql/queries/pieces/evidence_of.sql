    -- What is attached to `top.manifest_id`, an image or an index, in the repository `top.repository_id`: an index has
    -- what any of its images has, too. Gives signed, sbom, provenance. Bits: manifest.evidence.
    SELECT coalesce(bit_or(found.evidence) & 1 > 0, false) AS signed,
           coalesce(bit_or(found.evidence) & 2 > 0, false) AS sbom,
           coalesce(bit_or(found.evidence) & 4 > 0, false) AS provenance
    FROM (SELECT top.manifest_id AS id
          UNION
          SELECT image_id FROM index_image WHERE index_id = top.manifest_id) part
    CROSS JOIN LATERAL (SELECT digest FROM manifest WHERE id = part.id OFFSET 0) about
    CROSS JOIN LATERAL (
        -- Referrers, and attestations beside it in an index.
        SELECT s.evidence
        FROM (SELECT id, evidence FROM manifest WHERE subject = about.digest
              UNION ALL
              SELECT a.id, a.evidence
              FROM (SELECT top.manifest_id AS id
                    UNION
                    SELECT index_id FROM index_image WHERE image_id = part.id) above
              CROSS JOIN LATERAL (SELECT child_id, about FROM manifest_child
                                  WHERE parent_id = above.id AND is_attestation OFFSET 0) c
              CROSS JOIN LATERAL (SELECT id, evidence FROM manifest WHERE id = c.child_id OFFSET 0) a
              WHERE c.about = about.digest OR c.about IS NULL AND part.id = top.manifest_id) s
        WHERE s.evidence > 0
          AND EXISTS (SELECT FROM repository_manifest
                      WHERE repository_id = top.repository_id AND manifest_id = s.id AND unreadable IS NULL OFFSET 0)
        UNION ALL
        -- Cosign's tags: what an .att holds its manifest tells.
        SELECT CASE suffix.text WHEN '.sig' THEN 1 WHEN '.sbom' THEN 2
                                ELSE (SELECT evidence FROM manifest WHERE id = t.manifest_id) END
        FROM (VALUES ('.sig'), ('.sbom'), ('.att')) AS suffix (text)
        CROSS JOIN LATERAL (SELECT manifest_id FROM tag
                            WHERE repository_id = top.repository_id
                              AND name = replace(digest_text(about.digest), ':', '-') || suffix.text OFFSET 0) t
    ) found
