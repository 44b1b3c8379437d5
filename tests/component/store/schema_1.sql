-- SPDX-License-Identifier: Apache-2.0
-- A small database of schema 1, for the test of the migrations (test_schema.sh).
--
-- Made by the writer of commit 3c247e6, the last one with that schema: it scanned tests/support/fake_registry.py
-- twice and took five events. pg_dump --no-owner --no-privileges wrote it down, without the lines \restrict.
-- In it: a/liar, whose manifests were read first and name wrong sizes of layers that others use too (2^53 + 1,
-- and 3 for 6 bytes); app/web with an index of two images and an attestation, moved tags, an artifact, an
-- annotation with NUL in an image ("odd") whose configuration is longer than its descriptor says, a manifest that
-- is none ("broken"); app/api; app/cache with an index of BuildKit's, whose entries are layers and could not be
-- read as manifests; app/old, which was deleted; pulls, history and a dead letter.
--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: pg_trgm; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;


--
-- Name: EXTENSION pg_trgm; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';


--
-- Name: pull; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.pull AS (
	repository_id bigint,
	manifest_id bigint,
	tag text,
	day date,
	pulls bigint
);


--
-- Name: tag_move; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.tag_move AS (
	type text,
	name text,
	manifest_id bigint,
	digest bytea,
	unreadable text,
	previous_id bigint,
	previous bytea,
	updated timestamp with time zone,
	updated_source text,
	updated_by text,
	since timestamp with time zone
);


