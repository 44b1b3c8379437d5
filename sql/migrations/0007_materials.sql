-- SPDX-License-Identifier: Apache-2.0
-- What images were made from, by their provenance. Manifests that hold provenance are read once more, in the background, by
-- the writer that leads.

ALTER TABLE sbom ADD COLUMN is_provenance boolean NOT NULL DEFAULT false;
COMMENT ON TABLE sbom IS 'SBOM documents and provenance that were read or refused, by their digest; the documents themselves are not kept';
COMMENT ON COLUMN sbom.left_out IS 'Packages whose name, version or URL is longer than is kept; materials that are too many';
COMMENT ON TABLE sbom_source IS 'Manifests that may hold SBOM documents or provenance, and the digest of the image that they are about; kept by triggers (note_sbom_source())';

CREATE TABLE image_material (
    image_id bigint NOT NULL,
    digest   bytea NOT NULL,
    sbom_id  bigint NOT NULL REFERENCES sbom (id) ON DELETE CASCADE,
    uri      text COLLATE "C" NOT NULL,
    PRIMARY KEY (image_id, digest, sbom_id)
);
CREATE INDEX image_material_digest ON image_material (digest, image_id);
CREATE INDEX image_material_sbom ON image_material (sbom_id);
COMMENT ON TABLE image_material IS 'What an image or an index was made from, by its provenance: its base among others';
COMMENT ON COLUMN image_material.uri IS 'As the document says, such as pkg:docker/debian@12; '''': none';

CREATE UNLOGGED TABLE material_staged (
    document bytea NOT NULL,
    digest   bytea NOT NULL,
    uri      text COLLATE "C" NOT NULL,
    PRIMARY KEY (document, digest)
);
COMMENT ON TABLE material_staged IS 'Like sbom_staged, of provenance';

-- Not there yet where this follows on schema 4.
DROP FUNCTION IF EXISTS put_sboms(bigint, bigint, bytea, bytea[], text[], text[], bigint[]);

UPDATE sbom_source s SET is_read = false, not_before = now(), attempts = 0
  FROM manifest m
 WHERE m.id = s.manifest_id AND m.evidence & 4 > 0 AND s.is_read;

INSERT INTO schema_version (version, min_reader_version) VALUES (7, 1);
