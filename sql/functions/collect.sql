-- SPDX-License-Identifier: Apache-2.0
-- Garbage collection.

-- Does something in a repository need a manifest that it holds and to which no tag leads: an index there that lists it, a
-- subject that is there, a tag that was on it within the grace period?
CREATE OR REPLACE FUNCTION is_needed_untagged(p_repository bigint, p_manifest bigint, p_digest bytea, p_subject bytea,
                                   p_grace interval) RETURNS boolean
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM manifest_child c
                     JOIN repository_manifest p ON p.repository_id = p_repository AND p.manifest_id = c.parent_id
                    WHERE c.child_id = p_manifest)
        OR EXISTS (SELECT FROM manifest s
                     JOIN repository_manifest held ON held.repository_id = p_repository AND held.manifest_id = s.id
                    WHERE s.digest = p_subject)
        OR EXISTS (SELECT FROM tag_history
                    WHERE repository_id = p_repository AND digest = p_digest AND until_time > now() - p_grace);
END $$;

-- Has a repository something that could not be read, which may need what looks untagged, unless that may go itself?
CREATE OR REPLACE FUNCTION has_unread(p_repository bigint, p_grace interval) RETURNS boolean
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM repository_manifest u
                    WHERE u.repository_id = p_repository AND u.unreadable IS NOT NULL
                      AND u.unreadable <> 'missing in the registry'
                      AND (u."references" > 0 OR u.first_seen >= now() - p_grace
                           OR EXISTS (SELECT FROM tag_history t
                                       WHERE t.repository_id = p_repository
                                         AND t.digest = (SELECT digest FROM manifest WHERE id = u.manifest_id)
                                         AND t.until_time > now() - p_grace)));
END $$;

-- Manifests that a repository holds and nothing there needs, without a tag for the whole grace period: of those behind
-- p_after so many at most, in order.
CREATE OR REPLACE FUNCTION unneeded_manifests(p_repository bigint, p_after bigint, p_grace interval, p_limit bigint)
    RETURNS TABLE (id bigint, digest bytea)
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT h.manifest_id, m.digest
      FROM repository_manifest h
     CROSS JOIN LATERAL (SELECT manifest.digest, subject FROM manifest WHERE manifest.id = h.manifest_id OFFSET 0) AS m
     WHERE h.repository_id = p_repository AND h."references" = 0 AND h.manifest_id > p_after
       AND h.first_seen < now() - p_grace
       AND NOT is_needed_untagged(p_repository, h.manifest_id, m.digest, m.subject, p_grace)
     ORDER BY h.manifest_id LIMIT p_limit;
END $$;

-- Deletes manifests that no repository holds, no index lists and nothing that is held was built on, and what only they used: of those
-- behind p_after, so many at most. Returns how many went, and the last one that was looked at (NULL: there are no more). A row
-- that is needed again meanwhile makes a foreign key fail: try again.
CREATE OR REPLACE FUNCTION collect_manifests(p_after bigint, p_grace interval, p_limit bigint, OUT went bigint, OUT last bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    c_looked_at_max constant bigint := 5000;
    v_looked_at bigint := (SELECT max(id) FROM (SELECT id FROM manifest WHERE id > p_after ORDER BY id LIMIT c_looked_at_max) AS m);
    v_ids bigint[];
    v_blobs bigint[];
    v_is_visible boolean;
BEGIN
    -- Most are held. What costs more is asked about the others alone, and about no more of them than go.
    v_ids := ARRAY(SELECT m.id
                     FROM (SELECT id FROM manifest
                            WHERE id > p_after AND id <= v_looked_at AND first_seen < now() - p_grace
                              AND NOT EXISTS (SELECT FROM repository_manifest WHERE manifest_id = manifest.id OFFSET 0)
                            ORDER BY id OFFSET 0) AS m
                    WHERE NOT EXISTS (SELECT FROM manifest_child WHERE child_id = m.id OFFSET 0)
                      AND NOT is_base(m.id)
                    ORDER BY m.id LIMIT p_limit);
    went := cardinality(v_ids);
    last := CASE WHEN went = p_limit THEN v_ids[went] ELSE v_looked_at END;
    IF went = 0 THEN
        RETURN;
    END IF;
    v_blobs := ARRAY(SELECT blob_id FROM manifest_layer WHERE manifest_id = ANY (v_ids)
                      UNION
                     SELECT config_id FROM manifest WHERE id = ANY (v_ids) AND config_id IS NOT NULL);
    v_is_visible := forget_sboms_of(v_ids);
    DELETE FROM manifest WHERE id = ANY (v_ids);
    DELETE FROM config c
     WHERE c.id = ANY (v_blobs) AND NOT EXISTS (SELECT FROM manifest m WHERE m.config_id = c.id);
    DELETE FROM blob b
     WHERE b.id = ANY (v_blobs) AND NOT EXISTS (SELECT FROM manifest_layer l WHERE l.blob_id = b.id)
       AND NOT EXISTS (SELECT FROM config c WHERE c.id = b.id);
    -- Last: an apply that begins to hold one of these manifests waits for its row, and others wait for the row of state.
    IF v_is_visible THEN
        PERFORM publish((SELECT term FROM state), NULL);
    END IF;
END $$;
