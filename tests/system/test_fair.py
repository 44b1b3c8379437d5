# SPDX-License-Identifier: Apache-2.0
"""No client takes a reader away from the others. Statements are made slow by a lock on a table that only they read:
then they wait, as long as the test likes, and can be cancelled. Order and outcome are asserted, never times."""
import contextlib
import os
import signal
import socket
import threading
from pathlib import Path

import psycopg2
import pytest

from harness import WAIT_SECONDS, Postgres, query, wait_for
from watching import LIST, make_schema, push

LOOKUP = "/api/v1/repositories/lib"
SLOW = "/index/dynamic?label:a=b"  # with what makes it another question behind it
ATTACKER, HONEST = "192.0.2.1", "198.51.100.1"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A PostgreSQL of our own: it is frozen."""
    cluster = Postgres(tmp_path_factory.mktemp("pg"))
    yield cluster
    cluster.remove()


@pytest.fixture
def database(server):
    uri = server.new_database()
    make_schema(uri)
    push(uri, "1")
    return uri


@pytest.fixture
def start(database, make_reader):
    """start(**sections) → a reader that believes what we say of clients."""
    def begin(**sections):
        own = {"trusted_proxies": ["127.0.0.1"], "statement_timeout": "10m", **sections.pop("reader", {})}
        reader = make_reader(database, reader=own, **sections)
        reader.wait_until_ready()
        return reader
    return begin


@contextlib.contextmanager
def locked(uri, table):
    with contextlib.closing(psycopg2.connect(uri)) as connection:
        connection.cursor().execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def count_running(uri):
    """Statements that the readers' backends are at work on."""
    return query(uri, """SELECT count(*) FROM pg_stat_activity
                         WHERE application_name = 'metastore-reader' AND state = 'active'
                           AND wait_event_type = 'Lock' AND datname = current_database()""")[0][0]


def waiting(reader, kind):
    return reader.metric(f'statements_waiting{{class="{kind}"}}')


def as_client(address):
    return {"headers": {"X-Forwarded-For": address}}


class Burst:
    """Questions that are asked at the same time, each by a thread; the order in which they were answered."""

    def __init__(self, reader):
        self.reader = reader
        self.order = []
        self.answers = {}
        self.threads = []

    def ask(self, path, address, name=None):
        def run():
            answer = self.reader.get(path, **as_client(address))
            self.answers[name or path] = answer
            self.order.append(name or path)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.threads.append(thread)

    def wait(self):
        for thread in self.threads:
            thread.join(WAIT_SECONDS)
        return {name: answer.status_code for name, answer in self.answers.items()}


def fill_queue(burst, count, address=ATTACKER):
    """One is under way, the others wait."""
    for number in range(count):
        burst.ask(f"{SLOW}{number}", address)
    wait_for(lambda: waiting(burst.reader, "search") == count - 1, "the queue to be full")


# --- classes and turns ---

def test_what_is_cheap_overtakes_a_burst(start, database):
    reader = start()
    burst = Burst(reader)
    with locked(database, "label"):
        fill_queue(burst, 20)
        for number in range(20):
            assert reader.get(LOOKUP + f"{number}", **as_client(HONEST)).status_code == 404
            assert reader.get(f"/v2/none{number}/tags/list", **as_client(HONEST)).status_code == 404
        assert reader.get(LOOKUP).status_code == reader.get(LIST).status_code == reader.get("/r/").status_code == 200
        assert burst.order == []
    assert set(burst.wait().values()) == {200}


def test_another_client_is_next(start, database):
    reader = start()
    burst = Burst(reader)
    with locked(database, "label"):
        fill_queue(burst, 20)
        burst.ask(SLOW + "honest", HONEST, "honest")
        wait_for(lambda: waiting(reader, "search") == 20, "the honest one to wait")
    assert set(burst.wait().values()) == {200}
    assert burst.order[-1] != "honest"


def test_docker_search_takes_turns_with_searches(start, database):
    reader = start()
    burst = Burst(reader)
    with locked(database, "label"):
        fill_queue(burst, 20)
        burst.ask("/v1/search?q=docker", ATTACKER, "docker")
        wait_for(lambda: waiting(reader, "words") == 1, "docker's search to wait")
    assert set(burst.wait().values()) == {200}
    assert burst.order[-1] != "docker"


def test_the_index_is_not_behind_a_dump(start, database):
    reader = start()
    burst = Burst(reader)
    with locked(database, "config"):
        burst.ask("/api/v1/dump", ATTACKER)
        wait_for(lambda: count_running(database) == 1, "the dump to be under way")
        for number in range(5):
            burst.ask(f"/index/dynamic?architecture=zz{number}", ATTACKER)
        wait_for(lambda: waiting(reader, "walk") == 5, "walks to wait")
        assert reader.get("/index/static", **as_client(HONEST)).status_code == 200
        newest = push(database, "2")
        again = wait_for(lambda: (answer := reader.get("/index/static", **as_client(HONEST))).status_code == 200
                         and answer.headers["X-Metastore-Generation"] == str(newest) and answer, "the new index")
        assert again.headers["X-Metastore-Generation"] == str(newest)
        assert burst.order == []
    assert set(burst.wait().values()) == {200}


