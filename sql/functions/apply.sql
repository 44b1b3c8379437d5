-- SPDX-License-Identifier: Apache-2.0
-- The one short transaction that makes the changes of a repository visible.

-- What scans staged for the repository leaves its table, into the end of the arrays of tags; an
-- event's word on a tag is newer than what was staged, and is what remains. Whether the manifest of a staged tag
-- can be read was recorded when it was held, before the tag was staged.
CREATE OR REPLACE FUNCTION take_staged(p_repository text, p_is_wanted boolean, INOUT names text[],
                            INOUT digests bytea[], INOUT reasons text[], INOUT times bigint[],
                            INOUT actors text[], p_removed text[])
    LANGUAGE plpgsql AS $$
DECLARE
    v_names text[];
    v_digests bytea[];
    v_reasons text[];
    v_repository bigint := (SELECT id FROM repository WHERE name = p_repository);
BEGIN
    DELETE FROM scan_tag WHERE repository = p_repository AND name = ANY (names || p_removed);
    IF NOT p_is_wanted THEN
        RETURN;
    END IF;
    WITH taken AS (
        DELETE FROM scan_tag WHERE repository = p_repository RETURNING name, digest, unreadable
    )
    SELECT array_agg(t.name), array_agg(t.digest), array_agg(coalesce(t.unreadable, held.unreadable))
      INTO v_names, v_digests, v_reasons
      FROM taken AS t
      LEFT JOIN LATERAL (SELECT h.unreadable
                           FROM (SELECT id FROM manifest WHERE digest = t.digest OFFSET 0) AS m
                          CROSS JOIN LATERAL (SELECT unreadable FROM repository_manifest
                                               WHERE repository_id = v_repository AND manifest_id = m.id OFFSET 0) AS h)
           AS held ON true;
    names := names || v_names;
    digests := digests || v_digests;
    reasons := reasons || v_reasons;
    times := times || array_fill(NULL::bigint, ARRAY[coalesce(cardinality(v_names), 0)]);
    actors := actors || array_fill(NULL::text, ARRAY[coalesce(cardinality(v_names), 0)]);
END $$;

-- Removals that wait: what this apply says of a tag, or puts into the repository, is newer than they are
-- and takes them out; those first found before p_before (in ms since 1970, 0: none) are applied now.
CREATE OR REPLACE FUNCTION take_removals(p_repository text, p_before bigint, p_names text[], p_is_put boolean,
                              INOUT removed text[], OUT repository_gone boolean)
    LANGUAGE plpgsql AS $$
DECLARE
    v_tags text[];
BEGIN
    DELETE FROM held_removal
     WHERE repository = p_repository
       AND (tag = ANY (p_names || removed) OR tag = '' AND p_is_put);
    repository_gone := false;
    IF p_before > 0 THEN
        WITH taken AS (
            DELETE FROM held_removal
             WHERE repository = p_repository AND since < to_timestamp(p_before / 1000.0) RETURNING tag
        )
        SELECT array_agg(tag) INTO v_tags FROM taken;
        repository_gone := coalesce('' = ANY (v_tags), false);
        removed := removed || v_tags;
    END IF;
END $$;

