# SPDX-License-Identifier: Apache-2.0
"""Full scans: complete, repeatable, and the same whatever is killed in their midst."""
import contextlib
import json
import random
import shutil
import subprocess
import tempfile

import psycopg2
import pytest

from fake import FakeRegistry
from harness import BUILD, SUPPORT, Postgres, Reader, Registry, Writer, assert_same_state, query, wait_for
from images import OCI_INDEX, OCI_MANIFEST, Pusher
from oracle import Registry as Oracle
from oracle import canonical, expected_index


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """A registry on disk: 30 repositories, 700 tags, one repository of 450 tags (several chunks)."""
    root = tmp_path_factory.mktemp("generated")
    made = subprocess.run([SUPPORT / "generate_registry", root, "--repositories", "30", "--tags", "700",
                           "--largest", "450"], check=True, capture_output=True, text=True)
    yield root, json.loads(made.stdout)
    shutil.rmtree(root)  # so many files that whoever deletes them later waits for the disk


@pytest.fixture
def registry(generated, tmp_path):
    server = Registry(tmp_path / "registry", storage=generated[0])
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def undisturbed(generated, postgres, tmp_path_factory):
    """The database that a scan without any trouble makes."""
    server = Registry(tmp_path_factory.mktemp("undisturbed"), storage=generated[0]).start()
    database = postgres.new_database(empty=True)
    writer = Writer(server.directory, database, server.url)
    done = writer.run_scan()
    assert done.returncode == 0, done.stderr[-3000:]
    yield database
    server.kill()


def test_scan_in_the_foreground_is_complete(generated, undisturbed, registry, postgres, tmp_path):
    made = generated[1]
    tags, = query(undisturbed, "SELECT count(*) FROM tag")[0]
    assert tags == made["tags"]
    last = query(undisturbed, "SELECT complete, repositories, tags FROM scan ORDER BY id DESC LIMIT 1")[0]
    assert last == (True, made["repositories"], made["tags"])
    reader = Reader(tmp_path, undisturbed, registry.url).start()
    try:
        oracle = Oracle(registry.url)
        for params in ({}, {"label:org.example.parity": ["odd"], "architecture": ["arm64"]}):
            assert canonical(reader.json("/index/static", params=params)) == canonical(
                expected_index(oracle, params, registry.url))
    finally:
        assert reader.terminate() == 0


def test_a_scan_looks_up_whether_a_manifest_is_an_image(undisturbed):
    """By its number, also where plans were made for empty tables: not by going through the index of all images."""
    read, = query(undisturbed, "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'manifest_os'")[0]
    assert read < 10000


def test_an_index_before_there_are_statistics_looks_up_what_is_held(undisturbed):
    """As right after a first scan: it does not go through all of a repository for each of its images."""
    statement = (BUILD / "queries" / "read_index_all.sql").read_text().replace("%", "%%")
    held, = query(undisturbed, "SELECT count(*) FROM repository_manifest")[0]
    with contextlib.closing(psycopg2.connect(undisturbed)) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM pg_statistic")  # in a transaction that is rolled back
        cursor.execute("UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE relkind IN ('r', 'i', 't')")
        cursor.execute(f"SET plan_cache_mode = force_generic_plan; PREPARE made AS {statement}", ())
        cursor.execute(f"EXECUTE made ({', '.join(['NULL'] * 9)})")
        assert cursor.rowcount > 500
        cursor.execute("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'repository_manifest'")
        assert cursor.fetchone()[0] < 4 * held


def test_second_scan_writes_nothing(registry, undisturbed, tmp_path):
    writer = Writer(tmp_path, undisturbed, registry.url)
    tables = ("manifest", "tag", "repository", "repository_manifest", "tag_history", "change", "label", "touched")
    query(undisturbed, "SELECT keep_sizes()")  # as the writer does after a while
    before = [query(undisturbed, f"SELECT count(*), max(xmin::text::bigint) FROM {t}") for t in tables]
    generation = query(undisturbed, "SELECT generation FROM state")
    assert writer.run_scan().returncode == 0
    assert [query(undisturbed, f"SELECT count(*), max(xmin::text::bigint) FROM {t}") for t in tables] == before
    assert query(undisturbed, "SELECT generation FROM state") == generation


