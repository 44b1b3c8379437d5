-- SPDX-License-Identifier: Apache-2.0
-- Tags: where they move, and the history of it.

-- Compares where tags point with what is known. The last of equal names counts. Times:
-- of the event, else the image's created if that is credible, else now. An event that comes after a scan
-- has seen its effect still tells the time and the actor.
CREATE OR REPLACE FUNCTION compare_tags(p_repository bigint, p_names text[], p_digests bytea[], p_reasons text[],
                             p_times bigint[], p_actors text[]) RETURNS tag_move[]
    LANGUAGE plpgsql AS $$
DECLARE
    v_moves tag_move[];
BEGIN
    IF p_names = '{}' THEN
        RETURN NULL;
    END IF;
    WITH wanted AS (
        SELECT DISTINCT ON (w.name) w.name, m.id AS manifest_id, m.digest, m.kind, m.created, w.actor,
               CASE WHEN w.digest IS NULL THEN coalesce(w.reason, 'its digest is unknown') END AS unreadable,
               known_time(w.time_ms) AS event_time
          FROM unnest(p_names, p_digests, p_reasons, p_times, p_actors) WITH ORDINALITY
               AS w (name, digest, reason, time_ms, actor, place)
          LEFT JOIN LATERAL (SELECT id, digest, kind, created FROM manifest
                              WHERE digest = w.digest OFFSET 0) AS m ON true
         ORDER BY w.name, w.place DESC
    ), compared AS (
        SELECT w.*, t.manifest_id AS previous_id, previous.digest AS previous, t.updated AS was_updated,
               t.updated_source, t.updated_by, t.unreadable AS was_unreadable,
               CASE WHEN t.name IS NULL THEN 'tag.created'
                    WHEN t.manifest_id IS DISTINCT FROM w.manifest_id THEN 'tag.moved' END AS type,
               coalesce(t.updated_source <> 'event' AND w.event_time <= h.from_time + interval '1 minute',
                        false) AS is_late_event
          FROM wanted w
          LEFT JOIN LATERAL (SELECT * FROM tag
                              WHERE repository_id = p_repository AND name = w.name OFFSET 0) AS t ON true
          LEFT JOIN LATERAL (SELECT digest FROM manifest WHERE id = t.manifest_id OFFSET 0) AS previous
               ON true
          LEFT JOIN LATERAL (SELECT from_time FROM tag_history
                              WHERE repository_id = p_repository AND tag = w.name
                                AND until_time IS NULL OFFSET 0) AS h ON true
    ), dated AS (
        SELECT c.*, CASE WHEN c.kind = 'index' THEN image.created ELSE c.created END AS image_created
          FROM compared c
          LEFT JOIN LATERAL (SELECT m.created FROM index_image i JOIN manifest m ON m.id = i.image_id
                              WHERE i.index_id = c.manifest_id AND c.event_time IS NULL
                              ORDER BY coalesce(m.os = 'linux' AND m.architecture = 'amd64', false) DESC,
                                       i.position
                              LIMIT 1) AS image ON c.type IS NOT NULL
         WHERE c.type IS NOT NULL OR c.is_late_event
            OR c.unreadable IS DISTINCT FROM c.was_unreadable
    )
    SELECT array_agg((type, name, manifest_id, digest, unreadable, previous_id, previous,
                      CASE WHEN type IS NULL AND NOT is_late_event THEN was_updated
                           WHEN event_time IS NOT NULL THEN event_time
                           WHEN image_created BETWEEN '2013-01-01Z' AND now() THEN image_created
                           ELSE now() END,
                      CASE WHEN type IS NULL AND NOT is_late_event THEN updated_source
                           WHEN event_time IS NOT NULL THEN 'event'
                           WHEN image_created BETWEEN '2013-01-01Z' AND now() THEN 'created'
                           ELSE 'seen' END,
                      CASE WHEN type IS NULL AND NOT is_late_event THEN updated_by ELSE actor END,
                      coalesce(event_time, now()))::tag_move ORDER BY name)
      INTO v_moves FROM dated;
    RETURN v_moves;
END $$;

-- Tags that are gone from the registry; names that are not known are nothing.
CREATE OR REPLACE FUNCTION compare_removed_tags(p_repository bigint, p_names text[]) RETURNS tag_move[]
    LANGUAGE plpgsql AS $$
BEGIN
    IF p_names = '{}' THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT array_agg(('tag.deleted', t.name, NULL, NULL, NULL, t.manifest_id, m.digest,
                              NULL, NULL, NULL, now())::tag_move ORDER BY t.name)
              FROM (SELECT DISTINCT name FROM unnest(p_names) AS w (name)) AS n
             CROSS JOIN LATERAL (SELECT name, manifest_id FROM tag
                                  WHERE repository_id = p_repository AND name = n.name OFFSET 0) AS t
              LEFT JOIN LATERAL (SELECT digest FROM manifest WHERE id = t.manifest_id OFFSET 0) AS m
                   ON true);
