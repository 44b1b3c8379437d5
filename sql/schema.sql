-- SPDX-License-Identifier: Apache-2.0
-- The whole present schema: the only source of it, for psql and for the writer.
--
--     psql -d URL < schema.sql
--
-- One transaction that stops at the first error. Harmless on a database that has this schema already; one
-- with another schema is refused: bring it to the present one with metastore-writer --migrate. The owner of
-- the database can run this; nothing here needs the right to create roles.
--
-- The build embeds what stands between the two lines "-- schema begins" and "-- schema ends", which is plain
-- SQL: the writer runs it on an empty database. The functions are those of sql/functions, verbatim
-- (tests/lint/schema.py checks it).
\set ON_ERROR_STOP on
\set QUIET on
BEGIN;
SET LOCAL client_min_messages = warning;
-- The lock that migrations take, so that both do not make the same tables.
SELECT pg_advisory_xact_lock(x'6d657461'::integer, 2) \g /dev/null
SELECT to_regclass('schema_version') IS NOT NULL AS has_schema \gset
\if :has_schema
SELECT coalesce(max(version), 0) = 13 AS is_present FROM schema_version \gset
\if :is_present
COMMIT;
\echo metastore: the database has the present schema, nothing was done
\else
DO $$
DECLARE
    c_present constant integer := 13;
    v_version integer := (SELECT coalesce(max(version), 0) FROM schema_version);
BEGIN
    RAISE EXCEPTION 'the database has schema %, this file is schema %', v_version, c_present
          USING HINT = CASE WHEN v_version < c_present THEN 'run: metastore-writer --migrate'
                            ELSE 'the database belongs to a newer metastore' END;
END $$;
\endif
\else

-- schema begins

-- Tables that are derived from others (index_image, repository_blob, repository_label,
-- repository_platform, the counters of repository and repository_manifest."references") are written by
-- the functions at the end and by nothing else. They have no foreign keys of their own: what they are
-- derived from has them, and the rows are many.

-- Trigram indexes for substrings and misspellings. Trusted: the owner of the database may create it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- ---------------------------------------------------------------------------------------------
-- Versions and the one row of state
-- ---------------------------------------------------------------------------------------------

