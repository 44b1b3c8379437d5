-- SPDX-License-Identifier: Apache-2.0
-- How much is fetched with a tag: tag.size, which tags are put in order by.

-- All that a repository can give of a manifest: the readers' total_size.sql, a number that fits.
CREATE OR REPLACE FUNCTION bytes_of_manifest(p_repository bigint, p_manifest bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        WITH RECURSIVE part (id) AS (
            SELECT p_manifest
             UNION
            SELECT c.child_id
              FROM part
             CROSS JOIN LATERAL (SELECT child_id FROM manifest_child WHERE parent_id = part.id OFFSET 0) AS c
             WHERE EXISTS (SELECT FROM repository_manifest h
                            WHERE h.repository_id = p_repository AND h.manifest_id = c.child_id
                              AND h.unreadable IS NULL OFFSET 0)
        ), used AS (
            SELECT max(descriptor.size) AS size
              FROM part
             CROSS JOIN LATERAL (SELECT blob_id, size FROM manifest_layer WHERE manifest_id = part.id
                                  UNION ALL
                                 SELECT config_id, config_size FROM manifest
                                  WHERE id = part.id AND config_id IS NOT NULL OFFSET 0) AS descriptor
             GROUP BY descriptor.blob_id
        )
        SELECT least(coalesce(sum(piece.size), 0), 9223372036854775806)
          FROM (SELECT (SELECT m.size FROM manifest m WHERE m.id = part.id) AS size FROM part
                 UNION ALL
                SELECT size FROM used) AS piece);
END $$;

-- Manifests came to a repository, went, or can be read now, or no longer: the sizes of its tags on them, and on the
-- indexes above them. Behind the change of repository_manifest.
CREATE OR REPLACE FUNCTION measure_tags(p_repository bigint, p_manifests bigint[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    WITH RECURSIVE above (id) AS (
        SELECT id FROM unnest(p_manifests) AS m (id)
         UNION
        SELECT c.parent_id
          FROM above a
         CROSS JOIN LATERAL (SELECT parent_id FROM manifest_child WHERE child_id = a.id OFFSET 0) AS c
         WHERE EXISTS (SELECT FROM repository_manifest h
                        WHERE h.repository_id = p_repository AND h.manifest_id = c.parent_id OFFSET 0)
    ), measured AS MATERIALIZED (
        SELECT t.ctid, t.size AS was, bytes_of_manifest(p_repository, a.id) AS bytes
          FROM above a
         CROSS JOIN LATERAL (SELECT ctid, size FROM tag
                              WHERE manifest_id = a.id AND repository_id = p_repository OFFSET 0) AS t
    )
    UPDATE tag t SET size = m.bytes
      FROM measured m WHERE t.ctid = m.ctid AND m.bytes <> m.was;
END $$;
