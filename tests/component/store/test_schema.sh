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
    for name in file writer one old owner itself; do
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
configure() { # DATABASE
    printf '{"registry": {"url": "http://127.0.0.1:1"}, "database": {"postgres": {"url": "%s"}}}' \
        "$(conninfo "${ours}_$1")" > "$scratch/$1.yaml"
}
migrate() { # DATABASE
    configure "$1"
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

# --- from schema 1 ---
admin "CREATE DATABASE ${ours}_one TEMPLATE template0"
on one < "$tests/schema_1.sql" > /dev/null 2> "$scratch/one" || fail "schema_1.sql: $(cat "$scratch/one")"
# What both schemas answer alike: everything but sizes, titles of indexes and variants of images, which were wrong,
# and what was taken for manifests.
same="
SELECT name, tag_count, image_count, artifact_count, pulls, description, updated, deleted_at FROM repository;
SELECT r.name, t.name, digest_text(m.digest), t.updated, t.updated_by FROM tag t JOIN repository r ON r.id = t.repository_id
  LEFT JOIN manifest m ON m.id = t.manifest_id;
SELECT repository_id, manifest_id, \"references\", attests, unreadable, first_seen FROM repository_manifest
 WHERE unreadable IS DISTINCT FROM 'missing in the registry';
SELECT digest_text(digest), kind, media_type, artifact_type, size, raw, document, annotations, title FROM manifest;
SELECT * FROM label; SELECT * FROM annotation; SELECT * FROM repository_label;
SELECT * FROM tag_history; SELECT * FROM change; SELECT * FROM pull_day; SELECT * FROM dead_letter; SELECT * FROM config;
SELECT * FROM scan; SELECT * FROM touched; SELECT * FROM registry_instance; SELECT * FROM event_seen;
SELECT generation, term, leader_host, leader_pid, leader_since, last_complete_scan, scan_running, scan_wanted,
       changes_pruned, document_version FROM state"
answers() { on one -c "$same" | LC_ALL=C sort; }
answers > "$scratch/before"
[[ $(wc -l < "$scratch/before") -gt 100 ]] || fail "schema_1.sql is nearly empty"
sizes="SELECT r.name, r.size FROM repository r ORDER BY r.name"
on one -c "$sizes" > "$scratch/lies"
grep -q '^app/api|9007' "$scratch/lies" || fail "no size is wrong before: $(cat "$scratch/lies")"

# Interrupted: the migration waits for a lock when its writer is killed, and its session ends.
on one -c "BEGIN; LOCK TABLE manifest_child; SELECT pg_sleep(600)" > "$scratch/lock" 2>&1 &
locker=$!
end() { on one -c "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND $1"; }
until [[ $(on one -c "SELECT count(*) FROM pg_locks WHERE relation = 'manifest_child'::regclass AND granted
                                                     AND mode = 'AccessExclusiveLock'") == 1 ]]; do sleep 0.05; done
configure one
"$writer" --config "$scratch/one.yaml" --migrate > "$scratch/interrupted" 2>&1 &
interrupted=$!
waits="wait_event_type = 'Lock' AND query LIKE '%Sizes belong to descriptors%'"
until [[ $(on one -c "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND $waits") == 1 ]]; do
    sleep 0.05
done
kill -KILL $interrupted
{ wait $interrupted || true; } 2> /dev/null
end "$waits" > /dev/null
end "query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()" > /dev/null
wait $locker || true
[[ $(on one -c "$version") == 1:1 ]] || fail "an interrupted migration left $(on one -c "$version")"
answers | diff -u "$scratch/before" - || fail "an interrupted migration changed something"

for attempt in 1 2; do
    migrate one
    dump one | diff -u "$scratch/file" - || fail "schema.sql and the migrations differ, time $attempt"
    [[ $(on one -c "$version") == $(on file -c "$version") ]] || fail "versions differ, time $attempt"
    answers | diff -u "$scratch/before" - || fail "a migration lost something, time $attempt"
done
on one < "$tests/store_recount.sql" > /dev/null
[[ -z $(on one -c "SELECT * FROM recount()") ]] || fail "counts: $(on one -c "SELECT * FROM recount()")"
# What each manifest says: a/liar keeps its lie for itself, and there 2^53 + 1 bytes are unknown.
on one -c "SELECT r.name, t.name, string_agg(coalesce(l.size::text, '?'), ' ' ORDER BY l.position), m.config_size = length(c.raw)
             FROM tag t JOIN repository r ON r.id = t.repository_id JOIN manifest m ON m.id = t.manifest_id
             LEFT JOIN manifest_layer l ON l.manifest_id = m.id LEFT JOIN config c ON c.id = m.config_id
            GROUP BY r.name, t.name, m.config_size, c.raw ORDER BY 1, 2" > "$scratch/told"
diff -u - "$scratch/told" <<'TOLD' || fail "sizes of layers"
a/liar|huge|? 6|t
a/liar|small|3|t
app/api|1.0|10 3|t
app/cache|buildcache|8 800 11|
app/cache|image|8|t
app/secret|fetched|9|
app/secret|stored|9|t
app/web|1.0|10 3 5|t
app/web|broken|?|
app/web|latest|?|
app/web|odd|10|t
app/web|sbom|4|
TOLD
[[ $(on one -c "SELECT count(*) FROM repository WHERE size > 100000") == 0 ]] || fail "$(on one -c "$sizes")"
[[ $(on one -c "SELECT count(*) FROM repository_manifest WHERE unreadable IS NOT NULL") == 1 ]] ||
    fail "entries of an index that are no manifests are still unreadable ones"
[[ $(on one -c "SELECT title FROM repository WHERE name = 'app/web'") == "Web for all" ]] || fail "an index names nothing"
[[ $(on one -c "SELECT string_agg(platform, ' ' ORDER BY platform) FROM repository_platform p
                  JOIN repository r ON r.id = p.repository_id WHERE r.name = 'app/web'") == "linux/amd64 linux/arm64/v8" ]] ||
    fail "an index names no variant"
# The readers' statements of schema 1 are answered until the last of them is upgraded.
on one -c "SELECT size FROM blob WHERE size IS NULL OR size < 0" | grep . && fail "a size for readers of schema 1"

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
as writer "SELECT pg_try_advisory_lock(1, 2); CREATE TEMP TABLE mine (); SELECT pg_notify('metastore', '')" > /dev/null ||
    fail "the writer cannot lead: $(cat "$scratch/denied")"
# NOTIFY has no privilege; what it tells is not believed.
for change in "UPDATE state SET generation = 9" "CREATE TABLE mine ()" "SELECT begin_term('a', 1)" \
        "CREATE TEMP TABLE mine ()" "SELECT 1 INTO TEMP mine" "SELECT pg_notify('metastore', '9')" \
        "SELECT pg_advisory_lock(1, 2)" "SELECT pg_try_advisory_lock_shared(1)" "SELECT pg_advisory_xact_lock(1)" \
        "SELECT lo_create(0)" "SELECT lo_from_bytea(0, 'x')" "SELECT lo_creat(-1)" "SELECT lo_unlink(1)" \
        "SELECT state FROM state FOR UPDATE" "LOCK state IN EXCLUSIVE MODE" "SELECT nextval('inbox_id_seq')"; do
    if as reader "$change" > /dev/null; then
        fail "the reader can do: $change"
    fi
done
on file -c "DROP TABLE later; ALTER DEFAULT PRIVILEGES FOR ROLE metastore_writer IN SCHEMA public
            REVOKE SELECT ON TABLES FROM metastore_reader"
# --- by a metastore_writer that owns the database and may make roles, and no more ---
on file -c "ALTER ROLE metastore_writer CREATEROLE"
admin "CREATE DATABASE ${ours}_itself OWNER metastore_writer TEMPLATE template0"
for file in schema.sql roles.sql roles.sql; do
    PGOPTIONS="-c role=metastore_writer" on itself < "$file" > "$scratch/itself" 2>&1 ||
        fail "$file by metastore_writer: $(cat "$scratch/itself")"
done
on file -c "ALTER ROLE metastore_writer NOCREATEROLE"
grep -q 'advisory locks and make large objects: let a superuser' "$scratch/itself" || fail "not told: $(cat "$scratch/itself")"
if PGOPTIONS="-c role=metastore_reader" on itself -c "CREATE TEMP TABLE mine ()" 2> /dev/null; then
    fail "the reader of a database that metastore_writer owns can make tables"
fi
echo "test_schema: ok"
