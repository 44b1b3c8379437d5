-- SPDX-License-Identifier: Apache-2.0
-- Recounts from scratch what the writer keeps by small steps, and names every difference. Loaded into
-- the databases of the tests of the writer's store; no row from recount() means that all is right.

-- The images below an index, depth first, each at its first place: the definition, not the method.
CREATE FUNCTION expected_images(p_index bigint) RETURNS bigint[] LANGUAGE sql AS $$
    WITH RECURSIVE tree (path, id) AS (
        SELECT ARRAY[c.position], c.child_id FROM manifest_child c
         WHERE c.parent_id = p_index AND NOT c.is_attestation
         UNION ALL
        SELECT t.path || c.position, c.child_id
          FROM tree t JOIN manifest_child c ON c.parent_id = t.id AND NOT c.is_attestation)
    SELECT array_agg(id ORDER BY path)
      FROM (SELECT t.id, min(t.path) AS path FROM tree t JOIN manifest m ON m.id = t.id
             WHERE m.kind = 'image' GROUP BY t.id) AS first
$$;

-- Levels of indexes below an index, which are the steps to the lowest one; 8 stands for more as well.
CREATE FUNCTION expected_nesting(p_index bigint) RETURNS integer LANGUAGE sql AS $$
    WITH RECURSIVE below (id, steps) AS (
        SELECT p_index, 0
         UNION
        SELECT c.child_id, b.steps + 1
          FROM below b JOIN manifest_child c ON c.parent_id = b.id
          JOIN manifest m ON m.id = c.child_id AND m.kind = 'index')
    SELECT least(8, max(steps)) FROM below
$$;

CREATE VIEW live AS
    WITH RECURSIVE live (repository_id, manifest_id) AS (
        SELECT t.repository_id, t.manifest_id
          FROM tag t JOIN repository_manifest h USING (repository_id, manifest_id)
         WHERE h.unreadable IS NULL
         UNION
        SELECT l.repository_id, c.child_id
          FROM live l
          JOIN manifest_child c ON c.parent_id = l.manifest_id
          JOIN repository_manifest h ON h.repository_id = l.repository_id AND h.manifest_id = c.child_id
         WHERE h.unreadable IS NULL)
    SELECT * FROM live;

-- What is live, and not as an attestation only.
CREATE VIEW shown AS
    SELECT l.* FROM live l
     WHERE EXISTS (SELECT FROM tag t
                    WHERE t.repository_id = l.repository_id AND t.manifest_id = l.manifest_id)
        OR EXISTS (SELECT FROM manifest_child c
                     JOIN live p ON p.repository_id = l.repository_id AND p.manifest_id = c.parent_id
                    WHERE c.child_id = l.manifest_id AND NOT c.is_attestation);

-- A manifest that says several sizes of a blob says the largest; unknown ones are left out of sums.
CREATE VIEW live_blob AS
    SELECT l.repository_id, l.manifest_id, u.blob_id, max(coalesce(u.size, 0)) AS size
      FROM live l
      JOIN (SELECT manifest_id, blob_id, size FROM manifest_layer
             UNION ALL
            SELECT id, config_id, config_size FROM manifest WHERE config_id IS NOT NULL) AS u USING (manifest_id)
     GROUP BY 1, 2, 3;

CREATE VIEW expected_references AS
    SELECT h.repository_id, h.manifest_id,
           (SELECT count(*) FROM tag t
             WHERE t.repository_id = h.repository_id AND t.manifest_id = h.manifest_id)
           + (SELECT count(DISTINCT c.parent_id) FROM manifest_child c
                JOIN live l ON l.repository_id = h.repository_id AND l.manifest_id = c.parent_id
               WHERE c.child_id = h.manifest_id) AS "references",
           (SELECT count(*)
              FROM (SELECT FROM manifest_child c
                      JOIN live l ON l.repository_id = h.repository_id AND l.manifest_id = c.parent_id
                     WHERE c.child_id = h.manifest_id
                     GROUP BY c.parent_id HAVING bool_and(c.is_attestation)) AS parent) AS attests
      FROM repository_manifest h;

CREATE VIEW expected_repository AS
    SELECT r.id, (SELECT count(*) FROM tag t WHERE t.repository_id = r.id) AS tag_count,
           (SELECT count(*) FROM tag t WHERE t.repository_id = r.id AND t.hidden) AS hidden_count,
           (SELECT count(*) FROM shown s JOIN manifest m ON m.id = s.manifest_id
             WHERE s.repository_id = r.id AND m.kind = 'image') AS image_count,
           (SELECT count(*) FROM repository_manifest h JOIN manifest m ON m.id = h.manifest_id
             WHERE h.repository_id = r.id AND m.kind = 'artifact' AND h.unreadable IS NULL) AS artifact_count,
           (SELECT coalesce(sum(m.size), 0) FROM live l JOIN manifest m ON m.id = l.manifest_id
             WHERE l.repository_id = r.id)
           + (SELECT coalesce(sum(b.size), 0)
                FROM (SELECT max(size) AS size FROM live_blob WHERE repository_id = r.id GROUP BY blob_id) AS b)
               AS size
      FROM repository r;