--
-- Name: add_changes(bigint, text, text, bigint[], public.tag_move[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.add_changes(p_generation bigint, p_repository text, p_repository_change text, p_pushed bigint[], p_moves public.tag_move[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: add_manifest_stubs(bytea[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.add_manifest_stubs(p_digests bytea[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO manifest (digest)
    SELECT DISTINCT d.digest
      FROM unnest(p_digests) AS d (digest)
     WHERE d.digest IS NOT NULL
       AND NOT EXISTS (SELECT FROM manifest m WHERE m.digest = d.digest OFFSET 0)
     ORDER BY d.digest
        ON CONFLICT (digest) DO NOTHING;
END $$;


--
-- Name: add_pulls(public.pull[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.add_pulls(p_pulls public.pull[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM FROM repository
      WHERE id IN (SELECT repository_id FROM unnest(p_pulls)) ORDER BY id FOR NO KEY UPDATE;
    UPDATE repository r SET pulls = r.pulls + p.pulls
      FROM (SELECT x.ctid, s.pulls
              FROM (SELECT repository_id, sum(pulls) AS pulls FROM unnest(p_pulls) GROUP BY 1) AS s
             CROSS JOIN LATERAL (SELECT ctid FROM repository WHERE id = s.repository_id OFFSET 0) AS x) AS p
     WHERE r.ctid = p.ctid;
    UPDATE repository_manifest h SET pulls = h.pulls + p.pulls
      FROM (SELECT x.ctid, s.pulls
              FROM (SELECT repository_id, manifest_id, sum(pulls) AS pulls
                      FROM unnest(p_pulls) GROUP BY 1, 2) AS s
             CROSS JOIN LATERAL (SELECT ctid FROM repository_manifest
                                  WHERE repository_id = s.repository_id
                                    AND manifest_id = s.manifest_id OFFSET 0) AS x) AS p
     WHERE h.ctid = p.ctid;
    UPDATE tag t SET pulls = t.pulls + p.pulls
      FROM (SELECT x.ctid, sum(s.pulls) AS pulls
              FROM unnest(p_pulls) AS s
             CROSS JOIN LATERAL (SELECT ctid FROM tag
                                  WHERE repository_id = s.repository_id AND name = s.tag
                                  UNION ALL
                                 SELECT ctid FROM tag
                                  WHERE repository_id = s.repository_id
                                    AND manifest_id = s.manifest_id AND s.tag IS NULL) AS x
             GROUP BY x.ctid) AS p
     WHERE t.ctid = p.ctid;
    INSERT INTO pull_day (repository_id, manifest_id, day, pulls)
    SELECT repository_id, manifest_id, day, sum(pulls)
      FROM unnest(p_pulls) WHERE manifest_id IS NOT NULL GROUP BY 1, 2, 3
        ON CONFLICT (repository_id, manifest_id, day) DO UPDATE SET pulls = pull_day.pulls + excluded.pulls;
END $$;


--
-- Name: adjust_references(bigint, bigint[], integer[], integer[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.adjust_references(p_repository bigint, p_manifests bigint[], p_deltas integer[], p_attests integer[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_ids bigint[] := p_manifests;
    v_deltas integer[] := p_deltas;
    v_attests integer[] := p_attests;
    v_live bigint[];
    v_live_signs integer[];
    v_shown bigint[];
    v_shown_signs integer[];
BEGIN
    WHILE v_ids IS NOT NULL LOOP
        WITH summed AS (
            SELECT d.id, sum(d.delta)::integer AS more, sum(d.attest)::integer AS more_attest
              FROM unnest(v_ids, v_deltas, v_attests) AS d (id, delta, attest)
             GROUP BY d.id HAVING sum(d.delta) <> 0 OR sum(d.attest) <> 0
        ), delta AS MATERIALIZED (
            SELECT s.id, h.ctid, h.is_readable, h."references" + s.more AS becomes,
                   h.attests + s.more_attest AS attests,
                   (h."references" + s.more > 0)::integer - (h."references" > 0)::integer AS live_sign,
                   (h."references" + s.more > h.attests + s.more_attest)::integer
                       - (h."references" > h.attests)::integer AS shown_sign
              FROM summed s
             CROSS JOIN LATERAL (SELECT ctid, "references", attests, unreadable IS NULL AS is_readable
                                   FROM repository_manifest
                                  WHERE repository_id = p_repository AND manifest_id = s.id
                                 OFFSET 0) AS h
        ), counted AS (
            UPDATE repository_manifest h SET "references" = d.becomes, attests = d.attests
              FROM delta d WHERE h.ctid = d.ctid
        )
        SELECT array_agg(id) FILTER (WHERE live_sign <> 0),
               array_agg(live_sign) FILTER (WHERE live_sign <> 0),
               array_agg(id) FILTER (WHERE shown_sign <> 0),
               array_agg(shown_sign) FILTER (WHERE shown_sign <> 0)
          INTO v_live, v_live_signs, v_shown, v_shown_signs
          FROM delta WHERE is_readable;
        EXIT WHEN v_live IS NULL AND v_shown IS NULL;
        SELECT ids, deltas, attests INTO v_ids, v_deltas, v_attests
          FROM flip_manifests(p_repository, v_live, v_live_signs, v_shown, v_shown_signs);
    END LOOP;
END $$;


--
-- Name: adjust_references_of_moves(bigint, public.tag_move[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.adjust_references_of_moves(p_repository bigint, p_moves public.tag_move[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: apply(bigint, text, boolean, boolean, text[], bytea[], text[], bigint[], text[], text[], bytea[], text[], bytea[], bigint, bigint[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.apply(p_term bigint, p_repository text, p_from_scan boolean, p_staged boolean, p_tags text[], p_tag_digests bytea[], p_tag_reasons text[], p_tag_times bigint[], p_tag_actors text[], p_removed text[], p_held bytea[], p_held_reasons text[], p_gone bytea[], p_removals_before bigint, p_events bigint[], OUT generation bigint, OUT tags_changed bigint, OUT tags_removed bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
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
BEGIN
    generation := 0;
    tags_changed := 0;
    tags_removed := 0;
    PERFORM require_term(p_term);
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
    generation := publish(p_term, p_repository);
    PERFORM add_changes(generation, p_repository, v_repository_change,
                        ARRAY(SELECT n.id FROM unnest(v_new) AS n (id)
                               WHERE NOT p_from_scan
                                 AND EXISTS (SELECT FROM repository_manifest h
                                              WHERE h.repository_id = v_repository
                                                AND h.manifest_id = n.id AND h."references" = 0
                                                AND h.unreadable IS NULL OFFSET 0)), v_moves);
END $$;


--
-- Name: begin_term(text, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.begin_term(p_host text, p_pid integer) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_term bigint;
BEGIN
    PERFORM FROM state FOR UPDATE;
    UPDATE state
       SET term = term + 1, leader_host = p_host, leader_pid = p_pid, leader_since = now(),
           scan_running = false
    RETURNING term INTO v_term;
    RETURN v_term;
END $$;


--
-- Name: close_repository(bigint); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.close_repository(p_repository bigint) RETURNS public.tag_move[]
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_moves tag_move[] := compare_removed_tags(
        p_repository, ARRAY(SELECT name FROM tag WHERE repository_id = p_repository));
BEGIN
    PERFORM move_tags(p_repository, v_moves, 'event');
    DELETE FROM repository_manifest WHERE repository_id = p_repository;
    DELETE FROM repository_blob WHERE repository_id = p_repository;
    DELETE FROM repository_label WHERE repository_id = p_repository;
    DELETE FROM repository_platform WHERE repository_id = p_repository;
    UPDATE repository
       SET deleted_at = now(), tag_count = 0, image_count = 0, artifact_count = 0, size = 0,
           title = NULL, description = NULL
     WHERE id = p_repository;
    RETURN v_moves;
END $$;


--
-- Name: collect_manifests(interval, bigint); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.collect_manifests(p_grace interval, p_limit bigint) RETURNS bigint
    LANGUAGE plpgsql
    SET enable_seqscan TO 'on'
    SET enable_hashjoin TO 'on'
    AS $$
DECLARE
    v_ids bigint[];
    v_blobs bigint[];
BEGIN
    v_ids := ARRAY(SELECT m.id FROM manifest m
                    WHERE m.first_seen < now() - p_grace
                      AND NOT EXISTS (SELECT FROM repository_manifest h WHERE h.manifest_id = m.id)
                      AND NOT EXISTS (SELECT FROM manifest_child c WHERE c.child_id = m.id)
                    ORDER BY m.id LIMIT p_limit);
    v_blobs := ARRAY(SELECT blob_id FROM manifest_layer WHERE manifest_id = ANY (v_ids)
                      UNION
                     SELECT config_id FROM manifest WHERE id = ANY (v_ids) AND config_id IS NOT NULL);
    DELETE FROM manifest WHERE id = ANY (v_ids);
    DELETE FROM config c
     WHERE c.id = ANY (v_blobs) AND NOT EXISTS (SELECT FROM manifest m WHERE m.config_id = c.id);
    DELETE FROM blob b
     WHERE b.id = ANY (v_blobs) AND NOT EXISTS (SELECT FROM manifest_layer l WHERE l.blob_id = b.id)
       AND NOT EXISTS (SELECT FROM config c WHERE c.id = b.id);
    RETURN cardinality(v_ids);
END $$;


--
-- Name: collect_pulls(bigint); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.collect_pulls(p_limit bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_taken record;
BEGIN
    SELECT events, pulls INTO v_taken FROM take_pulls(p_limit);
    PERFORM add_pulls(v_taken.pulls);
    RETURN v_taken.events;
END $$;


--
-- Name: compare_removed_tags(bigint, text[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.compare_removed_tags(p_repository bigint, p_names text[]) RETURNS public.tag_move[]
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: compare_tags(bigint, text[], bytea[], text[], bigint[], text[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.compare_tags(p_repository bigint, p_names text[], p_digests bytea[], p_reasons text[], p_times bigint[], p_actors text[]) RETURNS public.tag_move[]
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_moves tag_move[];
BEGIN
    IF p_names = '{}' THEN
        RETURN NULL;
    END IF;
    WITH wanted AS (
        SELECT DISTINCT ON (w.name) w.name, m.id AS manifest_id, m.digest, m.kind, m.created, w.actor,
               CASE WHEN w.digest IS NULL THEN coalesce(w.reason, 'its digest is unknown') END AS unreadable,
               to_timestamp(w.time_ms / 1000.0) AS event_time
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


--
-- Name: count_artifacts(bigint, bigint[], integer[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.count_artifacts(p_repository bigint, p_manifests bigint[], p_signs integer[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_more integer;
BEGIN
    SELECT coalesce(sum(f.sign), 0) INTO v_more
      FROM unnest(p_manifests, p_signs) AS f (id, sign)
     CROSS JOIN LATERAL (SELECT kind FROM manifest WHERE id = f.id OFFSET 0) AS m
     WHERE m.kind = 'artifact';
    UPDATE repository SET artifact_count = artifact_count + v_more
     WHERE id = p_repository AND v_more <> 0;
END $$;


--
-- Name: count_blobs(bigint, bigint[], integer[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.count_blobs(p_repository bigint, p_manifests bigint[], p_signs integer[]) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_bytes bigint;
BEGIN
    WITH used AS (
        SELECT f.sign, l.blob_id
          FROM unnest(p_manifests, p_signs) AS f (id, sign)
         CROSS JOIN LATERAL (SELECT blob_id FROM manifest_layer WHERE manifest_id = f.id
                              UNION
                             SELECT config_id FROM manifest
                              WHERE id = f.id AND config_id IS NOT NULL) AS l
    ), summed AS (
        SELECT blob_id, sum(sign)::integer AS more FROM used GROUP BY blob_id HAVING sum(sign) <> 0
    ), delta AS MATERIALIZED (
        SELECT s.blob_id, b.ctid, coalesce(b."references", 0) AS was,
               coalesce(b."references", 0) + s.more AS becomes
          FROM summed s
          LEFT JOIN LATERAL (SELECT ctid, "references" FROM repository_blob
                              WHERE repository_id = p_repository AND blob_id = s.blob_id OFFSET 0) AS b
               ON true
    ), kept AS (
        INSERT INTO repository_blob (repository_id, blob_id, "references")
        SELECT p_repository, blob_id, becomes FROM delta WHERE becomes > 0
            ON CONFLICT (repository_id, blob_id) DO UPDATE SET "references" = excluded."references"
    ), dropped AS (
        DELETE FROM repository_blob WHERE ctid = ANY (ARRAY(SELECT ctid FROM delta WHERE becomes <= 0))
    )
    SELECT coalesce(sum(CASE WHEN d.was = 0 THEN b.size ELSE -b.size END), 0) INTO v_bytes
      FROM delta d
     CROSS JOIN LATERAL (SELECT size FROM blob WHERE id = d.blob_id OFFSET 0) AS b
     WHERE (d.was = 0) <> (d.becomes <= 0);
    RETURN v_bytes;
END $$;


--
-- Name: count_contents(bigint, bigint[], integer[], bigint[], integer[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.count_contents(p_repository bigint, p_live bigint[], p_live_signs integer[], p_shown bigint[], p_shown_signs integer[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_blob_bytes bigint := count_blobs(p_repository, p_live, p_live_signs);
    v_bytes bigint;
    v_images integer;
BEGIN
    PERFORM count_labels(p_repository, p_shown, p_shown_signs);
    PERFORM count_platforms(p_repository, p_shown, p_shown_signs);
    SELECT coalesce(sum(f.sign * m.size), 0) INTO v_bytes
      FROM unnest(p_live, p_live_signs) AS f (id, sign)
     CROSS JOIN LATERAL (SELECT size FROM manifest WHERE id = f.id OFFSET 0) AS m;
    SELECT coalesce(sum(f.sign), 0) INTO v_images
      FROM unnest(p_shown, p_shown_signs) AS f (id, sign)
     WHERE EXISTS (SELECT FROM manifest WHERE id = f.id AND kind = 'image' OFFSET 0);
    UPDATE repository
       SET size = size + v_bytes + v_blob_bytes, image_count = image_count + v_images
     WHERE id = p_repository AND (v_bytes + v_blob_bytes <> 0 OR v_images <> 0);
END $$;


--
-- Name: count_labels(bigint, bigint[], integer[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.count_labels(p_repository bigint, p_manifests bigint[], p_signs integer[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH used AS (
        SELECT lower(left(l.value, 1000) COLLATE "default") COLLATE "C" AS value, f.sign
          FROM unnest(p_manifests, p_signs) AS f (id, sign)
         CROSS JOIN LATERAL (SELECT value FROM label
                              WHERE manifest_id = f.id AND value <> '' OFFSET 0) AS l
    ), summed AS (
        SELECT value, sha256(convert_to(value, 'UTF8')) AS value_hash, sum(sign)::integer AS more
          FROM used GROUP BY value HAVING sum(sign) <> 0
    ), delta AS MATERIALIZED (
        SELECT s.value, s.value_hash, r.ctid, coalesce(r."references", 0) + s.more AS becomes
          FROM summed s
          LEFT JOIN LATERAL (SELECT ctid, "references" FROM repository_label
                              WHERE repository_id = p_repository AND value_hash = s.value_hash
                             OFFSET 0) AS r ON true
    ), dropped AS (
        DELETE FROM repository_label WHERE ctid = ANY (ARRAY(SELECT ctid FROM delta WHERE becomes <= 0))
    )
    INSERT INTO repository_label (repository_id, value_hash, value, "references")
    SELECT p_repository, value_hash, value, becomes FROM delta WHERE becomes > 0
        ON CONFLICT (repository_id, value_hash) DO UPDATE SET "references" = excluded."references";
END $$;


--
-- Name: count_platforms(bigint, bigint[], integer[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.count_platforms(p_repository bigint, p_manifests bigint[], p_signs integer[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH summed AS (
        SELECT m.platform, sum(f.sign)::integer AS more
          FROM unnest(p_manifests, p_signs) AS f (id, sign)
         CROSS JOIN LATERAL (SELECT concat_ws('/', os, architecture, nullif(variant, '')) COLLATE "C"
                               FROM manifest
                              WHERE id = f.id AND kind = 'image' AND os <> '' AND architecture <> ''
                             OFFSET 0) AS m (platform)
         GROUP BY m.platform HAVING sum(f.sign) <> 0
    ), delta AS MATERIALIZED (
        SELECT s.platform, r.ctid, coalesce(r."references", 0) + s.more AS becomes
          FROM summed s
          LEFT JOIN LATERAL (SELECT ctid, "references" FROM repository_platform
                              WHERE repository_id = p_repository AND platform = s.platform
                             OFFSET 0) AS r ON true
    ), dropped AS (
        DELETE FROM repository_platform
         WHERE ctid = ANY (ARRAY(SELECT ctid FROM delta WHERE becomes <= 0))
    )
    INSERT INTO repository_platform (repository_id, platform, "references")
    SELECT p_repository, platform, becomes FROM delta WHERE becomes > 0
        ON CONFLICT (repository_id, platform) DO UPDATE SET "references" = excluded."references";
END $$;


--
-- Name: digest_bytes(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.digest_bytes(digest text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (CASE split_part(digest, ':'::text, 1) WHEN 'sha256'::text THEN '\x01'::bytea ELSE '\x02'::bytea END || decode(split_part(digest, ':'::text, 2), 'hex'::text));


--
-- Name: digest_text(bytea); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.digest_text(digest bytea) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (CASE get_byte(digest, 0) WHEN 1 THEN 'sha256:'::text ELSE 'sha512:'::text END || encode(substr(digest, 2), 'hex'::text));


--
-- Name: end_documents(bigint, smallint, boolean); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.end_documents(p_term bigint, p_version smallint, p_are_changed boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE state SET document_version = p_version WHERE document_version <> p_version;
    IF p_are_changed THEN
        PERFORM publish(p_term, NULL);
    END IF;
END $$;


--
-- Name: end_term_holders(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.end_term_holders() RETURNS bigint
    LANGUAGE sql
    AS $$
    SELECT count(pg_terminate_backend(l.pid))
      FROM pg_locks l
     WHERE l.locktype = 'relation' AND l.relation = 'state'::regclass AND l.pid <> pg_backend_pid()
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND l.mode IN ('RowShareLock', 'RowExclusiveLock') AND l.granted
$$;


--
-- Name: event_slot(integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.event_slot(p_days_from_now integer) RETURNS smallint
    LANGUAGE sql STABLE
    RETURN (mod(((floor((EXTRACT(epoch FROM now()) / (86400)::numeric)))::integer + p_days_from_now), 3))::smallint;


--
-- Name: flip_manifests(bigint, bigint[], integer[], bigint[], integer[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.flip_manifests(p_repository bigint, p_live bigint[], p_live_signs integer[], p_shown bigint[], p_shown_signs integer[], OUT ids bigint[], OUT deltas integer[], OUT attests integer[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM count_contents(p_repository, p_live, p_live_signs, p_shown, p_shown_signs);
    SELECT array_agg(child_id), array_agg(delta), array_agg(attest) INTO ids, deltas, attests
      FROM (SELECT c.child_id, sum(f.sign)::integer AS delta,
                   sum(CASE WHEN c.only_attests THEN f.sign ELSE 0 END)::integer AS attest
              FROM unnest(p_live, p_live_signs) AS f (id, sign)
             CROSS JOIN LATERAL (SELECT child_id, bool_and(is_attestation) AS only_attests
                                   FROM manifest_child
                                  WHERE parent_id = f.id GROUP BY child_id) AS c
             WHERE EXISTS (SELECT FROM repository_manifest h
                            WHERE h.repository_id = p_repository AND h.manifest_id = c.child_id OFFSET 0)
             GROUP BY c.child_id) AS child
     WHERE delta <> 0 OR attest <> 0;
END $$;


--
-- Name: hold_manifests(bigint, bytea[], text[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.hold_manifests(p_repository bigint, p_digests bytea[], p_reasons text[], OUT new_ids bigint[], OUT changed bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: hold_new_manifests(bigint, bigint[], text[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.hold_new_manifests(p_repository bigint, p_manifests bigint[], p_reasons text[]) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
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
    PERFORM count_artifacts(p_repository, v_new, v_deltas);
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


--
-- Name: images_below(bigint); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.images_below(p_index bigint) RETURNS bigint[]
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    IF EXISTS (SELECT FROM manifest WHERE id = p_index AND nesting >= nesting_max()) THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT array_agg(image_id ORDER BY place)
              FROM (SELECT image_id, min(place) AS place
                      FROM (SELECT coalesce(i.image_id, c.child_id) AS image_id,
                                   ARRAY[c.position, i.position] AS place
                              FROM manifest_child c
                             CROSS JOIN LATERAL (SELECT kind FROM manifest
                                                  WHERE id = c.child_id OFFSET 0) AS m
                              LEFT JOIN LATERAL (SELECT image_id, position FROM index_image
                                                  WHERE index_id = c.child_id AND m.kind = 'index'
                                                 OFFSET 0) AS i ON true
                             WHERE c.parent_id = p_index AND NOT c.is_attestation
                               AND (m.kind = 'image' OR i.image_id IS NOT NULL)) AS listed
                     GROUP BY image_id) AS image);
END $$;


--
-- Name: is_wholly_readable(bigint, bigint); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.is_wholly_readable(p_repository bigint, p_manifest bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM repository_manifest
                    WHERE repository_id = p_repository AND manifest_id = p_manifest
                      AND unreadable IS NULL) THEN
        RETURN false;
    ELSIF NOT EXISTS (SELECT FROM manifest_child WHERE parent_id = p_manifest) THEN
        RETURN true;
    ELSIF EXISTS (SELECT FROM manifest WHERE id = p_manifest AND nesting >= nesting_max()) THEN
        RETURN false;
    END IF;
    RETURN NOT EXISTS (
        WITH RECURSIVE below (id) AS (
            SELECT child_id FROM manifest_child WHERE parent_id = p_manifest
             UNION
            SELECT c.child_id
              FROM below b
             CROSS JOIN LATERAL (SELECT child_id FROM manifest_child
                                  WHERE parent_id = b.id OFFSET 0) AS c)
        SELECT FROM below b
          LEFT JOIN LATERAL (SELECT unreadable, true AS is_held FROM repository_manifest
                              WHERE repository_id = p_repository AND manifest_id = b.id OFFSET 0) AS h
               ON true
         WHERE h.is_held IS NULL OR h.unreadable IS NOT NULL);
END $$;


--
-- Name: move_tags(bigint, public.tag_move[], text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.move_tags(p_repository bigint, p_moves public.tag_move[], p_source text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM tag
     WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM unnest(p_moves) AS m
                              CROSS JOIN LATERAL (SELECT ctid FROM tag
                                                   WHERE repository_id = p_repository AND name = m.name
                                                  OFFSET 0) AS t
                              WHERE m.type = 'tag.deleted'));
    INSERT INTO tag (repository_id, name, manifest_id, unreadable, updated, updated_source, updated_by)
    SELECT p_repository, name, manifest_id, unreadable, updated, updated_source, updated_by
      FROM unnest(p_moves) WHERE type IS DISTINCT FROM 'tag.deleted'
        ON CONFLICT (repository_id, name) DO UPDATE
       SET manifest_id = excluded.manifest_id, unreadable = excluded.unreadable,
           updated = excluded.updated, updated_source = excluded.updated_source,
           updated_by = excluded.updated_by;
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
     WHERE h.ctid = m.ctid;
    INSERT INTO tag_history (repository_id, tag, digest, from_time, changed_by, source)
    SELECT p_repository, name, digest, since, updated_by, p_source
      FROM unnest(p_moves) WHERE type IN ('tag.created', 'tag.moved');
    UPDATE repository r SET tag_count = r.tag_count + n.more
      FROM (SELECT count(*) FILTER (WHERE type = 'tag.created')
                   - count(*) FILTER (WHERE type = 'tag.deleted') AS more FROM unnest(p_moves)) AS n
     WHERE r.id = p_repository AND n.more <> 0;
END $$;


--
-- Name: near_keys(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.near_keys(words text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ARRAY(SELECT DISTINCT CASE WHEN (i.i = 0) THEN word.word ELSE ("left"(word.word, (i.i - 1)) || substr(word.word, (i.i + 1))) END AS "case" FROM (regexp_split_to_table(("left"(near_keys.words, 500) COLLATE "C"), '[^a-z0-9]+'::text) word(word) CROSS JOIN LATERAL generate_series(0, CASE WHEN ((length(word.word) >= 4) AND (length(word.word) <= 33)) THEN length(word.word) ELSE 0 END) i(i)) WHERE (word.word <> ''::text));


--
-- Name: nesting_max(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.nesting_max() RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (8)::smallint;


--
-- Name: open_repository(text, boolean); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.open_repository(p_name text, p_create boolean, OUT id bigint, OUT created boolean) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_is_deleted boolean;
BEGIN
    created := false;
    SELECT r.id, r.deleted_at IS NOT NULL INTO id, v_is_deleted
      FROM repository r WHERE r.name = p_name FOR NO KEY UPDATE;
    IF id IS NULL AND p_create THEN
        INSERT INTO repository (name) VALUES (p_name) RETURNING repository.id INTO id;
        created := true;
    ELSIF v_is_deleted AND p_create THEN
        UPDATE repository r SET deleted_at = NULL WHERE r.id = open_repository.id;
        created := true;
    ELSIF v_is_deleted THEN
        id := NULL;
    END IF;
END $$;


--
-- Name: prune(interval, interval); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.prune(p_changes interval, p_history interval) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    c_pull_days constant integer := 400;
    v_table regclass := ('event_seen_' || event_slot(1))::regclass;
    v_is_full boolean;
    v_pruned bigint;
BEGIN
    DELETE FROM touched WHERE at < now() - interval '1 hour';
    WITH old AS (
        DELETE FROM change WHERE at < now() - p_changes RETURNING generation
    )
    SELECT max(generation) INTO v_pruned FROM old;
    DELETE FROM tag_history WHERE until_time < now() - p_history;
    DELETE FROM pull_day WHERE day < (now() AT TIME ZONE 'UTC')::date - c_pull_days;
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', v_table) INTO v_is_full;
    IF v_is_full THEN
        EXECUTE format('TRUNCATE %s', v_table);
    END IF;
    UPDATE state SET changes_pruned = greatest(changes_pruned, v_pruned) WHERE v_pruned IS NOT NULL;
END $$;


--
-- Name: publish(bigint, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.publish(p_term bigint, p_repository text) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_generation bigint;
BEGIN
    UPDATE state SET generation = generation + 1 WHERE term = p_term
        RETURNING generation INTO v_generation;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'term % is over: another writer leads', p_term USING ERRCODE = 'MS001';
    END IF;
    INSERT INTO touched (generation, repository)
    SELECT v_generation, p_repository WHERE p_repository IS NOT NULL;
    PERFORM pg_notify('metastore', v_generation::text);
    RETURN v_generation;
END $$;


--
-- Name: refresh_index_images(bigint[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refresh_index_images(p_manifests bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_indexes bigint[];
    v_level bigint[] := p_manifests;
BEGIN
    v_indexes := ARRAY(
        WITH RECURSIVE above (id, level) AS (
            SELECT id, 0 FROM unnest(p_manifests) AS m (id)
             UNION
            SELECT c.parent_id, a.level + 1
              FROM above a
             CROSS JOIN LATERAL (SELECT parent_id FROM manifest_child
                                  WHERE child_id = a.id OFFSET 0) AS c
             WHERE a.level < nesting_max())
        SELECT m.id FROM (SELECT DISTINCT id FROM above) AS a
         CROSS JOIN LATERAL (SELECT id FROM manifest WHERE id = a.id AND kind = 'index' OFFSET 0) AS m);
    IF v_indexes = '{}' THEN
        RETURN;
    END IF;
    PERFORM FROM manifest WHERE id = ANY (v_indexes) ORDER BY id FOR NO KEY UPDATE;
    FOR level IN 0 .. nesting_max() LOOP
        PERFORM refresh_nesting(ARRAY(SELECT m.id FROM unnest(v_level) AS m (id)
                                       WHERE m.id = ANY (v_indexes)));
        PERFORM write_index_images(m.id, images_below(m.id))
           FROM unnest(v_level) AS m (id) WHERE m.id = ANY (v_indexes);
        v_level := ARRAY(SELECT DISTINCT c.parent_id
                           FROM unnest(v_level) AS m (id)
                          CROSS JOIN LATERAL (SELECT parent_id FROM manifest_child
                                               WHERE child_id = m.id OFFSET 0) AS c);
        EXIT WHEN v_level = '{}';
    END LOOP;
END $$;


--
-- Name: refresh_nesting(bigint[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refresh_nesting(p_indexes bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE manifest m SET nesting = n.nesting
      FROM (SELECT x.ctid, f.nesting
              FROM (SELECT i.id, max(least(child.nesting + 1, nesting_max())) AS nesting
                      FROM unnest(p_indexes) AS i (id)
                     CROSS JOIN LATERAL (SELECT child_id FROM manifest_child
                                          WHERE parent_id = i.id OFFSET 0) AS c
                     CROSS JOIN LATERAL (SELECT nesting FROM manifest
                                          WHERE id = c.child_id AND kind = 'index' OFFSET 0) AS child
                     GROUP BY i.id) AS f
             CROSS JOIN LATERAL (SELECT ctid FROM manifest
                                  WHERE id = f.id AND nesting <> f.nesting OFFSET 0) AS x) AS n
     WHERE m.ctid = n.ctid;
END $$;


--
-- Name: refresh_repository(bigint); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refresh_repository(p_repository bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH chosen AS (
        (SELECT t.manifest_id, 0 AS place
           FROM tag t
          WHERE t.repository_id = p_repository AND t.name = 'latest'
            AND EXISTS (SELECT FROM repository_manifest h
                         WHERE h.repository_id = p_repository AND h.manifest_id = t.manifest_id
                           AND h.unreadable IS NULL OFFSET 0))
         UNION ALL
        (SELECT t.manifest_id, 1
           FROM tag t
          WHERE t.repository_id = p_repository AND NOT t.hidden
            AND EXISTS (SELECT FROM repository_manifest h
                         WHERE h.repository_id = p_repository AND h.manifest_id = t.manifest_id
                           AND h.unreadable IS NULL OFFSET 0)
          ORDER BY t.updated DESC, t.name LIMIT 1)
         ORDER BY place LIMIT 1
    ), shown AS (
        SELECT m.title, m.description
          FROM chosen c
          JOIN manifest chosen_manifest ON chosen_manifest.id = c.manifest_id
          JOIN manifest m ON m.id = CASE chosen_manifest.kind WHEN 'index' THEN
                   (SELECT i.image_id
                      FROM index_image i JOIN manifest n ON n.id = i.image_id
                     WHERE i.index_id = c.manifest_id
                       AND EXISTS (SELECT FROM repository_manifest h
                                    WHERE h.repository_id = p_repository AND h.manifest_id = n.id
                                      AND h.unreadable IS NULL OFFSET 0)
                     ORDER BY coalesce(n.os = 'linux' AND n.architecture = 'amd64', false) DESC, i.position
                     LIMIT 1)
               ELSE c.manifest_id END
    ), newest AS (
        SELECT updated, updated_source FROM tag
         WHERE repository_id = p_repository AND NOT hidden ORDER BY updated DESC LIMIT 1
    ), oldest AS (
        SELECT updated FROM tag WHERE repository_id = p_repository ORDER BY updated LIMIT 1
    ), fresh AS (
        SELECT (SELECT title FROM shown) AS title, (SELECT description FROM shown) AS description,
               least((SELECT updated FROM oldest), r.created, r.first_seen) AS created,
               coalesce((SELECT updated FROM newest), r.updated) AS updated,
               coalesce((SELECT updated_source FROM newest), r.updated_source) AS updated_source
          FROM repository r WHERE r.id = p_repository
    )
    UPDATE repository r
       SET title = f.title, description = f.description, created = f.created, updated = f.updated,
           updated_source = f.updated_source
      FROM fresh f
     WHERE r.id = p_repository
       AND (r.title, r.description, r.created, r.updated, r.updated_source)
           IS DISTINCT FROM (f.title, f.description, f.created, f.updated, f.updated_source);
END $$;


--
-- Name: release_manifests(bigint, bytea[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.release_manifests(p_repository bigint, p_digests bytea[]) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
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
           array_agg(-1) FILTER (WHERE unreadable IS NULL), count(*)
      INTO v_ids, v_signs, v_removed FROM removed;
    PERFORM count_artifacts(p_repository, v_ids, v_signs);
    RETURN v_changed + v_removed;
END $$;


--
-- Name: require_term(bigint); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.require_term(p_term bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM FROM state WHERE term = p_term FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'term % is over: another writer leads', p_term USING ERRCODE = 'MS001';
    END IF;
    PERFORM set_config(name, 'off', true)
       FROM unnest(ARRAY['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_material',
                         'jit']) AS setting (name);
END $$;


--
-- Name: set_readable(bigint, bigint[], text[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.set_readable(p_repository bigint, p_manifests bigint[], p_reasons text[]) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
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
    END IF;
    IF v_live IS NOT NULL THEN
        SELECT ids, deltas, attests INTO v_ids, v_deltas, v_attests
          FROM flip_manifests(p_repository, v_live, v_live_signs, v_shown, v_shown_signs);
        PERFORM adjust_references(p_repository, v_ids, v_deltas, v_attests);
    END IF;
    RETURN v_changed;
END $$;


--
-- Name: take_pulls(bigint); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.take_pulls(p_limit bigint, OUT events bigint, OUT pulls public.pull[]) RETURNS record
    LANGUAGE sql
    AS $$
    WITH taken AS (
        DELETE FROM inbox
         WHERE id IN (SELECT id FROM inbox WHERE action = 'pull' ORDER BY id LIMIT p_limit)
        RETURNING repository, digest, tag, is_blob,
                  (coalesce(event_time, received) AT TIME ZONE 'UTC')::date AS day
    ), summed AS (
        SELECT repository, digest, tag, day, count(*) AS pulls
          FROM taken WHERE NOT is_blob GROUP BY repository, digest, tag, day
    ), resolved AS (
        SELECT r.id AS repository_id, coalesce(m.id, t.manifest_id) AS manifest_id, s.tag, s.day, s.pulls
          FROM summed s
          JOIN repository r ON r.name = s.repository AND r.deleted_at IS NULL
          LEFT JOIN manifest m ON m.digest = s.digest
          LEFT JOIN tag t ON t.repository_id = r.id AND t.name = s.tag
         WHERE s.tag IS NOT NULL
            OR NOT EXISTS (SELECT FROM manifest_child c
                             JOIN repository_manifest p ON p.repository_id = r.id
                                                       AND p.manifest_id = c.parent_id
                            WHERE c.child_id = m.id)
    )
    SELECT (SELECT count(*) FROM taken),
           (SELECT array_agg((repository_id, manifest_id, tag, day, pulls)::pull) FROM resolved)
$$;


--
-- Name: take_removals(text, bigint, text[], boolean, text[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.take_removals(p_repository text, p_before bigint, p_names text[], p_is_put boolean, INOUT removed text[], OUT repository_gone boolean) RETURNS record
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: take_staged(text, boolean, text[], bytea[], text[], bigint[], text[], text[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.take_staged(p_repository text, p_is_wanted boolean, INOUT names text[], INOUT digests bytea[], INOUT reasons text[], INOUT times bigint[], INOUT actors text[], p_removed text[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_names text[];
    v_digests bytea[];
    v_reasons text[];
BEGIN
    DELETE FROM scan_tag WHERE repository = p_repository AND name = ANY (names || p_removed);
    IF NOT p_is_wanted THEN
        RETURN;
    END IF;
    WITH taken AS (
        DELETE FROM scan_tag WHERE repository = p_repository RETURNING name, digest, unreadable
    )
    SELECT array_agg(name), array_agg(digest), array_agg(unreadable)
      INTO v_names, v_digests, v_reasons FROM taken;
    names := names || v_names;
    digests := digests || v_digests;
    reasons := reasons || v_reasons;
    times := times || array_fill(NULL::bigint, ARRAY[coalesce(cardinality(v_names), 0)]);
    actors := actors || array_fill(NULL::text, ARRAY[coalesce(cardinality(v_names), 0)]);
END $$;


--
-- Name: too_deep_above(bigint, bigint[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.too_deep_above(p_repository bigint, p_indexes bigint[]) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: write_index_images(bigint, bigint[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.write_index_images(p_index bigint, p_images bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF p_images IS NOT DISTINCT FROM (SELECT array_agg(image_id ORDER BY position)
                                        FROM index_image WHERE index_id = p_index) THEN
        RETURN;
    END IF;
    DELETE FROM index_image WHERE index_id = p_index;
    INSERT INTO index_image (index_id, position, image_id)
    SELECT p_index, i.position - 1, i.id
      FROM unnest(p_images) WITH ORDINALITY AS i (id, position);
END $$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: annotation; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.annotation (
    manifest_id bigint NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: TABLE annotation; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.annotation IS 'String annotations of manifests of every kind, as rows for search';


--
-- Name: blob; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.blob (
    id bigint NOT NULL,
    digest bytea NOT NULL,
    size bigint NOT NULL
);


--
-- Name: TABLE blob; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.blob IS 'Layers and configurations, by digest';


--
-- Name: blob_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.blob ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.blob_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: change; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.change (
    id bigint NOT NULL,
    generation bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    type text NOT NULL,
    repository text NOT NULL COLLATE pg_catalog."C",
    tag text COLLATE pg_catalog."C",
    digest bytea,
    previous bytea,
    changed_by text,
    CONSTRAINT change_type_check CHECK ((type = ANY (ARRAY['tag.created'::text, 'tag.moved'::text, 'tag.deleted'::text, 'manifest.pushed'::text, 'repository.created'::text, 'repository.deleted'::text])))
);


--
-- Name: TABLE change; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.change IS 'The feed of changes, pruned after retention.changes';


--
-- Name: change_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.change ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: collection; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.collection (
    id bigint NOT NULL,
    started timestamp with time zone DEFAULT now() NOT NULL,
    ended timestamp with time zone,
    manifests bigint DEFAULT 0 NOT NULL,
    registry_manifests bigint DEFAULT 0 NOT NULL,
    dry_run bigint DEFAULT 0 NOT NULL
);


--
-- Name: TABLE collection; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.collection IS 'Runs of the garbage collection';


--
-- Name: collection_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.collection ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.collection_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: config; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.config (
    id bigint NOT NULL,
    raw bytea,
    document text,
    document_version smallint DEFAULT 0 NOT NULL
);


--
-- Name: TABLE config; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.config IS 'Image configurations, as the registry served them';


--
-- Name: COLUMN config.document; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.config.document IS 'The REST "image" object''s members (os, env, labels, history …) as JSON without braces, made from raw';


--
-- Name: dead_letter; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.dead_letter (
    id bigint NOT NULL,
    event_id text NOT NULL,
    received timestamp with time zone NOT NULL,
    died timestamp with time zone DEFAULT now() NOT NULL,
    reason text NOT NULL,
    leads_somewhere boolean NOT NULL,
    action text NOT NULL,
    repository text NOT NULL COLLATE pg_catalog."C",
    tag text COLLATE pg_catalog."C",
    digest bytea,
    is_blob boolean NOT NULL,
    event_time timestamp with time zone,
    actor text,
    body bytea NOT NULL
);


--
-- Name: TABLE dead_letter; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.dead_letter IS 'Events that can never be applied, with the reason; listed and put back by --dead-letters';


--
-- Name: COLUMN dead_letter.leads_somewhere; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.dead_letter.leads_somewhere IS 'False: it names nothing that a registry can hold, and was never tried';


--
-- Name: COLUMN dead_letter.repository; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.dead_letter.repository IS 'As named; empty when it names none';


--
-- Name: event_seen; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.event_seen (
    slot smallint NOT NULL,
    event_id text NOT NULL
)
PARTITION BY LIST (slot);


--
-- Name: TABLE event_seen; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.event_seen IS 'Ids of events of today and yesterday, so that each counts once. slot is the day modulo 3; the third partition is truncated when the day changes';


--
-- Name: event_seen_0; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.event_seen_0 (
    slot smallint NOT NULL,
    event_id text NOT NULL
);


--
-- Name: event_seen_1; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.event_seen_1 (
    slot smallint NOT NULL,
    event_id text NOT NULL
);


--
-- Name: event_seen_2; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.event_seen_2 (
    slot smallint NOT NULL,
    event_id text NOT NULL
);


--
-- Name: held_removal; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.held_removal (
    repository text NOT NULL COLLATE pg_catalog."C",
    tag text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    since timestamp with time zone DEFAULT now() NOT NULL,
    scan_id bigint NOT NULL
);


--
-- Name: TABLE held_removal; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.held_removal IS 'Removals that scans found and that are not applied yet; too many of them wait for a second scan. tag '''': the repository';


--
-- Name: COLUMN held_removal.since; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.held_removal.since IS 'When the first of the scans in a row that found it did';


--
-- Name: COLUMN held_removal.scan_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.held_removal.scan_id IS 'The last scan that found it';


--
-- Name: inbox; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.inbox (
    id bigint NOT NULL,
    event_id text NOT NULL,
    received timestamp with time zone DEFAULT now() NOT NULL,
    action text NOT NULL,
    repository text NOT NULL COLLATE pg_catalog."C",
    tag text COLLATE pg_catalog."C",
    digest bytea,
    is_blob boolean NOT NULL,
    event_time timestamp with time zone,
    actor text,
    attempts integer DEFAULT 0 NOT NULL,
    not_before timestamp with time zone DEFAULT now() NOT NULL,
    body bytea NOT NULL
);


--
-- Name: TABLE inbox; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.inbox IS 'Events that were acknowledged and are not applied yet; a row leaves in the transaction that applies it';


--
-- Name: COLUMN inbox.body; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.inbox.body IS 'The event as it came, one JSON object';


--
-- Name: inbox_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.inbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.inbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: index_image; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.index_image (
    index_id bigint NOT NULL,
    "position" integer NOT NULL,
    image_id bigint NOT NULL
);


--
-- Name: TABLE index_image; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.index_image IS 'The images under an index, nested ones flattened, attestations left out, each once, in order: derived from manifest_child (refresh_index_images())';


--
-- Name: label; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.label (
    manifest_id bigint NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: TABLE label; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.label IS 'String labels of images'' configurations, as rows for search';


--
-- Name: manifest; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.manifest (
    id bigint NOT NULL,
    digest bytea NOT NULL,
    kind text DEFAULT 'unknown'::text NOT NULL,
    media_type text,
    artifact_type text,
    size bigint,
    raw bytea,
    subject bytea,
    config_id bigint,
    nesting smallint DEFAULT 0 NOT NULL,
    os text,
    architecture text,
    variant text,
    os_version text,
    created timestamp with time zone,
    title text,
    description text,
    annotations text,
    document text,
    document_version smallint DEFAULT 0 NOT NULL,
    first_seen timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT manifest_kind_check CHECK ((kind = ANY (ARRAY['image'::text, 'index'::text, 'artifact'::text, 'schema1'::text, 'unknown'::text])))
);


--
-- Name: TABLE manifest; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.manifest IS 'Manifests of every kind, by digest. kind unknown and raw NULL: only the digest is known (a child that is missing, something unreadable)';


--
-- Name: COLUMN manifest.media_type; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.manifest.media_type IS 'As the manifest says, else as the registry''s answer said';


--
-- Name: COLUMN manifest.artifact_type; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.manifest.artifact_type IS 'As referrers show it: artifactType, else for manifests with a configuration its media type';


--
-- Name: COLUMN manifest.raw; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.manifest.raw IS 'The bytes that have the digest';


--
-- Name: COLUMN manifest.nesting; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.manifest.nesting IS 'Of an index: how many levels of further indexes are known below it, at most nesting_max(), which is too many. Kept by refresh_index_images()';


--
-- Name: COLUMN manifest.created; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.manifest.created IS 'Of an image: its configuration''s. Never of an index';


--
-- Name: COLUMN manifest.annotations; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.manifest.annotations IS 'JSON object of string annotations, {} when there are none; NULL while unknown';


--
-- Name: COLUMN manifest.document; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.manifest.document IS 'Image: members of the /index entry, from "Digest" on, without braces. Index: members from "Digest" to "Annotations", without Images';


--
-- Name: manifest_child; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.manifest_child (
    parent_id bigint NOT NULL,
    "position" integer NOT NULL,
    child_id bigint NOT NULL,
    media_type text,
    artifact_type text,
    size bigint,
    os text,
    architecture text,
    variant text,
    os_version text,
    annotations text,
    is_attestation boolean DEFAULT false NOT NULL,
    about bytea
);


--
-- Name: TABLE manifest_child; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.manifest_child IS 'The descriptors of an index, in its order; a child may be known by its digest only';


--
-- Name: COLUMN manifest_child.about; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.manifest_child.about IS 'Of an attestation: the digest of the image it is about (vnd.docker.reference.digest)';


--
-- Name: manifest_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.manifest ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.manifest_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: manifest_layer; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.manifest_layer (
    manifest_id bigint NOT NULL,
    "position" integer NOT NULL,
    blob_id bigint NOT NULL,
    media_type text
);


--
-- Name: pull_day; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pull_day (
    repository_id bigint NOT NULL,
    manifest_id bigint NOT NULL,
    day date NOT NULL,
    pulls bigint NOT NULL
);


--
-- Name: TABLE pull_day; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.pull_day IS 'Pulls of a manifest by day (UTC), of known manifests only; kept for 400 days';


--
-- Name: registry_instance; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.registry_instance (
    id text NOT NULL,
    first_seen timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE registry_instance; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.registry_instance IS 'source.instanceID of events: a new one means that the registry restarted and events may be missing';


--
-- Name: repository; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.repository (
    id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    last_component text GENERATED ALWAYS AS (regexp_replace(name, '^.*/'::text, ''::text)) STORED NOT NULL COLLATE pg_catalog."C",
    first_seen timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    tag_count integer DEFAULT 0 NOT NULL,
    image_count integer DEFAULT 0 NOT NULL,
    artifact_count integer DEFAULT 0 NOT NULL,
    size bigint DEFAULT 0 NOT NULL,
    pulls bigint DEFAULT 0 NOT NULL,
    created timestamp with time zone,
    updated timestamp with time zone,
    updated_source text,
    title text,
    description text,
    CONSTRAINT repository_updated_source_check CHECK ((updated_source = ANY (ARRAY['event'::text, 'created'::text, 'seen'::text])))
)
WITH (fillfactor='70');


--
-- Name: TABLE repository; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.repository IS 'Every repository ever seen; deleted_at: the registry no longer has it, its history stays';


--
-- Name: COLUMN repository.image_count; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.repository.image_count IS 'Image manifests reachable from tags, those that only attest aside';


--
-- Name: COLUMN repository.artifact_count; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.repository.artifact_count IS 'Artifact manifests (signatures, SBOMs, charts …) that it holds';


--
-- Name: COLUMN repository.size; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.repository.size IS 'Bytes of all that is reachable from its tags, each blob and manifest once; kept by adjust_references()';


--
-- Name: COLUMN repository.created; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.repository.created IS 'The oldest time that a tag of it is known to have had';


--
-- Name: COLUMN repository.updated; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.repository.updated IS 'Of its tag updated last, hidden ones aside';


--
-- Name: COLUMN repository.title; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.repository.title IS 'Of its latest tag, else of the tag updated last; kept by refresh_repository()';


--
-- Name: repository_blob; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.repository_blob (
    repository_id bigint NOT NULL,
    blob_id bigint NOT NULL,
    "references" integer NOT NULL
);


--
-- Name: TABLE repository_blob; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.repository_blob IS 'How many manifests reachable from this repository''s tags use a layer or configuration: sizes that count each once';


--
-- Name: repository_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.repository ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.repository_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: repository_label; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.repository_label (
    repository_id bigint NOT NULL,
    value_hash bytea NOT NULL,
    value text NOT NULL COLLATE pg_catalog."C",
    "references" integer NOT NULL
);


--
-- Name: TABLE repository_label; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.repository_label IS 'Distinct label values (lower case, first 1000 characters) of images reachable from tags, for search; value_hash is sha256(value)';


--
-- Name: repository_manifest; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.repository_manifest (
    repository_id bigint NOT NULL,
    manifest_id bigint NOT NULL,
    "references" integer DEFAULT 0 NOT NULL,
    attests integer DEFAULT 0 NOT NULL,
    unreadable text,
    unreadable_since timestamp with time zone,
    first_seen timestamp with time zone DEFAULT now() NOT NULL,
    pulls bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='80');


--
-- Name: TABLE repository_manifest; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.repository_manifest IS 'Which repository holds a manifest, and whether it could be read there';


--
-- Name: COLUMN repository_manifest."references"; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.repository_manifest."references" IS 'Tags of this repository on it, plus indexes that list it and are reachable from tags and readable here. 0: untagged. Kept by adjust_references()';


--
-- Name: COLUMN repository_manifest.attests; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.repository_manifest.attests IS 'How many of the references are indexes that list it as nothing but an attestation: with no other reference it is shown as no image';


--
-- Name: COLUMN repository_manifest.unreadable; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.repository_manifest.unreadable IS 'Why it could not be read in this repository, in words; NULL: it could, and its content is stored';


--
-- Name: repository_platform; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.repository_platform (
    repository_id bigint NOT NULL,
    platform text NOT NULL COLLATE pg_catalog."C",
    "references" integer NOT NULL
);


--
-- Name: TABLE repository_platform; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.repository_platform IS 'os/architecture[/variant] of images reachable from tags';


--
-- Name: scan; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.scan (
    id bigint NOT NULL,
    started timestamp with time zone DEFAULT now() NOT NULL,
    ended timestamp with time zone,
    complete boolean DEFAULT false NOT NULL,
    repositories bigint DEFAULT 0 NOT NULL,
    tags bigint DEFAULT 0 NOT NULL,
    manifests bigint DEFAULT 0 NOT NULL,
    added bigint DEFAULT 0 NOT NULL,
    removed bigint DEFAULT 0 NOT NULL,
    unreadable bigint DEFAULT 0 NOT NULL,
    requests bigint DEFAULT 0 NOT NULL,
    error text
);


--
-- Name: scan_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.scan ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.scan_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: scan_tag; Type: TABLE; Schema: public; Owner: -
--

CREATE UNLOGGED TABLE public.scan_tag (
    repository text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    digest bytea,
    unreadable text
);


--
-- Name: TABLE scan_tag; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.scan_tag IS 'What the running scan found changed in a repository, until one transaction applies all of it; an event for the tag deletes its row';


--
-- Name: schema_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.schema_version (
    version integer NOT NULL,
    min_reader_version integer NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE schema_version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.schema_version IS 'One row a migration; the highest is the present schema';


--
-- Name: COLUMN schema_version.min_reader_version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.schema_version.min_reader_version IS 'A reader understands this schema if it knows at least this version';


--
-- Name: state; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.state (
    only_row boolean DEFAULT true NOT NULL,
    generation bigint DEFAULT 0 NOT NULL,
    term bigint DEFAULT 0 NOT NULL,
    leader_host text,
    leader_pid integer,
    leader_since timestamp with time zone,
    last_complete_scan timestamp with time zone,
    scan_running boolean DEFAULT false NOT NULL,
    scan_wanted timestamp with time zone,
    changes_pruned bigint DEFAULT 0 NOT NULL,
    document_version smallint DEFAULT 0 NOT NULL,
    CONSTRAINT state_only_row_check CHECK (only_row)
)
WITH (fillfactor='10');


--
-- Name: TABLE state; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.state IS 'Exactly one row';


--
-- Name: COLUMN state.generation; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.state.generation IS 'Raised by every visible change, last statement of its transaction (publish())';


--
-- Name: COLUMN state.term; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.state.term IS 'Number of the present leader; a transaction of an older one fails (MS001)';


--
-- Name: COLUMN state.scan_wanted; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.state.scan_wanted IS 'When something was last accepted unread, or more was deleted than could be asked about: only a complete scan that began later finds it';


--
-- Name: COLUMN state.changes_pruned; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.state.changes_pruned IS 'The feed of changes is complete after this generation';


--
-- Name: COLUMN state.document_version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.state.document_version IS 'Of the program that last made sure of all documents; that of another version makes the old ones again';


--
-- Name: tag; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tag (
    repository_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    manifest_id bigint,
    unreadable text,
    hidden boolean GENERATED ALWAYS AS ((name ~ '^sha256-[0-9a-f]{64}(\.(sig|att|sbom))?$'::text)) STORED NOT NULL,
    first_seen timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone NOT NULL,
    updated_source text NOT NULL,
    updated_by text,
    pulls bigint DEFAULT 0 NOT NULL,
    CONSTRAINT tag_check CHECK (((manifest_id IS NULL) = (unreadable IS NOT NULL))),
    CONSTRAINT tag_updated_source_check CHECK ((updated_source = ANY (ARRAY['event'::text, 'created'::text, 'seen'::text])))
)
WITH (fillfactor='80');


--
-- Name: COLUMN tag.manifest_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.tag.manifest_id IS 'NULL when the registry does not even tell its digest';


--
-- Name: COLUMN tag.unreadable; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.tag.unreadable IS 'Why the registry does not tell its digest; what is wrong with a manifest stands in repository_manifest';


--
-- Name: COLUMN tag.hidden; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.tag.hidden IS 'sha256-<hex> fallback tags and cosign''s .sig .att .sbom: in tag lists, not in indexes nor search';


--
-- Name: tag_history; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tag_history (
    id bigint NOT NULL,
    repository_id bigint NOT NULL,
    tag text NOT NULL COLLATE pg_catalog."C",
    digest bytea,
    from_time timestamp with time zone NOT NULL,
    until_time timestamp with time zone,
    changed_by text,
    source text NOT NULL,
    CONSTRAINT tag_history_source_check CHECK ((source = ANY (ARRAY['event'::text, 'scan'::text])))
);


--
-- Name: TABLE tag_history; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.tag_history IS 'Every digest a tag was seen to point to; the open row (until_time NULL) is the present one. Survives its tag';


--
-- Name: tag_history_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.tag_history ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.tag_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: touched; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.touched (
    generation bigint NOT NULL,
    repository text NOT NULL COLLATE pg_catalog."C",
    at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE touched; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.touched IS 'Which repository each recent generation changed: what a reader''s watcher reads to invalidate caches. Pruned after an hour';


--
-- Name: event_seen_0; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event_seen ATTACH PARTITION public.event_seen_0 FOR VALUES IN ('0');


--
-- Name: event_seen_1; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event_seen ATTACH PARTITION public.event_seen_1 FOR VALUES IN ('1');


--
-- Name: event_seen_2; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event_seen ATTACH PARTITION public.event_seen_2 FOR VALUES IN ('2');


--
-- Data for Name: annotation; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.annotation (manifest_id, key, value) FROM stdin;
14	org.opencontainers.image.title	Web for all
11	zero	a�b
\.


--
-- Data for Name: blob; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.blob (id, digest, size) FROM stdin;
1	\\x0116367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4	6
2	\\x0117277d21477fd2899c45567bde264c9a5fbeb0c5881237cb22920bc081f6bdfb	388
3	\\x0131b1bea262a65f3b89522e134cef5e65962a5c1727666859ef2448fd439ccccf	9007199254740993
4	\\x01b91df144b52a0c61c34e9a2d2be8169ca2932b17a090d2347841976622fd019d	280
5	\\x012d5233f72a4c2920fdba09f902a2e6e35bee8fd6559f3371ef27c2eada3f14d1	8
6	\\x01700fa0239dc81e3287c94e47ac64f8ee4210bf1d50d1e875c9c82be242728ab1	283
7	\\x0114c2529eb4498c5d1ffd6915d05bf58a91bdda796af59f41d480d11c099d0479	3
8	\\x01df21ddc395d538767cd5d195417fb98558b4de11d5d6c37bc8f0230182183a04	384
9	\\x019e106fa26e351d8bfb49a1499a3477e33a983b1e715fae61ebdc49a4d70ba82d	275
10	\\x01cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4	3
11	\\x01423aa37e4793e5c49c4c2b62dc6b9513245b2b8dc27087e583952b707186bb9f	277
12	\\x014b5e57f6eb2f42b9039b3d1e13929295f231749c510cbe341cd68036d9af97e2	3
13	\\x01623210167553939c87ed8c5f2bfe0b3e0684e12c3a3dd2513613c4e67263b5a1	4
14	\\x017fb14d4eb49fb2493dc7c445985142b3ebc4f790906c1a62a68f2d6f295ed2a5	512
15	\\x019bd872e8f6cc470f0a51cc35320eb4723e0f349ac66771c087d9255d89a6cccf	283
16	\\x01b111c6e1d318f203063e5c16bab43c108326af0aa2f7b65760c95547a43dbe52	9
17	\\x01bec5a46f0bb075498a757dca5a82d2f6b51c50c6dc034fe04450ab43b7d1b1d4	5
18	\\x01ddf7ff5ebd9d66ce161466c1c0262430fa04de32b0e420ee3f489e2e2112e386	3
19	\\x01f3c70edf122a4c9999b3d14b22c6b400fbce304208c3b2ef3779d6139c70b8e6	511
20	\\x0192f0151c600b7721ff9c5258093d0bef6e03ccf4a086cc4ea4c59e83daf52db3	489
21	\\x01a4895eb44afc336fecbba6e520cd67e178dace0276655d102fceffa8e5f70570	5
\.


--
-- Data for Name: change; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.change (id, generation, at, type, repository, tag, digest, previous, changed_by) FROM stdin;
1	1	2026-11-29 16:37:27.772417+00	repository.created	a/liar	\N	\N	\N	\N
2	1	2026-11-29 16:37:27.772417+00	tag.created	a/liar	huge	\\x01345805661bcf03865044cc3f24242643fbe9287cb79dff62f313b21405b671d2	\N	\N
3	1	2026-11-29 16:37:27.772417+00	tag.created	a/liar	small	\\x01e2004a98fa7f1556bc53bca8b16fdd2e990dd78b2d5f1c081affe092e5a0d804	\N	\N
4	2	2026-11-29 16:37:28.068707+00	repository.created	app/old	\N	\N	\N	\N
5	2	2026-11-29 16:37:28.068707+00	tag.created	app/old	1	\\x016cf58d426eed23b5ade952053bbf4b11ed511b7f0a8b424e3d6e66cdd214b7b0	\N	\N
6	3	2026-11-29 16:37:28.077091+00	repository.created	app/api	\N	\N	\N	\N
7	3	2026-11-29 16:37:28.077091+00	tag.created	app/api	1.0	\\x01e004affb5839bc5bfb3395a376a9fdf163cb498bad7e57d6a76525959dbd91b3	\N	\N
8	4	2026-11-29 16:37:28.066186+00	repository.created	app/cache	\N	\N	\N	\N
9	4	2026-11-29 16:37:28.066186+00	tag.created	app/cache	buildcache	\\x01eabae6c1fdf209711291375eb42a742dcb35ae8d06c7f2ba2ab28dbf1e66004b	\N	\N
10	4	2026-11-29 16:37:28.066186+00	tag.created	app/cache	image	\\x013b4f0b645992501dc989308418b6ae051272bb3ef2dd3a8312b298958122ac2e	\N	\N
11	5	2026-11-29 16:37:28.11427+00	repository.created	app/web	\N	\N	\N	\N
12	5	2026-11-29 16:37:28.11427+00	tag.created	app/web	1.0	\\x01d55ba8344303c8e2def438afc88c6a168180b539888047bce35955b49a1daa37	\N	\N
13	5	2026-11-29 16:37:28.11427+00	tag.created	app/web	broken	\\x0144136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a	\N	\N
14	5	2026-11-29 16:37:28.11427+00	tag.created	app/web	latest	\\x01cde39cce6b6633a0da4e897aebe91c114ac4169ec1e26176a8fcd21b70bd853c	\N	\N
15	5	2026-11-29 16:37:28.11427+00	tag.created	app/web	odd	\\x0197006665ede1f316f6b2e8f6eaeee8921b6e939bcba908a87c44cae6d3c2d374	\N	\N
16	5	2026-11-29 16:37:28.11427+00	tag.created	app/web	sbom	\\x016fca8c27b0ca5b7bfae909602d8d1800691019ed2ca17719da9e60c250dd445b	\N	\N
17	6	2026-11-29 16:37:28.372798+00	tag.moved	app/web	1.0	\\x01dc561a3db5b3ea7928d794601f2de609965134e33c0b98909b723202c4d20e9b	\\x01d55ba8344303c8e2def438afc88c6a168180b539888047bce35955b49a1daa37	ci
18	7	2026-11-29 16:37:43.46628+00	tag.deleted	app/old	1	\N	\\x016cf58d426eed23b5ade952053bbf4b11ed511b7f0a8b424e3d6e66cdd214b7b0	\N
19	7	2026-11-29 16:37:43.46628+00	repository.deleted	app/old	\N	\N	\N	\N
\.


--
-- Data for Name: collection; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.collection (id, started, ended, manifests, registry_manifests, dry_run) FROM stdin;
\.


--
-- Data for Name: config; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.config (id, raw, document, document_version) FROM stdin;
2	\\x7b226f73223a20226c696e7578222c2022617263686974656374757265223a2022616d643634222c202263726561746564223a2022323032342d30352d30315431323a30303a30305a222c2022636f6e666967223a207b224c6162656c73223a207b7d7d2c2022726f6f746673223a207b2274797065223a20226c6179657273222c2022646966665f696473223a205b227368613235363a30316265366337656462326363386338633838376563656439643330663736313762353832636434643466386466303939633935366236333332653938623430222c20227368613235363a37333833636363626635333961303630643638373735393939313264323861653637663663326662623336633266356236353731646566313235366431613461225d7d2c2022686973746f7279223a205b7b22637265617465645f6279223a202252554e2062617365206c61796572227d2c207b22637265617465645f6279223a202252554e207365636f6e64227d5d2c20226e616d65223a20226c696172227d	"config_digest":"sha256:17277d21477fd2899c45567bde264c9a5fbeb0c5881237cb22920bc081f6bdfb","os":"linux","architecture":"amd64","variant":null,"os_version":null,"created":"2024-05-01T12:00:00Z","author":null,"labels":{},"env":[],"entrypoint":[],"cmd":[],"user":null,"working_dir":null,"exposed_ports":[],"volumes":[],"stop_signal":null,"diff_ids":["sha256:01be6c7edb2cc8c8c887eced9d30f7617b582cd4d4f8df099c956b6332e98b40","sha256:7383cccbf539a060d6877599912d28ae67f6c2fbb36c2f5b6571def1256d1a4a"],"history":[{"created":null,"created_by":"RUN base layer","comment":null,"empty_layer":false},{"created":null,"created_by":"RUN second","comment":null,"empty_layer":false}]	1
4	\\x7b226f73223a20226c696e7578222c2022617263686974656374757265223a2022616d643634222c202263726561746564223a2022323032342d30352d30315431323a30303a30305a222c2022636f6e666967223a207b224c6162656c73223a207b7d7d2c2022726f6f746673223a207b2274797065223a20226c6179657273222c2022646966665f696473223a205b227368613235363a37333833636363626635333961303630643638373735393939313264323861653637663663326662623336633266356236353731646566313235366431613461225d7d2c2022686973746f7279223a205b7b22637265617465645f6279223a202252554e207365636f6e64227d5d2c20226e616d65223a20226c69617232227d	"config_digest":"sha256:b91df144b52a0c61c34e9a2d2be8169ca2932b17a090d2347841976622fd019d","os":"linux","architecture":"amd64","variant":null,"os_version":null,"created":"2024-05-01T12:00:00Z","author":null,"labels":{},"env":[],"entrypoint":[],"cmd":[],"user":null,"working_dir":null,"exposed_ports":[],"volumes":[],"stop_signal":null,"diff_ids":["sha256:7383cccbf539a060d6877599912d28ae67f6c2fbb36c2f5b6571def1256d1a4a"],"history":[{"created":null,"created_by":"RUN second","comment":null,"empty_layer":false}]	1
6	\\x7b226f73223a20226c696e7578222c2022617263686974656374757265223a2022616d643634222c202263726561746564223a2022323032342d30352d30315431323a30303a30305a222c2022636f6e666967223a207b224c6162656c73223a207b7d7d2c2022726f6f746673223a207b2274797065223a20226c6179657273222c2022646966665f696473223a205b227368613235363a65653731393232353362306430633238613137643564373337646233326331653036363036333535366131653865383865316164333062653861623533633630225d7d2c2022686973746f7279223a205b7b22637265617465645f6279223a202252554e206361636865642031227d5d2c20226e616d65223a2022636163686564227d	"config_digest":"sha256:700fa0239dc81e3287c94e47ac64f8ee4210bf1d50d1e875c9c82be242728ab1","os":"linux","architecture":"amd64","variant":null,"os_version":null,"created":"2024-05-01T12:00:00Z","author":null,"labels":{},"env":[],"entrypoint":[],"cmd":[],"user":null,"working_dir":null,"exposed_ports":[],"volumes":[],"stop_signal":null,"diff_ids":["sha256:ee7192253b0d0c28a17d5d737db32c1e066063556a1e8e88e1ad30be8ab53c60"],"history":[{"created":null,"created_by":"RUN cached 1","comment":null,"empty_layer":false}]	1
8	\\x7b226f73223a20226c696e7578222c2022617263686974656374757265223a2022616d643634222c202263726561746564223a2022323032342d30352d30315431323a30303a30305a222c2022636f6e666967223a207b224c6162656c73223a207b7d7d2c2022726f6f746673223a207b2274797065223a20226c6179657273222c2022646966665f696473223a205b227368613235363a30316265366337656462326363386338633838376563656439643330663736313762353832636434643466386466303939633935366236333332653938623430222c20227368613235363a64636463303162383039653863616431376136306133353665313462653864626236363734333135316434653762613034663163363438646635313061356362225d7d2c2022686973746f7279223a205b7b22637265617465645f6279223a202252554e2062617365206c61796572227d2c207b22637265617465645f6279223a202252554e20617069227d5d2c20226e616d65223a2022617069227d	"config_digest":"sha256:df21ddc395d538767cd5d195417fb98558b4de11d5d6c37bc8f0230182183a04","os":"linux","architecture":"amd64","variant":null,"os_version":null,"created":"2024-05-01T12:00:00Z","author":null,"labels":{},"env":[],"entrypoint":[],"cmd":[],"user":null,"working_dir":null,"exposed_ports":[],"volumes":[],"stop_signal":null,"diff_ids":["sha256:01be6c7edb2cc8c8c887eced9d30f7617b582cd4d4f8df099c956b6332e98b40","sha256:dcdc01b809e8cad17a60a356e14be8dbb66743151d4e7ba04f1c648df510a5cb"],"history":[{"created":null,"created_by":"RUN base layer","comment":null,"empty_layer":false},{"created":null,"created_by":"RUN api","comment":null,"empty_layer":false}]	1
9	\\x7b226f73223a20226c696e7578222c2022617263686974656374757265223a2022616d643634222c202263726561746564223a2022323032342d30352d30315431323a30303a30305a222c2022636f6e666967223a207b224c6162656c73223a207b7d7d2c2022726f6f746673223a207b2274797065223a20226c6179657273222c2022646966665f696473223a205b227368613235363a61373531646332396562393263396530663837386264316361316263303934633530346533316264633565376339633332623766633632623232643263306261225d7d2c2022686973746f7279223a205b7b22637265617465645f6279223a202252554e206f6c64227d5d2c20226e616d65223a20226f6c64227d	"config_digest":"sha256:9e106fa26e351d8bfb49a1499a3477e33a983b1e715fae61ebdc49a4d70ba82d","os":"linux","architecture":"amd64","variant":null,"os_version":null,"created":"2024-05-01T12:00:00Z","author":null,"labels":{},"env":[],"entrypoint":[],"cmd":[],"user":null,"working_dir":null,"exposed_ports":[],"volumes":[],"stop_signal":null,"diff_ids":["sha256:a751dc29eb92c9e0f878bd1ca1bc094c504e31bdc5e7c9c32b7fc62b22d2c0ba"],"history":[{"created":null,"created_by":"RUN old","comment":null,"empty_layer":false}]	1
11	\N	\N	0
14	\\x7b226f73223a20226c696e7578222c2022617263686974656374757265223a2022616d643634222c202263726561746564223a2022323032342d30352d30315431323a30303a30305a222c2022636f6e666967223a207b224c6162656c73223a207b226f72672e6f70656e636f6e7461696e6572732e696d6167652e7469746c65223a2022576562222c20226f72672e6f70656e636f6e7461696e6572732e696d6167652e6465736372697074696f6e223a2022536572766573207061676573222c202247725c75303066365c753030646665223a202267726f5c7530306466227d7d2c2022726f6f746673223a207b2274797065223a20226c6179657273222c2022646966665f696473223a205b227368613235363a30316265366337656462326363386338633838376563656439643330663736313762353832636434643466386466303939633935366236333332653938623430222c20227368613235363a39343762653563383035373735306339356331356532393363623236393533633138303261666539646438626334633762616265616636303930336433376162225d7d2c2022686973746f7279223a205b7b22637265617465645f6279223a202252554e2062617365206c61796572227d2c207b22637265617465645f6279223a202252554e20776562227d5d2c20226e616d65223a202277656231227d	"config_digest":"sha256:7fb14d4eb49fb2493dc7c445985142b3ebc4f790906c1a62a68f2d6f295ed2a5","os":"linux","architecture":"amd64","variant":null,"os_version":null,"created":"2024-05-01T12:00:00Z","author":null,"labels":{"org.opencontainers.image.title":"Web","org.opencontainers.image.description":"Serves pages","Größe":"groß"},"env":[],"entrypoint":[],"cmd":[],"user":null,"working_dir":null,"exposed_ports":[],"volumes":[],"stop_signal":null,"diff_ids":["sha256:01be6c7edb2cc8c8c887eced9d30f7617b582cd4d4f8df099c956b6332e98b40","sha256:947be5c8057750c95c15e293cb26953c1802afe9dd8bc4c7babeaf60903d37ab"],"history":[{"created":null,"created_by":"RUN base layer","comment":null,"empty_layer":false},{"created":null,"created_by":"RUN web","comment":null,"empty_layer":false}]	1
15	\\x7b226f73223a20226c696e7578222c2022617263686974656374757265223a2022756e6b6e6f776e222c202263726561746564223a2022323032342d30352d30315431323a30303a30305a222c2022636f6e666967223a207b224c6162656c73223a207b7d7d2c2022726f6f746673223a207b2274797065223a20226c6179657273222c2022646966665f696473223a205b227368613235363a61623136323966333861333265326237633834316335336439396632343866633639636131346637376462363762386434316535623933323835323539363239225d7d2c2022686973746f7279223a205b7b22637265617465645f6279223a202252554e2073746174656d656e74227d5d2c20226e616d65223a2022617474227d	"config_digest":"sha256:9bd872e8f6cc470f0a51cc35320eb4723e0f349ac66771c087d9255d89a6cccf","os":"linux","architecture":"unknown","variant":null,"os_version":null,"created":"2024-05-01T12:00:00Z","author":null,"labels":{},"env":[],"entrypoint":[],"cmd":[],"user":null,"working_dir":null,"exposed_ports":[],"volumes":[],"stop_signal":null,"diff_ids":["sha256:ab1629f38a32e2b7c841c53d99f248fc69ca14f77db67b8d41e5b93285259629"],"history":[{"created":null,"created_by":"RUN statement","comment":null,"empty_layer":false}]	1
17	\\x7b226f73223a20226c696e7578222c2022617263686974656374757265223a2022616d643634222c202263726561746564223a2022323032342d30352d30315431323a30303a30305a222c2022636f6e666967223a207b224c6162656c73223a207b7d7d2c2022726f6f746673223a207b2274797065223a20226c6179657273222c2022646966665f696473223a205b227368613235363a30316265366337656462326363386338633838376563656439643330663736313762353832636434643466386466303939633935366236333332653938623430225d7d2c2022686973746f7279223a205b7b22637265617465645f6279223a202252554e2062617365206c61796572227d5d2c20226e616d65223a20226f6464227d	"config_digest":"sha256:bec5a46f0bb075498a757dca5a82d2f6b51c50c6dc034fe04450ab43b7d1b1d4","os":"linux","architecture":"amd64","variant":null,"os_version":null,"created":"2024-05-01T12:00:00Z","author":null,"labels":{},"env":[],"entrypoint":[],"cmd":[],"user":null,"working_dir":null,"exposed_ports":[],"volumes":[],"stop_signal":null,"diff_ids":["sha256:01be6c7edb2cc8c8c887eced9d30f7617b582cd4d4f8df099c956b6332e98b40"],"history":[{"created":null,"created_by":"RUN base layer","comment":null,"empty_layer":false}]	1
19	\\x7b226f73223a20226c696e7578222c2022617263686974656374757265223a202261726d3634222c202263726561746564223a2022323032342d30352d30315431323a30303a30305a222c2022636f6e666967223a207b224c6162656c73223a207b226d61696e7461696e6572223a2022736f6d65626f6479227d7d2c2022726f6f746673223a207b2274797065223a20226c6179657273222c2022646966665f696473223a205b227368613235363a30316265366337656462326363386338633838376563656439643330663736313762353832636434643466386466303939633935366236333332653938623430222c20227368613235363a39343762653563383035373735306339356331356532393363623236393533633138303261666539646438626334633762616265616636303930336433376162222c20227368613235363a66343934326564316366623265656432636563633835613134636234646663336635643533383062323130393831313364623233653761366132356162333538225d7d2c2022686973746f7279223a205b7b22637265617465645f6279223a202252554e2062617365206c61796572227d2c207b22637265617465645f6279223a202252554e20776562227d2c207b22637265617465645f6279223a202252554e2061726d227d5d2c20226e616d65223a202277656232227d	"config_digest":"sha256:f3c70edf122a4c9999b3d14b22c6b400fbce304208c3b2ef3779d6139c70b8e6","os":"linux","architecture":"arm64","variant":null,"os_version":null,"created":"2024-05-01T12:00:00Z","author":null,"labels":{"maintainer":"somebody"},"env":[],"entrypoint":[],"cmd":[],"user":null,"working_dir":null,"exposed_ports":[],"volumes":[],"stop_signal":null,"diff_ids":["sha256:01be6c7edb2cc8c8c887eced9d30f7617b582cd4d4f8df099c956b6332e98b40","sha256:947be5c8057750c95c15e293cb26953c1802afe9dd8bc4c7babeaf60903d37ab","sha256:f4942ed1cfb2eed2cecc85a14cb4dfc3f5d5380b21098113db23e7a6a25ab358"],"history":[{"created":null,"created_by":"RUN base layer","comment":null,"empty_layer":false},{"created":null,"created_by":"RUN web","comment":null,"empty_layer":false},{"created":null,"created_by":"RUN arm","comment":null,"empty_layer":false}]	1
20	\\x7b226f73223a20226c696e7578222c2022617263686974656374757265223a2022616d643634222c202263726561746564223a2022323032342d30352d30315431323a30303a30305a222c2022636f6e666967223a207b224c6162656c73223a207b7d7d2c2022726f6f746673223a207b2274797065223a20226c6179657273222c2022646966665f696473223a205b227368613235363a30316265366337656462326363386338633838376563656439643330663736313762353832636434643466386466303939633935366236333332653938623430222c20227368613235363a39343762653563383035373735306339356331356532393363623236393533633138303261666539646438626334633762616265616636303930336433376162222c20227368613235363a35376362393437313434633839623861613837613866373637326435626336383965373130333830633262616536303735336633613231383861356339656637225d7d2c2022686973746f7279223a205b7b22637265617465645f6279223a202252554e2062617365206c61796572227d2c207b22637265617465645f6279223a202252554e20776562227d2c207b22637265617465645f6279223a202252554e207061746368227d5d2c20226e616d65223a202277656233227d	"config_digest":"sha256:92f0151c600b7721ff9c5258093d0bef6e03ccf4a086cc4ea4c59e83daf52db3","os":"linux","architecture":"amd64","variant":null,"os_version":null,"created":"2024-05-01T12:00:00Z","author":null,"labels":{},"env":[],"entrypoint":[],"cmd":[],"user":null,"working_dir":null,"exposed_ports":[],"volumes":[],"stop_signal":null,"diff_ids":["sha256:01be6c7edb2cc8c8c887eced9d30f7617b582cd4d4f8df099c956b6332e98b40","sha256:947be5c8057750c95c15e293cb26953c1802afe9dd8bc4c7babeaf60903d37ab","sha256:57cb947144c89b8aa87a8f7672d5bc689e710380c2bae60753f3a2188a5c9ef7"],"history":[{"created":null,"created_by":"RUN base layer","comment":null,"empty_layer":false},{"created":null,"created_by":"RUN web","comment":null,"empty_layer":false},{"created":null,"created_by":"RUN patch","comment":null,"empty_layer":false}]	1
\.


--
-- Data for Name: dead_letter; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.dead_letter (id, event_id, received, died, reason, leads_somewhere, action, repository, tag, digest, is_blob, event_time, actor, body) FROM stdin;
5	event-5	2026-11-29 16:37:28.388262+00	2026-11-29 16:37:28.388262+00	names an impossible repository	f	push	?? none	t	\\x01dc561a3db5b3ea7928d794601f2de609965134e33c0b98909b723202c4d20e9b	f	2024-06-01 10:00:00+00	ci	\\x7b226964223a226576656e742d35222c2274696d657374616d70223a22323032342d30362d30315431303a30303a30305a222c22616374696f6e223a2270757368222c22746172676574223a7b226d6564696154797065223a226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c227265706f7369746f7279223a223f3f206e6f6e65222c22746167223a2274222c22646967657374223a227368613235363a64633536316133646235623365613739323864373934363031663264653630393936353133346533336330623938393039623732333230326334643230653962227d2c2272657175657374223a7b226d6574686f64223a22474554227d2c226163746f72223a7b226e616d65223a226369227d2c22736f75726365223a7b22696e7374616e63654944223a226f6e65227d7d
\.


--
-- Data for Name: event_seen_0; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.event_seen_0 (slot, event_id) FROM stdin;
\.


--
-- Data for Name: event_seen_1; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.event_seen_1 (slot, event_id) FROM stdin;
\.


--
-- Data for Name: event_seen_2; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.event_seen_2 (slot, event_id) FROM stdin;
2	event-1
2	event-2
2	event-3
2	event-4
2	event-5
\.


--
-- Data for Name: held_removal; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.held_removal (repository, tag, since, scan_id) FROM stdin;
\.


--
-- Data for Name: inbox; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.inbox (id, event_id, received, action, repository, tag, digest, is_blob, event_time, actor, attempts, not_before, body) FROM stdin;
\.


--
-- Data for Name: index_image; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.index_image (index_id, "position", image_id) FROM stdin;
14	0	15
14	1	13
\.


--
-- Data for Name: label; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.label (manifest_id, key, value) FROM stdin;
15	org.opencontainers.image.title	Web
15	org.opencontainers.image.description	Serves pages
15	Größe	groß
13	maintainer	somebody
\.


--
-- Data for Name: manifest; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.manifest (id, digest, kind, media_type, artifact_type, size, raw, subject, config_id, nesting, os, architecture, variant, os_version, created, title, description, annotations, document, document_version, first_seen) FROM stdin;
1	\\x01345805661bcf03865044cc3f24242643fbe9287cb79dff62f313b21405b671d2	image	application/vnd.oci.image.manifest.v1+json	application/vnd.oci.image.config.v1+json	589	\\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022636f6e666967223a207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e636f6e6669672e76312b6a736f6e222c2022646967657374223a20227368613235363a31373237376432313437376664323839396334353536376264653236346339613566626562306335383831323337636232323932306263303831663662646662222c202273697a65223a203338387d2c20226c6179657273223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a33316231626561323632613635663362383935323265313334636566356536353936326135633137323736363638353965663234343866643433396363636366222c202273697a65223a20393030373139393235343734303939337d2c207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a31363336376161636236376134613031376338646138616239353638326363623339303836333738306637313134646461306130653063353536343463376334222c202273697a65223a20367d5d7d	\N	2	0	linux	amd64	\N	\N	2024-05-01 12:00:00+00	\N	\N	{}	"Digest":"sha256:345805661bcf03865044cc3f24242643fbe9287cb79dff62f313b21405b671d2","MediaType":"application/vnd.oci.image.manifest.v1+json","OS":"linux","Architecture":"amd64"	1	2026-11-29 16:37:27.768251+00
2	\\x01e2004a98fa7f1556bc53bca8b16fdd2e990dd78b2d5f1c081affe092e5a0d804	image	application/vnd.oci.image.manifest.v1+json	application/vnd.oci.image.config.v1+json	416	\\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022636f6e666967223a207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e636f6e6669672e76312b6a736f6e222c2022646967657374223a20227368613235363a62393164663134346235326130633631633334653961326432626538313639636132393332623137613039306432333437383431393736363232666430313964222c202273697a65223a203238307d2c20226c6179657273223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a31363336376161636236376134613031376338646138616239353638326363623339303836333738306637313134646461306130653063353536343463376334222c202273697a65223a20337d5d7d	\N	4	0	linux	amd64	\N	\N	2024-05-01 12:00:00+00	\N	\N	{}	"Digest":"sha256:e2004a98fa7f1556bc53bca8b16fdd2e990dd78b2d5f1c081affe092e5a0d804","MediaType":"application/vnd.oci.image.manifest.v1+json","OS":"linux","Architecture":"amd64"	1	2026-11-29 16:37:27.768251+00
3	\\x012d5233f72a4c2920fdba09f902a2e6e35bee8fd6559f3371ef27c2eada3f14d1	unknown	\N	\N	\N	\N	\N	\N	0	\N	\N	\N	\N	\N	\N	\N	\N	\N	0	2026-11-29 16:37:28.032673+00
4	\\x013786c8b5fa08b53ee6c91f9a14b4324ea9018b37e738638ee7bf778ea85ec8d6	unknown	\N	\N	\N	\N	\N	\N	0	\N	\N	\N	\N	\N	\N	\N	\N	\N	0	2026-11-29 16:37:28.032673+00
6	\\x01bf119f0b0d6f3dc5571cfadadad2fa8e4db5636204f4ef91645b5cc9fc082d3d	unknown	\N	\N	\N	\N	\N	\N	0	\N	\N	\N	\N	\N	\N	\N	\N	\N	0	2026-11-29 16:37:28.032673+00
7	\\x01eabae6c1fdf209711291375eb42a742dcb35ae8d06c7f2ba2ab28dbf1e66004b	index	application/vnd.oci.image.index.v1+json	\N	611	\\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e696e6465782e76312b6a736f6e222c20226d616e696665737473223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a32643532333366373261346332393230666462613039663930326132653665333562656538666436353539663333373165663237633265616461336631346431222c202273697a65223a20382c2022616e6e6f746174696f6e73223a207b226275696c646b69742f637265617465646174223a202232303234227d7d2c207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a62663131396630623064366633646335353731636661646164616432666138653464623536333632303466346566393136343562356363396663303832643364222c202273697a65223a203830307d2c207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6275696c646b69742e6361636865636f6e6669672e7630222c2022646967657374223a20227368613235363a33373836633862356661303862353365653663393166396131346234333234656139303138623337653733383633386565376266373738656138356563386436222c202273697a65223a2031317d5d7d	\N	\N	0	\N	\N	\N	\N	\N	\N	\N	{}	"Digest":"sha256:eabae6c1fdf209711291375eb42a742dcb35ae8d06c7f2ba2ab28dbf1e66004b","MediaType":"application/vnd.oci.image.index.v1+json"	1	2026-11-29 16:37:28.032673+00
5	\\x013b4f0b645992501dc989308418b6ae051272bb3ef2dd3a8312b298958122ac2e	image	application/vnd.oci.image.manifest.v1+json	application/vnd.oci.image.config.v1+json	416	\\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022636f6e666967223a207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e636f6e6669672e76312b6a736f6e222c2022646967657374223a20227368613235363a37303066613032333964633831653332383763393465343761633634663865653432313062663164353064316538373563396338326265323432373238616231222c202273697a65223a203238337d2c20226c6179657273223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a32643532333366373261346332393230666462613039663930326132653665333562656538666436353539663333373165663237633265616461336631346431222c202273697a65223a20387d5d7d	\N	6	0	linux	amd64	\N	\N	2024-05-01 12:00:00+00	\N	\N	{}	"Digest":"sha256:3b4f0b645992501dc989308418b6ae051272bb3ef2dd3a8312b298958122ac2e","MediaType":"application/vnd.oci.image.manifest.v1+json","OS":"linux","Architecture":"amd64"	1	2026-11-29 16:37:28.032673+00
8	\\x01e004affb5839bc5bfb3395a376a9fdf163cb498bad7e57d6a76525959dbd91b3	image	application/vnd.oci.image.manifest.v1+json	application/vnd.oci.image.config.v1+json	575	\\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022636f6e666967223a207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e636f6e6669672e76312b6a736f6e222c2022646967657374223a20227368613235363a64663231646463333935643533383736376364356431393534313766623938353538623464653131643564366333376263386630323330313832313833613034222c202273697a65223a203338347d2c20226c6179657273223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a33316231626561323632613635663362383935323265313334636566356536353936326135633137323736363638353965663234343866643433396363636366222c202273697a65223a2031307d2c207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a31346332353239656234343938633564316666643639313564303562663538613931626464613739366166353966343164343830643131633039396430343739222c202273697a65223a20337d5d7d	\N	8	0	linux	amd64	\N	\N	2024-05-01 12:00:00+00	\N	\N	{}	"Digest":"sha256:e004affb5839bc5bfb3395a376a9fdf163cb498bad7e57d6a76525959dbd91b3","MediaType":"application/vnd.oci.image.manifest.v1+json","OS":"linux","Architecture":"amd64"	1	2026-11-29 16:37:28.045989+00
9	\\x016cf58d426eed23b5ade952053bbf4b11ed511b7f0a8b424e3d6e66cdd214b7b0	image	application/vnd.oci.image.manifest.v1+json	application/vnd.oci.image.config.v1+json	416	\\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022636f6e666967223a207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e636f6e6669672e76312b6a736f6e222c2022646967657374223a20227368613235363a39653130366661323665333531643862666234396131343939613334373765333361393833623165373135666165363165626463343961346437306261383264222c202273697a65223a203237357d2c20226c6179657273223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a63626130366235373336666166363765353462303762353631656165393433393565373734633531376137643931306135343336396531323633636366626434222c202273697a65223a20337d5d7d	\N	9	0	linux	amd64	\N	\N	2024-05-01 12:00:00+00	\N	\N	{}	"Digest":"sha256:6cf58d426eed23b5ade952053bbf4b11ed511b7f0a8b424e3d6e66cdd214b7b0","MediaType":"application/vnd.oci.image.manifest.v1+json","OS":"linux","Architecture":"amd64"	1	2026-11-29 16:37:28.05245+00
10	\\x016fca8c27b0ca5b7bfae909602d8d1800691019ed2ca17719da9e60c250dd445b	artifact	application/vnd.oci.image.manifest.v1+json	application/spdx+json	627	\\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022636f6e666967223a207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e636f6e6669672e76312b6a736f6e222c2022646967657374223a20227368613235363a34323361613337653437393365356334396334633262363264633662393531333234356232623864633237303837653538333935326237303731383662623966222c202273697a65223a203237377d2c20226c6179657273223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a36323332313031363735353339333963383765643863356632626665306233653036383465313263336133646432353133363133633465363732363362356131222c202273697a65223a20347d5d2c2022617274696661637454797065223a20226170706c69636174696f6e2f737064782b6a736f6e222c20227375626a656374223a207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022646967657374223a20227368613235363a64353562613833343433303363386532646566343338616663383863366131363831383062353339383838303437626365333539353562343961316461613337222c202273697a65223a203537357d7d	\\x01d55ba8344303c8e2def438afc88c6a168180b539888047bce35955b49a1daa37	11	0	\N	\N	\N	\N	\N	\N	\N	{}	\N	1	2026-11-29 16:37:28.072596+00
14	\\x01cde39cce6b6633a0da4e897aebe91c114ac4169ec1e26176a8fcd21b70bd853c	index	application/vnd.oci.image.index.v1+json	\N	935	\\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e696e6465782e76312b6a736f6e222c20226d616e696665737473223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022646967657374223a20227368613235363a64353562613833343433303363386532646566343338616663383863366131363831383062353339383838303437626365333539353562343961316461613337222c202273697a65223a203537352c2022706c6174666f726d223a207b226f73223a20226c696e7578222c2022617263686974656374757265223a2022616d643634227d7d2c207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022646967657374223a20227368613235363a62653166366435613433303338393764306163653562346334643538326236653531373638653739393237366662336665323238373262386331626436613066222c202273697a65223a203733332c2022706c6174666f726d223a207b226f73223a20226c696e7578222c2022617263686974656374757265223a202261726d3634222c202276617269616e74223a20227638227d7d2c207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022646967657374223a20227368613235363a62393232633538636336623265613831366661373164323736313763656632396634636236383666303435376236333562643830346561663461623831643362222c202273697a65223a203431362c2022616e6e6f746174696f6e73223a207b22766e642e646f636b65722e7265666572656e63652e74797065223a20226174746573746174696f6e2d6d616e6966657374222c2022766e642e646f636b65722e7265666572656e63652e646967657374223a20227368613235363a64353562613833343433303363386532646566343338616663383863366131363831383062353339383838303437626365333539353562343961316461613337227d7d5d2c2022616e6e6f746174696f6e73223a207b226f72672e6f70656e636f6e7461696e6572732e696d6167652e7469746c65223a202257656220666f7220616c6c227d7d	\N	\N	0	\N	\N	\N	\N	\N	Web for all	\N	{"org.opencontainers.image.title":"Web for all"}	"Digest":"sha256:cde39cce6b6633a0da4e897aebe91c114ac4169ec1e26176a8fcd21b70bd853c","MediaType":"application/vnd.oci.image.index.v1+json","Annotations":{"org.opencontainers.image.title":"Web for all"}	1	2026-11-29 16:37:28.072596+00
15	\\x01d55ba8344303c8e2def438afc88c6a168180b539888047bce35955b49a1daa37	image	application/vnd.oci.image.manifest.v1+json	application/vnd.oci.image.config.v1+json	575	\\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022636f6e666967223a207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e636f6e6669672e76312b6a736f6e222c2022646967657374223a20227368613235363a37666231346434656234396662323439336463376334343539383531343262336562633466373930393036633161363261363866326436663239356564326135222c202273697a65223a203531327d2c20226c6179657273223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a33316231626561323632613635663362383935323265313334636566356536353936326135633137323736363638353965663234343866643433396363636366222c202273697a65223a2031307d2c207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a34623565353766366562326634326239303339623364316531333932393239356632333137343963353130636265333431636436383033366439616639376532222c202273697a65223a20337d5d7d	\N	14	0	linux	amd64	\N	\N	2024-05-01 12:00:00+00	Web	Serves pages	{}	"Digest":"sha256:d55ba8344303c8e2def438afc88c6a168180b539888047bce35955b49a1daa37","MediaType":"application/vnd.oci.image.manifest.v1+json","OS":"linux","Architecture":"amd64","Labels":{"org.opencontainers.image.title":"Web","org.opencontainers.image.description":"Serves pages","Größe":"groß"}	1	2026-11-29 16:37:28.072596+00
11	\\x0197006665ede1f316f6b2e8f6eaeee8921b6e939bcba908a87c44cae6d3c2d374	image	application/vnd.oci.image.manifest.v1+json	application/vnd.oci.image.config.v1+json	452	\\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022636f6e666967223a207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e636f6e6669672e76312b6a736f6e222c2022646967657374223a20227368613235363a62656335613436663062623037353439386137353764636135613832643266366235316335306336646330333466653034343530616234336237643162316434222c202273697a65223a20357d2c20226c6179657273223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a33316231626561323632613635663362383935323265313334636566356536353936326135633137323736363638353965663234343866643433396363636366222c202273697a65223a2031307d5d2c2022616e6e6f746174696f6e73223a207b227a65726f223a2022615c753030303062227d7d	\N	17	0	linux	amd64	\N	\N	2024-05-01 12:00:00+00	\N	\N	{"zero":"a�b"}	"Digest":"sha256:97006665ede1f316f6b2e8f6eaeee8921b6e939bcba908a87c44cae6d3c2d374","MediaType":"application/vnd.oci.image.manifest.v1+json","OS":"linux","Architecture":"amd64","Annotations":{"zero":"a�b"}	1	2026-11-29 16:37:28.072596+00
13	\\x01be1f6d5a4303897d0ace5b4c4d582b6e51768e799276fb3fe22872b8c1bd6a0f	image	application/vnd.oci.image.manifest.v1+json	application/vnd.oci.image.config.v1+json	733	\\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022636f6e666967223a207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e636f6e6669672e76312b6a736f6e222c2022646967657374223a20227368613235363a66336337306564663132326134633939393962336431346232326336623430306662636533303432303863336232656633373739643631333963373062386536222c202273697a65223a203531317d2c20226c6179657273223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a33316231626561323632613635663362383935323265313334636566356536353936326135633137323736363638353965663234343866643433396363636366222c202273697a65223a2031307d2c207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a34623565353766366562326634326239303339623364316531333932393239356632333137343963353130636265333431636436383033366439616639376532222c202273697a65223a20337d2c207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a64646637666635656264396436366365313631343636633163303236323433306661303464653332623065343230656533663438396532653231313265333836222c202273697a65223a20337d5d7d	\N	19	0	linux	arm64	\N	\N	2024-05-01 12:00:00+00	\N	\N	{}	"Digest":"sha256:be1f6d5a4303897d0ace5b4c4d582b6e51768e799276fb3fe22872b8c1bd6a0f","MediaType":"application/vnd.oci.image.manifest.v1+json","OS":"linux","Architecture":"arm64","Labels":{"maintainer":"somebody"}	1	2026-11-29 16:37:28.072596+00
12	\\x01b922c58cc6b2ea816fa71d27617cef29f4cb686f0457b635bd804eaf4ab81d3b	image	application/vnd.oci.image.manifest.v1+json	application/vnd.oci.image.config.v1+json	416	\\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022636f6e666967223a207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e636f6e6669672e76312b6a736f6e222c2022646967657374223a20227368613235363a39626438373265386636636334373066306135316363333533323065623437323365306633343961633636373731633038376439323535643839613663636366222c202273697a65223a203238337d2c20226c6179657273223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a62313131633665316433313866323033303633653563313662616234336331303833323661663061613266376236353736306339353534376134336462653532222c202273697a65223a20397d5d7d	\N	15	0	linux	unknown	\N	\N	2024-05-01 12:00:00+00	\N	\N	{}	"Digest":"sha256:b922c58cc6b2ea816fa71d27617cef29f4cb686f0457b635bd804eaf4ab81d3b","MediaType":"application/vnd.oci.image.manifest.v1+json","OS":"linux","Architecture":"unknown"	1	2026-11-29 16:37:28.072596+00
16	\\x0144136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a	unknown	\N	\N	\N	\N	\N	\N	0	\N	\N	\N	\N	\N	\N	\N	\N	\N	0	2026-11-29 16:37:28.11427+00
17	\\x01dc561a3db5b3ea7928d794601f2de609965134e33c0b98909b723202c4d20e9b	image	application/vnd.oci.image.manifest.v1+json	application/vnd.oci.image.config.v1+json	733	\\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022636f6e666967223a207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e636f6e6669672e76312b6a736f6e222c2022646967657374223a20227368613235363a39326630313531633630306237373231666639633532353830393364306265663665303363636634613038366363346561346335396538336461663532646233222c202273697a65223a203438397d2c20226c6179657273223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a33316231626561323632613635663362383935323265313334636566356536353936326135633137323736363638353965663234343866643433396363636366222c202273697a65223a2031307d2c207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a34623565353766366562326634326239303339623364316531333932393239356632333137343963353130636265333431636436383033366439616639376532222c202273697a65223a20337d2c207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a6970222c2022646967657374223a20227368613235363a61343839356562343461666333333666656362626136653532306364363765313738646163653032373636353564313032666365666661386535663730353730222c202273697a65223a20357d5d7d	\N	20	0	linux	amd64	\N	\N	2024-05-01 12:00:00+00	\N	\N	{}	"Digest":"sha256:dc561a3db5b3ea7928d794601f2de609965134e33c0b98909b723202c4d20e9b","MediaType":"application/vnd.oci.image.manifest.v1+json","OS":"linux","Architecture":"amd64"	1	2026-11-29 16:37:28.356104+00
\.


--
-- Data for Name: manifest_child; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.manifest_child (parent_id, "position", child_id, media_type, artifact_type, size, os, architecture, variant, os_version, annotations, is_attestation, about) FROM stdin;
7	0	3	application/vnd.oci.image.layer.v1.tar+gzip	\N	8	\N	\N	\N	\N	{"buildkit/createdat":"2024"}	f	\N
7	1	6	application/vnd.oci.image.layer.v1.tar+gzip	\N	800	\N	\N	\N	\N	{}	f	\N
7	2	4	application/vnd.buildkit.cacheconfig.v0	\N	11	\N	\N	\N	\N	{}	f	\N
14	0	15	application/vnd.oci.image.manifest.v1+json	\N	575	linux	amd64	\N	\N	{}	f	\N
14	1	13	application/vnd.oci.image.manifest.v1+json	\N	733	linux	arm64	v8	\N	{}	f	\N
14	2	12	application/vnd.oci.image.manifest.v1+json	\N	416	\N	\N	\N	\N	{"vnd.docker.reference.type":"attestation-manifest","vnd.docker.reference.digest":"sha256:d55ba8344303c8e2def438afc88c6a168180b539888047bce35955b49a1daa37"}	t	\\x01d55ba8344303c8e2def438afc88c6a168180b539888047bce35955b49a1daa37
\.


--
-- Data for Name: manifest_layer; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.manifest_layer (manifest_id, "position", blob_id, media_type) FROM stdin;
1	0	3	application/vnd.oci.image.layer.v1.tar+gzip
1	1	1	application/vnd.oci.image.layer.v1.tar+gzip
2	0	1	application/vnd.oci.image.layer.v1.tar+gzip
5	0	5	application/vnd.oci.image.layer.v1.tar+gzip
8	0	3	application/vnd.oci.image.layer.v1.tar+gzip
8	1	7	application/vnd.oci.image.layer.v1.tar+gzip
9	0	10	application/vnd.oci.image.layer.v1.tar+gzip
10	0	13	application/vnd.oci.image.layer.v1.tar+gzip
15	0	3	application/vnd.oci.image.layer.v1.tar+gzip
15	1	12	application/vnd.oci.image.layer.v1.tar+gzip
11	0	3	application/vnd.oci.image.layer.v1.tar+gzip
13	0	3	application/vnd.oci.image.layer.v1.tar+gzip
13	1	12	application/vnd.oci.image.layer.v1.tar+gzip
13	2	18	application/vnd.oci.image.layer.v1.tar+gzip
12	0	16	application/vnd.oci.image.layer.v1.tar+gzip
17	0	3	application/vnd.oci.image.layer.v1.tar+gzip
17	1	12	application/vnd.oci.image.layer.v1.tar+gzip
17	2	21	application/vnd.oci.image.layer.v1.tar+gzip
\.


--
-- Data for Name: pull_day; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.pull_day (repository_id, manifest_id, day, pulls) FROM stdin;
5	15	2024-06-01	1
5	17	2024-06-01	1
\.


--
-- Data for Name: registry_instance; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.registry_instance (id, first_seen) FROM stdin;
one	2026-11-29 16:37:28.307899+00
\.


--
-- Data for Name: repository; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.repository (id, name, first_seen, deleted_at, tag_count, image_count, artifact_count, size, pulls, created, updated, updated_source, title, description) FROM stdin;
1	a/liar	2026-11-29 16:37:27.772417+00	\N	2	2	0	9007199254742672	0	2024-05-01 12:00:00+00	2024-05-01 12:00:00+00	created	\N	\N
3	app/cache	2026-11-29 16:37:28.066186+00	\N	2	1	0	1318	0	2024-05-01 12:00:00+00	2026-11-29 16:37:28.066186+00	seen	\N	\N
4	app/api	2026-11-29 16:37:28.077091+00	\N	1	1	0	9007199254741955	0	2024-05-01 12:00:00+00	2024-05-01 12:00:00+00	created	\N	\N
5	app/web	2026-11-29 16:37:28.11427+00	\N	5	4	1	9007199254747565	2	2024-05-01 12:00:00+00	2026-11-29 16:37:28.11427+00	seen	Web	Serves pages
2	app/old	2026-11-29 16:37:28.068707+00	2026-11-29 16:37:43.46628+00	0	0	0	0	0	2024-05-01 12:00:00+00	2024-05-01 12:00:00+00	created	\N	\N
\.


--
-- Data for Name: repository_blob; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.repository_blob (repository_id, blob_id, "references") FROM stdin;
1	1	2
1	2	1
1	3	1
1	4	1
3	5	1
3	6	1
4	3	1
4	7	1
4	8	1
5	11	1
5	13	1
5	14	1
5	17	1
5	15	1
5	16	1
5	18	1
5	19	1
5	3	4
5	12	3
5	20	1
5	21	1
\.


--
-- Data for Name: repository_label; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.repository_label (repository_id, value_hash, value, "references") FROM stdin;
5	\\x7b39b80f141a2adaed303b3f5cec8b6ad6bb47072627f805f869e8d2775467fd	groß	1
5	\\xf6dcdcfda653909f3fa6478ebb041fccbe6cf9598c3179a9db63a87fea2db9c4	serves pages	1
5	\\x4b5e57f6eb2f42b9039b3d1e13929295f231749c510cbe341cd68036d9af97e2	web	1
5	\\x729d7d638cef1b476c9ad1d5d275dc91fc253a026e0924d45b8995bcf828b01b	somebody	1
\.


--
-- Data for Name: repository_manifest; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.repository_manifest (repository_id, manifest_id, "references", attests, unreadable, unreadable_since, first_seen, pulls) FROM stdin;
1	1	1	0	\N	\N	2026-11-29 16:37:27.772417+00	0
1	2	1	0	\N	\N	2026-11-29 16:37:27.772417+00	0
4	8	1	0	\N	\N	2026-11-29 16:37:28.077091+00	0
3	7	1	0	\N	\N	2026-11-29 16:37:28.066186+00	0
3	5	1	0	\N	\N	2026-11-29 16:37:28.066186+00	0
3	4	1	0	missing in the registry	2026-11-29 16:37:28.066186+00	2026-11-29 16:37:28.066186+00	0
3	6	1	0	missing in the registry	2026-11-29 16:37:28.066186+00	2026-11-29 16:37:28.066186+00	0
3	3	1	0	missing in the registry	2026-11-29 16:37:28.066186+00	2026-11-29 16:37:28.066186+00	0
5	11	1	0	\N	\N	2026-11-29 16:37:28.11427+00	0
5	10	1	0	\N	\N	2026-11-29 16:37:28.11427+00	0
5	16	1	0	its schemaVersion is not 2	2026-11-29 16:37:28.11427+00	2026-11-29 16:37:28.11427+00	0
5	14	1	0	\N	\N	2026-11-29 16:37:28.11427+00	0
5	13	1	0	\N	\N	2026-11-29 16:37:28.11427+00	0
5	12	1	1	\N	\N	2026-11-29 16:37:28.11427+00	0
5	15	1	0	\N	\N	2026-11-29 16:37:28.11427+00	1
5	17	1	0	\N	\N	2026-11-29 16:37:28.372798+00	1
\.


--
-- Data for Name: repository_platform; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.repository_platform (repository_id, platform, "references") FROM stdin;
1	linux/amd64	2
4	linux/amd64	1
3	linux/amd64	1
5	linux/arm64	1
5	linux/amd64	3
\.


--
-- Data for Name: scan; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.scan (id, started, ended, complete, repositories, tags, manifests, added, removed, unreadable, requests, error) FROM stdin;
1	2026-11-29 16:37:27.743333+00	2026-11-29 16:37:27.822073+00	t	1	2	2	2	0	0	8	\N
2	2026-11-29 16:37:27.987296+00	2026-11-29 16:37:28.191425+00	t	5	11	16	9	0	4	38	\N
3	2026-11-29 16:37:28.318322+00	2026-11-29 16:37:28.462102+00	t	5	11	14	0	0	4	25	\N
4	2026-11-29 16:37:43.401137+00	2026-11-29 16:37:43.480733+00	t	5	10	13	0	1	4	21	\N
\.


--
-- Data for Name: scan_tag; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.scan_tag (repository, name, digest, unreadable) FROM stdin;
\.


--
-- Data for Name: schema_version; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.schema_version (version, min_reader_version, applied_at) FROM stdin;
1	1	2026-11-29 16:37:27.361352+00
\.


--
-- Data for Name: state; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.state (only_row, generation, term, leader_host, leader_pid, leader_since, last_complete_scan, scan_running, scan_wanted, changes_pruned, document_version) FROM stdin;
t	7	4	vm	3808	2026-11-29 16:37:43.381647+00	2026-11-29 16:37:43.480733+00	f	\N	0	1
\.


--
-- Data for Name: tag; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.tag (repository_id, name, manifest_id, unreadable, first_seen, updated, updated_source, updated_by, pulls) FROM stdin;
1	huge	1	\N	2026-11-29 16:37:27.772417+00	2024-05-01 12:00:00+00	created	\N	0
1	small	2	\N	2026-11-29 16:37:27.772417+00	2024-05-01 12:00:00+00	created	\N	0
3	buildcache	7	\N	2026-11-29 16:37:28.066186+00	2026-11-29 16:37:28.066186+00	seen	\N	0
3	image	5	\N	2026-11-29 16:37:28.066186+00	2024-05-01 12:00:00+00	created	\N	0
4	1.0	8	\N	2026-11-29 16:37:28.077091+00	2024-05-01 12:00:00+00	created	\N	0
5	broken	16	\N	2026-11-29 16:37:28.11427+00	2026-11-29 16:37:28.11427+00	seen	\N	0
5	odd	11	\N	2026-11-29 16:37:28.11427+00	2024-05-01 12:00:00+00	created	\N	0
5	sbom	10	\N	2026-11-29 16:37:28.11427+00	2026-11-29 16:37:28.11427+00	seen	\N	0
5	latest	14	\N	2026-11-29 16:37:28.11427+00	2024-05-01 12:00:00+00	created	\N	1
5	1.0	17	\N	2026-11-29 16:37:28.11427+00	2024-06-01 10:00:00+00	event	ci	1
\.


--
-- Data for Name: tag_history; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.tag_history (id, repository_id, tag, digest, from_time, until_time, changed_by, source) FROM stdin;
1	1	huge	\\x01345805661bcf03865044cc3f24242643fbe9287cb79dff62f313b21405b671d2	2026-11-29 16:37:27.772417+00	\N	\N	scan
2	1	small	\\x01e2004a98fa7f1556bc53bca8b16fdd2e990dd78b2d5f1c081affe092e5a0d804	2026-11-29 16:37:27.772417+00	\N	\N	scan
4	3	buildcache	\\x01eabae6c1fdf209711291375eb42a742dcb35ae8d06c7f2ba2ab28dbf1e66004b	2026-11-29 16:37:28.066186+00	\N	\N	scan
5	3	image	\\x013b4f0b645992501dc989308418b6ae051272bb3ef2dd3a8312b298958122ac2e	2026-11-29 16:37:28.066186+00	\N	\N	scan
6	4	1.0	\\x01e004affb5839bc5bfb3395a376a9fdf163cb498bad7e57d6a76525959dbd91b3	2026-11-29 16:37:28.077091+00	\N	\N	scan
8	5	broken	\\x0144136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a	2026-11-29 16:37:28.11427+00	\N	\N	scan
9	5	latest	\\x01cde39cce6b6633a0da4e897aebe91c114ac4169ec1e26176a8fcd21b70bd853c	2026-11-29 16:37:28.11427+00	\N	\N	scan
10	5	odd	\\x0197006665ede1f316f6b2e8f6eaeee8921b6e939bcba908a87c44cae6d3c2d374	2026-11-29 16:37:28.11427+00	\N	\N	scan
11	5	sbom	\\x016fca8c27b0ca5b7bfae909602d8d1800691019ed2ca17719da9e60c250dd445b	2026-11-29 16:37:28.11427+00	\N	\N	scan
7	5	1.0	\\x01d55ba8344303c8e2def438afc88c6a168180b539888047bce35955b49a1daa37	2026-11-29 16:37:28.11427+00	2026-11-29 16:37:28.11427+00	\N	scan
12	5	1.0	\\x01dc561a3db5b3ea7928d794601f2de609965134e33c0b98909b723202c4d20e9b	2024-06-01 10:00:00+00	\N	ci	event
3	2	1	\\x016cf58d426eed23b5ade952053bbf4b11ed511b7f0a8b424e3d6e66cdd214b7b0	2026-11-29 16:37:28.068707+00	2026-11-29 16:37:43.46628+00	\N	scan
\.


--
-- Data for Name: touched; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.touched (generation, repository, at) FROM stdin;
1	a/liar	2026-11-29 16:37:27.772417+00
2	app/old	2026-11-29 16:37:28.068707+00
3	app/api	2026-11-29 16:37:28.077091+00
4	app/cache	2026-11-29 16:37:28.066186+00
5	app/web	2026-11-29 16:37:28.11427+00
6	app/web	2026-11-29 16:37:28.372798+00
7	app/old	2026-11-29 16:37:43.46628+00
\.


--
-- Name: blob_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.blob_id_seq', 21, true);


--
-- Name: change_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.change_id_seq', 19, true);


--
-- Name: collection_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.collection_id_seq', 1, false);


--
-- Name: inbox_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.inbox_id_seq', 5, true);


--
-- Name: manifest_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.manifest_id_seq', 17, true);


--
-- Name: repository_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.repository_id_seq', 5, true);


--
-- Name: scan_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.scan_id_seq', 4, true);


--
-- Name: tag_history_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.tag_history_id_seq', 12, true);


--
-- Name: blob blob_digest_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.blob
    ADD CONSTRAINT blob_digest_key UNIQUE (digest);


--
-- Name: blob blob_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.blob
    ADD CONSTRAINT blob_pkey PRIMARY KEY (id);


--
-- Name: change change_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.change
    ADD CONSTRAINT change_pkey PRIMARY KEY (id);


--
-- Name: collection collection_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.collection
    ADD CONSTRAINT collection_pkey PRIMARY KEY (id);


--
-- Name: config config_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.config
    ADD CONSTRAINT config_pkey PRIMARY KEY (id);


--
-- Name: dead_letter dead_letter_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.dead_letter
    ADD CONSTRAINT dead_letter_pkey PRIMARY KEY (id);


--
-- Name: event_seen event_seen_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event_seen
    ADD CONSTRAINT event_seen_pkey PRIMARY KEY (slot, event_id);


--
-- Name: event_seen_0 event_seen_0_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event_seen_0
    ADD CONSTRAINT event_seen_0_pkey PRIMARY KEY (slot, event_id);


--
-- Name: event_seen_1 event_seen_1_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event_seen_1
    ADD CONSTRAINT event_seen_1_pkey PRIMARY KEY (slot, event_id);


--
-- Name: event_seen_2 event_seen_2_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event_seen_2
    ADD CONSTRAINT event_seen_2_pkey PRIMARY KEY (slot, event_id);


--
-- Name: held_removal held_removal_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.held_removal
    ADD CONSTRAINT held_removal_pkey PRIMARY KEY (repository, tag);


--
-- Name: inbox inbox_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (id);


--
-- Name: index_image index_image_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.index_image
    ADD CONSTRAINT index_image_pkey PRIMARY KEY (index_id, "position");


--
-- Name: manifest_child manifest_child_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.manifest_child
    ADD CONSTRAINT manifest_child_pkey PRIMARY KEY (parent_id, "position");


--
-- Name: manifest manifest_digest_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.manifest
    ADD CONSTRAINT manifest_digest_key UNIQUE (digest);


--
-- Name: manifest_layer manifest_layer_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.manifest_layer
    ADD CONSTRAINT manifest_layer_pkey PRIMARY KEY (manifest_id, "position");


--
-- Name: manifest manifest_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.manifest
    ADD CONSTRAINT manifest_pkey PRIMARY KEY (id);


--
-- Name: pull_day pull_day_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pull_day
    ADD CONSTRAINT pull_day_pkey PRIMARY KEY (repository_id, manifest_id, day);


--
-- Name: registry_instance registry_instance_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.registry_instance
    ADD CONSTRAINT registry_instance_pkey PRIMARY KEY (id);


--
-- Name: repository_blob repository_blob_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.repository_blob
    ADD CONSTRAINT repository_blob_pkey PRIMARY KEY (repository_id, blob_id);


--
-- Name: repository_label repository_label_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.repository_label
    ADD CONSTRAINT repository_label_pkey PRIMARY KEY (repository_id, value_hash);


--
-- Name: repository_manifest repository_manifest_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.repository_manifest
    ADD CONSTRAINT repository_manifest_pkey PRIMARY KEY (repository_id, manifest_id);


--
-- Name: repository repository_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.repository
    ADD CONSTRAINT repository_name_key UNIQUE (name);


--
-- Name: repository repository_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.repository
    ADD CONSTRAINT repository_pkey PRIMARY KEY (id);


--
-- Name: repository_platform repository_platform_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.repository_platform
    ADD CONSTRAINT repository_platform_pkey PRIMARY KEY (repository_id, platform);


--
-- Name: scan scan_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.scan
    ADD CONSTRAINT scan_pkey PRIMARY KEY (id);


--
-- Name: scan_tag scan_tag_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.scan_tag
    ADD CONSTRAINT scan_tag_pkey PRIMARY KEY (repository, name);


--
-- Name: schema_version schema_version_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (version);


--
-- Name: state state_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.state
    ADD CONSTRAINT state_pkey PRIMARY KEY (only_row);


--
-- Name: tag_history tag_history_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tag_history
    ADD CONSTRAINT tag_history_pkey PRIMARY KEY (id);


--
-- Name: tag tag_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tag
    ADD CONSTRAINT tag_pkey PRIMARY KEY (repository_id, name);


--
-- Name: touched touched_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.touched
    ADD CONSTRAINT touched_pkey PRIMARY KEY (generation);


--
-- Name: annotation_lookup; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX annotation_lookup ON public.annotation USING btree ("left"(key, 200), "left"(value, 200), manifest_id);


--
-- Name: annotation_manifest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX annotation_manifest ON public.annotation USING btree (manifest_id);


--
-- Name: change_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX change_at ON public.change USING btree (at);


--
-- Name: change_generation; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX change_generation ON public.change USING btree (generation, id);


--
-- Name: inbox_again; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX inbox_again ON public.inbox USING btree (not_before, repository) WHERE ((action <> 'pull'::text) AND (attempts > 0));


--
-- Name: inbox_fresh; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX inbox_fresh ON public.inbox USING btree (repository) WHERE ((action <> 'pull'::text) AND (attempts = 0));


--
-- Name: inbox_latest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX inbox_latest ON public.inbox USING btree (id) WHERE (action <> 'pull'::text);


--
-- Name: inbox_pull; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX inbox_pull ON public.inbox USING btree (id) WHERE (action = 'pull'::text);


--
-- Name: inbox_repository; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX inbox_repository ON public.inbox USING btree (repository, not_before) WHERE (action <> 'pull'::text);


--
-- Name: index_image_image; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX index_image_image ON public.index_image USING btree (image_id, index_id);


--
-- Name: label_lookup; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX label_lookup ON public.label USING btree ("left"(key, 200), "left"(value, 200), manifest_id);


--
-- Name: label_manifest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX label_manifest ON public.label USING btree (manifest_id);


--
-- Name: manifest_child_child; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX manifest_child_child ON public.manifest_child USING btree (child_id, parent_id);


--
-- Name: manifest_config; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX manifest_config ON public.manifest USING btree (config_id) WHERE (config_id IS NOT NULL);


--
-- Name: manifest_layer_blob; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX manifest_layer_blob ON public.manifest_layer USING btree (blob_id, manifest_id);


--
-- Name: manifest_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX manifest_subject ON public.manifest USING btree (subject) WHERE (subject IS NOT NULL);


--
-- Name: manifest_text_trgm; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX manifest_text_trgm ON public.manifest USING gin (lower(((COALESCE(title, ''::text) || ' '::text) || COALESCE(description, ''::text))) public.gin_trgm_ops) WHERE (((title IS NOT NULL) OR (description IS NOT NULL)) AND (annotations ~~ '%org.opencontainers.image.%'::text));


--
-- Name: pull_day_day; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pull_day_day ON public.pull_day USING btree (day);


--
-- Name: pull_day_manifest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pull_day_manifest ON public.pull_day USING btree (manifest_id);


--
-- Name: repository_label_trgm; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX repository_label_trgm ON public.repository_label USING gin (value public.gin_trgm_ops);


--
-- Name: repository_manifest_manifest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX repository_manifest_manifest ON public.repository_manifest USING btree (manifest_id, repository_id);


--
-- Name: repository_manifest_unreadable; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX repository_manifest_unreadable ON public.repository_manifest USING btree (repository_id, manifest_id) WHERE (unreadable IS NOT NULL);


--
-- Name: repository_manifest_untagged; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX repository_manifest_untagged ON public.repository_manifest USING btree (repository_id, manifest_id) WHERE ("references" = 0);


--
-- Name: repository_near; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX repository_near ON public.repository USING gin (public.near_keys(((name || ' '::text) || COALESCE(lower(title), ''::text))));


--
-- Name: repository_popular; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX repository_popular ON public.repository USING btree (pulls DESC, updated DESC NULLS LAST, name) WHERE (tag_count > 0);


--
-- Name: repository_text_trgm; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX repository_text_trgm ON public.repository USING gin (name public.gin_trgm_ops, lower(title) public.gin_trgm_ops, lower(description) public.gin_trgm_ops);


--
-- Name: tag_history_open; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX tag_history_open ON public.tag_history USING btree (repository_id, tag) WHERE (until_time IS NULL);


--
-- Name: tag_history_tag; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tag_history_tag ON public.tag_history USING btree (repository_id, tag, id DESC);


--
-- Name: tag_history_until; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tag_history_until ON public.tag_history USING btree (until_time) WHERE (until_time IS NOT NULL);


--
-- Name: tag_manifest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tag_manifest ON public.tag USING btree (manifest_id, repository_id);


--
-- Name: tag_name; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tag_name ON public.tag USING btree (name, repository_id);


--
-- Name: tag_unreadable; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tag_unreadable ON public.tag USING btree (repository_id) WHERE (manifest_id IS NULL);


--
-- Name: tag_updated; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tag_updated ON public.tag USING btree (repository_id, updated DESC, name);


--
-- Name: event_seen_0_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.event_seen_pkey ATTACH PARTITION public.event_seen_0_pkey;


--
-- Name: event_seen_1_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.event_seen_pkey ATTACH PARTITION public.event_seen_1_pkey;


--
-- Name: event_seen_2_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.event_seen_pkey ATTACH PARTITION public.event_seen_2_pkey;


--
-- Name: annotation annotation_manifest_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.annotation
    ADD CONSTRAINT annotation_manifest_id_fkey FOREIGN KEY (manifest_id) REFERENCES public.manifest(id) ON DELETE CASCADE;


--
-- Name: config config_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.config
    ADD CONSTRAINT config_id_fkey FOREIGN KEY (id) REFERENCES public.blob(id);


--
-- Name: index_image index_image_index_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.index_image
    ADD CONSTRAINT index_image_index_id_fkey FOREIGN KEY (index_id) REFERENCES public.manifest(id) ON DELETE CASCADE;


--
-- Name: label label_manifest_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.label
    ADD CONSTRAINT label_manifest_id_fkey FOREIGN KEY (manifest_id) REFERENCES public.manifest(id) ON DELETE CASCADE;


--
-- Name: manifest_child manifest_child_child_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.manifest_child
    ADD CONSTRAINT manifest_child_child_id_fkey FOREIGN KEY (child_id) REFERENCES public.manifest(id);


--
-- Name: manifest_child manifest_child_parent_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.manifest_child
    ADD CONSTRAINT manifest_child_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.manifest(id) ON DELETE CASCADE;


--
-- Name: manifest manifest_config_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.manifest
    ADD CONSTRAINT manifest_config_id_fkey FOREIGN KEY (config_id) REFERENCES public.config(id);


--
-- Name: manifest_layer manifest_layer_blob_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.manifest_layer
    ADD CONSTRAINT manifest_layer_blob_id_fkey FOREIGN KEY (blob_id) REFERENCES public.blob(id);


--
-- Name: manifest_layer manifest_layer_manifest_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.manifest_layer
    ADD CONSTRAINT manifest_layer_manifest_id_fkey FOREIGN KEY (manifest_id) REFERENCES public.manifest(id) ON DELETE CASCADE;


--
-- Name: pull_day pull_day_manifest_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pull_day
    ADD CONSTRAINT pull_day_manifest_id_fkey FOREIGN KEY (manifest_id) REFERENCES public.manifest(id) ON DELETE CASCADE;


--
-- Name: pull_day pull_day_repository_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pull_day
    ADD CONSTRAINT pull_day_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES public.repository(id);


--
-- Name: repository_manifest repository_manifest_manifest_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.repository_manifest
    ADD CONSTRAINT repository_manifest_manifest_id_fkey FOREIGN KEY (manifest_id) REFERENCES public.manifest(id);


--
-- Name: repository_manifest repository_manifest_repository_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.repository_manifest
    ADD CONSTRAINT repository_manifest_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES public.repository(id);


--
-- Name: tag_history tag_history_repository_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tag_history
    ADD CONSTRAINT tag_history_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES public.repository(id);


--
-- Name: tag tag_repository_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tag
    ADD CONSTRAINT tag_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES public.repository(id);


--
-- Name: tag tag_repository_id_manifest_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tag
    ADD CONSTRAINT tag_repository_id_manifest_id_fkey FOREIGN KEY (repository_id, manifest_id) REFERENCES public.repository_manifest(repository_id, manifest_id);


--
-- PostgreSQL database dump complete
--



--
-- Two encrypted images, as schema 1 had them: artifacts, whose configurations nobody read. That of the first is stored
-- because another image has it; that of the second is
--
--     {"os": "linux", "architecture": "riscv64", "created": "2024-05-01T12:00:00Z", "config": {"Labels": {"is": "secret"}}, "rootfs": {"type": "layers", "diff_ids": []}}
--

INSERT INTO public.blob (digest, size) VALUES
    ('\x01954d1bb83d80bb6f6e746b28f0de3ec4c4ed980cfe67ed23a9159cd464ff339a', 9),
    ('\x0117277d21477fd2899c45567bde264c9a5fbeb0c5881237cb22920bc081f6bdfb', 388),
    ('\x0124c8aab59e735a29d9207818359f60ec4cfd53974a1628e77839fac6031cc691', 163)
    ON CONFLICT DO NOTHING;
INSERT INTO public.config (id) SELECT id FROM public.blob WHERE digest = '\x0124c8aab59e735a29d9207818359f60ec4cfd53974a1628e77839fac6031cc691';
INSERT INTO public.repository (name, tag_count, image_count, artifact_count, size, created, updated, updated_source) VALUES
    ('app/secret', 2, 0, 2, 1412, '2024-05-01Z', '2024-05-01Z', 'seen');
INSERT INTO public.manifest (digest, kind, media_type, artifact_type, size, raw, config_id, annotations, document_version)
SELECT '\x01c051fb74317bd73457024ac4ad466bace2d2fdfba8f411facaa2d91493b6de0c', 'artifact', 'application/vnd.oci.image.manifest.v1+json',
       'application/vnd.oci.image.config.v1+json', 426, '\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022636f6e666967223a207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e636f6e6669672e76312b6a736f6e222c2022646967657374223a20227368613235363a31373237376432313437376664323839396334353536376264653236346339613566626562306335383831323337636232323932306263303831663662646662222c202273697a65223a203338387d2c20226c6179657273223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a69702b656e63727970746564222c2022646967657374223a20227368613235363a39353464316262383364383062623666366537343662323866306465336563346334656439383063666536376564323361393135396364343634666633333961222c202273697a65223a20397d5d7d',
       id, '{}', 1
  FROM public.blob WHERE digest = '\x0117277d21477fd2899c45567bde264c9a5fbeb0c5881237cb22920bc081f6bdfb';
INSERT INTO public.manifest (digest, kind, media_type, artifact_type, size, raw, config_id, annotations, document_version)
SELECT '\x013f0b488353ec6fb3bc3b904e8e0f2946abe35141efd700b04a36d28d50b2d664', 'artifact', 'application/vnd.oci.image.manifest.v1+json',
       'application/vnd.oci.image.config.v1+json', 426, '\x7b22736368656d6156657273696f6e223a20322c20226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6d616e69666573742e76312b6a736f6e222c2022636f6e666967223a207b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e636f6e6669672e76312b6a736f6e222c2022646967657374223a20227368613235363a32346338616162353965373335613239643932303738313833353966363065633463666435333937346131363238653737383339666163363033316363363931222c202273697a65223a203136337d2c20226c6179657273223a205b7b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6f63692e696d6167652e6c617965722e76312e7461722b677a69702b656e63727970746564222c2022646967657374223a20227368613235363a39353464316262383364383062623666366537343662323866306465336563346334656439383063666536376564323361393135396364343634666633333961222c202273697a65223a20397d5d7d',
       id, '{}', 1
  FROM public.blob WHERE digest = '\x0124c8aab59e735a29d9207818359f60ec4cfd53974a1628e77839fac6031cc691';
INSERT INTO public.manifest_layer (manifest_id, "position", blob_id, media_type)
SELECT m.id, 0, b.id, 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted'
  FROM public.manifest m, public.blob b
 WHERE m.digest IN ('\x01c051fb74317bd73457024ac4ad466bace2d2fdfba8f411facaa2d91493b6de0c', '\x013f0b488353ec6fb3bc3b904e8e0f2946abe35141efd700b04a36d28d50b2d664')
   AND b.digest = '\x01954d1bb83d80bb6f6e746b28f0de3ec4c4ed980cfe67ed23a9159cd464ff339a';
INSERT INTO public.repository_manifest (repository_id, manifest_id, "references")
SELECT r.id, m.id, 1 FROM public.repository r, public.manifest m
 WHERE r.name = 'app/secret' AND m.digest IN ('\x01c051fb74317bd73457024ac4ad466bace2d2fdfba8f411facaa2d91493b6de0c', '\x013f0b488353ec6fb3bc3b904e8e0f2946abe35141efd700b04a36d28d50b2d664');
INSERT INTO public.repository_blob (repository_id, blob_id, "references")
SELECT r.id, b.id, CASE b.digest WHEN '\x01954d1bb83d80bb6f6e746b28f0de3ec4c4ed980cfe67ed23a9159cd464ff339a' THEN 2 ELSE 1 END FROM public.repository r, public.blob b
 WHERE r.name = 'app/secret' AND b.digest IN ('\x01954d1bb83d80bb6f6e746b28f0de3ec4c4ed980cfe67ed23a9159cd464ff339a', '\x0117277d21477fd2899c45567bde264c9a5fbeb0c5881237cb22920bc081f6bdfb', '\x0124c8aab59e735a29d9207818359f60ec4cfd53974a1628e77839fac6031cc691');
INSERT INTO public.tag (repository_id, name, manifest_id, updated, updated_source)
SELECT r.id, 'stored', m.id, '2024-05-01Z', 'seen' FROM public.repository r, public.manifest m
 WHERE r.name = 'app/secret' AND m.digest = '\x01c051fb74317bd73457024ac4ad466bace2d2fdfba8f411facaa2d91493b6de0c';
INSERT INTO public.tag_history (repository_id, tag, digest, from_time, source)
SELECT id, 'stored', '\x01c051fb74317bd73457024ac4ad466bace2d2fdfba8f411facaa2d91493b6de0c', '2024-05-01Z', 'scan' FROM public.repository WHERE name = 'app/secret';
INSERT INTO public.tag (repository_id, name, manifest_id, updated, updated_source)
SELECT r.id, 'fetched', m.id, '2024-05-01Z', 'seen' FROM public.repository r, public.manifest m
 WHERE r.name = 'app/secret' AND m.digest = '\x013f0b488353ec6fb3bc3b904e8e0f2946abe35141efd700b04a36d28d50b2d664';
INSERT INTO public.tag_history (repository_id, tag, digest, from_time, source)
SELECT id, 'fetched', '\x013f0b488353ec6fb3bc3b904e8e0f2946abe35141efd700b04a36d28d50b2d664', '2024-05-01Z', 'scan' FROM public.repository WHERE name = 'app/secret';
