        -- What is attached to each of `few`, images, in whatever repository: digest, evidence; an image may have several
        -- rows, or none. Bits: manifest.evidence. As of evidence_all.sql, but for what indexes list that hold none of them.
        SELECT s.subject AS digest, s.evidence
        FROM (SELECT subject, evidence FROM manifest WHERE subject = ANY (ARRAY(SELECT digest FROM few)) OFFSET 0) s
        WHERE s.evidence > 0
        UNION ALL
        SELECT c.about, a.evidence
        FROM (SELECT child_id, about FROM manifest_child
              WHERE parent_id = ANY (ARRAY(SELECT index_id FROM index_image WHERE image_id = ANY (ARRAY(SELECT id FROM few))))
                AND is_attestation OFFSET 0) c
        CROSS JOIN LATERAL (SELECT evidence FROM manifest WHERE id = c.child_id OFFSET 0) a
        WHERE c.about = ANY (ARRAY(SELECT digest FROM few)) AND a.evidence > 0
        UNION ALL
        SELECT digest_bytes('sha256:' || substr(t.name, 8, 64)),
               CASE substr(t.name, 73) WHEN 'sig' THEN 1 WHEN 'sbom' THEN 2
                                       ELSE (SELECT evidence FROM manifest WHERE id = t.manifest_id) END
        FROM tag t
        WHERE t.name = ANY (ARRAY(SELECT 'sha256-' || encode(substr(few.digest, 2), 'hex') || suffix.text
                                  FROM few CROSS JOIN (VALUES ('.sig'), ('.sbom'), ('.att')) suffix (text)
                                  WHERE get_byte(few.digest, 0) = 1))
