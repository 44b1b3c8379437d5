-- SPDX-License-Identifier: Apache-2.0
-- Sizes belong to descriptors: a blob had one size, the first that was heard of it in any repository. Images have the
-- variants that indexes name for them. More names of tags are hidden.
--
--   columns       for the sizes of layers and configurations; totals that cannot overflow; variants, hidden tags
--   sizes         out of the manifests, which are stored; what cannot be taken apart here keeps the size known so far
--   entries       of indexes that are no manifests, which were taken for unreadable ones, become layers
--   repositories  what is derived, counted anew
--
-- blob.size stays, and is written, for readers of schema 1.

-- Their results or parameters change.
DROP FUNCTION count_blobs(bigint, bigint[], integer[]);
DROP FUNCTION count_platforms(bigint, bigint[], integer[]);

-- ---- Columns ----

ALTER TABLE manifest ADD COLUMN config_size bigint;
ALTER TABLE manifest_layer ADD COLUMN size bigint;
ALTER TABLE repository
    ALTER COLUMN size DROP DEFAULT,
    ALTER COLUMN size TYPE numeric,
    ALTER COLUMN size SET DEFAULT 0;
ALTER TABLE manifest_child ADD COLUMN os_features text; -- of what is stored later
ALTER TABLE repository_manifest ADD COLUMN variants text[];
ALTER TABLE tag
    DROP COLUMN hidden, -- derived from the name
    ADD COLUMN hidden boolean NOT NULL
               GENERATED ALWAYS AS (name ~ ('^sha(256|512)-[0-9a-f]{64}(\.(sig|att|sbom))?$'
                                            '|^_deltaindex$|^deltas-[0-9a-f]{12}$')) STORED;

-- ---- Sizes ----

CREATE FUNCTION pg_temp.known_size(size numeric) RETURNS bigint
    LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN size BETWEEN 0 AND 9007199254740991 AND size = trunc(size) THEN size::bigint END
$$;

-- The sizes that a member of a manifest names, a descriptor or a list of them, in order; NULL: PostgreSQL cannot
-- read the manifest as JSON. What its strings hold is of no interest: so any byte is a character, and \uXXXX, which
-- may be one that text cannot hold, becomes another escape.
CREATE FUNCTION pg_temp.sizes_in(raw bytea, member text) RETURNS bigint[]
    LANGUAGE plpgsql AS $$
DECLARE
    v_value json;
BEGIN
    v_value := replace(convert_from(raw, 'LATIN1'), '\u', '\n')::json -> member;
    IF json_typeof(v_value) = 'object' THEN
        v_value := json_build_array(v_value);
    END IF;
    RETURN ARRAY(SELECT CASE coalesce(json_typeof(d -> 'size'), 'missing')
                            WHEN 'number' THEN pg_temp.known_size((d ->> 'size')::numeric)
                            WHEN 'missing' THEN 0 END
                   FROM json_array_elements(v_value) WITH ORDINALITY AS l (d, place) ORDER BY place);
EXCEPTION
    WHEN OTHERS THEN
        RETURN NULL;
END $$;

UPDATE manifest_layer l
   SET size = CASE WHEN s.sizes IS NULL THEN pg_temp.known_size(b.size) ELSE s.sizes[l.position + 1] END
  FROM (SELECT id, pg_temp.sizes_in(raw, 'layers') AS sizes
          FROM manifest WHERE raw IS NOT NULL AND kind IN ('image', 'artifact') OFFSET 0) AS s, blob b
 WHERE s.id = l.manifest_id AND b.id = l.blob_id;

UPDATE manifest m
   SET config_size = CASE WHEN m.kind = 'image' AND c.raw IS NOT NULL THEN length(c.raw)
                          WHEN s.sizes IS NULL THEN pg_temp.known_size(b.size)
                          ELSE s.sizes[1] END
  FROM (SELECT id, pg_temp.sizes_in(raw, 'config') AS sizes
          FROM manifest WHERE config_id IS NOT NULL OFFSET 0) AS s, blob b, config c
 WHERE s.id = m.id AND b.id = m.config_id AND c.id = m.config_id;

UPDATE manifest_child SET size = NULL WHERE size NOT BETWEEN 0 AND 9007199254740991;
UPDATE blob SET size = 0 WHERE size NOT BETWEEN 0 AND 9007199254740991;

-- ---- Entries of indexes that are no manifests ----

CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
SELECT c.parent_id, c.position, c.child_id, m.digest, c.media_type, c.size
  FROM manifest_child c JOIN manifest m ON m.id = c.child_id
 WHERE m.raw IS NULL
   AND c.media_type NOT IN ('application/vnd.oci.image.manifest.v1+json',
                            'application/vnd.docker.distribution.manifest.v2+json',
                            'application/vnd.oci.image.index.v1+json',
                            'application/vnd.docker.distribution.manifest.list.v2+json',
                            'application/vnd.docker.distribution.manifest.v1+prettyjws',
                            'application/vnd.docker.distribution.manifest.v1+json');

