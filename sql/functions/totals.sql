-- SPDX-License-Identifier: Apache-2.0
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
