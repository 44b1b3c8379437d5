-- SPDX-License-Identifier: Apache-2.0
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