INSERT INTO blob (digest, size)
SELECT digest, coalesce(max(size), 0) FROM moved GROUP BY digest ORDER BY digest
    ON CONFLICT (digest) DO NOTHING;
INSERT INTO manifest_layer (manifest_id, position, blob_id, media_type, size)
SELECT m.parent_id, row_number() OVER (PARTITION BY m.parent_id ORDER BY m.position) - 1, b.id, m.media_type, m.size
  FROM moved m JOIN blob b ON b.digest = m.digest;
DELETE FROM manifest_child c USING moved m WHERE c.parent_id = m.parent_id AND c.position = m.position;

-- Repositories hold them as manifests that cannot be read, and do so no longer unless a tag or another index
-- still names them as manifests.
UPDATE repository_manifest h
   SET "references" = (SELECT count(*) FROM tag t
                        WHERE t.repository_id = h.repository_id AND t.manifest_id = h.manifest_id) + p.parents,
       attests = p.attests
  FROM (SELECT n.repository_id, n.manifest_id, count(l.parent_id) AS parents,
               count(*) FILTER (WHERE l.only_attests) AS attests
          FROM repository_manifest n
          LEFT JOIN LATERAL (SELECT c.parent_id, bool_and(c.is_attestation) AS only_attests
                               FROM manifest_child c
                               JOIN repository_manifest i ON i.repository_id = n.repository_id
                                                         AND i.manifest_id = c.parent_id
                              WHERE c.child_id = n.manifest_id AND i."references" > 0 AND i.unreadable IS NULL
                              GROUP BY c.parent_id) AS l ON true
         WHERE n.manifest_id IN (SELECT child_id FROM moved)
         GROUP BY n.repository_id, n.manifest_id) AS p
 WHERE h.repository_id = p.repository_id AND h.manifest_id = p.manifest_id;
DELETE FROM repository_manifest h
 WHERE h.manifest_id IN (SELECT child_id FROM moved) AND h."references" = 0 AND h.unreadable IS NOT NULL
   AND NOT EXISTS (SELECT FROM manifest_child c WHERE c.child_id = h.manifest_id);

-- ---- Repositories: what is derived ----

TRUNCATE repository_blob;
ALTER TABLE repository_blob
    DROP CONSTRAINT repository_blob_pkey,
    ADD COLUMN size bigint NOT NULL,
    ADD PRIMARY KEY (repository_id, blob_id, size);

INSERT INTO repository_blob (repository_id, blob_id, "references", size)
SELECT repository_id, blob_id, count(*), size
  FROM (SELECT h.repository_id, u.blob_id, max(u.size) AS size
          FROM repository_manifest h
          JOIN (SELECT manifest_id, blob_id, coalesce(size, 0) AS size FROM manifest_layer
                 UNION ALL
                SELECT id, config_id, coalesce(config_size, 0) FROM manifest WHERE config_id IS NOT NULL) AS u
               USING (manifest_id)
         WHERE h."references" > 0 AND h.unreadable IS NULL
         GROUP BY h.repository_id, h.manifest_id, u.blob_id) AS used
 GROUP BY repository_id, blob_id, size;

UPDATE repository r
   SET size = (SELECT coalesce(sum(m.size), 0)
                 FROM repository_manifest h JOIN manifest m ON m.id = h.manifest_id
                WHERE h.repository_id = r.id AND h."references" > 0 AND h.unreadable IS NULL)
              + (SELECT coalesce(sum(b.size), 0)
                   FROM (SELECT max(size) AS size FROM repository_blob
                          WHERE repository_id = r.id GROUP BY blob_id) AS b);

-- An image whose configuration names no variant has those that live indexes name.
UPDATE repository_manifest h SET variants = v.variants
  FROM (SELECT i.repository_id, i.manifest_id, array_agg(DISTINCT c.variant COLLATE "C") AS variants
          FROM repository_manifest i
          JOIN manifest m ON m.id = i.manifest_id
          JOIN manifest_child c ON c.child_id = i.manifest_id AND c.variant <> ''
          JOIN repository_manifest p ON p.repository_id = i.repository_id AND p.manifest_id = c.parent_id
         WHERE m.kind = 'image' AND m.os <> '' AND m.architecture <> '' AND coalesce(m.variant, '') = ''
           AND p."references" > 0 AND p.unreadable IS NULL
         GROUP BY i.repository_id, i.manifest_id) AS v
 WHERE h.repository_id = v.repository_id AND h.manifest_id = v.manifest_id;

