-- SPDX-License-Identifier: Apache-2.0
-- Two roles, optional:  psql -d URL < roles.sql
--   metastore_writer  owns the tables, so that it can migrate them
--   metastore_reader  can only SELECT, for any number of readers: no temporary tables, and, where a superuser runs
--                     this, no large objects, no advisory locks (the leader's is one) and no pg_notify()
-- Run by a superuser, or by the owner of the database with the right to create roles; before or after
-- the schema is made, as often as one likes. Give them passwords as you give others theirs (\password).
-- What PostgreSQL gives to everybody is taken from everybody and given to metastore_writer and the database's owner.
-- The right to make temporary objects is the database's owner's to take away, functions of the server a superuser's;
-- what could not be taken away is told at the end. Without that a reader's stolen password can keep a new leader
-- waiting (it can never make a second one: terms see to that) and fill the disk.
-- NOTIFY and LISTEN are commands without a privilege. So nobody believes a notification: it makes a reader's watcher
-- look at the one row of state, as it does each second anyway, and the writer does not listen.
-- Meant for a database that is metastore's own: tables, types and functions of the present schema that
-- belong to whoever runs this are handed to metastore_writer.
\set ON_ERROR_STOP on
\set QUIET on
BEGIN;
SET LOCAL client_min_messages = warning;

DO $$
DECLARE
    v_role text;
BEGIN
    FOREACH v_role IN ARRAY ARRAY['metastore_writer', 'metastore_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = v_role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', v_role);
        END IF;
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), v_role);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), v_role);
    END LOOP;
    -- Only a member of a role may hand it something: superusers and the role itself are.
    IF NOT pg_has_role(current_user, 'metastore_writer', 'MEMBER') THEN
        EXECUTE format('GRANT metastore_writer TO %I', current_user);
    END IF;
    -- Trusted extensions may be made by whoever may create in the database.
    EXECUTE format('GRANT CREATE ON DATABASE %I TO metastore_writer', current_database());
    EXECUTE format('GRANT CREATE ON SCHEMA %I TO metastore_writer', current_schema());
END $$;

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Sequences and indexes go with their tables, row types with theirs.
DO $$
DECLARE
    v_command text;
BEGIN
    FOR v_command IN
        SELECT format('ALTER %s %s OWNER TO metastore_writer',
                      CASE c.relkind WHEN 'c' THEN 'TYPE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
                      c.oid::regclass)
          FROM pg_class c
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'c')
           AND c.relowner = current_user::regrole
           AND NOT EXISTS (SELECT FROM pg_depend d
                            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
         UNION ALL
        SELECT format('ALTER ROUTINE %s OWNER TO metastore_writer', p.oid::regprocedure)
          FROM pg_proc p
         WHERE p.pronamespace = current_schema()::regnamespace AND p.proowner = current_user::regrole
           AND NOT EXISTS (SELECT FROM pg_depend d
                            WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE v_command;
    END LOOP;
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO metastore_reader', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE metastore_writer IN SCHEMA %I '
                   'GRANT SELECT ON TABLES TO metastore_reader', current_schema());
END $$;

DO $$
DECLARE
    v_owner oid := (SELECT datdba FROM pg_database WHERE datname = current_database());
    v_function regprocedure;
BEGIN
    IF pg_has_role(current_user, v_owner, 'USAGE') THEN
        EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
        -- Migrations have functions of their own.
        EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO metastore_writer', current_database());
    END IF;
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        FOR v_function IN
            SELECT oid FROM pg_proc
             WHERE pronamespace = 'pg_catalog'::regnamespace
               AND (proname ~ '^(lo_|loread$|lowrite$|pg_(try_)?advisory_)' OR proname = 'pg_notify')
        LOOP
            EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', v_function);
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO metastore_writer, %s', v_function, v_owner::regrole);
        END LOOP;
    END IF;
END $$;

-- A net below the readers' own settings. What is so already is left alone: since PostgreSQL 16 the right to create roles
-- does not suffice to change one that somebody else has created.
DO $$
DECLARE
    v_setting text;
BEGIN
    FOREACH v_setting IN ARRAY ARRAY['default_transaction_read_only=on', 'statement_timeout=60s',
                                     'idle_in_transaction_session_timeout=60s'] LOOP
        IF NOT EXISTS (SELECT FROM pg_db_role_setting
                        WHERE setrole = 'metastore_reader'::regrole AND setdatabase = 0
                          AND v_setting = ANY (setconfig)) THEN
            EXECUTE format('ALTER ROLE metastore_reader SET %I = %L', split_part(v_setting, '=', 1),
                           split_part(v_setting, '=', 2));
        END IF;
    END LOOP;
END $$;

COMMIT;
\echo metastore: the roles metastore_writer and metastore_reader are in place
SELECT has_database_privilege('metastore_reader', current_database(), 'TEMPORARY') AS has_temporary,
       has_function_privilege('metastore_reader', 'pg_catalog.pg_advisory_lock(bigint)', 'EXECUTE') AS has_functions \gset
\if :has_temporary
\echo metastore: metastore_reader may still make temporary objects: let the owner of the database run this
\endif
\if :has_functions
\echo metastore: metastore_reader may still take advisory locks and make large objects: let a superuser run this
\endif
