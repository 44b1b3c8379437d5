-- SPDX-License-Identifier: Apache-2.0
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
