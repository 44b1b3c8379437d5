-- SPDX-License-Identifier: Apache-2.0
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
