-- SPDX-License-Identifier: Apache-2.0
-- Packages: tables for what SBOM documents say, and which manifests may hold documents, of those that are here
-- already as well. The documents are read in the background, by the writer that leads.

-- ---------------------------------------------------------------------------------------------
-- Packages: what SBOM documents say is in images. All of it can be read again from the registry.
-- ---------------------------------------------------------------------------------------------

CREATE TABLE package_name (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name   text COLLATE "C" NOT NULL,
    type   text COLLATE "C" NOT NULL,
    images integer NOT NULL DEFAULT 0,
    UNIQUE (name, type)
) WITH (fillfactor = 80);
CREATE INDEX package_name_trgm ON package_name USING gin (lower(name) gin_trgm_ops);
COMMENT ON TABLE package_name IS 'Packages by name and type (deb, npm … as in package URLs; '''': unknown)';
COMMENT ON COLUMN package_name.images IS 'Images reachable from tags that hold it: the counted ones of package_image';

CREATE TABLE package_version (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name_id     bigint NOT NULL REFERENCES package_name (id),
    version     text COLLATE "C" NOT NULL,
    version_key text COLLATE "C" NOT NULL,
    images      integer NOT NULL DEFAULT 0,
    UNIQUE (name_id, version)
) WITH (fillfactor = 80);
CREATE INDEX package_version_key ON package_version (name_id, version_key, id);
COMMENT ON COLUMN package_version.version IS 'As the document says; '''': it says none';
COMMENT ON COLUMN package_version.version_key IS 'version_key(version): its bytes are in the order of versions';

CREATE TABLE package (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version_id bigint NOT NULL REFERENCES package_version (id),
    purl       text COLLATE "C" NOT NULL,
    UNIQUE (version_id, purl)
);
CREATE INDEX package_purl ON package (purl, id) WHERE purl <> '';
COMMENT ON COLUMN package.purl IS 'The package URL, ''''  when the document gives none';

CREATE TABLE sbom_source (
    manifest_id bigint NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    about       bytea NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('attestation', 'referrer', 'tag')),
    is_read     boolean NOT NULL DEFAULT false,
    not_before  timestamptz NOT NULL DEFAULT now(),
    attempts    integer NOT NULL DEFAULT 0,
    PRIMARY KEY (manifest_id, about)
);
CREATE INDEX sbom_source_due ON sbom_source (not_before, manifest_id) WHERE NOT is_read;
COMMENT ON TABLE sbom_source IS 'Manifests that may hold SBOM documents, and the digest of the image that they are about; kept by triggers (note_sbom_source())';
COMMENT ON COLUMN sbom_source.is_read IS 'All its documents were read or refused; never looked at again';

CREATE TABLE sbom (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    manifest_id bigint NOT NULL,
    about       bytea NOT NULL,
    image_id    bigint NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    document    bytea NOT NULL,
    state       text NOT NULL CHECK (state IN ('done', 'too large', 'malformed', 'about something else', 'gone')),
    reason      text,
    packages    bigint NOT NULL DEFAULT 0,
    left_out    bigint NOT NULL DEFAULT 0,
    read_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (manifest_id, about, document),
    FOREIGN KEY (manifest_id, about) REFERENCES sbom_source (manifest_id, about) ON DELETE CASCADE
);
CREATE INDEX sbom_image ON sbom (image_id);
COMMENT ON TABLE sbom IS 'SBOM documents that were read or refused, by their digest; the documents themselves are not kept';
COMMENT ON COLUMN sbom.left_out IS 'Packages whose name, version or URL is longer than is kept';

CREATE TABLE image_package (
    image_id   bigint NOT NULL,
    package_id bigint NOT NULL,
    sbom_id    bigint NOT NULL REFERENCES sbom (id) ON DELETE CASCADE,
    PRIMARY KEY (image_id, package_id, sbom_id)
);
CREATE INDEX image_package_package ON image_package (package_id, image_id);
CREATE INDEX image_package_sbom ON image_package (sbom_id);
COMMENT ON TABLE image_package IS 'Which image holds which package, by which document. No foreign keys but the document''s: the rows are many';

CREATE TABLE package_image (
    image_id   bigint PRIMARY KEY REFERENCES manifest (id) ON DELETE CASCADE,
    is_counted boolean NOT NULL
);
COMMENT ON TABLE package_image IS 'Images that documents are about, and whether they count: those that are live somewhere do; a little later than that changes (recount_packages())';

CREATE UNLOGGED TABLE sbom_staged (
    document   bytea NOT NULL,
    package_id bigint NOT NULL,
    PRIMARY KEY (document, package_id)
);
COMMENT ON TABLE sbom_staged IS 'Packages of the documents that are being read, of one source at a time, until put_sboms() takes them';

-- Its body comes with all functions, behind this file.
CREATE FUNCTION note_sbom_source() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';

-- Which manifests may hold SBOM documents is put down with them.
CREATE TRIGGER sbom_source_child AFTER INSERT ON manifest_child
    FOR EACH ROW WHEN (NEW.is_attestation AND NEW.about IS NOT NULL) EXECUTE PROCEDURE note_sbom_source();
CREATE TRIGGER sbom_source_manifest AFTER UPDATE OF subject ON manifest
    FOR EACH ROW WHEN (NEW.subject IS NOT NULL AND OLD.subject IS NULL) EXECUTE PROCEDURE note_sbom_source();
CREATE TRIGGER sbom_source_tag AFTER INSERT OR UPDATE OF manifest_id ON tag
    FOR EACH ROW WHEN (NEW.manifest_id IS NOT NULL AND NEW.name ~ '^sha256-[0-9a-f]{64}\.(att|sbom)$')
    EXECUTE PROCEDURE note_sbom_source();

INSERT INTO sbom_source (manifest_id, about, kind)
SELECT DISTINCT child_id, about, 'attestation' FROM manifest_child WHERE is_attestation AND about IS NOT NULL;
INSERT INTO sbom_source (manifest_id, about, kind)
SELECT id, subject, 'referrer' FROM manifest WHERE subject IS NOT NULL
    ON CONFLICT DO NOTHING;
INSERT INTO sbom_source (manifest_id, about, kind)
SELECT DISTINCT manifest_id, '\x01'::bytea || decode(substr(name, 8, 64), 'hex'), 'tag'
  FROM tag WHERE manifest_id IS NOT NULL AND hidden AND name ~ '^sha256-[0-9a-f]{64}\.(att|sbom)$'
    ON CONFLICT DO NOTHING;

INSERT INTO schema_version (version, min_reader_version) VALUES (5, 1);