CREATE TABLE schema_version (
    version            integer PRIMARY KEY,
    min_reader_version integer NOT NULL,
    applied_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE schema_version IS 'One row a migration, one for the whole when the database was empty; the highest is the present schema';
COMMENT ON COLUMN schema_version.min_reader_version IS 'A reader understands this schema if it knows at least this version';

CREATE TABLE state (
    only_row           boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    generation         bigint NOT NULL DEFAULT 0,
    term               bigint NOT NULL DEFAULT 0,
    leader_host        text,
    leader_pid         integer,
    leader_since       timestamptz,
    last_complete_scan timestamptz,
    scan_running       boolean NOT NULL DEFAULT false,
    scan_wanted        timestamptz,
    changes_pruned     bigint NOT NULL DEFAULT 0,
    document_version   smallint NOT NULL DEFAULT 0,
    manifests          bigint NOT NULL DEFAULT 0,
    artifacts          bigint NOT NULL DEFAULT 0,
    images             bigint NOT NULL DEFAULT 0,
    indexes            bigint NOT NULL DEFAULT 0,
    size               numeric NOT NULL DEFAULT 0,
    doubled_refs       bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
COMMENT ON TABLE state IS 'Exactly one row';
COMMENT ON COLUMN state.generation IS 'Raised by every visible change, last statement of its transaction (publish())';
COMMENT ON COLUMN state.term IS 'Number of the present leader; a transaction of an older one fails (MS001)';
COMMENT ON COLUMN state.scan_wanted IS 'When something was last accepted unread, or more was deleted than could be asked about: only a complete scan that began later finds it';
COMMENT ON COLUMN state.changes_pruned IS 'The feed of changes is complete after this generation';
COMMENT ON COLUMN state.document_version IS 'Of the program that last made sure of all documents; that of another version makes the old ones again';
COMMENT ON COLUMN state.manifests IS 'Held by any repository; like the other totals, what several of them have counts once. Kept by count_totals()';
COMMENT ON COLUMN state.artifacts IS 'Held and readable';
COMMENT ON COLUMN state.images IS 'Reachable from tags, those that only attest aside';
COMMENT ON COLUMN state.indexes IS 'Reachable from tags';
COMMENT ON COLUMN state.size IS 'Bytes of all that is reachable from tags; of a blob with several sizes the largest';
COMMENT ON COLUMN state.doubled_refs IS 'Flatpak refs that more than one repository offers (doubled_flatpak_refs()), as the writer counted them last';
INSERT INTO state DEFAULT VALUES;

CREATE TABLE touched (
    generation bigint PRIMARY KEY,
    repository text COLLATE "C" NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE touched IS 'Which repository each recent generation changed: what a reader''s watcher reads to invalidate caches. Pruned after an hour';

-- ---------------------------------------------------------------------------------------------
-- Content, by digest: stored once, the same for every repository
-- ---------------------------------------------------------------------------------------------

-- >>> functions/known_values.sql
-- What is taken from outside as a number: values that cannot be are unknown, so that no manifest and no event
-- makes a transaction fail.

-- Bytes as a descriptor says: NULL below 0, and above 2^53 - 1, which is what every JSON reader can hold.
CREATE OR REPLACE FUNCTION known_size(size bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN size BETWEEN 0 AND 9007199254740991 THEN size END;

-- Milliseconds since 1970: NULL outside of the years 1 to 9999, which is what RFC 3339 can write.
CREATE OR REPLACE FUNCTION known_time(ms bigint) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN ms BETWEEN -62135596800000 AND 253402300799999 THEN to_timestamp(ms / 1000.0) END;
-- <<<

-- >>> functions/digests.sql
-- Digests as text and as bytes: one byte for the algorithm (1: sha256, 2: sha512), then the hash.

CREATE OR REPLACE FUNCTION digest_text(digest bytea) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE get_byte(digest, 0) WHEN 1 THEN 'sha256:' ELSE 'sha512:' END
           || encode(substr(digest, 2), 'hex');

CREATE OR REPLACE FUNCTION digest_bytes(digest text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE split_part(digest, ':', 1) WHEN 'sha256' THEN '\x01'::bytea ELSE '\x02'::bytea END
           || decode(split_part(digest, ':', 2), 'hex');
-- <<<

CREATE TABLE blob (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    size   bigint NOT NULL
);
COMMENT ON TABLE blob IS 'Layers, configurations and what else is no manifest, by digest';
COMMENT ON COLUMN blob.size IS 'For readers of schema 1 alone: a size that some descriptor named, 0: none is known. Sizes belong to descriptors: manifest_layer.size, manifest.config_size';

CREATE TABLE config (
    id               bigint PRIMARY KEY REFERENCES blob (id),
    raw              bytea,
    document         text,
    document_version smallint NOT NULL DEFAULT 0
);
COMMENT ON TABLE config IS 'Image configurations, as the registry served them';
COMMENT ON COLUMN config.document IS 'The REST "image" object''s members (os, env, labels, history …) as JSON without braces, made from raw';

CREATE TABLE manifest (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest           bytea NOT NULL UNIQUE,
    kind             text NOT NULL DEFAULT 'unknown'
                     CHECK (kind IN ('image', 'index', 'artifact', 'schema1', 'unknown')),
    media_type       text,
    artifact_type    text,
    size             bigint,
    raw              bytea,
    subject          bytea,
    config_id        bigint REFERENCES config (id),
    nesting          smallint NOT NULL DEFAULT 0,
    os               text,
    architecture     text,
    variant          text,
    os_version       text,
    created          timestamptz,
    title            text,
    description      text,
    annotations      text,
    document         text,
    document_version smallint NOT NULL DEFAULT 0,
    first_seen       timestamptz NOT NULL DEFAULT now(),
    config_size      bigint,
    evidence         smallint NOT NULL DEFAULT 0
);
CREATE INDEX manifest_subject ON manifest (subject) WHERE subject IS NOT NULL;
CREATE INDEX manifest_config ON manifest (config_id) WHERE config_id IS NOT NULL;
CREATE INDEX manifest_architecture ON manifest (coalesce(architecture, '')) WHERE kind = 'image';
CREATE INDEX manifest_os ON manifest (coalesce(os, '')) WHERE kind = 'image';
CREATE INDEX manifest_platform ON manifest (id) INCLUDE (os, architecture, variant)
    WHERE kind = 'image' AND os <> '' AND architecture <> '';
CREATE INDEX manifest_evidence ON manifest (id) WHERE evidence > 0;
-- Most titles come from labels, which repository_label has: these are the others.
CREATE INDEX manifest_text_trgm ON manifest
    USING gin (lower(left(coalesce(title, ''), 4096) || ' ' || left(coalesce(description, ''), 4096)) gin_trgm_ops)
    WHERE (title IS NOT NULL OR description IS NOT NULL) AND annotations LIKE '%org.opencontainers.image.%';
COMMENT ON TABLE manifest IS 'Manifests of every kind, by digest. kind unknown and raw NULL: only the digest is known (a child that is missing, something unreadable)';
COMMENT ON COLUMN manifest.media_type IS 'As the manifest says, else as the registry''s answer said';
COMMENT ON COLUMN manifest.artifact_type IS 'As referrers show it: artifactType, else for manifests with a configuration its media type';
COMMENT ON COLUMN manifest.raw IS 'The bytes that have the digest';
COMMENT ON COLUMN manifest.nesting IS 'Of an index: how many levels of further indexes are known below it, at most nesting_max(), which is too many. Kept by refresh_index_images()';
COMMENT ON COLUMN manifest.created IS 'Of an image: its configuration''s. Never of an index';
COMMENT ON COLUMN manifest.annotations IS 'JSON object of string annotations, {} when there are none; NULL while unknown';
COMMENT ON COLUMN manifest.config_size IS 'Of an image: the length of its configuration, which was read; of an artifact: what its descriptor says, NULL: unknown';
COMMENT ON COLUMN manifest.evidence IS 'What an artifact is to the manifest that it is attached to, bits: 1 a signature, 2 an SBOM, 4 provenance';
COMMENT ON COLUMN manifest.document IS 'Image: members of the /index entry, from "Digest" on, without braces. Index: members from "Digest" to "Annotations", without Images';

CREATE TABLE manifest_layer (
    manifest_id bigint NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    position    integer NOT NULL,
    blob_id     bigint NOT NULL REFERENCES blob (id),
    media_type  text,
    size        bigint,
    PRIMARY KEY (manifest_id, position)
);
CREATE INDEX manifest_layer_blob ON manifest_layer (blob_id, manifest_id);
COMMENT ON TABLE manifest_layer IS 'Layers of manifests, in order. Of an index: its entries that are no manifests (caches list layers so)';
COMMENT ON COLUMN manifest_layer.size IS 'As this descriptor says; NULL: unknown (known_size())';

CREATE TABLE manifest_child (
    parent_id      bigint NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    position       integer NOT NULL,
    child_id       bigint NOT NULL REFERENCES manifest (id),
    media_type     text,
    artifact_type  text,
    size           bigint,
    os             text,
    architecture   text,
    variant        text,
    os_version     text,
    annotations    text,
    is_attestation boolean NOT NULL DEFAULT false,
    about          bytea,
    os_features    text,
    PRIMARY KEY (parent_id, position)
);
CREATE INDEX manifest_child_child ON manifest_child (child_id, parent_id);
COMMENT ON TABLE manifest_child IS 'The entries of an index that are manifests, in its order (blobs among them are its layers); a child may be known by its digest only';
COMMENT ON COLUMN manifest_child.size IS 'As this descriptor says; NULL: unknown (known_size())';
COMMENT ON COLUMN manifest_child.os_features IS 'A JSON array of strings; NULL: none';
COMMENT ON COLUMN manifest_child.about IS 'Of an attestation: the digest of the image it is about (vnd.docker.reference.digest)';

CREATE TABLE image_chain (
    manifest_id bigint NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    depth       smallint NOT NULL,
    chain       bytea NOT NULL,
    is_whole    boolean NOT NULL,
    PRIMARY KEY (manifest_id, depth)
);
CREATE INDEX image_chain_whole ON image_chain (chain, manifest_id) WHERE is_whole;
CREATE INDEX image_chain_part ON image_chain (chain, manifest_id) WHERE NOT is_whole;
COMMENT ON TABLE image_chain IS 'What the layers of an image are up to each depth. Its bases are images whose whole chain is among its rows, what is built on it has its whole chain among theirs. None of an image without layers, or with more than 1000';
COMMENT ON COLUMN image_chain.chain IS 'The ChainID of the OCI image specification: the first diff-ID, then the sha256 of the chain before and the next diff-ID';

CREATE TABLE index_image (
    index_id bigint NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    position integer NOT NULL,
    image_id bigint NOT NULL,
    PRIMARY KEY (index_id, position)
);
CREATE INDEX index_image_image ON index_image (image_id, index_id);
COMMENT ON TABLE index_image IS 'The images under an index, nested ones flattened, attestations left out, each once, in order: derived from manifest_child (refresh_index_images())';

-- A key or a value may be longer than an index can hold: lookups compare the first 200 characters
-- by index and then the whole. NUL is not storable as text and became U+FFFD.
CREATE TABLE label (
    manifest_id bigint NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    key         text COLLATE "C" NOT NULL,
    value       text COLLATE "C" NOT NULL
);
CREATE INDEX label_manifest ON label (manifest_id);
CREATE INDEX label_lookup ON label (left(key, 200), left(value, 200), manifest_id);
-- >>> functions/icons.sql
-- What names an icon that a label holds.

-- The SHA-256 of a text's UTF-8. A text has one always: so an index may hold it, though convert_to() is only called
-- stable, because in other databases conversions can be changed.
CREATE OR REPLACE FUNCTION icon_hash(value text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN sha256(convert_to(value, 'UTF8'));
-- <<<
CREATE INDEX label_icon ON label (icon_hash(value))
    WHERE key IN ('org.freedesktop.appstream.icon-64', 'org.freedesktop.appstream.icon-128')
      AND value LIKE 'data:image/%';
COMMENT ON TABLE label IS 'String labels of images'' configurations, as rows for search';

CREATE TABLE annotation (
    manifest_id bigint NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    key         text COLLATE "C" NOT NULL,
    value       text COLLATE "C" NOT NULL
);
CREATE INDEX annotation_manifest ON annotation (manifest_id);
CREATE INDEX annotation_lookup ON annotation (left(key, 200), left(value, 200), manifest_id);
COMMENT ON TABLE annotation IS 'String annotations of manifests of every kind, as rows for search';

-- ---------------------------------------------------------------------------------------------
-- Repositories: what each holds
-- ---------------------------------------------------------------------------------------------

-- >>> functions/near_words.sql
-- What indexes of repositories' names are made of.

-- Finds misspellings by an index: texts in which words are one edit apart (a character more, less, another,
-- or two swapped) have a key in common. The keys of a word: it itself, and it without one of its characters
-- if it has enough of them.
-- In plpgsql: a query in a function in SQL would be planned anew by every statement that calls it.
CREATE OR REPLACE FUNCTION near_keys(words text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    v_keys text[] := '{}';
    v_word text;
BEGIN
    FOREACH v_word IN ARRAY regexp_split_to_array(left(words, 500) COLLATE "C", '[^a-z0-9]+') LOOP
        CONTINUE WHEN v_word = '';
        v_keys := v_keys || v_word;
        FOR i IN 1 .. CASE WHEN length(v_word) BETWEEN 4 AND 33 THEN length(v_word) ELSE 0 END LOOP
            v_keys := v_keys || (left(v_word, i - 1) || substr(v_word, i + 1));
        END LOOP;
    END LOOP;
    RETURN v_keys;
END $$;

-- The last component of a name without what separates its parts.
CREATE OR REPLACE FUNCTION joined_name(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN regexp_replace(left(regexp_replace(name, '^.*/', ''), 200) COLLATE "C", '[^a-z0-9]+', '', 'g');

-- Each two neighbouring parts of a name's last component as one word.
CREATE OR REPLACE FUNCTION neighbours_of_name(name text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    v_parts text[] := regexp_split_to_array(left(regexp_replace(name, '^.*/', ''), 200) COLLATE "C", '[^a-z0-9]+');
    v_keys text[] := '{}';
BEGIN
    FOR i IN 1 .. cardinality(v_parts) - 1 LOOP
        v_keys := v_keys || (v_parts[i] || v_parts[i + 1]);
    END LOOP;
    RETURN v_keys;
END $$;

-- The keys by which a repository is found: those of the words in its name and its title, and, because an edit may
-- put in or take away what separates the parts of its last component, that without separators (with its own edits
-- only if it is short: a longer one has a part that finds it), and each two neighbouring parts as one word.
-- An index is made of it. In SQL, which finds the functions below it when it is made: pg_restore, autovacuum and roles
-- with another search_path call it.
CREATE OR REPLACE FUNCTION repository_keys(name text, title text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN near_keys(name || CASE WHEN length(joined_name(name)) <= 12 THEN ' ' || joined_name(name) ELSE '' END
                     || ' ' || coalesce(lower(title), ''))
           || joined_name(name) || neighbours_of_name(name);

-- What stands before the last component of a repository's name: '' or "team/web/".
CREATE OR REPLACE FUNCTION namespace_of(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN left(name, length(name) - length(regexp_replace(name, '^.*/', '')));
-- <<<

CREATE TABLE repository (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text COLLATE "C" NOT NULL UNIQUE,
    last_component text COLLATE "C" NOT NULL GENERATED ALWAYS AS (regexp_replace(name, '^.*/', '')) STORED,
    first_seen     timestamptz NOT NULL DEFAULT now(),
    deleted_at     timestamptz,
    tag_count      integer NOT NULL DEFAULT 0,
    image_count    integer NOT NULL DEFAULT 0,
    artifact_count integer NOT NULL DEFAULT 0,
    size           numeric NOT NULL DEFAULT 0,
    pulls          bigint NOT NULL DEFAULT 0,
    created        timestamptz,
    updated        timestamptz,
    updated_source text CHECK (updated_source IN ('event', 'created', 'seen')),
    title          text,
    description    text,
    shared_size    numeric,
    hidden_count   integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE INDEX repository_popular ON repository (pulls DESC, updated DESC NULLS LAST, name) WHERE deleted_at IS NULL;
CREATE INDEX repository_namespace ON repository (namespace_of(name), name) WHERE deleted_at IS NULL;
CREATE INDEX repository_updated ON repository (updated DESC, name) WHERE deleted_at IS NULL;
CREATE INDEX repository_text_trgm ON repository
    USING gin (name gin_trgm_ops, lower(title) gin_trgm_ops, lower(description) gin_trgm_ops);
CREATE INDEX repository_near ON repository USING gin (repository_keys(name, title));
CREATE INDEX repository_last_component ON repository (last_component);
COMMENT ON TABLE repository IS 'Every repository ever seen; deleted_at: the registry no longer has it, its history stays';
COMMENT ON COLUMN repository.size IS 'Bytes of all that is reachable from its tags, each blob and manifest once (see repository_blob); numeric: no sum overflows. Kept by adjust_references()';
COMMENT ON COLUMN repository.created IS 'The oldest time that a tag of it is known to have had';
COMMENT ON COLUMN repository.updated IS 'Of its tag updated last, hidden ones aside';
COMMENT ON COLUMN repository.hidden_count IS 'How many of its tags are hidden. Kept by move_tags()';
COMMENT ON COLUMN repository.image_count IS 'Image manifests reachable from tags, those that only attest aside';
COMMENT ON COLUMN repository.artifact_count IS 'Artifact manifests (signatures, SBOMs, charts …) that it holds';
COMMENT ON COLUMN repository.shared_size IS 'Bytes of its blobs that other repositories have, too, as keep_sizes() found them last; NULL: it was not among the largest';
COMMENT ON COLUMN repository.title IS 'Of its latest tag, else of the tag updated last: of an index, else of its image; kept by refresh_repository()';

CREATE TABLE repository_manifest (
    repository_id     bigint NOT NULL REFERENCES repository (id),
    manifest_id       bigint NOT NULL REFERENCES manifest (id),
    "references"      integer NOT NULL DEFAULT 0,
    attests           integer NOT NULL DEFAULT 0,
    unreadable        text,
    unreadable_since  timestamptz,
    first_seen        timestamptz NOT NULL DEFAULT now(),
    pulls             bigint NOT NULL DEFAULT 0,
    variants          text[],
    PRIMARY KEY (repository_id, manifest_id)
) WITH (fillfactor = 80);
CREATE INDEX repository_manifest_manifest ON repository_manifest (manifest_id, repository_id);
CREATE INDEX repository_manifest_untagged ON repository_manifest (repository_id, manifest_id)
    WHERE "references" = 0;
CREATE INDEX repository_manifest_unreadable ON repository_manifest (repository_id, manifest_id)
    WHERE unreadable IS NOT NULL;
COMMENT ON TABLE repository_manifest IS 'Which repository holds a manifest, and whether it could be read there';
COMMENT ON COLUMN repository_manifest."references" IS 'Tags of this repository on it, plus indexes that list it and are reachable from tags and readable here. 0: untagged. Kept by adjust_references()';
COMMENT ON COLUMN repository_manifest.attests IS 'How many of the references are indexes that list it as nothing but an attestation: with no other reference it is shown as no image';
COMMENT ON COLUMN repository_manifest.variants IS 'Of an image whose configuration names no variant: those that live indexes here name, in order; NULL: none. Kept by count_platforms()';
COMMENT ON COLUMN repository_manifest.unreadable IS 'Why it could not be read in this repository, in words; NULL: it could, and its content is stored';

CREATE TABLE repository_blob (
    repository_id bigint NOT NULL,
    blob_id       bigint NOT NULL,
    "references"  integer NOT NULL,
    size          bigint NOT NULL,
    PRIMARY KEY (repository_id, blob_id, size)
);
CREATE INDEX repository_blob_blob ON repository_blob (blob_id, size);
COMMENT ON TABLE repository_blob IS 'How many manifests reachable from this repository''s tags use a layer or configuration, by the size that they say it has: each blob counts once, with the largest of its sizes';
COMMENT ON COLUMN repository_blob.size IS '0 also when it is unknown. A manifest that names several counts with the largest';

CREATE TABLE repository_label (
    repository_id bigint NOT NULL,
    value_hash    bytea NOT NULL,
    value         text COLLATE "C" NOT NULL,
    "references"  integer NOT NULL,
    PRIMARY KEY (repository_id, value_hash)
);
CREATE INDEX repository_label_trgm ON repository_label USING gin (value gin_trgm_ops);
COMMENT ON TABLE repository_label IS 'Distinct label values (lower case, first 1000 characters) of images reachable from tags, for search; value_hash is sha256(value)';

CREATE TABLE repository_platform (
    repository_id bigint NOT NULL,
    platform      text COLLATE "C" NOT NULL,
    "references"  integer NOT NULL,
    PRIMARY KEY (repository_id, platform)
);
COMMENT ON TABLE repository_platform IS 'os/architecture[/variant] of images reachable from tags';

-- >>> functions/tag_order.sql
-- What tags are put in order by.

-- A name whose bytes are in the order in which people count: 10 behind 9. Numbers have zeros before them, 20 digits
-- at least. An index holds what this gives: another result needs that index made anew.
CREATE OR REPLACE FUNCTION tag_version(name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT string_agg(m[1] || CASE WHEN m[2] = '' THEN '' ELSE lpad(m[2], greatest(length(m[2]), 20), '0') END,
                              '' ORDER BY n)
              FROM regexp_matches(name COLLATE "C", '(\D*)(\d*)', 'g') WITH ORDINALITY AS p (m, n)) COLLATE "C";
-- <<<

CREATE TABLE tag (
    repository_id  bigint NOT NULL REFERENCES repository (id),
    name           text COLLATE "C" NOT NULL,
    manifest_id    bigint,
    unreadable     text,
    first_seen     timestamptz NOT NULL DEFAULT now(),
    updated        timestamptz NOT NULL,
    updated_source text NOT NULL CHECK (updated_source IN ('event', 'created', 'seen')),
    updated_by     text,
    pulls          bigint NOT NULL DEFAULT 0,
    hidden         boolean NOT NULL
                   GENERATED ALWAYS AS (name ~ ('^sha(256|512)-[0-9a-f]{64}(\.(sig|att|sbom))?$'
                                                '|^_deltaindex$|^deltas-[0-9a-f]{12}$')) STORED,
    size           bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (repository_id, name),
    FOREIGN KEY (repository_id, manifest_id) REFERENCES repository_manifest (repository_id, manifest_id),
    CHECK ((manifest_id IS NULL) = (unreadable IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX tag_manifest ON tag (manifest_id, repository_id);
CREATE INDEX tag_name ON tag (name, repository_id);
CREATE INDEX tag_updated ON tag (repository_id, updated DESC, name);
CREATE INDEX tag_hidden ON tag (repository_id, updated DESC) WHERE hidden;
CREATE INDEX tag_pulls ON tag (repository_id, pulls DESC, name);
CREATE INDEX tag_size ON tag (repository_id, size DESC, name);
CREATE INDEX tag_version ON tag (repository_id, tag_version(name), name);
CREATE INDEX tag_unreadable ON tag (repository_id) WHERE manifest_id IS NULL;
COMMENT ON COLUMN tag.manifest_id IS 'NULL when the registry does not even tell its digest';
COMMENT ON COLUMN tag.unreadable IS 'Why the registry does not tell its digest; what is wrong with a manifest stands in repository_manifest';
COMMENT ON COLUMN tag.hidden IS 'sha256-<hex> and sha512-<hex> fallback tags, cosign''s .sig .att .sbom, Flatpak''s _deltaindex and deltas-<hex>: in tag lists, not in indexes nor search';
COMMENT ON COLUMN tag.size IS 'Bytes that are fetched with it, each blob once; 0 also when they are unknown. Kept by move_tags() and measure_tags(), for lists by size';

CREATE TABLE tag_history (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id bigint NOT NULL REFERENCES repository (id),
    tag           text COLLATE "C" NOT NULL,
    digest        bytea,
    from_time     timestamptz NOT NULL,
    until_time    timestamptz,
    changed_by    text,
    source        text NOT NULL CHECK (source IN ('event', 'scan'))
);
CREATE INDEX tag_history_tag ON tag_history (repository_id, tag, id DESC);
CREATE UNIQUE INDEX tag_history_open ON tag_history (repository_id, tag) WHERE until_time IS NULL;
CREATE INDEX tag_history_digest ON tag_history (digest, repository_id, tag) WHERE digest IS NOT NULL;
CREATE INDEX tag_history_until ON tag_history (until_time) WHERE until_time IS NOT NULL;
COMMENT ON TABLE tag_history IS 'Every digest a tag was seen to point to; the open row (until_time NULL) is the present one. Survives its tag';

-- ---------------------------------------------------------------------------------------------
-- What arrives: events, their fate, pulls
-- ---------------------------------------------------------------------------------------------

CREATE TABLE inbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id   text NOT NULL,
    received   timestamptz NOT NULL DEFAULT now(),
    action     text NOT NULL,
    repository text COLLATE "C" NOT NULL,
    tag        text COLLATE "C",
    digest     bytea,
    is_blob    boolean NOT NULL,
    event_time timestamptz,
    actor      text,
    attempts   integer NOT NULL DEFAULT 0,
    not_before timestamptz NOT NULL DEFAULT now(),
    body       bytea NOT NULL
);
CREATE INDEX inbox_repository ON inbox (repository, not_before) WHERE action <> 'pull';
CREATE INDEX inbox_latest ON inbox (id) WHERE action <> 'pull';
CREATE INDEX inbox_fresh ON inbox (repository) WHERE action <> 'pull' AND attempts = 0;
CREATE INDEX inbox_again ON inbox (not_before, repository) WHERE action <> 'pull' AND attempts > 0;
CREATE INDEX inbox_pull ON inbox (id) WHERE action = 'pull';
COMMENT ON TABLE inbox IS 'Events that were acknowledged and are not applied yet; a row leaves in the transaction that applies it';
COMMENT ON COLUMN inbox.is_blob IS 'False: events of blobs are not kept';
COMMENT ON COLUMN inbox.body IS 'The event as it came, one JSON object';

CREATE TABLE event_seen (
    slot     smallint NOT NULL,
    event_id text NOT NULL,
    PRIMARY KEY (slot, event_id)
) PARTITION BY LIST (slot);
CREATE TABLE event_seen_0 PARTITION OF event_seen FOR VALUES IN (0);
CREATE TABLE event_seen_1 PARTITION OF event_seen FOR VALUES IN (1);
CREATE TABLE event_seen_2 PARTITION OF event_seen FOR VALUES IN (2);
COMMENT ON TABLE event_seen IS 'Events of today and yesterday, so that each counts once: hashes of id, action, repository, tag and digest. slot is the day modulo 3; the third partition is truncated when the day changes';

CREATE TABLE dead_letter (
    id              bigint PRIMARY KEY,
    event_id        text NOT NULL,
    received        timestamptz NOT NULL,
    died            timestamptz NOT NULL DEFAULT now(),
    reason          text NOT NULL,
    leads_somewhere boolean NOT NULL,
    action          text NOT NULL,
    repository      text COLLATE "C" NOT NULL,
    tag             text COLLATE "C",
    digest          bytea,
    is_blob         boolean NOT NULL,
    event_time      timestamptz,
    actor           text,
    body            bytea NOT NULL
);
COMMENT ON TABLE dead_letter IS 'Events that can never be applied, with the reason; listed and put back by --dead-letters. Those that lead nowhere go after 30 days (prune())';
COMMENT ON COLUMN dead_letter.leads_somewhere IS 'False: it names nothing that a registry can hold, and was never tried';
COMMENT ON COLUMN dead_letter.repository IS 'As named; empty when it names none';

CREATE TABLE registry_instance (
    id         text PRIMARY KEY,
    first_seen timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE registry_instance IS 'source.instanceID of events: a new one means that the registry restarted and events may be missing';

CREATE TABLE pull_day (
    repository_id bigint NOT NULL REFERENCES repository (id),
    manifest_id   bigint NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    day           date NOT NULL,
    pulls         bigint NOT NULL,
    PRIMARY KEY (repository_id, manifest_id, day)
);
CREATE INDEX pull_day_manifest ON pull_day (manifest_id);
CREATE INDEX pull_day_day ON pull_day (day);
COMMENT ON TABLE pull_day IS 'Pulls of a manifest by day (UTC), of known manifests only; kept for 400 days';

CREATE TABLE repository_day (
    repository_id bigint NOT NULL REFERENCES repository (id),
    day           date NOT NULL,
    pulls         bigint NOT NULL DEFAULT 0,
    pushes        bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (repository_id, day)
);
CREATE INDEX repository_day_day ON repository_day (day);
COMMENT ON TABLE repository_day IS 'Pulls of known manifests, and events that moved a tag, by day (UTC); kept for 400 days';

CREATE TABLE registry_day (
    day        date PRIMARY KEY,
    pulls      bigint NOT NULL DEFAULT 0,
    pushes     bigint NOT NULL DEFAULT 0,
    size       numeric,
    signed     bigint,
    sbom       bigint,
    provenance bigint
);
COMMENT ON TABLE registry_day IS 'The same of all repositories together, and what keep_sizes() found at the end of the day: it looks every few minutes; NULL: it did not';
COMMENT ON COLUMN registry_day.size IS 'As state.size';
COMMENT ON COLUMN registry_day.signed IS 'Images and indexes that tags show and that have a signature; the next two: an SBOM, provenance';

CREATE TABLE namespace_day (
    name text COLLATE "C" NOT NULL,
    day  date NOT NULL,
    size numeric NOT NULL,
    PRIMARY KEY (name, day)
);
COMMENT ON TABLE namespace_day IS 'Sizes of the namespaces that are first components of names, summed up over their repositories: at the end of each day on which they changed; 0: gone';

-- ---------------------------------------------------------------------------------------------
-- What happened
-- ---------------------------------------------------------------------------------------------

CREATE TABLE change (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    generation bigint NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    type       text NOT NULL CHECK (type IN ('tag.created', 'tag.moved', 'tag.deleted', 'manifest.pushed',
                                             'repository.created', 'repository.deleted')),
    repository text COLLATE "C" NOT NULL,
    tag        text COLLATE "C",
    digest     bytea,
    previous   bytea,
    changed_by text
);
CREATE INDEX change_generation ON change (generation, id);
CREATE INDEX change_at ON change (at);
COMMENT ON TABLE change IS 'The feed of changes, pruned after retention.changes';

CREATE TABLE scan (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started      timestamptz NOT NULL DEFAULT now(),
    ended        timestamptz,
    complete     boolean NOT NULL DEFAULT false,
    repositories bigint NOT NULL DEFAULT 0,
    tags         bigint NOT NULL DEFAULT 0,
    manifests    bigint NOT NULL DEFAULT 0,
    added        bigint NOT NULL DEFAULT 0,
    removed      bigint NOT NULL DEFAULT 0,
    unreadable   bigint NOT NULL DEFAULT 0,
    requests     bigint NOT NULL DEFAULT 0,
    error        text
);

CREATE UNLOGGED TABLE scan_tag (
    repository text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    digest     bytea,
    unreadable text,
    PRIMARY KEY (repository, name)
);
COMMENT ON TABLE scan_tag IS 'What the running scan found changed in a repository, until one transaction applies all of it; an event for the tag deletes its row';

CREATE TABLE held_removal (
    repository text COLLATE "C" NOT NULL,
    tag        text COLLATE "C" NOT NULL DEFAULT '',
    since      timestamptz NOT NULL DEFAULT now(),
    scan_id    bigint NOT NULL,
    PRIMARY KEY (repository, tag)
);
COMMENT ON TABLE held_removal IS 'Removals that scans found and that are not applied yet; too many of them wait for a second scan. tag '''': the repository';
COMMENT ON COLUMN held_removal.since IS 'When the first of the scans in a row that found it did';
COMMENT ON COLUMN held_removal.scan_id IS 'The last scan that found it';

CREATE TABLE collection (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started            timestamptz NOT NULL DEFAULT now(),
    ended              timestamptz,
    manifests          bigint NOT NULL DEFAULT 0,
    registry_manifests bigint NOT NULL DEFAULT 0,
    dry_run            bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE collection IS 'Runs of the garbage collection';

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
COMMENT ON TABLE sbom_source IS 'Manifests that may hold SBOM documents or provenance, and the digest of the image that they are about; kept by triggers (note_sbom_source())';
COMMENT ON COLUMN sbom_source.is_read IS 'All its documents were read or refused; looked at again only when their image was collected';

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
    is_provenance boolean NOT NULL DEFAULT false,
    UNIQUE (manifest_id, about, document),
    FOREIGN KEY (manifest_id, about) REFERENCES sbom_source (manifest_id, about) ON DELETE CASCADE
);
CREATE INDEX sbom_image ON sbom (image_id);
COMMENT ON TABLE sbom IS 'SBOM documents and provenance that were read or refused, by their digest; the documents themselves are not kept';
COMMENT ON COLUMN sbom.left_out IS 'Packages whose name, version or URL is longer than is kept; materials that are too many';

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

-- What happens to a tag, in functions. type NULL: it stays where it is, only details change.
CREATE TYPE tag_move AS (
    type           text,
    name           text,
    manifest_id    bigint,
    digest         bytea,
    unreadable     text,
    previous_id    bigint,
    previous       bytea,
    updated        timestamptz,
    updated_source text,
    updated_by     text,
    since          timestamptz
);

-- Pulls that were counted together, in functions. manifest_id NULL: a digest that is not known.
CREATE TYPE pull AS (repository_id bigint, manifest_id bigint, tag text, day date, pulls bigint);

-- ---------------------------------------------------------------------------------------------
-- Functions of the writer
--
-- Arrays that belong together are columns: element i of each is row i. Their plans must not depend on
-- statistics, which are missing when the first scan fills the tables, and plans are kept for long: so
-- rows are looked up one by one, by a whole key, in a LATERAL subquery that OFFSET 0 keeps apart, and
-- changed by their place (ctid), which is safe because whoever changes rows of a repository has locked
-- the repository's row; and require_term() tells the planner to take indexes.
-- ---------------------------------------------------------------------------------------------

-- >>> functions/terms.sql
-- Terms of leaders and generations: how transactions of the writer begin and end.

-- Every transaction of a leader begins with this. The lock lets other transactions of the term raise
-- the generation meanwhile, but a new leader waits for it (or ends its holder): what a transaction
-- that began in a term changes is there before the next term begins, or never.
CREATE OR REPLACE FUNCTION require_term(p_term bigint) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM state WHERE term = p_term FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'term % is over: another writer leads', p_term USING ERRCODE = 'MS001';
    END IF;
    PERFORM set_config(name, 'off', true)
       FROM unnest(ARRAY['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_material',
                         'jit']) AS setting (name);
END $$;

-- A new leader. Waits for transactions of the term before.
CREATE OR REPLACE FUNCTION begin_term(p_host text, p_pid integer) RETURNS bigint
    LANGUAGE plpgsql AS $$
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

-- Ends sessions that hold a term: a leader that was stopped in the middle of a transaction would keep
-- its locks for ever. Needs the same role, or pg_signal_backend. Returns how many.
CREATE OR REPLACE FUNCTION end_term_holders() RETURNS bigint
    LANGUAGE sql AS $$
    SELECT count(pg_terminate_backend(l.pid))
      FROM pg_locks l
     WHERE l.locktype = 'relation' AND l.relation = 'state'::regclass AND l.pid <> pg_backend_pid()
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND l.mode IN ('RowShareLock', 'RowExclusiveLock') AND l.granted
$$;

-- The end of a visible change: nothing but totals and the rows of the feed comes after it. Holds every other
-- publishing transaction back until COMMIT, so that generations are committed in order. Repository '': answers about
-- all repositories changed, those about one did not. NULL: a generation that touched none is a gap, after which
-- readers forget all that they remember.
CREATE OR REPLACE FUNCTION publish(p_term bigint, p_repository text) RETURNS bigint
    LANGUAGE plpgsql AS $$
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
-- <<<

-- >>> functions/contents.sql
-- Contents, by digest: rows of manifests that are only named yet, versions of documents.

-- Digests become rows of manifest, content unknown. In order: whoever waits for whom, it is no circle.
CREATE OR REPLACE FUNCTION add_manifest_stubs(p_digests bytea[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO manifest (digest)
    SELECT DISTINCT d.digest
      FROM unnest(p_digests) AS d (digest)
     WHERE d.digest IS NOT NULL
       AND NOT EXISTS (SELECT FROM manifest m WHERE m.digest = d.digest OFFSET 0)
     ORDER BY d.digest
        ON CONFLICT (digest) DO NOTHING;
END $$;

-- All documents are of this version now; readers must hear of it when some were made again, by this run or one before
-- it that did not come to its end. Contents that were made again have perhaps become another kind, which totals have not
-- followed: they are counted from scratch, behind the lock on state, so that no transaction counts beside it.
CREATE OR REPLACE FUNCTION end_documents(p_term bigint, p_version smallint, p_are_changed boolean) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    v_before smallint := (SELECT document_version FROM state); -- 0: it is new
BEGIN
    UPDATE state SET document_version = p_version WHERE document_version <> p_version;
    IF p_are_changed OR v_before NOT IN (0, p_version) THEN
        PERFORM publish(p_term, NULL);
        UPDATE state SET (manifests, artifacts, images, indexes, size)
                       = (SELECT t.manifests, t.artifacts, t.images, t.indexes, t.size FROM recount_totals() AS t);
    END IF;
END $$;
-- <<<

-- >>> functions/indexes.sql
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
-- <<<

-- >>> functions/counts.sql
-- Reference counts, and what a repository counts.
--
-- A manifest is *live* in a repository when "references" > 0 and it can be read there. What is live
-- counts: its blobs and its size for the repository, and one reference for each of its children that the
-- repository holds. It is *shown* when a tag or a live index refers to it as more than an attestation: then
-- it counts among the images, with its labels and platform. All of it changes in the transaction that makes
-- a manifest live or shown (sign 1) or no longer (sign -1). The caller has locked the repository's row.

-- Blobs that manifests use: returns how many bytes the repository has more. Each blob counts once, with the
-- largest size that a live manifest says it has, whoever came first; unknown sizes count as 0.
CREATE OR REPLACE FUNCTION count_blobs(p_repository bigint, p_manifests bigint[], p_signs integer[]) RETURNS numeric
    LANGUAGE plpgsql AS $$
DECLARE
    v_bytes numeric;
    v_blobs bigint[];
    v_sizes bigint[];
    v_signs integer[];
BEGIN
    WITH used AS (
        SELECT f.sign, l.blob_id, l.size
          FROM unnest(p_manifests, p_signs) AS f (id, sign)
         CROSS JOIN LATERAL (SELECT part.blob_id, max(part.size) AS size
                               FROM (SELECT blob_id, coalesce(size, 0) AS size FROM manifest_layer
                                      WHERE manifest_id = f.id
                                      UNION ALL
                                     SELECT config_id, coalesce(config_size, 0) FROM manifest
                                      WHERE id = f.id AND config_id IS NOT NULL) AS part
                              GROUP BY part.blob_id) AS l
    ), summed AS (
        SELECT blob_id, size, sum(sign)::integer AS more
          FROM used GROUP BY blob_id, size HAVING sum(sign) <> 0
    ), delta AS MATERIALIZED ( -- size + 0: not by the index of a blob's sizes, which has all repositories
        SELECT s.blob_id, s.size, b.ctid, coalesce(b."references", 0) AS was,
               coalesce(b."references", 0) + s.more AS becomes
          FROM summed s
          LEFT JOIN LATERAL (SELECT ctid, "references" FROM repository_blob
                              WHERE repository_id = p_repository AND blob_id = s.blob_id
                                AND size + 0 = s.size OFFSET 0) AS b ON true
    ), kept AS (
        INSERT INTO repository_blob (repository_id, blob_id, "references", size)
        SELECT p_repository, blob_id, becomes, size FROM delta WHERE becomes > 0
            ON CONFLICT (repository_id, blob_id, size) DO UPDATE SET "references" = excluded."references"
    ), dropped AS (
        DELETE FROM repository_blob WHERE ctid = ANY (ARRAY(SELECT ctid FROM delta WHERE becomes <= 0))
    ), turned AS (
        SELECT blob_id, size, CASE WHEN was = 0 THEN 1 ELSE -1 END AS sign
          FROM delta WHERE (was = 0) <> (becomes <= 0)
    ), changed AS ( -- blobs of which sizes came or went
        SELECT blob_id, max(size) FILTER (WHERE becomes > 0) AS added,
               coalesce(array_agg(ctid) FILTER (WHERE ctid IS NOT NULL AND becomes <= 0), '{}') AS gone
          FROM delta GROUP BY blob_id HAVING bool_or((was = 0) <> (becomes <= 0))
    )
    SELECT coalesce(sum(coalesce(greatest(c.added, stays.size), 0) - coalesce(largest.size, 0)), 0),
           (SELECT array_agg(blob_id) FROM turned), (SELECT array_agg(size) FROM turned),
           (SELECT array_agg(sign) FROM turned)
      INTO v_bytes, v_blobs, v_sizes, v_signs
      FROM changed c
      LEFT JOIN LATERAL (SELECT size FROM repository_blob
                          WHERE repository_id = p_repository AND blob_id = c.blob_id
                          ORDER BY size DESC LIMIT 1) AS largest ON true
      LEFT JOIN LATERAL (SELECT size FROM repository_blob
                          WHERE repository_id = p_repository AND blob_id = c.blob_id AND ctid <> ALL (c.gone)
                          ORDER BY size DESC LIMIT 1) AS stays ON true;
    PERFORM note_blobs(v_blobs, v_sizes, v_signs);
    RETURN v_bytes;
END $$;

-- Label values are searched in lower case; the first thousand characters are enough to find them.
CREATE OR REPLACE FUNCTION count_labels(p_repository bigint, p_manifests bigint[], p_signs integer[]) RETURNS void
    LANGUAGE plpgsql AS $$
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

-- Where the configuration of an image names no variant, it has those that live indexes here name. So what
-- is counted changes for images that become shown or no longer are, and for those below indexes that
-- became live or no longer are.
CREATE OR REPLACE FUNCTION count_platforms(p_repository bigint, p_shown bigint[], p_shown_signs integer[],
                                p_live bigint[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    WITH touched AS (
        SELECT id, sum(sign) AS sign
          FROM (SELECT id, sign FROM unnest(p_shown, p_shown_signs) AS f (id, sign)
                 UNION ALL
                SELECT c.child_id, 0
                  FROM unnest(p_live) AS l (id)
                 CROSS JOIN LATERAL (SELECT DISTINCT child_id FROM manifest_child
                                      WHERE parent_id = l.id AND variant <> '' OFFSET 0) AS c) AS t
         GROUP BY id
    ), image AS MATERIALIZED (
        SELECT t.sign, h.ctid, h.is_shown, m.platform, m.has_variant, h.variants AS were,
               v.variants AS become
          FROM touched t
         CROSS JOIN LATERAL (SELECT ctid, variants,
                                    "references" > attests AND unreadable IS NULL AS is_shown
                               FROM repository_manifest
                              WHERE repository_id = p_repository AND manifest_id = t.id OFFSET 0) AS h
         CROSS JOIN LATERAL (SELECT concat_ws('/', os, architecture, nullif(variant, '')) COLLATE "C"
                                        AS platform,
                                    coalesce(variant, '') <> '' AS has_variant
                               FROM manifest
                              WHERE id = t.id AND kind = 'image' AND os <> '' AND architecture <> ''
                             OFFSET 0) AS m
         CROSS JOIN LATERAL (SELECT array_agg(DISTINCT c.variant COLLATE "C") AS variants
                               FROM (SELECT parent_id, variant FROM manifest_child
                                      WHERE child_id = t.id AND variant <> '' OFFSET 0) AS c
                              WHERE NOT m.has_variant
                                AND EXISTS (SELECT FROM repository_manifest p
                                             WHERE p.repository_id = p_repository
                                               AND p.manifest_id = c.parent_id
                                               AND p."references" > 0 AND p.unreadable IS NULL
                                            OFFSET 0)) AS v
    ), told AS (
        UPDATE repository_manifest h SET variants = i.become
          FROM image i WHERE h.ctid = i.ctid AND i.were IS DISTINCT FROM i.become
    ), summed AS (
        SELECT concat_ws('/', i.platform, v.variant) COLLATE "C" AS platform, sum(s.sign)::integer AS more
          FROM image i
         CROSS JOIN LATERAL (SELECT -1 AS sign, i.were AS variants
                              WHERE i.sign < 0 OR i.sign = 0 AND i.is_shown
                              UNION ALL
                             SELECT 1, i.become WHERE i.is_shown) AS s
         CROSS JOIN LATERAL unnest(coalesce(s.variants, ARRAY[NULL::text])) AS v (variant)
         GROUP BY 1 HAVING sum(s.sign) <> 0
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

-- Manifests became live or shown, or no longer are: everything of their own that is counted.
CREATE OR REPLACE FUNCTION count_contents(p_repository bigint, p_live bigint[], p_live_signs integer[],
                               p_shown bigint[], p_shown_signs integer[]) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    v_blob_bytes numeric := count_blobs(p_repository, p_live, p_live_signs);
    v_bytes numeric;
    v_images integer;
BEGIN
    PERFORM note_manifests('l', p_live, p_live_signs), note_manifests('s', p_shown, p_shown_signs);
    PERFORM count_labels(p_repository, p_shown, p_shown_signs);
    PERFORM count_platforms(p_repository, p_shown, p_shown_signs, p_live);
    SELECT coalesce(sum(f.sign * m.size), 0) INTO v_bytes
      FROM unnest(p_live, p_live_signs) AS f (id, sign)
     CROSS JOIN LATERAL (SELECT size FROM manifest WHERE id = f.id OFFSET 0) AS m;
    SELECT coalesce(sum(f.sign), 0) INTO v_images
      FROM unnest(p_shown, p_shown_signs) AS f (id, sign)
     CROSS JOIN LATERAL (SELECT kind FROM manifest WHERE id = f.id OFFSET 0) AS m -- by no index of images
     WHERE m.kind = 'image';
    UPDATE repository
       SET size = size + v_bytes + v_blob_bytes, image_count = image_count + v_images
     WHERE id = p_repository AND (v_bytes + v_blob_bytes <> 0 OR v_images <> 0);
END $$;

-- The same, and the references of their children: `ids`, `deltas` and `attests` are what
-- adjust_references needs.
CREATE OR REPLACE FUNCTION flip_manifests(p_repository bigint, p_live bigint[], p_live_signs integer[],
                               p_shown bigint[], p_shown_signs integer[],
                               OUT ids bigint[], OUT deltas integer[], OUT attests integer[])
    LANGUAGE plpgsql AS $$
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

-- Adds to the counts of manifests that the repository holds (`p_attests` is a part of `p_deltas`), and
-- carries on downwards from those that become live or cease to be. Ends: manifests name each other by
-- digest, there are no circles.
CREATE OR REPLACE FUNCTION adjust_references(p_repository bigint, p_manifests bigint[], p_deltas integer[],
                                  p_attests integer[]) RETURNS void
    LANGUAGE plpgsql AS $$
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

CREATE OR REPLACE FUNCTION count_artifacts(p_repository bigint, p_manifests bigint[], p_signs integer[]) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    v_more integer;
BEGIN
    PERFORM note_manifests('a', p_manifests, p_signs);
    SELECT coalesce(sum(f.sign), 0) INTO v_more
      FROM unnest(p_manifests, p_signs) AS f (id, sign)
     CROSS JOIN LATERAL (SELECT kind FROM manifest WHERE id = f.id OFFSET 0) AS m
     WHERE m.kind = 'artifact';
    UPDATE repository SET artifact_count = artifact_count + v_more
     WHERE id = p_repository AND v_more <> 0;
END $$;
-- <<<

-- >>> functions/held_manifests.sql
-- What a repository holds, and what can be read there.

-- Manifests that the repository did not hold until now: begin with the references that live indexes
-- here give them already. Returns what is new.
CREATE OR REPLACE FUNCTION hold_new_manifests(p_repository bigint, p_manifests bigint[], p_reasons text[])
    RETURNS bigint[]
    LANGUAGE plpgsql AS $$
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
    PERFORM note_manifests('h', v_new, array_fill(1, ARRAY[cardinality(v_new)]));
    PERFORM count_artifacts(p_repository, v_new, v_deltas);
    PERFORM measure_tags(p_repository, v_new);
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

-- Manifests that are held: whether they can be read. Returns how many changed.
CREATE OR REPLACE FUNCTION set_readable(p_repository bigint, p_manifests bigint[], p_reasons text[])
    RETURNS bigint
    LANGUAGE plpgsql AS $$
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
        PERFORM measure_tags(p_repository, v_ids);
    END IF;
    IF v_live IS NOT NULL THEN
        SELECT ids, deltas, attests INTO v_ids, v_deltas, v_attests
          FROM flip_manifests(p_repository, v_live, v_live_signs, v_shown, v_shown_signs);
        PERFORM adjust_references(p_repository, v_ids, v_deltas, v_attests);
    END IF;
    RETURN v_changed;
END $$;

-- Indexes of the repository above these that turn out to be nested too deeply.
CREATE OR REPLACE FUNCTION too_deep_above(p_repository bigint, p_indexes bigint[]) RETURNS bigint[]
    LANGUAGE plpgsql AS $$
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

-- The repository holds these digests; a reason: they cannot be read there. The first of equal digests
-- counts. What can be read must be stored, else the caller has to look again (MS002). An index that is
-- nested too deeply cannot be read, nor one above it.
CREATE OR REPLACE FUNCTION hold_manifests(p_repository bigint, p_digests bytea[], p_reasons text[],
                               OUT new_ids bigint[], OUT changed bigint)
    LANGUAGE plpgsql AS $$
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

-- The registry no longer serves these digests there. What a tag or a live index still needs stays, as
-- unreadable. Returns how many rows changed.
CREATE OR REPLACE FUNCTION release_manifests(p_repository bigint, p_digests bytea[]) RETURNS bigint
    LANGUAGE plpgsql AS $$
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
    v_removed_ids bigint[];
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
           array_agg(-1) FILTER (WHERE unreadable IS NULL), count(*), array_agg(manifest_id)
      INTO v_ids, v_signs, v_removed, v_removed_ids FROM removed;
    PERFORM note_manifests('h', v_removed_ids, array_fill(-1, ARRAY[coalesce(cardinality(v_removed_ids), 0)]));
    PERFORM count_artifacts(p_repository, v_ids, v_signs);
    PERFORM measure_tags(p_repository, v_removed_ids);
    RETURN v_changed + v_removed;
END $$;
-- <<<

-- >>> functions/days.sql
-- What is kept for each day (UTC), so that pages need not read everything that happened.

-- Pushes of a repository, by the times of the tags' history that events made. The caller has locked the repository's
-- row. Those of all repositories together follow in count_registry_pushes(): until then they are noted.
CREATE OR REPLACE FUNCTION count_pushes(p_repository bigint, p_times timestamptz[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF p_times IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO repository_day (repository_id, day, pushes)
    SELECT p_repository, (at AT TIME ZONE 'UTC')::date, count(*)
      FROM unnest(p_times) AS t (at) GROUP BY 2
        ON CONFLICT (repository_id, day) DO UPDATE SET pushes = repository_day.pushes + excluded.pushes;
    PERFORM set_config('metastore.noted_pushes', coalesce(current_setting('metastore.noted_pushes', true), '')
                       || string_agg(day || ' ' || number, ',') || ',', true)
       FROM (SELECT (at AT TIME ZONE 'UTC')::date AS day, count(*) AS number
               FROM unnest(p_times) AS t (at) GROUP BY 1) AS d;
END $$;

-- Adds what was noted. Behind publish(), in its transaction, so that no push waits for another one's row of the day for
-- longer than it waits for its generation.
CREATE OR REPLACE FUNCTION count_registry_pushes() RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO registry_day (day, pushes)
    SELECT split_part(line, ' ', 1)::date, sum(split_part(line, ' ', 2)::bigint)
      FROM string_to_table(current_setting('metastore.noted_pushes', true), ',') AS n (line)
     WHERE line <> ''
     GROUP BY 1 ORDER BY 1
        ON CONFLICT (day) DO UPDATE SET pushes = registry_day.pushes + excluded.pushes;
END $$;

-- How many images and indexes that tags show have a signature, an SBOM, provenance: in whatever repository it is. An
-- index has what one of its images has. Looks at everything that is attached to something. Bits: manifest.evidence.
CREATE OR REPLACE FUNCTION count_evidence(OUT signed bigint, OUT sbom bigint, OUT provenance bigint)
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH told AS MATERIALIZED (
        SELECT m.id AS manifest_id, s.evidence
        FROM manifest s
        CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = s.subject OFFSET 0) m
        WHERE s.evidence > 0
        UNION ALL
        SELECT m.id, s.evidence
        FROM manifest s
        CROSS JOIN LATERAL (SELECT parent_id, about FROM manifest_child WHERE child_id = s.id AND is_attestation OFFSET 0) c
        CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = c.about
                            UNION ALL
                            SELECT c.parent_id WHERE c.about IS NULL) m
        WHERE s.evidence > 0
        UNION ALL
        SELECT m.id, CASE split_part(t.name, '.', 2) WHEN 'sig' THEN 1 WHEN 'sbom' THEN 2
                                                     ELSE (SELECT evidence FROM manifest WHERE id = t.manifest_id) END
        FROM (SELECT name, manifest_id FROM tag
              WHERE name >= 'sha256-' AND name < 'sha256.' AND hidden AND right(name, -71) IN ('.sig', '.att', '.sbom')
              OFFSET 0) t
        CROSS JOIN LATERAL (SELECT id FROM manifest
                            WHERE digest = digest_bytes(replace(split_part(t.name, '.', 1), '-', ':')) OFFSET 0) m
    ), attached AS MATERIALIZED (
        SELECT part.manifest_id, bit_or(part.evidence) AS evidence
          FROM (SELECT manifest_id, evidence FROM told
                 UNION ALL
                SELECT i.index_id, told.evidence
                  FROM told
                 CROSS JOIN LATERAL (SELECT index_id FROM index_image WHERE image_id = told.manifest_id OFFSET 0) AS i)
               AS part
         GROUP BY part.manifest_id
    )
    SELECT count(*) FILTER (WHERE a.evidence & 1 > 0), count(*) FILTER (WHERE a.evidence & 2 > 0),
           count(*) FILTER (WHERE a.evidence & 4 > 0)
      FROM attached a
     CROSS JOIN LATERAL (SELECT kind FROM manifest WHERE id = a.manifest_id OFFSET 0) AS m
     WHERE m.kind IN ('image', 'index')
       AND EXISTS (SELECT FROM repository_manifest h
                    WHERE h.manifest_id = a.manifest_id AND h."references" > h.attests AND h.unreadable IS NULL
                   OFFSET 0)
$$;

-- Bytes of a repository's blobs that other repositories have, too.
CREATE OR REPLACE FUNCTION shared_bytes(p_repository bigint) RETURNS numeric
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(sum(b.size), 0)
      FROM (SELECT blob_id, max(size) AS size FROM repository_blob WHERE repository_id = p_repository GROUP BY blob_id) AS b
     WHERE EXISTS (SELECT FROM repository_blob o
                    WHERE o.blob_id = b.blob_id AND o.repository_id <> p_repository OFFSET 0)
$$;

-- What is counted from scratch every few minutes, because a page would look at too much for it: how large everything is
-- today (the last time of a day counts), what evidence there is, what the largest repositories share. A namespace gets a
-- row when it is larger or smaller than its last row says, so that most of them have few. A transaction of its own, which
-- locks in the order of all others: repositories, then the row of the day. It reads tables from end to end.
CREATE OR REPLACE FUNCTION keep_sizes() RETURNS void
    LANGUAGE plpgsql
    SET enable_seqscan = on SET enable_hashjoin = on SET enable_mergejoin = on AS $$
DECLARE
    c_today constant date := (now() AT TIME ZONE 'UTC')::date;
    c_largest constant integer := 10; -- as many as the page shows
    v_evidence record;
BEGIN
    SELECT * INTO v_evidence FROM count_evidence();
    WITH present AS (
        SELECT split_part(name, '/', 1) AS name, sum(size) AS size
          FROM repository WHERE deleted_at IS NULL AND strpos(name, '/') > 0 GROUP BY 1
    ), kept AS (
        SELECT DISTINCT ON (name) name, size FROM namespace_day ORDER BY name, day DESC
    )
    INSERT INTO namespace_day (name, day, size)
    SELECT name, c_today, coalesce(p.size, 0)
      FROM present p FULL JOIN kept k USING (name)
     WHERE coalesce(p.size, 0) IS DISTINCT FROM k.size
        ON CONFLICT (name, day) DO UPDATE SET size = excluded.size;
    WITH largest AS MATERIALIZED (
        SELECT id, shared_bytes(id) AS shared
          FROM repository WHERE deleted_at IS NULL ORDER BY size DESC, name LIMIT c_largest
    ), wrong AS MATERIALIZED (
        SELECT l.id, l.shared FROM largest l WHERE shared IS DISTINCT FROM (SELECT shared_size FROM repository WHERE id = l.id)
         UNION ALL
        SELECT id, NULL FROM repository WHERE shared_size IS NOT NULL AND id NOT IN (SELECT id FROM largest)
    ), locked AS MATERIALIZED (
        SELECT r.id, w.shared FROM wrong w JOIN repository r USING (id) ORDER BY r.id FOR NO KEY UPDATE OF r
    )
    UPDATE repository r SET shared_size = l.shared FROM locked l WHERE r.id = l.id;
    INSERT INTO registry_day (day, size, signed, sbom, provenance)
    SELECT c_today, size, v_evidence.signed, v_evidence.sbom, v_evidence.provenance FROM state
        ON CONFLICT (day) DO UPDATE
       SET size = excluded.size, signed = excluded.signed, sbom = excluded.sbom, provenance = excluded.provenance
     WHERE (registry_day.size, registry_day.signed, registry_day.sbom, registry_day.provenance)
           IS DISTINCT FROM (excluded.size, excluded.signed, excluded.sbom, excluded.provenance);
END $$;
-- <<<

-- >>> functions/tag_sizes.sql
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
-- <<<

-- >>> functions/tags.sql
-- Tags: where they move, and the history of it.

-- Compares where tags point with what is known. The last of equal names counts. Times:
-- of the event, else the image's created if that is credible, else now. An event that comes after a scan
-- has seen its effect still tells the time and the actor.
CREATE OR REPLACE FUNCTION compare_tags(p_repository bigint, p_names text[], p_digests bytea[], p_reasons text[],
                             p_times bigint[], p_actors text[]) RETURNS tag_move[]
    LANGUAGE plpgsql AS $$
DECLARE
    v_moves tag_move[];
BEGIN
    IF p_names = '{}' THEN
        RETURN NULL;
    END IF;
    WITH wanted AS (
        SELECT DISTINCT ON (w.name) w.name, m.id AS manifest_id, m.digest, m.kind, m.created, w.actor,
               CASE WHEN w.digest IS NULL THEN coalesce(w.reason, 'its digest is unknown') END AS unreadable,
               known_time(w.time_ms) AS event_time
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

-- Tags that are gone from the registry; names that are not known are nothing.
CREATE OR REPLACE FUNCTION compare_removed_tags(p_repository bigint, p_names text[]) RETURNS tag_move[]
    LANGUAGE plpgsql AS $$
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

-- Writes moves: the tags, their history, the repository's counts, its pushes by day. The manifests are held already.
CREATE OR REPLACE FUNCTION move_tags(p_repository bigint, p_moves tag_move[], p_source text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    v_told timestamptz[]; -- of what a scan had seen, and an event tells of now
    v_pushed timestamptz[];
    v_hidden_gone bigint;
    v_hidden_new bigint;
BEGIN
    WITH gone AS (
        DELETE FROM tag
         WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM unnest(p_moves) AS m
                                  CROSS JOIN LATERAL (SELECT ctid FROM tag
                                                       WHERE repository_id = p_repository AND name = m.name
                                                      OFFSET 0) AS t
                                  WHERE m.type = 'tag.deleted'))
        RETURNING hidden
    )
    SELECT count(*) FILTER (WHERE hidden) INTO v_hidden_gone FROM gone;
    INSERT INTO tag (repository_id, name, manifest_id, unreadable, updated, updated_source, updated_by, size)
    SELECT p_repository, name, manifest_id, unreadable, updated, updated_source, updated_by,
           bytes_of_manifest(p_repository, manifest_id)
      FROM unnest(p_moves) WHERE type IS DISTINCT FROM 'tag.deleted'
        ON CONFLICT (repository_id, name) DO UPDATE
       SET manifest_id = excluded.manifest_id, unreadable = excluded.unreadable,
           updated = excluded.updated, updated_source = excluded.updated_source,
           updated_by = excluded.updated_by, size = excluded.size;
    SELECT count(*) INTO v_hidden_new
      FROM unnest(p_moves) AS m
     CROSS JOIN LATERAL (SELECT hidden FROM tag
                          WHERE repository_id = p_repository AND name = m.name OFFSET 0) AS t
     WHERE m.type = 'tag.created' AND t.hidden;
    WITH changed AS (
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
         WHERE h.ctid = m.ctid
        RETURNING m.type, h.from_time
    )
    SELECT array_agg(from_time) INTO v_told FROM changed WHERE type IS NULL;
    WITH added AS (
        INSERT INTO tag_history (repository_id, tag, digest, from_time, changed_by, source)
        SELECT p_repository, name, digest, since, updated_by, p_source
          FROM unnest(p_moves) WHERE type IN ('tag.created', 'tag.moved')
        RETURNING from_time
    )
    SELECT array_agg(from_time) INTO v_pushed FROM added WHERE p_source = 'event';
    PERFORM count_pushes(p_repository, v_told || v_pushed);
    UPDATE repository r
       SET tag_count = r.tag_count + n.more, hidden_count = r.hidden_count + v_hidden_new - v_hidden_gone
      FROM (SELECT count(*) FILTER (WHERE type = 'tag.created')
                   - count(*) FILTER (WHERE type = 'tag.deleted') AS more FROM unnest(p_moves)) AS n
     WHERE r.id = p_repository AND (n.more <> 0 OR v_hidden_new <> v_hidden_gone);
END $$;

CREATE OR REPLACE FUNCTION adjust_references_of_moves(p_repository bigint, p_moves tag_move[]) RETURNS void
    LANGUAGE plpgsql AS $$
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
-- <<<

-- >>> functions/repositories.sql
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
-- <<<

-- >>> functions/bases.sql
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
-- <<<

-- >>> functions/apply.sql
-- The one short transaction that makes the changes of a repository visible.

-- What scans staged for the repository leaves its table, into the end of the arrays of tags; an
-- event's word on a tag is newer than what was staged, and is what remains. Whether the manifest of a staged tag
-- can be read was recorded when it was held, before the tag was staged.
CREATE OR REPLACE FUNCTION take_staged(p_repository text, p_is_wanted boolean, INOUT names text[],
                            INOUT digests bytea[], INOUT reasons text[], INOUT times bigint[],
                            INOUT actors text[], p_removed text[])
    LANGUAGE plpgsql AS $$
DECLARE
    v_names text[];
    v_digests bytea[];
    v_reasons text[];
    v_repository bigint := (SELECT id FROM repository WHERE name = p_repository);
BEGIN
    DELETE FROM scan_tag WHERE repository = p_repository AND name = ANY (names || p_removed);
    IF NOT p_is_wanted THEN
        RETURN;
    END IF;
    WITH taken AS (
        DELETE FROM scan_tag WHERE repository = p_repository RETURNING name, digest, unreadable
    )
    SELECT array_agg(t.name), array_agg(t.digest), array_agg(coalesce(t.unreadable, held.unreadable))
      INTO v_names, v_digests, v_reasons
      FROM taken AS t
      LEFT JOIN LATERAL (SELECT h.unreadable
                           FROM (SELECT id FROM manifest WHERE digest = t.digest OFFSET 0) AS m
                          CROSS JOIN LATERAL (SELECT unreadable FROM repository_manifest
                                               WHERE repository_id = v_repository AND manifest_id = m.id OFFSET 0) AS h)
           AS held ON true;
    names := names || v_names;
    digests := digests || v_digests;
    reasons := reasons || v_reasons;
    times := times || array_fill(NULL::bigint, ARRAY[coalesce(cardinality(v_names), 0)]);
    actors := actors || array_fill(NULL::text, ARRAY[coalesce(cardinality(v_names), 0)]);
END $$;

-- Removals that wait: what this apply says of a tag, or puts into the repository, is newer than they are
-- and takes them out; those first found before p_before (in ms since 1970, 0: none) are applied now.
CREATE OR REPLACE FUNCTION take_removals(p_repository text, p_before bigint, p_names text[], p_is_put boolean,
                              INOUT removed text[], OUT repository_gone boolean)
    LANGUAGE plpgsql AS $$
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

-- The feed's rows of a generation, in an order that a reader can follow.
CREATE OR REPLACE FUNCTION add_changes(p_generation bigint, p_repository text, p_repository_change text,
                            p_pushed bigint[], p_moves tag_move[]) RETURNS void
    LANGUAGE plpgsql AS $$
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

-- store.h, struct ms_apply. generation 0: nothing visible changed, and nothing was written but that
-- the events are done.
CREATE OR REPLACE FUNCTION apply(p_term bigint, p_repository text, p_from_scan boolean, p_staged boolean,
                      p_tags text[], p_tag_digests bytea[], p_tag_reasons text[], p_tag_times bigint[],
                      p_tag_actors text[], p_removed text[], p_held bytea[], p_held_reasons text[],
                      p_gone bytea[], p_removals_before bigint, p_events bigint[],
                      OUT generation bigint, OUT tags_changed bigint, OUT tags_removed bigint)
    LANGUAGE plpgsql AS $$
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
    v_built_on text[];
BEGIN
    generation := 0;
    tags_changed := 0;
    tags_removed := 0;
    PERFORM require_term(p_term);
    PERFORM begin_notes();
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
    v_built_on := CASE WHEN v_moves IS NULL THEN '{}' ELSE repositories_built_on(v_repository, v_moves) END;
    PERFORM publish_built_on(p_term, v_built_on);
    generation := publish(p_term, p_repository);
    PERFORM count_totals(v_repository);
    PERFORM count_registry_pushes();
    PERFORM add_changes(generation, p_repository, v_repository_change,
                        ARRAY(SELECT n.id FROM unnest(v_new) AS n (id)
                               WHERE NOT p_from_scan
                                 AND EXISTS (SELECT FROM repository_manifest h
                                              WHERE h.repository_id = v_repository
                                                AND h.manifest_id = n.id AND h."references" = 0
                                                AND h.unreadable IS NULL OFFSET 0)), v_moves);
END $$;
-- <<<

-- >>> functions/totals.sql
-- Totals over all repositories, in the one row of state. What several of them have counts once: so they are counted
-- where transactions follow each other, behind publish(), whose lock on that row shows each what the one before it
-- did. On the way there the transaction notes what changes in its repository, in a setting that ends with it.

-- Notes that manifests became (sign 1), or no longer are (-1), p_what: 'h' held, 'a' held and readable, 'l' live,
-- 's' shown (counts.sql says what that is). Each change of a repository does so several times: in plpgsql, because a
-- function in SQL is planned at each call.
CREATE OR REPLACE FUNCTION note_manifests(p_what text, p_manifests bigint[], p_signs integer[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('metastore.noted', current_setting('metastore.noted', true) || string_agg(
                           p_what || ' ' || id || ' ' || sign || ' 0', ',') || ',', true)
       FROM unnest(p_manifests, p_signs) AS n (id, sign)
     HAVING count(*) > 0;
END $$;

-- The same of blobs that the repository counts with a size.
CREATE OR REPLACE FUNCTION note_blobs(p_blobs bigint[], p_sizes bigint[], p_signs integer[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('metastore.noted', current_setting('metastore.noted', true) || string_agg(
                           'b ' || id || ' ' || sign || ' ' || size, ',') || ',', true)
       FROM unnest(p_blobs, p_sizes, p_signs) AS n (id, size, sign)
     HAVING count(*) > 0;
END $$;

CREATE OR REPLACE FUNCTION begin_notes() RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('metastore.noted', '', true), set_config('metastore.noted_pushes', '', true);
END $$;

-- Counts what was noted. Behind publish(), in its transaction.
CREATE OR REPLACE FUNCTION count_totals(p_repository bigint) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    v_held bigint;
    v_artifacts bigint;
    v_images bigint;
    v_indexes bigint;
    v_bytes numeric;
    v_blob_bytes numeric;
BEGIN
    WITH noted AS (
        SELECT split_part(line, ' ', 1) AS what, split_part(line, ' ', 2)::bigint AS id,
               sum(split_part(line, ' ', 3)::integer)::integer AS sign
          FROM string_to_table(current_setting('metastore.noted', true), ',') AS n (line)
         WHERE line <> '' AND line NOT LIKE 'b%'
         GROUP BY 1, 2 HAVING sum(split_part(line, ' ', 3)::integer) <> 0
    ), turned AS ( -- no other repository has it so
        SELECT n.what, n.sign, m.kind, m.size
          FROM noted n
         CROSS JOIN LATERAL (SELECT kind, size FROM manifest WHERE id = n.id OFFSET 0) AS m
         WHERE NOT EXISTS (SELECT FROM repository_manifest h
                            WHERE h.manifest_id = n.id AND h.repository_id <> p_repository
                              AND CASE n.what WHEN 'h' THEN true
                                              WHEN 'a' THEN h.unreadable IS NULL
                                              WHEN 'l' THEN h.unreadable IS NULL AND h."references" > 0
                                              ELSE h.unreadable IS NULL AND h."references" > h.attests END
                           OFFSET 0)
    )
    SELECT coalesce(sum(sign) FILTER (WHERE what = 'h'), 0), coalesce(sum(sign) FILTER (WHERE what = 'a' AND kind = 'artifact'), 0),
           coalesce(sum(sign) FILTER (WHERE what = 's' AND kind = 'image'), 0),
           coalesce(sum(sign) FILTER (WHERE what = 'l' AND kind = 'index'), 0),
           coalesce(sum(sign * size::numeric) FILTER (WHERE what = 'l'), 0)
      INTO v_held, v_artifacts, v_images, v_indexes, v_bytes
      FROM turned;
    WITH noted AS (
        SELECT split_part(line, ' ', 2)::bigint AS id, split_part(line, ' ', 4)::bigint AS size,
               sum(split_part(line, ' ', 3)::integer)::integer AS sign
          FROM string_to_table(current_setting('metastore.noted', true), ',') AS n (line)
         WHERE line LIKE 'b%'
         GROUP BY 1, 2 HAVING sum(split_part(line, ' ', 3)::integer) <> 0
    ), changed AS (
        SELECT id, max(size) FILTER (WHERE sign < 0) AS went, array_agg(size) FILTER (WHERE sign > 0) AS came
          FROM noted GROUP BY id
    )
    SELECT coalesce(sum(coalesce(greatest(elsewhere.size, here.size), 0)
                        - coalesce(greatest(elsewhere.size, stays.size, c.went), 0)), 0)
      INTO v_blob_bytes
      FROM changed c
      LEFT JOIN LATERAL (SELECT size FROM repository_blob
                          WHERE blob_id = c.id AND repository_id <> p_repository
                          ORDER BY size DESC LIMIT 1) AS elsewhere ON true
      LEFT JOIN LATERAL (SELECT size FROM repository_blob
                          WHERE repository_id = p_repository AND blob_id = c.id
                          ORDER BY size DESC LIMIT 1) AS here ON true
      LEFT JOIN LATERAL (SELECT size FROM repository_blob
                          WHERE repository_id = p_repository AND blob_id = c.id
                            AND size <> ALL (coalesce(c.came, '{}'))
                          ORDER BY size DESC LIMIT 1) AS stays ON true;
    UPDATE state
       SET manifests = manifests + v_held, artifacts = artifacts + v_artifacts, images = images + v_images,
           indexes = indexes + v_indexes, size = size + v_bytes + v_blob_bytes
     WHERE (v_held, v_artifacts, v_images, v_indexes, v_bytes + v_blob_bytes) <> (0, 0, 0, 0, 0);
END $$;

-- The same from scratch: for tests, and for databases that were filled by other hands.
CREATE OR REPLACE FUNCTION recount_totals(OUT manifests bigint, OUT artifacts bigint, OUT images bigint,
                                          OUT indexes bigint, OUT size numeric)
    LANGUAGE sql AS $$
    WITH held AS (
        SELECT m.kind, m.size, bool_or(h.unreadable IS NULL) AS is_readable,
               bool_or(h.unreadable IS NULL AND h."references" > 0) AS is_live,
               bool_or(h.unreadable IS NULL AND h."references" > h.attests) AS is_shown
          FROM repository_manifest h JOIN manifest m ON m.id = h.manifest_id
         GROUP BY m.id
    )
    SELECT count(*), count(*) FILTER (WHERE kind = 'artifact' AND is_readable),
           count(*) FILTER (WHERE kind = 'image' AND is_shown), count(*) FILTER (WHERE kind = 'index' AND is_live),
           coalesce(sum(size) FILTER (WHERE is_live), 0)
               + (SELECT coalesce(sum(b.size), 0)
                    FROM (SELECT max(size) AS size FROM repository_blob GROUP BY blob_id) AS b)
      FROM held
$$;
-- <<<

-- >>> functions/pulls.sql
-- Pull events become counts.

-- Takes pull events from the inbox and counts them. One without a tag counts for the tags
-- that are on its digest, and not at all when an index of the repository lists it: a client that pulls
-- an index fetches its platform's manifest too.
CREATE OR REPLACE FUNCTION take_pulls(p_limit bigint, OUT events bigint, OUT pulls pull[])
    LANGUAGE sql AS $$
    WITH taken AS (
        DELETE FROM inbox
         WHERE id IN (SELECT id FROM inbox WHERE action = 'pull' ORDER BY id LIMIT p_limit)
        RETURNING repository, digest, tag,
                  (coalesce(event_time, received) AT TIME ZONE 'UTC')::date AS day
    ), summed AS (
        SELECT repository, digest, tag, day, count(*) AS pulls
          FROM taken GROUP BY repository, digest, tag, day
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

CREATE OR REPLACE FUNCTION add_pulls(p_pulls pull[]) RETURNS void
    LANGUAGE plpgsql AS $$
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
    INSERT INTO repository_day (repository_id, day, pulls)
    SELECT repository_id, day, sum(pulls)
      FROM unnest(p_pulls) WHERE manifest_id IS NOT NULL GROUP BY 1, 2
        ON CONFLICT (repository_id, day) DO UPDATE SET pulls = repository_day.pulls + excluded.pulls;
    -- In order, and last: transactions that count pushes lock these rows, too.
    INSERT INTO registry_day (day, pulls)
    SELECT day, sum(pulls)
      FROM unnest(p_pulls) WHERE manifest_id IS NOT NULL GROUP BY 1 ORDER BY 1
        ON CONFLICT (day) DO UPDATE SET pulls = registry_day.pulls + excluded.pulls;
END $$;

-- Returns how many events it took.
CREATE OR REPLACE FUNCTION collect_pulls(p_limit bigint) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    v_taken record;
BEGIN
    SELECT events, pulls INTO v_taken FROM take_pulls(p_limit);
    PERFORM add_pulls(v_taken.pulls);
    RETURN v_taken.events;
END $$;
-- <<<

-- >>> functions/collect.sql
-- Garbage collection.

-- Does something in a repository need a manifest that it holds and to which no tag leads: an index there that lists it, a
-- subject that is there, a tag that was on it within the grace period?
CREATE OR REPLACE FUNCTION is_needed_untagged(p_repository bigint, p_manifest bigint, p_digest bytea, p_subject bytea,
                                   p_grace interval) RETURNS boolean
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM manifest_child c
                     JOIN repository_manifest p ON p.repository_id = p_repository AND p.manifest_id = c.parent_id
                    WHERE c.child_id = p_manifest)
        OR EXISTS (SELECT FROM manifest s
                     JOIN repository_manifest held ON held.repository_id = p_repository AND held.manifest_id = s.id
                    WHERE s.digest = p_subject)
        OR EXISTS (SELECT FROM tag_history
                    WHERE repository_id = p_repository AND digest = p_digest AND until_time > now() - p_grace);
END $$;

-- Has a repository something that could not be read, which may need what looks untagged, unless that may go itself?
CREATE OR REPLACE FUNCTION has_unread(p_repository bigint, p_grace interval) RETURNS boolean
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM repository_manifest u
                    WHERE u.repository_id = p_repository AND u.unreadable IS NOT NULL
                      AND u.unreadable <> 'missing in the registry'
                      AND (u."references" > 0 OR u.first_seen >= now() - p_grace
                           OR EXISTS (SELECT FROM tag_history t
                                       WHERE t.repository_id = p_repository
                                         AND t.digest = (SELECT digest FROM manifest WHERE id = u.manifest_id)
                                         AND t.until_time > now() - p_grace)));
END $$;

-- Manifests that a repository holds and nothing there needs, without a tag for the whole grace period: of those behind
-- p_after so many at most, in order.
CREATE OR REPLACE FUNCTION unneeded_manifests(p_repository bigint, p_after bigint, p_grace interval, p_limit bigint)
    RETURNS TABLE (id bigint, digest bytea)
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT h.manifest_id, m.digest
      FROM repository_manifest h
     CROSS JOIN LATERAL (SELECT manifest.digest, subject FROM manifest WHERE manifest.id = h.manifest_id OFFSET 0) AS m
     WHERE h.repository_id = p_repository AND h."references" = 0 AND h.manifest_id > p_after
       AND h.first_seen < now() - p_grace
       AND NOT is_needed_untagged(p_repository, h.manifest_id, m.digest, m.subject, p_grace)
     ORDER BY h.manifest_id LIMIT p_limit;
END $$;

-- Deletes manifests that no repository holds, no index lists and nothing that is held was built on, and what only they used: of those
-- behind p_after, so many at most. Returns how many went, and the last one that was looked at (NULL: there are no more). A row
-- that is needed again meanwhile makes a foreign key fail: try again.
CREATE OR REPLACE FUNCTION collect_manifests(p_after bigint, p_grace interval, p_limit bigint, OUT went bigint, OUT last bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    c_looked_at_max constant bigint := 5000;
    v_looked_at bigint := (SELECT max(id) FROM (SELECT id FROM manifest WHERE id > p_after ORDER BY id LIMIT c_looked_at_max) AS m);
    v_ids bigint[];
    v_blobs bigint[];
    v_is_visible boolean;
BEGIN
    -- Most are held. What costs more is asked about the others alone, and about no more of them than go.
    v_ids := ARRAY(SELECT m.id
                     FROM (SELECT id FROM manifest
                            WHERE id > p_after AND id <= v_looked_at AND first_seen < now() - p_grace
                              AND NOT EXISTS (SELECT FROM repository_manifest WHERE manifest_id = manifest.id OFFSET 0)
                            ORDER BY id OFFSET 0) AS m
                    WHERE NOT EXISTS (SELECT FROM manifest_child WHERE child_id = m.id OFFSET 0)
                      AND NOT is_base(m.id)
                    ORDER BY m.id LIMIT p_limit);
    went := cardinality(v_ids);
    last := CASE WHEN went = p_limit THEN v_ids[went] ELSE v_looked_at END;
    IF went = 0 THEN
        RETURN;
    END IF;
    v_blobs := ARRAY(SELECT blob_id FROM manifest_layer WHERE manifest_id = ANY (v_ids)
                      UNION
                     SELECT config_id FROM manifest WHERE id = ANY (v_ids) AND config_id IS NOT NULL);
    v_is_visible := forget_sboms_of(v_ids);
    DELETE FROM manifest WHERE id = ANY (v_ids);
    DELETE FROM config c
     WHERE c.id = ANY (v_blobs) AND NOT EXISTS (SELECT FROM manifest m WHERE m.config_id = c.id);
    DELETE FROM blob b
     WHERE b.id = ANY (v_blobs) AND NOT EXISTS (SELECT FROM manifest_layer l WHERE l.blob_id = b.id)
       AND NOT EXISTS (SELECT FROM config c WHERE c.id = b.id);
    -- Last: an apply that begins to hold one of these manifests waits for its row, and others wait for the row of state.
    IF v_is_visible THEN
        PERFORM publish((SELECT term FROM state), NULL);
    END IF;
END $$;
-- <<<

-- >>> functions/packages.sql
-- Packages and materials: what SBOM documents and provenance say is in images, and which documents there are to be read.

-- A piece of version_key(). A version is read as characters and a number, in turns; a number that is not there is
-- 0. Of characters "~" is before the end, the end before letters, letters before all else; of numbers the longer is
-- the greater.
CREATE OR REPLACE FUNCTION version_key_part(version text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (SELECT coalesce(string_agg(
                       translate(regexp_replace(m[1], '([^A-Za-z~])', '{\1', 'g'), '~', E'\x01') || E'\x02'
                       || chr(40 + length(ltrim(m[2], '0'))) || ltrim(m[2], '0'),
                       '' ORDER BY place), '') || E'\x02('
              FROM regexp_matches(version, '([^0-9]*)([0-9]*)', 'g') WITH ORDINALITY AS r (m, place)
             WHERE m <> ARRAY['', '']);

-- Orders versions as `sort -V` does: numbers as numbers, "~" before the end. What looks like the suffix of a file
-- (".rc1") counts only when what is before it is equal.
CREATE OR REPLACE FUNCTION version_key(version text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN version_key_part(regexp_replace(version, '^(.+?)(\.[A-Za-z~][A-Za-z0-9~]*)+$', '\1'))
           || version_key_part(version);

-- ---- Which documents there may be ----

-- An attestation in an index, an image that something refers to, a tag of cosign's: each may hold documents.
CREATE OR REPLACE FUNCTION note_sbom_source() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'manifest_child' THEN
        INSERT INTO sbom_source (manifest_id, about, kind) VALUES (NEW.child_id, NEW.about, 'attestation')
            ON CONFLICT (manifest_id, about) DO UPDATE SET kind = 'attestation' WHERE sbom_source.kind <> 'attestation';
    ELSIF TG_TABLE_NAME = 'manifest' THEN
        INSERT INTO sbom_source (manifest_id, about, kind) VALUES (NEW.id, NEW.subject, 'referrer')
            ON CONFLICT (manifest_id, about) DO NOTHING;
    ELSE
        INSERT INTO sbom_source (manifest_id, about, kind)
        VALUES (NEW.manifest_id, digest_bytes('sha256:' || substr(NEW.name, 8, 64)), 'tag')
            ON CONFLICT (manifest_id, about) DO NOTHING;
    END IF;
    RETURN NULL;
END $$;

-- The next ones to be looked at: the manifest itself, the image that it is about, a repository that holds both (NULL:
-- none does, yet).
CREATE OR REPLACE FUNCTION due_sbom_sources(p_limit bigint)
    RETURNS TABLE (manifest_id bigint, about bytea, raw bytea, repository text)
    LANGUAGE sql STABLE AS $$
    SELECT s.manifest_id, s.about, m.raw, h.name
      FROM (SELECT * FROM sbom_source WHERE NOT is_read AND not_before <= now()
             ORDER BY not_before, manifest_id LIMIT p_limit) AS s
     CROSS JOIN LATERAL (SELECT raw FROM manifest WHERE id = s.manifest_id OFFSET 0) AS m
      LEFT JOIN LATERAL (SELECT r.name
                           FROM manifest i
                           JOIN repository_manifest t ON t.manifest_id = i.id
                           JOIN repository_manifest c ON c.repository_id = t.repository_id
                                                     AND c.manifest_id = s.manifest_id AND c.unreadable IS NULL
                           JOIN repository r ON r.id = c.repository_id
                          WHERE i.digest = s.about AND i.raw IS NOT NULL AND t.unreadable IS NULL
                            AND t."references" > 0 AND m.raw IS NOT NULL
                          ORDER BY r.id LIMIT 1) AS h ON true
     ORDER BY s.not_before, s.manifest_id
$$;

-- ---- What they say ----

-- Packages of the document that is being read. Their rows are made here; which image holds them is put down at the
-- end of the document. What an index cannot take is left out; the writer has left it out before, as long as its
-- bytes were UTF-8.
CREATE OR REPLACE FUNCTION stage_packages(p_document bytea, p_names text[], p_types text[], p_versions text[],
                               p_purls text[]) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    c_row_bytes constant integer := 1900;
    v_ids bigint[];
BEGIN
    SELECT array_agg(name), array_agg(type), array_agg(version), array_agg(purl)
      INTO p_names, p_types, p_versions, p_purls
      FROM (SELECT DISTINCT name, type, version, purl
              FROM unnest(p_names, p_types, p_versions, p_purls) AS n (name, type, version, purl)
             WHERE octet_length(name) + octet_length(type) + octet_length(version) + octet_length(purl)
                   <= c_row_bytes) AS n;
    INSERT INTO package_name (name, type)
    SELECT DISTINCT n.name, n.type FROM unnest(p_names, p_types) AS n (name, type)
     WHERE NOT EXISTS (SELECT FROM package_name p WHERE p.name = n.name AND p.type = n.type OFFSET 0)
        ON CONFLICT DO NOTHING;
    v_ids := ARRAY(SELECT p.id FROM unnest(p_names, p_types) WITH ORDINALITY AS n (name, type, place)
                    CROSS JOIN LATERAL (SELECT id FROM package_name
                                         WHERE name = n.name AND type = n.type OFFSET 0) AS p
                    ORDER BY n.place);
    INSERT INTO package_version (name_id, version, version_key)
    SELECT n.id, n.version, version_key(n.version)
      FROM (SELECT DISTINCT id, version FROM unnest(v_ids, p_versions) AS n (id, version)) AS n
     WHERE NOT EXISTS (SELECT FROM package_version v WHERE v.name_id = n.id AND v.version = n.version OFFSET 0)
        ON CONFLICT DO NOTHING;
    v_ids := ARRAY(SELECT v.id FROM unnest(v_ids, p_versions) WITH ORDINALITY AS n (id, version, place)
                    CROSS JOIN LATERAL (SELECT id FROM package_version
                                         WHERE name_id = n.id AND version = n.version OFFSET 0) AS v
                    ORDER BY n.place);
    INSERT INTO package (version_id, purl)
    SELECT n.id, n.purl FROM unnest(v_ids, p_purls) AS n (id, purl)
     WHERE NOT EXISTS (SELECT FROM package k WHERE k.version_id = n.id AND k.purl = n.purl OFFSET 0)
        ON CONFLICT DO NOTHING;
    INSERT INTO sbom_staged (document, package_id)
    SELECT p_document, k.id FROM unnest(v_ids, p_purls) AS n (id, purl)
     CROSS JOIN LATERAL (SELECT id FROM package WHERE version_id = n.id AND purl = n.purl OFFSET 0) AS k
        ON CONFLICT DO NOTHING;
END $$;

-- Materials of the provenance that is being read. Of two names of one digest a package URL is kept.
CREATE OR REPLACE FUNCTION stage_materials(p_document bytea, p_digests bytea[], p_uris text[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO material_staged (document, digest, uri)
    SELECT DISTINCT ON (n.digest) p_document, n.digest, n.uri
      FROM unnest(p_digests, p_uris) AS n (digest, uri) ORDER BY n.digest, n.uri NOT LIKE 'pkg:%', n.uri
        ON CONFLICT DO NOTHING;
END $$;

-- Adds images to the counts of what they hold, or takes them away (p_sign -1).
CREATE OR REPLACE FUNCTION count_packages(p_images bigint[], p_sign integer) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    WITH held AS MATERIALIZED (
        SELECT DISTINCT x.image_id, p.version_id
          FROM unnest(p_images) AS i (id)
         CROSS JOIN LATERAL (SELECT image_id, package_id FROM image_package WHERE image_id = i.id OFFSET 0) AS x
         CROSS JOIN LATERAL (SELECT version_id FROM package WHERE id = x.package_id OFFSET 0) AS p
    ), named AS MATERIALIZED (
        SELECT h.image_id, h.version_id, v.name_id
          FROM held h CROSS JOIN LATERAL (SELECT name_id FROM package_version WHERE id = h.version_id OFFSET 0) AS v
    ), versions AS (
        UPDATE package_version v SET images = v.images + p_sign * n.images
          FROM (SELECT version_id, count(*)::integer AS images FROM named GROUP BY 1) AS n
         WHERE v.id = n.version_id
    )
    UPDATE package_name p SET images = p.images + p_sign * n.images
      FROM (SELECT name_id, count(DISTINCT image_id)::integer AS images FROM named GROUP BY 1) AS n
     WHERE p.id = n.name_id;
END $$;

-- Whoever changes what these images count, by what is_counted says, locks them first: others do at the same time.
CREATE OR REPLACE FUNCTION lock_counted(p_images bigint[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM package_image WHERE image_id = ANY (p_images) ORDER BY image_id FOR NO KEY UPDATE;
END $$;

CREATE OR REPLACE FUNCTION is_live_image(p_image bigint) RETURNS boolean
    LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM repository_manifest
                    WHERE manifest_id = p_image AND "references" > attests AND unreadable IS NULL)
$$;

-- Everything of a source has been read: what its documents say takes the place of what they said before.
-- Arrays: a document each. Readers hear of it if anything is there that was not, or the other way round. Of an image that
-- is not there any more nothing is kept, and the source is due still.
CREATE OR REPLACE FUNCTION put_sboms(p_term bigint, p_manifest bigint, p_about bytea, p_documents bytea[], p_states text[],
                          p_reasons text[], p_left_out bigint[], p_are_provenance boolean[]) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    c_repositories_max constant integer := 20;
    v_image bigint := (SELECT id FROM manifest WHERE digest = p_about);
    v_was_counted boolean;
    v_is_live boolean;
    v_had boolean := EXISTS (SELECT FROM sbom WHERE manifest_id = p_manifest AND about = p_about);
    v_repositories text[];
BEGIN
    PERFORM lock_counted(ARRAY[v_image]);
    v_was_counted := coalesce((SELECT is_counted FROM package_image WHERE image_id = v_image), false);
    v_is_live := is_live_image(v_image);
    UPDATE sbom_source SET is_read = v_image IS NOT NULL WHERE manifest_id = p_manifest AND about = p_about;
    IF NOT FOUND OR v_image IS NULL OR (NOT v_had AND p_documents = '{}') THEN
        DELETE FROM sbom_staged;
        DELETE FROM material_staged;
        RETURN;
    END IF;
    IF v_was_counted THEN
        PERFORM count_packages(ARRAY[v_image], -1);
    END IF;
    DELETE FROM sbom WHERE manifest_id = p_manifest AND about = p_about;
    WITH added AS (
        INSERT INTO sbom (manifest_id, about, image_id, document, state, reason, left_out, is_provenance, packages)
        SELECT p_manifest, p_about, v_image, d.document, d.state, d.reason, d.left_out, d.is_provenance,
               CASE WHEN d.state = 'done'
                    THEN (SELECT count(*) FROM sbom_staged s WHERE s.document = d.document) ELSE 0 END
          FROM unnest(p_documents, p_states, p_reasons, p_left_out, p_are_provenance)
               AS d (document, state, reason, left_out, is_provenance)
        RETURNING id, document, state
    ), materials AS (
        INSERT INTO image_material (image_id, digest, sbom_id, uri)
        SELECT v_image, s.digest, a.id, s.uri
          FROM added a CROSS JOIN LATERAL (SELECT digest, uri FROM material_staged WHERE document = a.document OFFSET 0) AS s
         WHERE a.state = 'done'
    )
    INSERT INTO image_package (image_id, package_id, sbom_id)
    SELECT v_image, s.package_id, a.id
      FROM added a CROSS JOIN LATERAL (SELECT package_id FROM sbom_staged WHERE document = a.document OFFSET 0) AS s
     WHERE a.state = 'done';
    DELETE FROM sbom_staged;
    DELETE FROM material_staged;
    INSERT INTO package_image (image_id, is_counted) VALUES (v_image, v_is_live)
        ON CONFLICT (image_id) DO UPDATE SET is_counted = excluded.is_counted;
    IF v_is_live THEN
        PERFORM count_packages(ARRAY[v_image], 1);
    END IF;
    v_repositories := ARRAY(SELECT r.name FROM repository_manifest h JOIN repository r ON r.id = h.repository_id
                             WHERE h.manifest_id = v_image ORDER BY r.id LIMIT c_repositories_max + 1);
    IF cardinality(v_repositories) > c_repositories_max THEN
        PERFORM publish(p_term, NULL);
    ELSE
        PERFORM publish(p_term, name) FROM unnest(v_repositories) AS r (name);
    END IF;
END $$;

-- Images that have become live, or no longer are, are counted or no longer. After an image, so many of them.
-- Returns the last one looked at; NULL: there are no more.
CREATE OR REPLACE FUNCTION recount_packages(p_term bigint, p_after bigint, p_limit bigint) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    v_last bigint;
    v_more bigint[];
    v_less bigint[];
BEGIN
    SELECT max(image_id), array_agg(image_id) FILTER (WHERE is_live AND NOT is_counted),
           array_agg(image_id) FILTER (WHERE is_counted AND NOT is_live)
      INTO v_last, v_more, v_less
      FROM (SELECT image_id, is_counted, is_live_image(image_id) AS is_live
              FROM package_image WHERE image_id > p_after ORDER BY image_id LIMIT p_limit) AS looked;
    IF v_more IS NOT NULL OR v_less IS NOT NULL THEN
        PERFORM lock_counted(v_more || v_less);
        SELECT array_agg(image_id) FILTER (WHERE NOT is_counted), array_agg(image_id) FILTER (WHERE is_counted)
          INTO v_more, v_less
          FROM (SELECT image_id, is_counted FROM package_image
                 WHERE image_id = ANY (v_more || v_less) AND is_counted <> is_live_image(image_id)) AS looked;
        PERFORM count_packages(v_more, 1);
        PERFORM count_packages(v_less, -1);
        UPDATE package_image SET is_counted = NOT is_counted WHERE image_id = ANY (v_more || v_less);
        PERFORM publish(p_term, '');
    END IF;
    RETURN v_last;
END $$;

-- Manifests are about to be deleted, and with them the documents that they hold and those about them. Images that stay
-- lose what these documents said. Sources that stay are looked at again within an hour, and then every hour, as those of
-- images that are not known: should the image come back, they are read for it.
-- Returns whether the packages of one that is counted changed: publish that.
CREATE OR REPLACE FUNCTION forget_sboms_of(p_manifests bigint[]) RETURNS boolean
    LANGUAGE plpgsql AS $$
DECLARE
    v_images bigint[] := ARRAY(SELECT DISTINCT s.image_id FROM unnest(p_manifests) AS m (id)
                                CROSS JOIN LATERAL (SELECT image_id FROM sbom WHERE manifest_id = m.id
                                                     UNION SELECT image_id FROM sbom WHERE image_id = m.id) AS s);
    v_counted bigint[];
BEGIN
    IF v_images = '{}' THEN
        RETURN false;
    END IF;
    PERFORM lock_counted(v_images);
    v_counted := ARRAY(SELECT image_id FROM package_image WHERE image_id = ANY (v_images) AND is_counted);
    PERFORM count_packages(v_counted, -1);
    UPDATE sbom_source s SET is_read = false, not_before = now() + random() * interval '1 hour', attempts = 12
      FROM (SELECT DISTINCT manifest_id, about FROM sbom WHERE image_id = ANY (p_manifests)) AS b
     WHERE s.manifest_id = b.manifest_id AND s.about = b.about AND s.manifest_id <> ALL (p_manifests);
    DELETE FROM sbom WHERE manifest_id = ANY (p_manifests) OR image_id = ANY (p_manifests);
    DELETE FROM package_image WHERE image_id = ANY (p_manifests);
    v_counted := ARRAY(SELECT unnest(v_counted) EXCEPT SELECT unnest(p_manifests));
    PERFORM count_packages(v_counted, 1);
    RETURN v_counted <> '{}';
END $$;

-- SBOMs are not wanted. Nothing counts and nothing was read from the first batch on, so that they are right should they
-- be wanted again in between; so many pairs go, then the rest at once. Returns how much there was.
CREATE OR REPLACE FUNCTION forget_packages(p_term bigint, p_limit bigint) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    v_rows bigint;
    v_all bigint := 0;
BEGIN
    IF EXISTS (SELECT FROM package_image WHERE is_counted) THEN
        PERFORM lock_counted(ARRAY(SELECT image_id FROM package_image WHERE is_counted));
        UPDATE package_image SET is_counted = false WHERE is_counted;
        UPDATE package_version SET images = 0 WHERE images <> 0;
        UPDATE package_name SET images = 0 WHERE images <> 0;
    END IF;
    UPDATE sbom_source SET is_read = false, not_before = now(), attempts = 0 WHERE is_read;
    DELETE FROM image_package WHERE ctid = ANY (ARRAY(SELECT ctid FROM image_package LIMIT p_limit));
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    IF v_rows > 0 THEN
        RETURN v_rows;
    END IF;
    DELETE FROM sbom;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    v_all := v_all + v_rows;
    DELETE FROM package_image;
    DELETE FROM sbom_staged;
    DELETE FROM material_staged;
    DELETE FROM package;
    DELETE FROM package_version;
    DELETE FROM package_name;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    v_all := v_all + v_rows;
    IF v_all > 0 THEN
        PERFORM publish(p_term, NULL);
    END IF;
    RETURN v_all;
END $$;
-- <<<

-- >>> functions/flatpak.sql
-- What Flatpak's refs are held by.

-- How many refs the tag latest of more than one repository offers: Flatpak would install either. Looks at 20,000
-- images with a ref at most; of more it tells of the first.
CREATE OR REPLACE FUNCTION doubled_flatpak_refs() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT count(*)
      FROM (SELECT l.value
              FROM (SELECT manifest_id, value
                      FROM label
                     WHERE left(key, 200) = 'org.flatpak.ref' AND key = 'org.flatpak.ref'
                     LIMIT 20000) l
             CROSS JOIN LATERAL (SELECT l.manifest_id AS id
                                  UNION ALL
                                 SELECT index_id FROM index_image WHERE image_id = l.manifest_id OFFSET 0) top
             CROSS JOIN LATERAL (SELECT repository_id
                                   FROM tag
                                  WHERE manifest_id = top.id AND name = 'latest' OFFSET 0) t
             CROSS JOIN LATERAL (SELECT
                                   FROM repository_manifest h
                                   JOIN repository r ON r.id = h.repository_id AND r.deleted_at IS NULL
                                  WHERE h.repository_id = t.repository_id AND h.manifest_id = l.manifest_id
                                    AND h.unreadable IS NULL OFFSET 0) held
             GROUP BY l.value
            HAVING count(DISTINCT t.repository_id) > 1) doubled
$$;
-- <<<

-- >>> functions/retention.sql
-- What is kept for a while only.

-- The partition of event_seen that a day uses; the day after tomorrow has yesterday's.
CREATE OR REPLACE FUNCTION event_slot(p_days_from_now integer, p_now timestamptz DEFAULT now()) RETURNS smallint
    LANGUAGE sql STABLE
    RETURN mod(floor(extract(epoch FROM p_now) / 86400)::integer + p_days_from_now, 3)::smallint;

-- Forgets what nobody needs any more: ids of events older than yesterday, generations touched more than
-- an hour ago, changes and closed history older than the intervals (NULL: none), and days beyond
-- 400: a year, and a month to compare with the one a year before. Of the sizes of a namespace the last one of
-- before stays. Dead letters that lead somewhere stay until they are put back; the others can never be, and go
-- after 30 days. The row of state, which every publish()
-- needs, comes last: it is not held while much is deleted.
CREATE OR REPLACE FUNCTION prune(p_changes interval, p_history interval) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    c_oldest_day constant date := (now() AT TIME ZONE 'UTC')::date - 400;
    c_dead_ends constant interval := '30 days';
    v_table regclass;
    v_is_full boolean;
    v_pruned bigint;
BEGIN
    DELETE FROM touched WHERE at < now() - interval '1 hour';
    WITH old AS (
        DELETE FROM change WHERE at < now() - p_changes RETURNING generation
    )
    SELECT max(generation) INTO v_pruned FROM old;
    DELETE FROM tag_history WHERE until_time < now() - p_history;
    DELETE FROM dead_letter WHERE NOT leads_somewhere AND died < now() - c_dead_ends;
    DELETE FROM pull_day WHERE day < c_oldest_day;
    DELETE FROM repository_day WHERE day < c_oldest_day;
    DELETE FROM registry_day WHERE day < c_oldest_day;
    DELETE FROM namespace_day n
     WHERE day < c_oldest_day
       AND EXISTS (SELECT FROM namespace_day later
                    WHERE later.name = n.name AND later.day > n.day AND later.day < c_oldest_day OFFSET 0);
    -- By the clock and not by the time of the transaction: past midnight tomorrow's partition is another one.
    v_table := 'event_seen_' || event_slot(1, clock_timestamp());
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', v_table) INTO v_is_full;
    IF v_is_full THEN
        EXECUTE format('TRUNCATE %s', v_table);
    END IF;
    UPDATE state SET changes_pruned = greatest(changes_pruned, v_pruned) WHERE v_pruned IS NOT NULL;
END $$;
-- <<<

-- Which manifests may hold SBOM documents is put down with them.
CREATE TRIGGER sbom_source_child AFTER INSERT ON manifest_child
    FOR EACH ROW WHEN (NEW.is_attestation AND NEW.about IS NOT NULL) EXECUTE PROCEDURE note_sbom_source();
CREATE TRIGGER sbom_source_manifest AFTER UPDATE OF subject ON manifest
    FOR EACH ROW WHEN (NEW.subject IS NOT NULL AND OLD.subject IS NULL) EXECUTE PROCEDURE note_sbom_source();
CREATE TRIGGER sbom_source_tag AFTER INSERT OR UPDATE OF manifest_id ON tag
    FOR EACH ROW WHEN (NEW.manifest_id IS NOT NULL AND NEW.name ~ '^sha256-[0-9a-f]{64}\.(att|sbom)$')
    EXECUTE PROCEDURE note_sbom_source();

INSERT INTO schema_version (version, min_reader_version) VALUES (13, 1);

-- schema ends

COMMIT;
\echo metastore: schema 13 is in place
\endif
