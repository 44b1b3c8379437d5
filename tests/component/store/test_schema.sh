#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sql/schema.sql, the writer on an empty database, and the migrations of one with schema 1 arrive at the same
# schema. schema.sql is harmless the second time, refuses another schema, and needs no more than to own the
# database; roles.sql gives the rights it promises. Run by ctest and people, with METASTORE_TEST_DATABASE as the
# tests of the store have it:
#     test_schema.sh build/writer/metastore-writer
set -euo pipefail
writer=$(realpath "${1:?which metastore-writer?}")
tests=$(realpath "$(dirname "$0")")
cd "$tests/../../../sql"
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
    for name in file writer old owner; do
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

# The writer brings a database to the present schema.
migrate() { # DATABASE
    printf '{"registry": {"url": "http://127.0.0.1:1"}, "database": {"postgres": {"url": "%s"}}}' \
        "$(conninfo "${ours}_$1")" > "$scratch/$1.yaml"
    "$writer" --config "$scratch/$1.yaml" --migrate > "$scratch/$1.log" 2>&1 ||
        fail "--migrate: $(cat "$scratch/$1.log")"
}

# --- the same schema ---
admin "CREATE DATABASE ${ours}_file TEMPLATE template0"
admin "CREATE DATABASE ${ours}_writer TEMPLATE template0"
on file < schema.sql > "$scratch/first" 2>&1 || fail "schema.sql: $(cat "$scratch/first")"
migrate writer
dump file > "$scratch/file"
[[ $(wc -l < "$scratch/file") -gt 500 ]] || fail "the dump is nearly empty"
dump writer | diff -u "$scratch/file" - || fail "schema.sql and the writer's differ"
version="SELECT version || ':' || min_reader_version FROM schema_version ORDER BY version DESC LIMIT 1"
[[ $(on file -c "$version") == "$(on writer -c "$version")" ]] || fail "versions differ"
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