-- Of tags that can be read: each manifest below it that its repository holds, each blob once.
CREATE VIEW expected_bytes AS
    WITH RECURSIVE part (repository_id, top, id) AS (
        SELECT DISTINCT t.repository_id, t.manifest_id, t.manifest_id
          FROM tag t JOIN repository_manifest h USING (repository_id, manifest_id) WHERE h.unreadable IS NULL
         UNION
        SELECT p.repository_id, p.top, c.child_id
          FROM part p
          JOIN manifest_child c ON c.parent_id = p.id
          JOIN repository_manifest h ON h.repository_id = p.repository_id AND h.manifest_id = c.child_id
         WHERE h.unreadable IS NULL)
    SELECT p.repository_id, p.top AS manifest_id, coalesce(sum(u.size), 0) AS size
      FROM (SELECT DISTINCT repository_id, top FROM part) AS p
     CROSS JOIN LATERAL (SELECT max(d.size) AS size
                           FROM part q
                          CROSS JOIN LATERAL (SELECT 'm' || m.id AS what, m.size FROM manifest m WHERE m.id = q.id
                                               UNION ALL
                                              SELECT 'b' || l.blob_id, l.size FROM manifest_layer l WHERE l.manifest_id = q.id
                                               UNION ALL
                                              SELECT 'b' || m.config_id, m.config_size FROM manifest m
                                               WHERE m.id = q.id AND m.config_id IS NOT NULL) AS d
                          WHERE q.repository_id = p.repository_id AND q.top = p.top GROUP BY d.what) AS u
     GROUP BY 1, 2;

CREATE VIEW expected_totals AS
    SELECT (SELECT count(DISTINCT manifest_id) FROM repository_manifest) AS manifests,
           (SELECT count(DISTINCT m.id) FROM repository_manifest h JOIN manifest m ON m.id = h.manifest_id
             WHERE m.kind = 'artifact' AND h.unreadable IS NULL) AS artifacts,
           (SELECT count(DISTINCT m.id) FROM shown s JOIN manifest m ON m.id = s.manifest_id
             WHERE m.kind = 'image') AS images,
           (SELECT count(DISTINCT m.id) FROM live l JOIN manifest m ON m.id = l.manifest_id
             WHERE m.kind = 'index') AS indexes,
           (SELECT coalesce(sum(m.size), 0) FROM manifest m WHERE m.id IN (SELECT manifest_id FROM live))
           + (SELECT coalesce(sum(b.size), 0) FROM (SELECT max(size) AS size FROM live_blob GROUP BY blob_id) AS b)
               AS size;

CREATE VIEW expected_label AS
    SELECT l.repository_id, lower(left(v.value, 1000)) AS value, count(*) AS "references"
      FROM shown l JOIN label v USING (manifest_id) WHERE v.value <> '' GROUP BY 1, 2;

CREATE VIEW expected_variants AS
    SELECT h.repository_id, h.manifest_id, array_agg(DISTINCT c.variant COLLATE "C") AS variants
      FROM repository_manifest h
      JOIN manifest m ON m.id = h.manifest_id
      JOIN manifest_child c ON c.child_id = h.manifest_id
      JOIN live l ON l.repository_id = h.repository_id AND l.manifest_id = c.parent_id
     WHERE m.kind = 'image' AND coalesce(m.variant, '') = '' AND c.variant <> '' GROUP BY 1, 2;

CREATE VIEW expected_platform AS
    SELECT l.repository_id, m.os || '/' || m.architecture || coalesce('/' || v.variant, '')
               AS platform, count(*) AS "references"
      FROM shown l
      JOIN manifest m ON m.id = l.manifest_id
      LEFT JOIN expected_variants n USING (repository_id, manifest_id)
     CROSS JOIN LATERAL unnest(coalesce(n.variants, ARRAY[nullif(m.variant, '')])) AS v (variant)
     WHERE m.kind = 'image' AND m.os <> '' AND m.architecture <> '' GROUP BY 1, 2;

