# SPDX-License-Identifier: Apache-2.0
"""Readers while their database is away, comes back, goes back in time, or does not let them in."""
import contextlib
import threading

import psycopg2
import pytest
import requests

from harness import WAIT_SECONDS, Postgres, query, wait_for
from watching import LIST, Watcher, make_schema, push, wait_until_seen


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
            wait_for(lambda: reader.metric("stale_seconds") > 4, "it to be stale")
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
    assert reader.metric("stale_seconds") == 0
    assert "X-Metastore-Stale" not in reader.get(LIST).headers


def test_lost_connections_are_not_noticed(server, database, make_reader):
    """What is not cached waits for new ones, while the watcher still sees the database."""
    push(database, "1")
    reader = make_reader(database, cache={"size": 0})
    reader.wait_until_ready()
    watcher = Watcher(reader)
    for _ in range(5):
        wait_for(lambda: query(database, """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                                            WHERE application_name = 'metastore-reader'""")[0][0] > 0,
                 "connections to cut")  # those that were cut before may be counted as new ones until they have gone
        wait_for(lambda: query(database, """SELECT count(*) FROM pg_stat_activity
                                            WHERE application_name = 'metastore-reader'""")[0][0] > 1,
                 "new connections")
        watcher.wait_for_another_answer()  # each request is asked again twice, not five times
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


@contextlib.contextmanager
def blinded(uri):
    """The watcher's next look waits for a lock that nobody else needs."""
    with contextlib.closing(psycopg2.connect(uri)) as lock:
        lock.cursor().execute("LOCK TABLE touched IN ACCESS EXCLUSIVE MODE")
        wait_for(lambda: is_locked_out(uri, 1), "the watcher to wait")
        yield


def is_locked_out(uri, number):
    return query(uri, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0][0] == number


def test_nothing_is_asserted_of_a_database_that_is_behind(server, database, make_reader):
    for number in range(5):
        newest = push(database, f"tag-{number}")
    reader = make_reader(database, components={"assert_endpoint": True})
    wait_until_seen(reader, "tag-4")
    assert wait_for_assertion(reader).headers["X-Metastore-Generation"] == str(newest)
    with blinded(database):
        query(database, "UPDATE state SET generation = 2")
        behind = assert_nothing(reader)
        assert behind.status_code == 503 and "Retry-After" in behind.headers
    assert wait_for_assertion(reader).headers["X-Metastore-Generation"] == "2"


def assert_nothing(reader):
    return requests.post(reader.url + "/assert", json={"Query": {}, "Assertions": []}, timeout=WAIT_SECONDS)


def wait_for_assertion(reader):
    """The first that is no 503: one may come while connections are being made, and says when to ask again."""
    return wait_for(lambda: (answer := assert_nothing(reader)).status_code == 200 and answer, "an answer")


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
        wait_for(lambda: is_locked_out(database, 1), "a query to wait")
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
    uri = server.new_database(empty=True)
    reader = make_reader(uri)
    wait_for(lambda: "no schema yet" in reader.get("/readyz").text, "the reason")
    assert reader.get(LIST).status_code == 503
    make_schema(uri)
    reader.wait_until_ready()
    push(uri, "1")
    wait_until_seen(reader, "1")