@pytest.mark.parametrize("victim", ["writer", "postgres", "registry"])
def test_killed_in_mid_scan(victim, registry, undisturbed, tmp_path):
    """kill -9, start again: the end state is that of an undisturbed scan."""
    place = tempfile.mkdtemp(prefix="ms-kill-", dir="/tmp")  # a server of its own: it is killed
    server = Postgres(place)
    writer = None
    try:
        database = server.new_database()
        writer = Writer(tmp_path, database, registry.url, registry={"concurrency": 4, "timeout": "5s"})
        writer.start()
        rng = random.Random(victim)
        for _ in range(3):
            base = query(database, "SELECT count(*) FROM manifest WHERE raw IS NOT NULL")[0][0]
            some = rng.randint(20, 150)
            wait_for(lambda: query(database, "SELECT count(*) FROM manifest WHERE raw IS NOT NULL")[0][0] > base + some
                     or query(database, "SELECT count(*) FROM scan WHERE complete")[0][0], "the scan to advance")
            {"writer": writer, "postgres": server, "registry": registry}[victim].kill()
            {"writer": writer, "postgres": server, "registry": registry}[victim].start()
        wait_for(lambda: query(database, "SELECT count(*) FROM scan WHERE complete")[0][0], "a complete scan")
        assert_same_state(database, undisturbed)
        assert writer.terminate() == 0, writer.log()[-3000:]
    finally:
        if writer:
            writer.kill()
        server.remove()
        shutil.rmtree(place, ignore_errors=True)


def test_a_requested_scan_survives_its_writer(registry, postgres, tmp_path):
    """Whoever asked for it was told 202, and does not ask again."""
    database = postgres.new_database()
    writer = Writer(tmp_path, database, registry.url, registry={"concurrency": 1}, interval={"fetch_all": "0"}).start()
    try:
        wait_for(lambda: writer.begin_scan({}), "the scan to be accepted")
        wait_for(lambda: query(database, "SELECT count(*) FROM scan")[0][0], "the scan to begin")
        writer.kill()
        assert query(database, "SELECT count(*) FROM scan WHERE ended IS NULL") == [(1,)]
        writer.start()
        wait_for(lambda: query(database, "SELECT count(*) FROM scan WHERE complete")[0][0], "a complete scan")
    finally:
        writer.kill()


def test_lost_events_are_found_by_a_scan(make_stack):
    stack = make_stack().start()
    pusher = Pusher(stack.registry.url)
    gone = pusher.image("team/gone", "1", salt="gone")
    pusher.image("team/stays", "1", salt="stays")
    stack.writer.wait_until_settled()
    stack.writer.kill()
    pusher.image("team/new", "1", salt="new")
    pusher.image("team/stays", "1", salt="moved")
    pusher.delete("team/gone", gone["digest"])
    stack.registry.kill()  # its queue of events is lost
    stack.registry.start()
    stack.writer.start()
    stack.writer.scan()
    wait_for(lambda: stack.reader.json("/index/dynamic") ==
             expected_index(Oracle(stack.registry.url), {}, stack.registry.url), "the reader to show the truth")


def test_scan_beside_a_leader_names_it(stack):
    done = Writer(stack.directory / "second", stack.database, stack.registry.url, name="second").run_scan()
    assert done.returncode == 1
    assert str(stack.writer.child.pid) in done.stderr


