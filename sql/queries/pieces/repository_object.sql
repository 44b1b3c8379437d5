    -- What is said of a repository `r`; `official`: which names are, and whether to look for what is attached to its
    -- images and for their base, which costs more than all the rest.
    SELECT r.name, r.title, r.description,
           r.name LIKE ANY (official.patterns) AS official,
           r.tag_count AS tags, r.image_count AS images, r.artifact_count AS artifacts,
           (SELECT count(*) FROM repository_manifest h
            WHERE h.repository_id = r.id AND h."references" = 0) AS untagged,
           (SELECT count(*) FROM repository_manifest h
            WHERE h.repository_id = r.id AND h.unreadable IS NOT NULL) AS unreadable,
           r.size,
           ARRAY(SELECT p.platform FROM repository_platform p
                 WHERE p.repository_id = r.id ORDER BY p.platform) AS platforms,
           r.pulls,
           to_char(r.created AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created,
           to_char(r.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated,
           r.updated_source,
           evidence.signed, evidence.sbom, evidence.provenance, based.base
    FROM (SELECT r.id AS repository_id, CASE WHEN official.looks_inside THEN (
-- include face_of_repository.sql
          ) END AS manifest_id) top
    CROSS JOIN LATERAL (
-- include evidence_of.sql
    ) evidence
    LEFT JOIN LATERAL (
-- include base_of_manifest.sql
    ) based ON true
