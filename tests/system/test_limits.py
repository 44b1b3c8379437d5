# SPDX-License-Identifier: Apache-2.0
"""Every limit of a reader: reached on purpose, it is counted, told politely, and nothing is broken
afterwards. The database is filled by SQL; it is made slow by a lock."""
import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time

import psycopg2
import pytest
import requests

from harness import ROOT, WAIT_SECONDS, Reader, query, wait_for

REGISTRY = "http://registry.test"  # readers never ask it
TAGS = 40000
LONG_TAGS = "/v2/lib/tags/list"  # some 5 MB
SMALL = "/v2/none/tags/list"


@pytest.fixture(scope="module")
def database(postgres):
    """One repository with many tags of long names."""
    uri = postgres.new_database()
    subprocess.run(["psql", "-q", "-d", uri, "-f", str(ROOT / "sql" / "schema.sql")], check=True)
    query(uri, "INSERT INTO repository (name, tag_count) VALUES ('lib', %s)", TAGS)
    query(uri, """INSERT INTO tag (repository_id, name, unreadable, updated, updated_source)
                  SELECT r.id, n || repeat('x', 120), 'gone', now(), 'seen'
                  FROM repository r, generate_series(1, %s) n""", TAGS)
    return uri


@pytest.fixture
def make_reader(database, tmp_path):
    readers = []

    def make(**sections):
        sections["reader"] = {"statement_timeout": "10m", **sections.get("reader", {})}  # a lock is held as long as it takes
        reader = Reader(tmp_path, database, REGISTRY, name=f"reader{len(readers)}", **sections)
        readers.append(reader)
        return reader.start()

    yield make
    for reader in readers:
        assert reader.terminate() == 0
        assert "Sanitizer" not in reader.log() and "runtime error" not in reader.log(), reader.log()[-4000:]


