-- SPDX-License-Identifier: Apache-2.0
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