def test_removals_of_a_lost_storage_are_held(make_stack):
    """More than 20 and more than a tenth: nothing goes until it is confirmed."""
    stack = make_stack().start()
    pusher = Pusher(stack.registry.url)
    for number in range(30):
        pusher.image(f"held/app{number}", "1", salt=str(number))
    wait_for(lambda: len(stack.reader.json("/v2/_catalog")["repositories"]) == 30, "the repositories")
    stack.writer.wait_until_settled()
    stack.registry.kill()
    stack.registry.storage.rename(stack.registry.storage.with_name("lost"))
    stack.registry.start()
    stack.writer.scan()
    assert len(stack.reader.json("/v2/_catalog")["repositories"]) == 30
    assert stack.writer.status()["held_removals"]["repositories"] == 30
    record = stack.writer.scan(**{"accept-removals": "1"})
    assert record["removed"] >= 30
    wait_for(lambda: stack.reader.json("/v2/_catalog")["repositories"] == [], "the removals")


def put_index(fake, repository, tag, children):
    body = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [
        {"mediaType": OCI_MANIFEST, "digest": digest, "size": 1} for digest in children]}
    fake.do(put_manifest={"repository": repository, "tag": tag, "type": OCI_INDEX, "body": json.dumps(body)})


def test_what_vanished_below_an_index_is_found_within_sixteen_scans(postgres, tmp_path):
    """No event tells of it, and the tag stays where it is."""
    fake = FakeRegistry(tmp_path).start()
    database = postgres.new_database()
    writer = Writer(tmp_path, database, fake.url, interval={"fetch_all": 0}).start()
    try:
        kept, lost = (fake.put("app", tag, os="linux", labels={"n": tag}) for tag in ("kept", "lost"))
        put_index(fake, "app", "both", [kept, lost])
        fake.do(delete_tag={"repository": "app", "tag": "lost"})
        assert writer.scan()["complete"]
        fake.do(delete_manifest={"repository": "app", "digest": lost})
        fake.do(forget_requests=True)
        found = "SELECT digest_text(digest), unreadable FROM repository_manifest JOIN manifest ON id = manifest_id " \
                "WHERE unreadable IS NOT NULL"
        for scans in range(1, 17):
            assert writer.scan()["complete"]
            if query(database, found):
                break
        assert query(database, found) == [(lost, "missing in the registry")]
        asked = [request for request in fake.asked() if kept in request["path"]]
        assert len(asked) == 1, f"asked {len(asked)} times in {scans} scans"
        fake.put("app", "again", os="linux", labels={"n": "lost"})
        assert writer.scan()["complete"]
        assert query(database, found) == []
    finally:
        writer.terminate()
        fake.stop()


def rows(stack, table):
    return query(stack.database, f"SELECT count(*) FROM {table}")[0][0]


def test_the_first_start_scans_once(make_stack):
    """The scan's own requests make the registry tell of itself for the first time: no reason for a second scan."""
    stack = make_stack({"interval": {"fetch_all": "1h"}})
    stack.registry.start()
    pusher = Pusher(stack.registry.url)  # before there is a writer: these events are lost
    for number in range(20):
        pusher.image("team/app", str(number), salt=str(number))
    stack.registry.kill()
    stack.start()
    wait_for(lambda: query(stack.database, "SELECT 1 FROM scan WHERE complete"), "the first scan")
    wait_for(lambda: rows(stack, "registry_instance") == 1, "the registry to tell of the scan's requests")
    stack.writer.wait_until_settled()
    assert query(stack.database, "SELECT scan_wanted FROM state") == [(None,)]
    assert "a registry instance" not in stack.writer.log() and "scan requested" not in stack.writer.log()
    assert rows(stack, "scan") == 1 and rows(stack, "tag") == 20

    stack.registry.kill()  # what it had to tell is lost
    stack.registry.start()
    pusher.image("team/app", "new", salt="new")
    wait_for(lambda: rows(stack, "scan WHERE complete") == 2, "a scan because of the new instance")
    stack.writer.wait_until_settled()
    assert rows(stack, "registry_instance") == 2 and rows(stack, "scan") == 2
