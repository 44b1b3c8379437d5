-- SPDX-License-Identifier: Apache-2.0
-- What a repository holds, and what can be read there.

-- Manifests that the repository did not hold until now: begin with the references that live indexes
-- here give them already. Returns what is new.
CREATE OR REPLACE FUNCTION hold_new_manifests(p_repository bigint, p_manifests bigint[], p_reasons text[])
    RETURNS bigint[]
    LANGUAGE plpgsql AS $$
DECLARE
    v_new bigint[];
    v_ids bigint[];
    v_deltas integer[];
    v_attests integer[];
BEGIN
    WITH added AS (
        INSERT INTO repository_manifest (repository_id, manifest_id, unreadable, unreadable_since)
        SELECT p_repository, n.id, n.reason, CASE WHEN n.reason IS NOT NULL THEN now() END
          FROM unnest(p_manifests, p_reasons) AS n (id, reason)
         WHERE NOT EXISTS (SELECT FROM repository_manifest h
                            WHERE h.repository_id = p_repository AND h.manifest_id = n.id OFFSET 0)
         ORDER BY n.id
        RETURNING manifest_id, unreadable
    )
    SELECT array_agg(manifest_id), array_agg(CASE WHEN unreadable IS NULL THEN 1 ELSE 0 END)
      INTO v_new, v_deltas FROM added;
    IF v_new IS NULL THEN
        RETURN '{}';
    END IF;
    PERFORM note_manifests('h', v_new, array_fill(1, ARRAY[cardinality(v_new)]));
    PERFORM count_artifacts(p_repository, v_new, v_deltas);
    PERFORM measure_tags(p_repository, v_new);
    SELECT array_agg(child_id), array_agg(parents), array_agg(attests) INTO v_ids, v_deltas, v_attests
      FROM (SELECT n.id AS child_id, count(*)::integer AS parents,
                   (count(*) FILTER (WHERE c.only_attests))::integer AS attests
              FROM unnest(v_new) AS n (id)
             CROSS JOIN LATERAL (SELECT parent_id, bool_and(is_attestation) AS only_attests
                                   FROM manifest_child
                                  WHERE child_id = n.id GROUP BY parent_id) AS c
             WHERE EXISTS (SELECT FROM repository_manifest p
                            WHERE p.repository_id = p_repository AND p.manifest_id = c.parent_id
                              AND p."references" > 0 AND p.unreadable IS NULL OFFSET 0)
             GROUP BY n.id) AS child;
    PERFORM adjust_references(p_repository, v_ids, v_deltas, v_attests);
    RETURN v_new;
END $$;

-- Manifests that are held: whether they can be read. Returns how many changed.
CREATE OR REPLACE FUNCTION set_readable(p_repository bigint, p_manifests bigint[], p_reasons text[])
    RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    v_ids bigint[];
    v_signs integer[];
    v_live bigint[];
    v_live_signs integer[];
    v_shown bigint[];
    v_shown_signs integer[];
    v_deltas integer[];
    v_attests integer[];
    v_changed bigint;
BEGIN
    SELECT array_agg(id), array_agg(sign),
           array_agg(id) FILTER (WHERE "references" > 0), array_agg(sign) FILTER (WHERE "references" > 0),
           array_agg(id) FILTER (WHERE "references" > attests),
           array_agg(sign) FILTER (WHERE "references" > attests)
      INTO v_ids, v_signs, v_live, v_live_signs, v_shown, v_shown_signs
      FROM (SELECT n.id, h."references", h.attests, CASE WHEN n.reason IS NULL THEN 1 ELSE -1 END AS sign
              FROM unnest(p_manifests, p_reasons) AS n (id, reason)
             CROSS JOIN LATERAL (SELECT "references", attests, unreadable FROM repository_manifest
                                  WHERE repository_id = p_repository AND manifest_id = n.id OFFSET 0) AS h
             WHERE (h.unreadable IS NULL) <> (n.reason IS NULL)) AS flip;
    UPDATE repository_manifest h
       SET unreadable = n.reason,
           unreadable_since = CASE WHEN n.reason IS NOT NULL THEN coalesce(h.unreadable_since, now()) END
      FROM (SELECT x.ctid, w.reason
              FROM unnest(p_manifests, p_reasons) AS w (id, reason)
             CROSS JOIN LATERAL (SELECT ctid, unreadable FROM repository_manifest
                                  WHERE repository_id = p_repository AND manifest_id = w.id OFFSET 0) AS x
             WHERE x.unreadable IS DISTINCT FROM w.reason) AS n
     WHERE h.ctid = n.ctid;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    IF v_ids IS NOT NULL THEN
        PERFORM count_artifacts(p_repository, v_ids, v_signs);
        PERFORM measure_tags(p_repository, v_ids);
    END IF;
    IF v_live IS NOT NULL THEN
        SELECT ids, deltas, attests INTO v_ids, v_deltas, v_attests
          FROM flip_manifests(p_repository, v_live, v_live_signs, v_shown, v_shown_signs);
        PERFORM adjust_references(p_repository, v_ids, v_deltas, v_attests);
    END IF;
    RETURN v_changed;
END $$;

-- Indexes of the repository above these that turn out to be nested too deeply.
CREATE OR REPLACE FUNCTION too_deep_above(p_repository bigint, p_indexes bigint[]) RETURNS bigint[]
    LANGUAGE plpgsql AS $$