def test_one_client_is_refused_only_while_others_wait(start, database):
    reader = start()
    burst = Burst(reader)
    with locked(database, "label"):
        fill_queue(burst, 40)
        assert reader.metric('statements_refused_total{class="search"}') == 0
        burst.ask(SLOW + "honest", HONEST, "honest")
        wait_for(lambda: waiting(reader, "search") == 40, "the honest one to wait")
        refused = reader.get(SLOW + "more", **as_client(ATTACKER))
        assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0
        assert refused.headers["Content-Type"].startswith("application/problem+json")
        for number in range(33):
            burst.ask(f"/v1/search?q=x{number}", ATTACKER)
        wait_for(lambda: waiting(reader, "words") == 33, "docker's searches to wait")
        burst.ask("/v1/search?q=honest", HONEST)
        wait_for(lambda: waiting(reader, "words") == 34, "the honest one to wait")
        registry = reader.get("/v1/search?q=x", **as_client(ATTACKER))
        assert registry.status_code == 429 and registry.json()["errors"][0]["code"] == "TOOMANYREQUESTS"
        page = reader.get("/search?q=x", **as_client(ATTACKER))
        assert page.status_code == 429 and int(page.headers["Retry-After"]) > 0
        assert page.headers["Content-Type"].startswith("text/html")
        assert reader.get(LIST, **as_client(ATTACKER)).status_code == 200  # of another class
        filtered = reader.get("/api/v1/repositories?q=x", **as_client(ATTACKER))
        assert filtered.status_code == 429  # a list by what no index finds is a search
        assert reader.get("/api/v1/repositories", **as_client(ATTACKER)).status_code == 200
        assert reader.metric('limit_reached_total{limit="client_waiting"}') == 4
    statuses = set(burst.wait().values())
    assert 200 in statuses and statuses <= {200, 503}  # this one after a long wait for a turn, here for the lock
    assert reader.get("/v1/search?q=honest", **as_client(HONEST)).status_code == 200


def test_who_waits_for_a_change_is_not_refused(start, database):
    """Tags that one client waits for are more than it may ask for at once: those beyond that are asked again soon."""
    for number in range(110):
        push(database, f"t{number}")
    reader = start(reader={"statement_timeout": "120s"})
    burst = Burst(reader)
    with locked(database, "tag"):
        for number in range(30):
            burst.ask(f"{LOOKUP}/-/tags/t{number}?wait=60s", HONEST)
        wait_for(lambda: waiting(reader, "lookup") > 0, "another client to wait")
        for number in range(30, 110):
            burst.ask(f"{LOOKUP}/-/tags/t{number}?wait=60s", ATTACKER)
        wait_for(lambda: reader.metric("http_connections") == 111 and waiting(reader, "lookup") > 32, "too many of them")
    assert set(burst.wait().values()) == {200}
    assert reader.metric('statements_refused_total{class="lookup"}') == 0


# --- nobody waits ---

def test_who_hangs_up_costs_nothing(start, database):
    """What runs is cancelled, what waits is forgotten, while the lock that all of it waits for is still held."""
    reader = start()
    with locked(database, "label"):
        clients = [socket.create_connection(("127.0.0.1", reader.port)) for _ in range(64)]
        for number, client in enumerate(clients):
            client.sendall(f"GET {SLOW}{number} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        wait_for(lambda: count_running(database) == 1 and waiting(reader, "search") == 63, "all of them to be there")
        for client in clients:
            client.close()
        wait_for(lambda: count_running(database) == 0 and waiting(reader, "search") == 0, "nothing to be left")
        assert reader.metric('statements_cancelled_total{class="search"}') >= 1
    assert reader.get(SLOW).status_code == 200


def test_what_took_too_long_is_not_repeated(start, database):
    reader = start(reader={"statement_timeout": "3s"})

    def asked():
        return reader.metric('query_seconds_count{query="index_label"}')
    with locked(database, "label"):
        answer = reader.get(SLOW)
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 2
        assert asked() == 1
        again = reader.get(SLOW, **as_client(HONEST))
        assert again.status_code == 503 and "took too long" in again.text
        assert asked() == 1 and count_running(database) == 0
    assert reader.get(SLOW).status_code == 503  # for a minute
    assert reader.metric('limit_reached_total{limit="timed_out_again"}') == 2
    assert reader.metric('statements_timed_out_total{class="search"}') == 1
    assert reader.get(SLOW + "other").status_code == 200


# --- the spool, and a PostgreSQL that does not answer ---

def test_a_full_spool_is_told_before_the_query_is_run(start, database):
    reader = start(cache={"spool_size": "1MiB"})
    burst = Burst(reader)
    with locked(database, "config"):
        burst.ask("/api/v1/dump", ATTACKER)
        wait_for(lambda: count_running(database) == 1, "the dump to be under way")
        refused = reader.get("/index/static")
        assert refused.status_code == 503 and "too large" in refused.text
        assert reader.metric('query_seconds_count{query="index_whole"}') == 0
    assert set(burst.wait().values()) == {200}
    assert reader.get("/index/static").status_code == 200


@contextlib.contextmanager
def frozen(server):
    postmaster = int((Path(server.directory) / "cluster" / "data" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    processes = [postmaster, *map(int, children)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def test_what_is_kept_is_served_while_postgres_is_frozen(server, start, database):
    """Also to those who came before that was known, and wait for what was not asked before."""
    reader = start(reader={"statement_timeout": "10m"})
    assert reader.get(LIST).status_code == 200
    burst = Burst(reader)
    with frozen(server):
        assert reader.get(LIST).status_code == 200
        burst.ask("/v2/none/tags/list", HONEST)
        burst.ask(LOOKUP, HONEST)
        assert reader.get(LIST).status_code == 200
        stale = wait_for(lambda: (answer := reader.get(LIST)).headers.get("X-Metastore-Stale") and answer, "staleness")
        assert stale.status_code == 200
    assert burst.wait() == {"/v2/none/tags/list": 404, LOOKUP: 200}
