-- SPDX-License-Identifier: Apache-2.0
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