CREATE FUNCTION recount() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('references of %s/%s: %s, not %s', h.repository_id, h.manifest_id,
                  (h."references", h.attests), (e."references", e.attests))
      FROM repository_manifest h JOIN expected_references e USING (repository_id, manifest_id)
     WHERE (h."references", h.attests) <> (e."references", e.attests)
     UNION ALL
    SELECT format('totals: %s, not %s', (s.manifests, s.artifacts, s.images, s.indexes, s.size), e)
      FROM state s CROSS JOIN expected_totals e
     WHERE (s.manifests, s.artifacts, s.images, s.indexes, s.size) IS DISTINCT FROM e
     UNION ALL
    SELECT format('repository %s: %s, not %s', r.id,
                  (r.tag_count, r.hidden_count, r.image_count, r.artifact_count, r.size),
                  (e.tag_count, e.hidden_count, e.image_count, e.artifact_count, e.size))
      FROM repository r JOIN expected_repository e USING (id)
     WHERE (r.tag_count, r.hidden_count, r.image_count, r.artifact_count, r.size)
           IS DISTINCT FROM (e.tag_count, e.hidden_count, e.image_count, e.artifact_count, e.size)
     UNION ALL
    SELECT format('size of tag %s/%s: %s, not %s', t.repository_id, t.name, t.size, e.size)
      FROM tag t JOIN expected_bytes e USING (repository_id, manifest_id)
     WHERE t.size <> least(e.size, 9223372036854775806)
     UNION ALL
    SELECT format('blob %s of %s bytes in repository %s', blob_id, size, repository_id)
      FROM (SELECT repository_id, blob_id, size, "references"::bigint FROM repository_blob) AS kept
      FULL JOIN (SELECT repository_id, blob_id, size, count(*) AS "references" FROM live_blob GROUP BY 1, 2, 3) AS e
     USING (repository_id, blob_id, size, "references")
     WHERE kept IS NULL OR e IS NULL
     UNION ALL
    SELECT format('label %s of repository %s', value, repository_id)
      FROM (SELECT repository_id, value, "references"::bigint FROM repository_label
             WHERE value_hash = sha256(convert_to(value, 'UTF8'))) AS kept
      FULL JOIN expected_label AS e USING (repository_id, value, "references")
     WHERE kept IS NULL OR e IS NULL
     UNION ALL
    SELECT format('platform %s of repository %s', platform, repository_id)
      FROM (SELECT repository_id, platform, "references"::bigint FROM repository_platform) AS kept
      FULL JOIN expected_platform AS e USING (repository_id, platform, "references")
     WHERE kept IS NULL OR e IS NULL
     UNION ALL
    SELECT format('images below index %s', m.id)
      FROM manifest m
     WHERE (SELECT array_agg(image_id ORDER BY position) FROM index_image WHERE index_id = m.id)
           IS DISTINCT FROM (CASE WHEN m.kind = 'index' AND m.nesting < 8 THEN expected_images(m.id) END)
     UNION ALL
    SELECT format('nesting of %s: %s', m.id, m.nesting)
      FROM manifest m WHERE m.nesting <> expected_nesting(m.id)
     UNION ALL
    SELECT format('readable without content: %s', manifest_id)
      FROM repository_manifest h JOIN manifest m ON m.id = h.manifest_id
     WHERE h.unreadable IS NULL AND m.raw IS NULL
     UNION ALL
    SELECT format('history of tag %s', name)
      FROM (SELECT t.repository_id, t.name, m.digest FROM tag t LEFT JOIN manifest m ON m.id = t.manifest_id)
           AS now
      FULL JOIN (SELECT repository_id, tag AS name, digest FROM tag_history WHERE until_time IS NULL) AS open
     USING (repository_id, name)
     WHERE now IS NULL OR open IS NULL OR now.digest IS DISTINCT FROM open.digest
     UNION ALL
    SELECT format('pushes of repository %s on %s: %s, not %s', repository_id, day, kept.pushes, e.pushes)
      FROM (SELECT repository_id, day, pushes FROM repository_day WHERE pushes > 0) AS kept
      FULL JOIN (SELECT repository_id, (from_time AT TIME ZONE 'UTC')::date AS day, count(*) AS pushes
                   FROM tag_history WHERE source = 'event' GROUP BY 1, 2) AS e
     USING (repository_id, day)
     WHERE kept.pushes IS DISTINCT FROM e.pushes
     UNION ALL
    SELECT format('pulls and pushes on %s: %s and %s, not %s and %s', day, r.pulls, r.pushes, e.pulls, e.pushes)
      FROM registry_day r
      FULL JOIN (SELECT day, sum(pulls) AS pulls, sum(pushes) AS pushes FROM repository_day GROUP BY 1) AS e USING (day)
     WHERE (coalesce(r.pulls, 0), coalesce(r.pushes, 0)) <> (coalesce(e.pulls, 0), coalesce(e.pushes, 0))
     UNION ALL
    SELECT format('generation %s without a touched repository', g)
      FROM state, generate_series(1, generation) AS g
     WHERE NOT EXISTS (SELECT FROM touched WHERE touched.generation = g)
     UNION ALL
    SELECT format('repository %s is deleted but holds something', r.id)
      FROM repository r
     WHERE r.deleted_at IS NOT NULL
       AND EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id)
$$;