@contextlib.contextmanager
def locked(uri):
    """No query of a reader goes on; the watcher's does."""
    connection = psycopg2.connect(uri)
    connection.cursor().execute("LOCK TABLE repository IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        connection.close()


def count_waiting(uri):
    return query(uri, """SELECT count(*) FROM pg_stat_activity
                         WHERE wait_event_type = 'Lock' AND datname = current_database()""")[0][0]


def limit_reached(reader, name):
    return reader.metric(f'limit_reached_total{{limit="{name}"}}')


def expect_refusal(answer, words):
    assert answer.status_code == 503, answer.text[:500]
    assert int(answer.headers["Retry-After"]) > 0
    assert words in answer.text


def expect_well(reader):
    assert reader.get(SMALL).status_code == 404
    assert reader.get("/readyz").status_code == 200


class Asker(threading.Thread):
    """One request in the background."""

    def __init__(self, reader, path):
        super().__init__()
        self.url = reader.url + path
        self.answer = None
        self.start()

    def run(self):
        self.answer = requests.get(self.url, timeout=WAIT_SECONDS)


def connect(reader, receive_buffer=None):
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(WAIT_SECONDS)
    client.connect(("127.0.0.1", reader.port))
    return client


def read_to_end(client):
    text = b""
    with contextlib.suppress(ConnectionError):
        while piece := client.recv(65536):
            text += piece
    return text


def get_request(path):
    return f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode()


# --- queries ---

def test_slow_queries_wait_for_their_turn(make_reader, database):
    """One at a time reads everything, three wait, one more is refused."""
    reader = make_reader(reader={"max_waiting": 3})
    with locked(database):
        askers = [Asker(reader, "/index/dynamic?os=os")]
        wait_for(lambda: count_waiting(database) == 1, "a query under way")
        askers += [Asker(reader, f"/index/dynamic?os=other{n}") for n in range(4)]
        wait_for(lambda: limit_reached(reader, "pg_waiting") == 1, "the queue to be full")
        wait_for(lambda: sum(asker.answer is not None for asker in askers) == 1, "one to be refused")
    for asker in askers:
        asker.join()
    refused = [asker.answer for asker in askers if asker.answer.status_code != 200]
    assert len(refused) == 1
    expect_refusal(refused[0], "too many queries")
    expect_well(reader)


def test_slow_queries_leave_connections_to_the_quick(make_reader, database):
    """A list has a third of the time."""
    reader = make_reader(reader={"statement_timeout": "3s"})
    with locked(database):
        slow = [Asker(reader, f"/index/dynamic?os=os{n}") for n in range(8)]
        wait_for(lambda: count_waiting(database) == 1, "a query under way")
        expect_refusal(reader.get("/v2/slow/tags/list"), "took too long")
        assert limit_reached(reader, "statement_time") == 1
        assert all(asker.answer is None for asker in slow)
    for asker in slow:
        asker.join()
        assert asker.answer.status_code == 200
    expect_well(reader)


# --- connections ---

def test_max_connections(make_reader):
    reader = make_reader(reader={"max_connections": 3})
    busy = [connect(reader) for _ in range(3)]
    for client in busy:
        client.sendall(get_request("/healthz"))
        assert b"200 OK" in client.recv(4096)
    assert reader.get("/healthz").status_code == 200, "an idle connection gives up its place"
    assert read_to_end(busy[0]) == b""
    busy[0] = connect(reader)
    for client in busy:  # a request that is not whole
        client.sendall(b"POST /healthz HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhell")
    for path, form in (("/healthz", b"problem+json"), ("/v2/_catalog", b'{"errors":[{"code":"UNAVAILABLE"')):
        late = connect(reader)
        late.sendall(get_request(path))
        refused = read_to_end(late)
        assert refused.startswith(b"HTTP/1.1 503 ") and form in refused
        assert b"Retry-After: " in refused and b"Connection: close" in refused
    for client in busy:
        client.close()
    wait_for(lambda: reader.get("/healthz").status_code == 200, "a place")
    assert limit_reached(reader, "connections") >= 2
    expect_well(reader)


def test_header_timeout(make_reader):
    reader = make_reader(reader={"header_timeout": "2s"})
    client = connect(reader)
    client.sendall(b"GET /healthz HTTP/1.1\r\nHo")
    assert read_to_end(client).startswith(b"HTTP/1.1 408 ")
    assert limit_reached(reader, "header_time") >= 1
    expect_well(reader)


def test_idle_timeout(make_reader):
    reader = make_reader(reader={"idle_timeout": "2s"})
    client = connect(reader)
    client.sendall(get_request("/healthz"))
    assert b"200 OK" in read_to_end(client)
    assert limit_reached(reader, "idle_time") >= 1
    expect_well(reader)


def test_write_timeout(make_reader):
    """It counts from the last byte taken: who reads slowly gets all, who stops is cut off."""
    reader = make_reader(reader={"write_timeout": "3s"})
    whole = len(reader.get(LONG_TAGS, headers={"Accept-Encoding": "identity"}).content)
    stopped, slow = (connect(reader, receive_buffer=4096) for _ in range(2))
    for client in (stopped, slow):
        client.sendall(get_request(LONG_TAGS).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    got, begin = 0, time.monotonic()
    while limit_reached(reader, "write_time") == 0:
        # At a pace of its own, however fast the machine is: it would take five times the time-out.
        due = int(whole * (time.monotonic() - begin) / 15)
        got += len(slow.recv(due - got)) if due > got else 0
        assert got < whole, "it was read before the other was cut off"
    assert got + len(read_to_end(slow)) > whole
    assert len(read_to_end(stopped)) < whole
    expect_well(reader)


def is_refused(reader):
    try:
        connect(reader).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_slow_download_does_not_keep_new_clients_waiting(make_reader):
    """While it ends, nobody listens: they can ask another reader."""
    reader = make_reader(reader={"workers": 2})
    slow = connect(reader, receive_buffer=4096)
    slow.sendall(get_request(LONG_TAGS))
    text = slow.recv(4096)
    reader.signal(signal.SIGTERM)
    wait_for(lambda: is_refused(reader), "new clients to be refused")
    assert reader.is_running()
    text += read_to_end(slow)
    assert int(re.search(rb"Content-Length: (\d+)", text)[1]) == len(text.partition(b"\r\n\r\n")[2])
    assert reader.child.wait(WAIT_SECONDS) == 0


# --- the disk ---

def test_spool_size(make_reader):
    reader = make_reader(cache={"spool_size": "1MiB"})
    expect_refusal(reader.get(LONG_TAGS), "too large")
    assert limit_reached(reader, "spool_bytes") >= 1
    assert reader.metric("spool_bytes") == 0
    expect_well(reader)


def test_a_worker_that_keeps_much_leaves_room_to_the_others(make_reader):
    """Ten answers on one connection fill what its worker may keep: whoever is asked then has room for a larger one."""
    reader = make_reader(reader={"workers": 2}, cache={"spool_size": "12MiB"})
    plain = {"Accept-Encoding": "identity"}
    with requests.Session() as one_worker:
        for n in range(9990, 10000):
            assert len(one_worker.get(f"{reader.url}{LONG_TAGS}?n={n}", headers=plain).content) > 1024 * 1024
        wait_for(lambda: reader.metric("spool_bytes") > 4 * 1024 * 1024, "them to be kept")
        for _ in range(16):  # the kernel shares connections out
            assert reader.get(LONG_TAGS, headers=plain).status_code == 200
    assert limit_reached(reader, "spool_bytes") == 0


@pytest.fixture
def small_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a tmpfs")
    directory = tmp_path / "disk"
    directory.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", directory], capture_output=True)
    if mount.returncode != 0:
        pytest.skip(f"no tmpfs: {mount.stderr.decode()}")
    yield directory
    subprocess.run(["umount", "--lazy", directory], check=True)


def test_full_disk(make_reader, small_disk):
    reader = make_reader(cache={"spool_dir": str(small_disk)})
    expect_refusal(reader.get(LONG_TAGS), "the disk does not take it")
    assert reader.metric("spool_bytes") == 0
    expect_well(reader)
    subprocess.run(["mount", "-o", "remount,size=32m", small_disk], check=True)
    assert len(reader.json(LONG_TAGS)["tags"]) == TAGS


@pytest.mark.parametrize("problem", ["missing", "a file"])
def test_bad_spool_dir_is_told_at_the_start(database, tmp_path, problem):
    directory = tmp_path / "spool"
    if problem == "a file":
        directory.write_text("")
    reader = Reader(tmp_path, database, REGISTRY, cache={"spool_dir": str(directory)})
    reader.launch()
    assert reader.child.wait(WAIT_SECONDS) == 1
    assert f"cache.spool_dir {directory}: " in reader.log()
