# SPDX-License-Identifier: Apache-2.0
"""Readers on a hot standby: a real streaming replica that lags, and that becomes the primary."""
import pytest

from harness import WAIT_SECONDS, Postgres, Waiting, query, wait_for
from watching import LIST, Crowd, Watcher, make_schema, push, wait_until_seen


@pytest.fixture
def primary(tmp_path_factory):
    cluster = Postgres(tmp_path_factory.mktemp("primary"))
    yield cluster
    cluster.remove()


@pytest.fixture
def standby(primary, tmp_path_factory):
    cluster = Postgres(tmp_path_factory.mktemp("standby"), replica_of=primary)
    yield cluster
    cluster.remove()


@pytest.fixture
def database(primary, standby):
    """On the primary; the standby has replayed it."""
    uri = primary.new_database()
    make_schema(uri)
    wait_for(lambda: is_replayed(uri, standby), "the schema to be replayed")
    return uri


def is_replayed(database, standby):
    position = query(database, "SELECT pg_current_wal_flush_lsn()")[0][0]
    return query(standby.uri, "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", position)[0][0]


def is_received(database, standby):
    position = query(database, "SELECT pg_current_wal_flush_lsn()")[0][0]
    return query(standby.uri, "SELECT pg_last_wal_receive_lsn() >= %s::pg_lsn", position)[0][0]


def hold_replay(standby):
    query(standby.uri, "SELECT pg_wal_replay_pause()")
    wait_for(lambda: query(standby.uri, "SELECT pg_get_wal_replay_pause_state()") == [("paused",)],
             "the replay to pause")


def generation(answer):
    return int(answer.headers["X-Metastore-Generation"])


def test_shows_a_change_when_it_is_replayed_and_not_before(database, standby, make_reader):
    old = push(database, "old")
    beside_primary = make_reader(database)
    reader = make_reader(standby.uri_of(database))
    wait_until_seen(reader, "old")
    watcher = Watcher(reader)
    hold_replay(standby)
    new = push(database, "new")
    wait_until_seen(beside_primary, "new")
    wait_for(lambda: is_received(database, standby), "the standby to have it")
    wait_for(lambda: (reader.json("/api/v1/status")["replay_lag_seconds"] or 0) >= 1, "the lag to be told")
    held = wait_for(lambda: "X-Metastore-Stale" not in (answer := reader.get(LIST)).headers and answer,
                    "it to know its database, which is behind")
    assert held.json()["tags"] == ["old"] and generation(held) == old

    query(standby.uri, "SELECT pg_wal_replay_resume()")
    wait_until_seen(reader, "new")
    assert generation(reader.get(LIST)) == new
    status = reader.json("/api/v1/status")
    assert status["standby"] is True and status["generation"] == new
    watcher.stop()
    assert watcher.statuses == {200}


def test_waits_for_what_another_reader_has_told(database, standby, make_reader):
    """A client that goes from a reader of the primary to one of a standby is ahead of it."""
    push(database, "old")
    reader = make_reader(standby.uri_of(database))
    wait_until_seen(reader, "old")
    hold_replay(standby)
    new = push(database, "new")
    path = f"/api/v1/changes?since={new}&wait=60s"
    with Waiting(reader, lambda: reader.get(path, timeout=WAIT_SECONDS)) as waiting:
        waiting.join(2.5)  # who does not wait is told after 2 s that this is a generation of the future
        assert waiting.is_alive()
        query(standby.uri, "SELECT pg_wal_replay_resume()")
        wait_until_seen(reader, "new")
        newer = push(database, "newer")
    assert waiting.answer.status_code == 200, waiting.answer.text
    assert [c["tag"] for c in waiting.answer.json()["changes"]] == ["newer"]
    assert waiting.answer.json()["next"] == generation(waiting.answer) == newer
    assert reader.get(f"/api/v1/changes?since={newer + 1}", timeout=WAIT_SECONDS).status_code == 400


def test_serves_on_when_the_standby_is_promoted(database, primary, standby, make_reader):
    push(database, "before")
    reader = make_reader(standby.uri_of(database))
    wait_until_seen(reader, "before")
    watcher = Watcher(reader)
    primary.kill()
    standby.promote()
    push(standby.uri_of(database), "after")
    wait_until_seen(reader, "after")
    wait_for(lambda: reader.json("/api/v1/status")["standby"] is False, "it to see a primary")
    watcher.stop()
    assert watcher.statuses == {200}


def test_who_waits_for_a_tag_is_answered_when_it_is_replayed(database, standby, make_reader):
    reader = make_reader(standby.uri_of(database))
    wait_for(lambda: reader.get("/readyz").status_code == 200, "the reader to be ready")
    with Waiting(reader, lambda: reader.get("/api/v1/repositories/lib/-/tags/new", params={"wait": "60s"})) as waiting:
        pushed = push(database, "new")
    assert waiting.answer.status_code == 200 and waiting.answer.json()["name"] == "new"
    assert generation(waiting.answer) >= pushed
    with Crowd(reader, "/api/v1/repositories/lib/-/tags/newer?wait=60s", 1000) as crowd:
        before = reader.metric('query_seconds_count{query="tag"}')
        push(database, "newer")
        assert all(answer.startswith(b"HTTP/1.1 200") for answer in crowd.answers())
        assert reader.metric('query_seconds_count{query="tag"}') - before <= 3