BEGIN
    RETURN ARRAY(
        WITH RECURSIVE above (id, level) AS (
            SELECT id, 0 FROM unnest(p_indexes) AS m (id)
             UNION
            SELECT c.parent_id, a.level + 1
              FROM above a
             CROSS JOIN LATERAL (SELECT parent_id FROM manifest_child
                                  WHERE child_id = a.id OFFSET 0) AS c
             WHERE a.level < nesting_max())
        SELECT DISTINCT a.id FROM above a
         WHERE a.level > 0
           AND EXISTS (SELECT FROM manifest WHERE id = a.id AND nesting >= nesting_max() OFFSET 0)
           AND EXISTS (SELECT FROM repository_manifest
                        WHERE repository_id = p_repository AND manifest_id = a.id
                          AND unreadable IS NULL OFFSET 0));
END $$;

-- The repository holds these digests; a reason: they cannot be read there. The first of equal digests
-- counts. What can be read must be stored, else the caller has to look again (MS002). An index that is
-- nested too deeply cannot be read, nor one above it.
CREATE OR REPLACE FUNCTION hold_manifests(p_repository bigint, p_digests bytea[], p_reasons text[],
                               OUT new_ids bigint[], OUT changed bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    c_too_deep constant text := 'indexes nested too deeply';
    v_ids bigint[];
    v_reasons text[];
    v_indexes bigint[];
    v_above bigint[];
    v_missing bytea;
BEGIN
    new_ids := '{}';
    changed := 0;
    IF p_digests = '{}' THEN
        RETURN;
    END IF;
    PERFORM add_manifest_stubs(p_digests);
    SELECT array_agg(id), array_agg(CASE WHEN is_too_deep THEN coalesce(reason, c_too_deep) ELSE reason END),
           array_agg(id) FILTER (WHERE kind = 'index'),
           (array_agg(digest) FILTER (WHERE reason IS NULL AND NOT is_stored))[1]
      INTO v_ids, v_reasons, v_indexes, v_missing
      FROM (SELECT DISTINCT ON (m.id) m.id, n.digest, m.kind, m.is_stored, m.is_too_deep, n.reason
              FROM unnest(p_digests, p_reasons) WITH ORDINALITY AS n (digest, reason, place)
             CROSS JOIN LATERAL (SELECT id, kind, raw IS NOT NULL AS is_stored,
                                        nesting >= nesting_max() AS is_too_deep
                                   FROM manifest WHERE digest = n.digest OFFSET 0) AS m
             ORDER BY m.id, n.place) AS wanted;
    IF v_missing IS NOT NULL THEN
        RAISE EXCEPTION 'content of % is not stored', digest_text(v_missing) USING ERRCODE = 'MS002';
    END IF;
    changed := set_readable(p_repository, v_ids, v_reasons);
    IF v_indexes IS NOT NULL THEN
        v_above := too_deep_above(p_repository, v_indexes);
    END IF;
    IF cardinality(v_above) > 0 THEN
        changed := changed + set_readable(p_repository, v_above,
                                          array_fill(c_too_deep, ARRAY[cardinality(v_above)]));
    END IF;
    new_ids := hold_new_manifests(p_repository, v_ids, v_reasons);
    changed := changed + cardinality(new_ids);
END $$;

-- The registry no longer serves these digests there. What a tag or a live index still needs stays, as
-- unreadable. Returns how many rows changed.
CREATE OR REPLACE FUNCTION release_manifests(p_repository bigint, p_digests bytea[]) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    c_reason constant text := 'missing in the registry';
    v_gone bigint[] := ARRAY(SELECT DISTINCT m.id FROM unnest(p_digests) AS d (digest)
                              CROSS JOIN LATERAL (SELECT id FROM manifest
                                                   WHERE digest = d.digest OFFSET 0) AS m);
    v_needed bigint[] := ARRAY(SELECT g.id FROM unnest(v_gone) AS g (id)
                                WHERE EXISTS (SELECT FROM repository_manifest
                                               WHERE repository_id = p_repository AND manifest_id = g.id
                                                 AND "references" > 0 AND unreadable IS NULL OFFSET 0));
    v_changed bigint;
    v_ids bigint[];
    v_signs integer[];
    v_removed bigint;
    v_removed_ids bigint[];
BEGIN
    IF v_gone = '{}' THEN
        RETURN 0;
    END IF;
    v_changed := set_readable(p_repository, v_needed, array_fill(c_reason, ARRAY[cardinality(v_needed)]));
    WITH removed AS (
        DELETE FROM repository_manifest
         WHERE ctid = ANY (ARRAY(SELECT h.ctid FROM unnest(v_gone) AS g (id)
                                  CROSS JOIN LATERAL (SELECT ctid, "references" FROM repository_manifest
                                                       WHERE repository_id = p_repository
                                                         AND manifest_id = g.id OFFSET 0) AS h
                                  WHERE h."references" = 0))
        RETURNING manifest_id, unreadable
    )
    SELECT array_agg(manifest_id) FILTER (WHERE unreadable IS NULL),
           array_agg(-1) FILTER (WHERE unreadable IS NULL), count(*), array_agg(manifest_id)
      INTO v_ids, v_signs, v_removed, v_removed_ids FROM removed;
    PERFORM note_manifests('h', v_removed_ids, array_fill(-1, ARRAY[coalesce(cardinality(v_removed_ids), 0)]));
    PERFORM count_artifacts(p_repository, v_ids, v_signs);
    PERFORM measure_tags(p_repository, v_removed_ids);
    RETURN v_changed + v_removed;
END $$;
