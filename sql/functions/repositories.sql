-- SPDX-License-Identifier: Apache-2.0
-- Repositories: made, closed, and what is said of one.

-- Title and description (their first 4096 characters, lists repeat them) of the tag that stands for the repository,
-- its times.
CREATE OR REPLACE FUNCTION refresh_repository(p_repository bigint) RETURNS void
    LANGUAGE plpgsql AS $$
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
        -- what annotations of an index say comes first
        SELECT left(coalesce(chosen_manifest.title, m.title), 4096) AS title,
               left(coalesce(chosen_manifest.description, m.description), 4096) AS description
          FROM chosen c
          JOIN manifest chosen_manifest ON chosen_manifest.id = c.manifest_id
          LEFT JOIN manifest m ON m.id = CASE chosen_manifest.kind WHEN 'index' THEN
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

-- Locks a repository for this transaction. When it is not there, or deleted, it is made if asked for;
-- else id is NULL. `created`: it is there since now.
CREATE OR REPLACE FUNCTION open_repository(p_name text, p_create boolean, OUT id bigint, OUT created boolean)
    LANGUAGE plpgsql AS $$
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

-- The registry no longer has the repository: all that it holds goes, its history stays.
CREATE OR REPLACE FUNCTION close_repository(p_repository bigint) RETURNS tag_move[]
    LANGUAGE plpgsql AS $$
DECLARE
    v_moves tag_move[] := compare_removed_tags(
        p_repository, ARRAY(SELECT name FROM tag WHERE repository_id = p_repository));
BEGIN
    PERFORM move_tags(p_repository, v_moves, 'event');
    PERFORM note_manifests(w.what, array_agg(h.manifest_id), array_agg(-1))
       FROM (VALUES ('h'), ('a'), ('l'), ('s')) AS w (what)
      CROSS JOIN repository_manifest h
      WHERE h.repository_id = p_repository
        AND CASE w.what WHEN 'h' THEN true
                        WHEN 'a' THEN h.unreadable IS NULL
                        WHEN 'l' THEN h.unreadable IS NULL AND h."references" > 0
                        ELSE h.unreadable IS NULL AND h."references" > h.attests END
      GROUP BY w.what;
    PERFORM note_blobs(array_agg(blob_id), array_agg(size), array_agg(-1))
       FROM repository_blob WHERE repository_id = p_repository;
    DELETE FROM repository_manifest WHERE repository_id = p_repository;
    DELETE FROM repository_blob WHERE repository_id = p_repository;
    DELETE FROM repository_label WHERE repository_id = p_repository;
    DELETE FROM repository_platform WHERE repository_id = p_repository;
    UPDATE repository
       SET deleted_at = now(), tag_count = 0, hidden_count = 0, image_count = 0, artifact_count = 0, size = 0,
           title = NULL, description = NULL
     WHERE id = p_repository;
    RETURN v_moves;
END $$;
