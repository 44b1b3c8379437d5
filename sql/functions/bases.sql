-- SPDX-License-Identifier: Apache-2.0
-- What is told of one repository because of a tag in another: the base of its images.

-- Did a tag ever point to a manifest, and is something that is held built on it, or on an image below it? It is named
-- then as a base, also when the registry has it no longer.
CREATE OR REPLACE FUNCTION is_base(p_manifest bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM tag_history
                    WHERE digest = (SELECT digest FROM manifest WHERE id = p_manifest))
       AND EXISTS (SELECT FROM (SELECT p_manifest AS id
                                 UNION ALL
                                SELECT image_id FROM index_image WHERE index_id = p_manifest) AS image
                    CROSS JOIN LATERAL (SELECT chain FROM image_chain
                                         WHERE manifest_id = image.id AND is_whole OFFSET 0) AS whole
                    CROSS JOIN LATERAL (SELECT manifest_id FROM image_chain
                                         WHERE chain = whole.chain AND NOT is_whole OFFSET 0) AS part
                    WHERE EXISTS (SELECT FROM repository_manifest WHERE manifest_id = part.manifest_id OFFSET 0));
END $$;

-- Repositories, this one aside, that hold what is built on an image to which one of these tags points or ever
-- pointed: their answers name the base, and say whether its tag has moved since. NULL: too many to name. Of a tag
-- that moved often the last 100 places count.
CREATE OR REPLACE FUNCTION repositories_built_on(p_repository bigint, p_moves tag_move[]) RETURNS text[]
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    c_places constant bigint := 100;
    c_images constant bigint := 1000;
    c_names constant bigint := 64;
    v_images bigint[];
    v_names text[];
BEGIN
    WITH pointed AS MATERIALIZED (
        SELECT DISTINCT h.digest
          FROM unnest(p_moves) AS m
         CROSS JOIN LATERAL (SELECT digest FROM tag_history
                              WHERE repository_id = p_repository AND tag = m.name
                              ORDER BY id DESC LIMIT c_places) AS h
         WHERE m.type IS NOT NULL AND h.digest IS NOT NULL
    ), image AS MATERIALIZED (
        SELECT DISTINCT coalesce(i.image_id, m.id) AS id
          FROM pointed p
         CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = p.digest OFFSET 0) AS m
          LEFT JOIN LATERAL (SELECT image_id FROM index_image WHERE index_id = m.id OFFSET 0) AS i ON true
    ), whole AS MATERIALIZED (
        SELECT DISTINCT w.chain
          FROM image
         CROSS JOIN LATERAL (SELECT chain FROM image_chain
                              WHERE manifest_id = image.id AND is_whole OFFSET 0) AS w
    )
    SELECT array_agg(d.manifest_id) INTO v_images
      FROM (SELECT p.manifest_id
              FROM whole
             CROSS JOIN LATERAL (SELECT manifest_id FROM image_chain
                                  WHERE chain = whole.chain AND NOT is_whole LIMIT c_images + 1) AS p
             LIMIT c_images + 1) AS d;
    IF cardinality(v_images) > c_images THEN
        RETURN NULL;
    END IF;
    v_names := ARRAY(SELECT DISTINCT r.name
                       FROM unnest(v_images) AS d (id)
                      CROSS JOIN LATERAL (SELECT repository_id FROM repository_manifest
                                           WHERE manifest_id = d.id OFFSET 0) AS h
                      CROSS JOIN LATERAL (SELECT name FROM repository WHERE id = h.repository_id OFFSET 0) AS r
                      WHERE h.repository_id <> p_repository);
    RETURN CASE WHEN cardinality(v_names) <= c_names THEN v_names END;
END $$;

-- Tells readers that these repositories changed, each by a generation of its own; NULL: that all may have.
CREATE OR REPLACE FUNCTION publish_built_on(p_term bigint, p_repositories text[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF p_repositories IS NULL THEN
        PERFORM publish(p_term, NULL);
    END IF;
    PERFORM publish(p_term, name) FROM unnest(p_repositories) AS r (name);
END $$;
