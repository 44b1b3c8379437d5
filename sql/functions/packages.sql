-- SPDX-License-Identifier: Apache-2.0
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