-- The feed's rows of a generation, in an order that a reader can follow.
CREATE OR REPLACE FUNCTION add_changes(p_generation bigint, p_repository text, p_repository_change text,
                            p_pushed bigint[], p_moves tag_move[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO change (generation, type, repository, tag, digest, previous, changed_by)
    SELECT p_generation, c.type, p_repository, c.tag, c.digest, c.previous, c.changed_by
      FROM (SELECT 0 AS place, 'repository.created' AS type, NULL AS tag, NULL::bytea AS digest,
                   NULL::bytea AS previous, NULL AS changed_by
             WHERE p_repository_change = 'repository.created'
             UNION ALL
            SELECT 1, 'manifest.pushed', NULL, m.digest, NULL, NULL
              FROM manifest m WHERE m.id = ANY (p_pushed)
             UNION ALL
            SELECT 2, type, name, digest, previous, updated_by
              FROM unnest(p_moves) WHERE type IS NOT NULL
             UNION ALL
            SELECT 3, 'repository.deleted', NULL, NULL, NULL, NULL
             WHERE p_repository_change = 'repository.deleted') AS c
     ORDER BY c.place, c.tag, c.digest;
END $$;

-- store.h, struct ms_apply. generation 0: nothing visible changed, and nothing was written but that
-- the events are done.
CREATE OR REPLACE FUNCTION apply(p_term bigint, p_repository text, p_from_scan boolean, p_staged boolean,
                      p_tags text[], p_tag_digests bytea[], p_tag_reasons text[], p_tag_times bigint[],
                      p_tag_actors text[], p_removed text[], p_held bytea[], p_held_reasons text[],
                      p_gone bytea[], p_removals_before bigint, p_events bigint[],
                      OUT generation bigint, OUT tags_changed bigint, OUT tags_removed bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    v_repository bigint;
    v_is_new boolean;
    v_is_put boolean;
    v_tags record;
    v_removals record;
    v_new bigint[] := '{}';
    v_changed bigint := 0;
    v_moves tag_move[];
    v_repository_change text;
    v_built_on text[];
BEGIN
    generation := 0;
    tags_changed := 0;
    tags_removed := 0;
    PERFORM require_term(p_term);
    PERFORM begin_notes();
    -- A crash of the server may undo the last of these transactions, whole and in order, never the
    -- inbox before them: the events are then applied again, under a new term.
    PERFORM set_config('synchronous_commit', 'off', true);
    DELETE FROM inbox WHERE id = ANY (p_events);
    SELECT * INTO v_tags
      FROM take_staged(p_repository, p_staged, p_tags, p_tag_digests, p_tag_reasons, p_tag_times,
                       p_tag_actors, p_removed);
    v_is_put := cardinality(v_tags.names) + cardinality(p_held) > 0;
    SELECT * INTO v_removals
      FROM take_removals(p_repository, p_removals_before, v_tags.names, v_is_put, p_removed);
    SELECT o.id, o.created INTO v_repository, v_is_new
      FROM open_repository(p_repository, NOT v_removals.repository_gone
               AND (v_is_put OR p_from_scan AND p_removals_before = 0)) AS o;
    IF v_repository IS NULL THEN
        RETURN;
    END IF;
    IF v_removals.repository_gone THEN
        v_moves := close_repository(v_repository);
        v_repository_change := 'repository.deleted';
    ELSE
        SELECT h.new_ids, h.changed INTO v_new, v_changed
          FROM hold_manifests(v_repository, p_held || v_tags.digests,
                              p_held_reasons || v_tags.reasons) AS h;
        v_moves := compare_tags(v_repository, v_tags.names, v_tags.digests, v_tags.reasons,
                                v_tags.times, v_tags.actors)
                   || compare_removed_tags(v_repository, ARRAY(SELECT unnest(v_removals.removed) EXCEPT
                                                               SELECT unnest(v_tags.names)));
        IF v_moves IS NOT NULL THEN
            PERFORM move_tags(v_repository, v_moves, CASE WHEN p_from_scan THEN 'scan' ELSE 'event' END);
            PERFORM adjust_references_of_moves(v_repository, v_moves);
        END IF;
        v_changed := v_changed + release_manifests(v_repository, p_gone);
        v_repository_change := CASE WHEN v_is_new THEN 'repository.created' END;
    END IF;
    IF v_changed = 0 AND v_moves IS NULL AND v_repository_change IS NULL THEN
        RETURN;
    END IF;
    SELECT count(*) FILTER (WHERE type IN ('tag.created', 'tag.moved')),
           count(*) FILTER (WHERE type = 'tag.deleted')
      INTO tags_changed, tags_removed FROM unnest(v_moves);
    PERFORM refresh_repository(v_repository);
    v_built_on := CASE WHEN v_moves IS NULL THEN '{}' ELSE repositories_built_on(v_repository, v_moves) END;
    PERFORM publish_built_on(p_term, v_built_on);
    generation := publish(p_term, p_repository);
    PERFORM count_totals(v_repository);
    PERFORM count_registry_pushes();
    PERFORM add_changes(generation, p_repository, v_repository_change,
                        ARRAY(SELECT n.id FROM unnest(v_new) AS n (id)
                               WHERE NOT p_from_scan
                                 AND EXISTS (SELECT FROM repository_manifest h
                                              WHERE h.repository_id = v_repository
                                                AND h.manifest_id = n.id AND h."references" = 0
                                                AND h.unreadable IS NULL OFFSET 0)), v_moves);
END $$;
