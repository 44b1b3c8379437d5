-- SPDX-License-Identifier: Apache-2.0
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
