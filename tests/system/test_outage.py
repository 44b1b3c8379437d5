# SPDX-License-Identifier: Apache-2.0
"""Readers while their database is away, comes back, goes back in time, or does not let them in."""
import contextlib
import subprocess
import threading
import time

import psycopg2
import pytest
import requests

from harness import ROOT, Postgres, Reader, query, wait_for

REGISTRY = "http://registry.test"  # readers never ask it
LIST = "/v2/lib/tags/list"


@pytest.fixture
def server(tmp_path_factory):
    """A PostgreSQL of our own: it is stopped."""
    cluster = Postgres(tmp_path_factory.mktemp("pg"))
    yield cluster
    cluster.start()
    cluster.remove()


@pytest.fixture
def database(server):
    uri = server.new_database()
    make_schema(uri)
    return uri


def make_schema(uri):
    subprocess.run(["psql", "-q", "-d", uri, "-f", str(ROOT / "sql" / "schema.sql")], check=True)
    query(uri, "INSERT INTO repository (name, tag_count) VALUES ('lib', 1)")


def push(uri, tag):
    """As a writer does it: the change and its generation in one transaction."""
    query(uri, """WITH pushed AS (INSERT INTO tag (repository_id, name, unreadable, updated, updated_source)
                      SELECT id, %s, 'gone', now(), 'seen' FROM repository WHERE name = 'lib')
                  SELECT publish((SELECT term FROM state), 'lib')""", tag)
    return query(uri, "SELECT generation FROM state")[0][0]


def wait_until_seen(reader, tag):
    wait_for(lambda: tag in reader.json(LIST)["tags"], f"{tag} to be seen")


@pytest.fixture
def make_reader(tmp_path):
    readers = []

    def make(uri, **sections):
        reader = Reader(tmp_path, uri, REGISTRY, name=f"reader{len(readers)}", **sections)
        readers.append(reader)
        return reader.launch()

    yield make
    for reader in readers:
        assert reader.terminate() == 0
        assert "Sanitizer" not in reader.log() and "runtime error" not in reader.log(), reader.log()[-4000:]


class Watcher(threading.Thread):
    """Asks all the time; keeps what was answered. A generation that goes back is a fault."""

    def __init__(self, reader):
        super().__init__(daemon=True)
        self.reader = reader
        self.stopped = threading.Event()
        self.statuses = set()
        self.faults = []
        self.stale = 0
        self.start()

    def run(self):
        session = requests.Session()
        last = -1
        while not self.stopped.is_set():
            answer = session.get(self.reader.url + LIST, timeout=20)
            self.statuses.add(answer.status_code)
            if answer.status_code != 200:
                continue
            generation = int(answer.headers["X-Metastore-Generation"])
            self.stale = max(self.stale, int(answer.headers.get("X-Metastore-Stale", 0)))
            if generation < last or len(answer.json()["tags"]) > generation:
                self.faults.append((last, generation, answer.text))
            last = generation

    def stop(self):
        self.stopped.set()
        self.join()
        assert not self.faults


def metric(reader, name):
    for line in reader.get("/metrics").text.splitlines():
        if line.startswith(f"metastore_{name} "):
            return float(line.split()[-1])
    raise AssertionError(f"no {name}")


def test_starts_without_a_database(server, database, make_reader):
    push(database, "1")
    server.stop()
    reader = make_reader(database)
    wait_for(lambda: reader.get("/healthz").status_code == 200, "the reader to live")
    wait_for(lambda: "cannot be reached" in reader.get("/readyz").text, "it to say why it is not ready")
    assert reader.get("/readyz").status_code == 503
    refused = reader.get(LIST)
    assert refused.status_code == 503 and "Retry-After" in refused.headers
    server.start()
    reader.wait_until_ready()
    assert reader.json(LIST)["tags"] == ["1"]


