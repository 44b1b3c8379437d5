#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sql/schema.sql and the migrations arrive at the same schema; schema.sql is harmless the second time,
# refuses another schema, and needs no more than to own the database; roles.sql gives the rights it
# promises. Run by ctest and people, with METASTORE_TEST_DATABASE as the tests of the store have it.
set -euo pipefail
cd "$(dirname "$0")/../../../sql"
: "${METASTORE_TEST_DATABASE:?is not set}"

# `psql CONNINFO` and `pg_dump CONNINFO` on a database of ours by that name.
conninfo() { # DATABASE
    /usr/bin/python3 - "$METASTORE_TEST_DATABASE" "$1" <<'PYTHON'
import sys
from psycopg2.extensions import make_dsn
print(make_dsn(sys.argv[1], dbname=sys.argv[2]))
PYTHON
}

ours=metastore_schema_$$
scratch=$(mktemp -d)
admin() { psql -XAtq -v ON_ERROR_STOP=1 "$METASTORE_TEST_DATABASE" -c "$1"; }
on() { psql -XAtq -v ON_ERROR_STOP=1 "$(conninfo "${ours}_$1")" "${@:2}"; }
dump() { pg_dump --schema-only "$(conninfo "${ours}_$1")" | grep -v '^\\\(un\)\?restrict '; }

had_roles=$(admin "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'metastore\_%er'")
clean_up() {
    local name
    export PGOPTIONS="-c client_min_messages=error"
    for name in file migrations old owner; do
        admin "DROP DATABASE IF EXISTS ${ours}_$name WITH (FORCE)"
    done
    if [[ $had_roles == 0 ]]; then
        admin "DROP ROLE IF EXISTS metastore_writer, metastore_reader"
    fi
    admin "DROP ROLE IF EXISTS $ours"
    rm -rf "$scratch"
}
trap clean_up EXIT

fail() {
    echo "test_schema: $*" >&2
    exit 1
}

# --- the same schema ---
admin "CREATE DATABASE ${ours}_file TEMPLATE template0"
admin "CREATE DATABASE ${ours}_migrations TEMPLATE template0"
on file < schema.sql > "$scratch/first" 2>&1 || fail "schema.sql: $(cat "$scratch/first")"
for migration in migrations/*.sql; do
    on migrations -1 -f "$migration"
done
dump file > "$scratch/file"
dump migrations > "$scratch/migrations"
[[ $(wc -l < "$scratch/file") -gt 500 ]] || fail "the dump is nearly empty"
diff -u "$scratch/file" "$scratch/migrations" || fail "schema.sql and the migrations differ"
versions="SELECT string_agg(version || ':' || min_reader_version, ' ' ORDER BY version) FROM schema_version"
[[ $(on file -c "$versions") == "$(on migrations -c "$versions")" ]] || fail "versions differ"
[[ $(on file -c "SELECT count(*) FROM state") == 1 ]] || fail "no state"

# --- twice ---
on file -c "UPDATE state SET generation = 7"
on file < schema.sql > "$scratch/second" 2>&1 || fail "the second time: $(cat "$scratch/second")"
dump file | diff -u "$scratch/file" - || fail "the second time changed something"
[[ $(on file -c "SELECT generation FROM state") == 7 ]] || fail "the second time lost the state"

# --- another schema is refused by name of the remedy ---
admin "CREATE DATABASE ${ours}_old TEMPLATE template0"
on old -c "CREATE TABLE schema_version (version integer); INSERT INTO schema_version VALUES (0)"
if on old < schema.sql > "$scratch/old" 2>&1; then
    fail "an older schema was not refused"
fi
grep -q 'metastore-writer --migrate' "$scratch/old" || fail "no remedy: $(cat "$scratch/old")"
[[ $(on old -c "SELECT count(*) FROM pg_class WHERE relname = 'manifest'") == 0 ]] || fail "made tables"

# --- to own the database is enough ---
admin "CREATE ROLE $ours"
admin "CREATE DATABASE ${ours}_owner OWNER $ours TEMPLATE template0"
PGOPTIONS="-c role=$ours" on owner < schema.sql > "$scratch/owner" 2>&1 ||
    fail "as owner: $(cat "$scratch/owner")"

# --- roles ---
for attempt in 1 2; do
    on file < roles.sql > "$scratch/roles" 2>&1 || fail "roles.sql, time $attempt: $(cat "$scratch/roles")"
done
on file -c "ALTER ROLE metastore_writer CREATEROLE"
PGOPTIONS="-c role=metastore_writer" on file < roles.sql > "$scratch/itself" 2>&1 ||
    fail "roles.sql as metastore_writer: $(cat "$scratch/itself")"
on file -c "ALTER ROLE metastore_writer NOCREATEROLE"
as() { PGOPTIONS="-c role=metastore_$1" on file -c "$2" 2> "$scratch/denied"; }
as writer "UPDATE state SET generation = 8; CREATE TABLE later (x integer); SELECT begin_term('a', 1)" \
    > /dev/null || fail "the writer cannot write: $(cat "$scratch/denied")"
[[ $(as reader "SELECT generation FROM state") == 8 ]] || fail "the reader cannot read"
as reader "SELECT FROM later" > /dev/null || fail "the reader cannot read what migrations will make"
for change in "UPDATE state SET generation = 9" "CREATE TABLE mine ()" "SELECT begin_term('a', 1)"; do
    if as reader "$change" > /dev/null; then
        fail "the reader can do: $change"
    fi
done
on file -c "DROP TABLE later; ALTER DEFAULT PRIVILEGES FOR ROLE metastore_writer IN SCHEMA public
            REVOKE SELECT ON TABLES FROM metastore_reader"
echo "test_schema: ok"
