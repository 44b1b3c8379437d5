-- SPDX-License-Identifier: Apache-2.0
-- What is below an index: its images, how deeply it is nested, whether all of it can be read.

-- An index with so many levels of further indexes below it, or more, is nested too deeply to be read.
CREATE OR REPLACE FUNCTION nesting_max() RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 8::smallint;

-- The images of one index by what is known of its children, whose own images must be right; none when it
-- is nested too deeply.
CREATE OR REPLACE FUNCTION images_below(p_index bigint) RETURNS bigint[]
    LANGUAGE plpgsql STABLE AS $$
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

-- How deeply these indexes are nested, by what is known of their children, who must be right.
CREATE OR REPLACE FUNCTION refresh_nesting(p_indexes bigint[]) RETURNS void
    LANGUAGE plpgsql AS $$
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

-- The indexes among these manifests and above them.
CREATE OR REPLACE FUNCTION indexes_above(p_manifests bigint[]) RETURNS bigint[]
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(
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
END $$;

-- Makes index_image and nesting right for these manifests and for every index above them: from below, a
-- level at a time, as often as the longest way up is long. More than nesting_max() levels up everything
-- is nested too deeply already. The indexes are locked first, for others may store their other children meanwhile, and
-- so are indexes right below these manifests, whose images are read. Who had to wait for one who stored an index above must
-- find that, too, so they are looked for until there are no more. Each lot is locked in order; in the rare case of a second
-- one two transactions can wait for each other, and one of them is run again.
CREATE OR REPLACE FUNCTION refresh_index_images(p_manifests bigint[]) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    v_indexes bigint[] := '{}';
    v_found bigint[];
    v_level bigint[] := p_manifests;
BEGIN
    LOOP
        v_found := indexes_above(p_manifests);
        EXIT WHEN v_found <@ v_indexes;
        v_indexes := v_found;
        PERFORM FROM manifest
          WHERE id = ANY (v_indexes || ARRAY(
                    SELECT m.id
                      FROM unnest(p_manifests) AS p (id)
                     CROSS JOIN LATERAL (SELECT child_id FROM manifest_child WHERE parent_id = p.id OFFSET 0) AS c
                     CROSS JOIN LATERAL (SELECT id FROM manifest WHERE id = c.child_id AND kind = 'index' OFFSET 0) AS m))
          ORDER BY id FOR NO KEY UPDATE;
    END LOOP;
    IF v_indexes = '{}' THEN
        RETURN;
    END IF;
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

CREATE OR REPLACE FUNCTION write_index_images(p_index bigint, p_images bigint[]) RETURNS void
    LANGUAGE plpgsql AS $$
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

-- Can a repository give a manifest and everything below it?
CREATE OR REPLACE FUNCTION is_wholly_readable(p_repository bigint, p_manifest bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE AS $$
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