def test_serves_what_it_has_through_restarts(server, database, make_reader):
    """It says how stale that is, and catches up when the database is back."""
    push(database, "1")
    reader = make_reader(database, reader={"workers": 1, "max_stale": "5s"})
    reader.wait_until_ready()
    wait_until_seen(reader, "1")
    watcher = Watcher(reader)
    for number, (halt, away_seconds) in enumerate([(server.stop, 0), (server.kill, 0), (server.stop, 7)]):
        halt()
        if away_seconds:
            wait_for(lambda: metric(reader, "stale_seconds") > 4, "it to be stale")
            wait_for(lambda: reader.get("/readyz").status_code == 503, "it not to be ready")
            assert "last seen" in reader.get("/readyz").text
            answer = reader.get(LIST)
            assert answer.status_code == 200 and int(answer.headers["X-Metastore-Stale"]) > 4
        server.start()
        push(database, f"after-{number}")
        wait_until_seen(reader, f"after-{number}")
        reader.wait_until_ready()
    watcher.stop()
    assert watcher.statuses == {200} and watcher.stale > 4
    assert metric(reader, "stale_seconds") == 0
    assert "X-Metastore-Stale" not in reader.get(LIST).headers


def test_lost_connections_are_not_noticed(server, database, make_reader):
    """What is not cached waits for new ones, while the watcher still sees the database."""
    push(database, "1")
    reader = make_reader(database, cache={"size": 0})
    reader.wait_until_ready()
    watcher = Watcher(reader)
    for _ in range(5):
        cut = query(database, """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                                 WHERE application_name = 'metastore-reader'""")[0][0]
        assert cut > 0
        wait_for(lambda: query(database, """SELECT count(*) FROM pg_stat_activity
                                            WHERE application_name = 'metastore-reader'""")[0][0] > 1,
                 "new connections")
    watcher.stop()
    assert watcher.statuses == {200}


def test_a_database_that_went_back_is_believed(server, database, make_reader):
    """Restored from a backup: what it says now is true, and what was cached is not."""
    for number in range(5):
        newest = push(database, f"tag-{number}")
    reader = make_reader(database)
    reader.wait_until_ready()
    wait_until_seen(reader, "tag-4")
    assert int(reader.get(LIST).headers["X-Metastore-Generation"]) == newest
    query(database, """BEGIN; DELETE FROM tag WHERE name > 'tag-1'; DELETE FROM touched;
                       UPDATE state SET generation = 2; COMMIT""")
    wait_for(lambda: reader.json(LIST)["tags"] == ["tag-0", "tag-1"], "the restored state")
    assert int(reader.get(LIST).headers["X-Metastore-Generation"]) == 2
    push(database, "later")
    wait_until_seen(reader, "later")


def test_an_answer_from_before_it_went_back(server, database, make_reader):
    """A query that began before, and lands after: its generation must not bar all later ones."""
    for number in range(5):
        push(database, f"tag-{number}")
    reader = make_reader(database)
    reader.wait_until_ready()
    wait_until_seen(reader, "tag-4")
    with contextlib.closing(psycopg2.connect(database)) as lock:
        lock.cursor().execute("LOCK TABLE label IN ACCESS EXCLUSIVE MODE")
        slow = threading.Thread(target=reader.get, args=("/index/dynamic?label:a=b",))
        slow.start()
        wait_for(lambda: query(database, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
                 [0][0] == 1, "a query to wait")
        query(database, "UPDATE state SET generation = 2")
        wait_for(lambda: reader.get(LIST).headers["X-Metastore-Generation"] == "2", "the new epoch")
    slow.join()
    assert reader.get("/v2/_catalog").status_code == 200
    assert reader.get(LIST).status_code == 200


def test_a_role_that_may_not_select(server, database, make_reader):
    query(database, "CREATE ROLE nobody_special LOGIN")
    base, _, name = database.rpartition("/")
    uri = base.replace("postgres@", "nobody_special@") + "/" + name
    reader = make_reader(uri)
    wait_for(lambda: "may not SELECT" in reader.get("/readyz").text, "the reason")
    assert reader.get("/readyz").status_code == 503
    refused = reader.get(LIST)
    assert refused.status_code == 503 and "does not let the reader's role SELECT" in refused.text
    query(database, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO nobody_special")
    reader.wait_until_ready()
    assert reader.json(LIST)["tags"] is not None


def test_a_schema_that_comes_later(server, make_reader):
    uri = server.new_database()
    reader = make_reader(uri)
    wait_for(lambda: "no schema yet" in reader.get("/readyz").text, "the reason")
    assert reader.get(LIST).status_code == 503
    make_schema(uri)
    reader.wait_until_ready()
    push(uri, "1")
    begin = time.monotonic()
    wait_until_seen(reader, "1")
    assert time.monotonic() - begin < 5
