-- SPDX-License-Identifier: Apache-2.0
-- Tags in the order of their pulls, versions and sizes are read from indexes; hidden tags are counted.
--
-- What takes long comes first, while readers go on: ALTER TABLE locks them out until the commit.

CREATE FUNCTION tag_version(name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT string_agg(m[1] || CASE WHEN m[2] = '' THEN '' ELSE lpad(m[2], greatest(length(m[2]), 20), '0') END,
                              '' ORDER BY n)
              FROM regexp_matches(name COLLATE "C", '(\D*)(\d*)', 'g') WITH ORDINALITY AS p (m, n)) COLLATE "C";

CREATE FUNCTION bytes_of_manifest(p_repository bigint, p_manifest bigint) RETURNS bigint
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

CREATE INDEX tag_version ON tag (repository_id, tag_version(name), name);
CREATE TEMP TABLE measured ON COMMIT DROP AS
SELECT repository_id, manifest_id, bytes_of_manifest(repository_id, manifest_id) AS bytes
  FROM (SELECT DISTINCT repository_id, manifest_id FROM tag WHERE manifest_id IS NOT NULL) AS t;
CREATE TEMP TABLE counted ON COMMIT DROP AS
SELECT repository_id, count(*)::integer AS hidden FROM tag WHERE hidden GROUP BY repository_id;
ANALYZE measured, counted;

ALTER TABLE tag ADD COLUMN size bigint NOT NULL DEFAULT 0;
UPDATE tag t SET size = m.bytes
  FROM measured m WHERE m.repository_id = t.repository_id AND m.manifest_id = t.manifest_id AND m.bytes > 0;
ALTER TABLE repository ADD COLUMN hidden_count integer NOT NULL DEFAULT 0;
UPDATE repository r SET hidden_count = c.hidden FROM counted c WHERE c.repository_id = r.id;
CREATE INDEX tag_pulls ON tag (repository_id, pulls DESC, name);
CREATE INDEX tag_size ON tag (repository_id, size DESC, name);
COMMENT ON COLUMN tag.size IS 'Bytes that are fetched with it, each blob once; 0 also when they are unknown. Kept by move_tags() and measure_tags(), for lists by size';
COMMENT ON COLUMN repository.hidden_count IS 'How many of its tags are hidden. Kept by move_tags()';

INSERT INTO schema_version (version, min_reader_version) VALUES (11, 1);