END $$;

-- Writes moves: the tags, their history, the repository's counts, its pushes by day. The manifests are held already.
CREATE OR REPLACE FUNCTION move_tags(p_repository bigint, p_moves tag_move[], p_source text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    v_told timestamptz[]; -- of what a scan had seen, and an event tells of now
    v_pushed timestamptz[];
    v_hidden_gone bigint;
    v_hidden_new bigint;
BEGIN
    WITH gone AS (
        DELETE FROM tag
         WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM unnest(p_moves) AS m
                                  CROSS JOIN LATERAL (SELECT ctid FROM tag
                                                       WHERE repository_id = p_repository AND name = m.name
                                                      OFFSET 0) AS t
                                  WHERE m.type = 'tag.deleted'))
        RETURNING hidden
    )
    SELECT count(*) FILTER (WHERE hidden) INTO v_hidden_gone FROM gone;
    INSERT INTO tag (repository_id, name, manifest_id, unreadable, updated, updated_source, updated_by, size)
    SELECT p_repository, name, manifest_id, unreadable, updated, updated_source, updated_by,
           bytes_of_manifest(p_repository, manifest_id)
      FROM unnest(p_moves) WHERE type IS DISTINCT FROM 'tag.deleted'
        ON CONFLICT (repository_id, name) DO UPDATE
       SET manifest_id = excluded.manifest_id, unreadable = excluded.unreadable,
           updated = excluded.updated, updated_source = excluded.updated_source,
           updated_by = excluded.updated_by, size = excluded.size;
    SELECT count(*) INTO v_hidden_new
      FROM unnest(p_moves) AS m
     CROSS JOIN LATERAL (SELECT hidden FROM tag
                          WHERE repository_id = p_repository AND name = m.name OFFSET 0) AS t
     WHERE m.type = 'tag.created' AND t.hidden;
    WITH changed AS (
        UPDATE tag_history h
           SET until_time = CASE WHEN m.type IS NOT NULL THEN greatest(h.from_time, m.since) END,
               changed_by = CASE WHEN m.type IS NULL THEN m.updated_by ELSE h.changed_by END,
               source = CASE WHEN m.type IS NULL THEN m.updated_source ELSE h.source END
          FROM (SELECT o.ctid, w.type, w.since, w.updated_by, 'event' AS updated_source
                  FROM unnest(p_moves) AS w
                 CROSS JOIN LATERAL (SELECT ctid, source FROM tag_history
                                      WHERE repository_id = p_repository AND tag = w.name
                                        AND until_time IS NULL OFFSET 0) AS o
                 WHERE w.type IS NOT NULL OR w.updated_source = 'event' AND o.source <> 'event') AS m
         WHERE h.ctid = m.ctid
        RETURNING m.type, h.from_time
    )
    SELECT array_agg(from_time) INTO v_told FROM changed WHERE type IS NULL;
    WITH added AS (
        INSERT INTO tag_history (repository_id, tag, digest, from_time, changed_by, source)
        SELECT p_repository, name, digest, since, updated_by, p_source
          FROM unnest(p_moves) WHERE type IN ('tag.created', 'tag.moved')
        RETURNING from_time
    )
    SELECT array_agg(from_time) INTO v_pushed FROM added WHERE p_source = 'event';
    PERFORM count_pushes(p_repository, v_told || v_pushed);
    UPDATE repository r
       SET tag_count = r.tag_count + n.more, hidden_count = r.hidden_count + v_hidden_new - v_hidden_gone
      FROM (SELECT count(*) FILTER (WHERE type = 'tag.created')
                   - count(*) FILTER (WHERE type = 'tag.deleted') AS more FROM unnest(p_moves)) AS n
     WHERE r.id = p_repository AND (n.more <> 0 OR v_hidden_new <> v_hidden_gone);
END $$;

CREATE OR REPLACE FUNCTION adjust_references_of_moves(p_repository bigint, p_moves tag_move[]) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    v_ids bigint[];
    v_deltas integer[];
BEGIN
    SELECT array_agg(d.id), array_agg(d.delta) INTO v_ids, v_deltas
      FROM unnest(p_moves) AS m
     CROSS JOIN LATERAL (VALUES (m.manifest_id, 1), (m.previous_id, -1)) AS d (id, delta)
     WHERE m.type IS NOT NULL AND d.id IS NOT NULL;
    PERFORM adjust_references(p_repository, v_ids, v_deltas,
                              array_fill(0, ARRAY[coalesce(cardinality(v_ids), 0)]));
END $$;
