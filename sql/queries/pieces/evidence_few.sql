    -- What is attached to the images of `few` (id, digest), in whatever repository: manifest_id, evidence; an image may have
    -- several rows. Looked up for each of them, while evidence_all.sql reads all that is attached to something.
    SELECT few.id AS manifest_id, s.evidence
    FROM few
    CROSS JOIN LATERAL (SELECT evidence FROM manifest WHERE subject = few.digest OFFSET 0) s
    WHERE s.evidence > 0
    UNION ALL
    SELECT few.id, s.evidence
    FROM few
    CROSS JOIN LATERAL (SELECT index_id FROM index_image WHERE image_id = few.id OFFSET 0) above
    CROSS JOIN LATERAL (SELECT child_id FROM manifest_child
                        WHERE parent_id = above.index_id AND is_attestation AND about = few.digest OFFSET 0) c
    CROSS JOIN LATERAL (SELECT evidence FROM manifest WHERE id = c.child_id OFFSET 0) s
    WHERE s.evidence > 0
    UNION ALL
    SELECT few.id, CASE suffix.text WHEN '.sig' THEN 1 WHEN '.sbom' THEN 2
                                    ELSE (SELECT evidence FROM manifest WHERE id = t.manifest_id) END
    FROM few
    CROSS JOIN (VALUES ('.sig'), ('.sbom'), ('.att')) AS suffix (text)
    CROSS JOIN LATERAL (SELECT manifest_id FROM tag
                        WHERE name = replace(digest_text(few.digest), ':', '-') || suffix.text AND hidden OFFSET 0) t