TRUNCATE repository_platform;
INSERT INTO repository_platform (repository_id, platform, "references")
SELECT h.repository_id, concat_ws('/', m.os, m.architecture, v.variant) COLLATE "C", count(*)
  FROM repository_manifest h
  JOIN manifest m ON m.id = h.manifest_id
 CROSS JOIN LATERAL unnest(coalesce(h.variants, ARRAY[nullif(m.variant, '')])) AS v (variant)
 WHERE h."references" > h.attests AND h.unreadable IS NULL
   AND m.kind = 'image' AND m.os <> '' AND m.architecture <> ''
 GROUP BY 1, 2;

-- Annotations of an index name the repository before its images do; hidden tags do not stand for it.
UPDATE repository r
   SET title = f.title, description = f.description, updated = coalesce(f.updated, r.updated),
       updated_source = coalesce(f.updated_source, r.updated_source)
  FROM (SELECT o.id, coalesce(top.title, image.title) AS title,
               coalesce(top.description, image.description) AS description, newest.updated, newest.updated_source
          FROM repository o
          LEFT JOIN LATERAL (SELECT t.manifest_id
                               FROM tag t
                               JOIN repository_manifest h USING (repository_id, manifest_id)
                              WHERE t.repository_id = o.id AND h.unreadable IS NULL
                                AND (t.name = 'latest' OR NOT t.hidden)
                              ORDER BY t.name = 'latest' DESC, t.updated DESC, t.name LIMIT 1) AS chosen ON true
          LEFT JOIN manifest top ON top.id = chosen.manifest_id
          LEFT JOIN LATERAL (SELECT m.title, m.description
                               FROM index_image i
                               JOIN manifest m ON m.id = i.image_id
                               JOIN repository_manifest h ON h.repository_id = o.id AND h.manifest_id = m.id
                              WHERE i.index_id = top.id AND h.unreadable IS NULL
                              ORDER BY coalesce(m.os = 'linux' AND m.architecture = 'amd64', false) DESC, i.position
                              LIMIT 1) AS image ON true
          LEFT JOIN LATERAL (SELECT updated, updated_source FROM tag
                              WHERE repository_id = o.id AND NOT hidden ORDER BY updated DESC LIMIT 1) AS newest ON true
         WHERE o.deleted_at IS NULL) AS f
 WHERE r.id = f.id;

-- ---- What the columns are ----

COMMENT ON TABLE schema_version IS 'One row a migration, one for the whole when the database was empty; the highest is the present schema';
COMMENT ON TABLE blob IS 'Layers, configurations and what else is no manifest, by digest';
COMMENT ON COLUMN blob.size IS 'For readers of schema 1 alone: a size that some descriptor named, 0: none is known. Sizes belong to descriptors: manifest_layer.size, manifest.config_size';
COMMENT ON COLUMN manifest.config_size IS 'Of an image: the length of its configuration, which was read; of an artifact: what its descriptor says, NULL: unknown';
COMMENT ON TABLE manifest_layer IS 'Layers of manifests, in order. Of an index: its entries that are no manifests (caches list layers so)';
COMMENT ON COLUMN manifest_layer.size IS 'As this descriptor says; NULL: unknown (known_size())';
COMMENT ON TABLE manifest_child IS 'The entries of an index that are manifests, in its order (blobs among them are its layers); a child may be known by its digest only';
COMMENT ON COLUMN manifest_child.size IS 'As this descriptor says; NULL: unknown (known_size())';
COMMENT ON COLUMN manifest_child.os_features IS 'A JSON array of strings; NULL: none';
COMMENT ON COLUMN repository.size IS 'Bytes of all that is reachable from its tags, each blob and manifest once (see repository_blob); numeric: no sum overflows. Kept by adjust_references()';
COMMENT ON COLUMN repository.title IS 'Of its latest tag, else of the tag updated last: of an index, else of its image; kept by refresh_repository()';
COMMENT ON COLUMN repository_manifest.variants IS 'Of an image whose configuration names no variant: those that live indexes here name, in order; NULL: none. Kept by count_platforms()';
COMMENT ON TABLE repository_blob IS 'How many manifests reachable from this repository''s tags use a layer or configuration, by the size that they say it has: each blob counts once, with the largest of its sizes';
COMMENT ON COLUMN repository_blob.size IS '0 also when it is unknown. A manifest that names several counts with the largest';
COMMENT ON COLUMN tag.hidden IS 'sha256-<hex> and sha512-<hex> fallback tags, cosign''s .sig .att .sbom, Flatpak''s _deltaindex and deltas-<hex>: in tag lists, not in indexes nor search';
COMMENT ON TABLE event_seen IS 'Events of today and yesterday, so that each counts once: hashes of id, action, repository, tag and digest. slot is the day modulo 3; the third partition is truncated when the day changes';

INSERT INTO schema_version (version, min_reader_version) VALUES (2, 1);
