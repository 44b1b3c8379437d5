# SPDX-License-Identifier: Apache-2.0
"""One writer works, the others stand by; the database comes and goes. No acknowledged event is lost."""
import contextlib
import json
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from urllib.parse import urlsplit

import pytest
import requests

from harness import BUILD, ROOT, SUPPORT, WAIT_SECONDS, Postgres, Registry, Writer, query, wait_for
from images import OCI_MANIFEST, Pusher


@pytest.fixture
def registry(tmp_path):
    server = Registry(tmp_path / "registry").start()
    yield server
    server.kill()


@pytest.fixture
def pair(postgres, registry, tmp_path):
    """A leader and a standby."""
    database = postgres.new_database(empty=True)
    writers = [Writer(tmp_path, database, registry.url, name=name) for name in ("first", "second")]
    writers[0].start()
    writers[1].launch()
    wait_for(lambda: stands_by(writers[1], writers[0]), "the standby")
    yield writers
    for writer in writers:
        if writer.is_running():
            writer.signal(signal.SIGCONT)
            assert writer.terminate() == 0, writer.log()[-3000:]
        assert "ERROR: AddressSanitizer" not in writer.log() and "runtime error" not in writer.log()


def database_of(writer):
    return writer.config_values["database"]["postgres"]["url"]


def stands_by(writer, leader):
    """It waits and says for whom: one that has just started has not read yet who leads."""
    status = writer.status()
    return status["role"] == "standby" and status["leader"]["pid"] == leader.child.pid


def send(writer, event_id, repository, tag, digest, action="push"):
    """Posts an event; returns the status, None when nobody answered."""
    event = {"id": event_id, "action": action,
             "target": {"mediaType": OCI_MANIFEST, "digest": digest, "repository": repository, "tag": tag}}
    try:
        return requests.post(writer.events_url, data=json.dumps({"events": [event]}), timeout=WAIT_SECONDS,
                             headers={"Authorization": "Bearer " + writer.token}).status_code
    except requests.RequestException:
        return None


def tag_of(database, repository, tag):
    rows = query(database, "SELECT digest_text(m.digest) FROM tag t JOIN repository r ON r.id = t.repository_id "
                 "LEFT JOIN manifest m ON m.id = t.manifest_id WHERE r.name = %s AND t.name = %s", repository, tag)
    return rows[0][0] if rows else False


def wait_until_it_leads(writer):
    wait_for(lambda: writer.get("/readyz").status_code == 200, "the take-over")


def works(writer, registry, tag):
    pushed = Pusher(registry.url).image("team/app", tag, salt=tag)["digest"]
    assert send(writer, "after " + tag, "team/app", tag, pushed) == 202
    wait_for(lambda: tag_of(database_of(writer), "team/app", tag) == pushed, "the event to be applied")


def test_the_standby_refuses_politely(pair, registry):
    leader, standby = pair
    assert send(standby, "e1", "team/app", "1", "sha256:" + "0" * 64) == 503
    for method, path in (("GET", "/readyz"), ("POST", "/scan"), ("POST", "/events")):
        answer = requests.request(method, standby.url + path, timeout=WAIT_SECONDS,
                                  headers={"Authorization": "Bearer " + standby.token})
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0, path
    assert standby.get("/healthz").status_code == 200
    status = standby.status()
    assert status["role"] == "standby" and status["leader"]["pid"] == leader.child.pid
    assert "metastore_leader 0" in standby.get("/metrics").text
    works(leader, registry, "1")


def test_the_leader_is_killed(pair, registry):
    leader, standby = pair
    works(leader, registry, "before")
    term = leader.status()["term"]
    leader.kill()
    wait_until_it_leads(standby)
    assert standby.status()["term"] > term
    works(standby, registry, "after")


def test_the_leader_stops_in_peace(pair, registry):
    leader, standby = pair
    assert leader.terminate() == 0
    wait_until_it_leads(standby)
    works(standby, registry, "after")


@pytest.mark.parametrize("is_scanning", [False, True], ids=["idle", "in mid scan"])
def test_the_leader_hangs(is_scanning, pair, registry, tmp_path):
    """Stopped, deposed, thawed: it changes nothing any more and stands by."""
    leader, standby = pair
    if is_scanning:
        fill(registry, 40)
        requests.post(leader.url + "/scan", headers={"Authorization": "Bearer " + leader.token}, timeout=WAIT_SECONDS)
        wait_for(lambda: query(database_of(leader), "SELECT count(*) > 3 FROM manifest")[0][0], "the scan to begin")
    else:
        works(leader, registry, "before")
    leader.signal(signal.SIGSTOP)
    wait_until_it_leads(standby)
    works(standby, registry, "meanwhile")
    wait_for(lambda: query(database_of(standby), "SELECT count(*) FROM scan WHERE complete")[0][0], "a complete scan")
    standby.wait_until_settled()
    before = state_of(database_of(standby))
    stale = threading.Thread(target=send, args=(leader, "to the frozen", "team/app", "2", "sha256:" + "0" * 64))
    stale.start()  # waits in the frozen leader's socket
    leader.signal(signal.SIGCONT)
    wait_for(lambda: stands_by(leader, standby), "the old leader to stand by")
    stale.join()
    assert leader.get("/readyz").status_code == 503
    assert leader.metric("generation") == leader.metric("unreadable_manifests") == 0  # what it knew as the leader is old
    assert send(leader, "late", "team/app", "1", "sha256:" + "0" * 64) == 503
    assert state_of(database_of(standby)) == before
    works(standby, registry, "afterwards")


class Proxy(threading.Thread):
    """TCP to a port of this machine, until it is frozen: connections stay, no byte moves."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.target = port
        self.flows = threading.Event()
        self.flows.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                self.flows.wait()
                far = socket.create_connection(("127.0.0.1", self.target))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self.pump, args=pair, daemon=True).start()

    def pump(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.flows.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


def test_the_leader_is_cut_off_from_the_database(postgres, registry, tmp_path):
    """No connection is closed, no byte arrives: each side must notice by itself."""
    database = postgres.new_database()
    address = urlsplit(database)
    proxy = Proxy(address.port)
    proxy.start()
    cut_off = Writer(tmp_path, address._replace(netloc=f"postgres@127.0.0.1:{proxy.port}").geturl(), registry.url, name="cut")
    standby = Writer(tmp_path, database, registry.url, name="standby")
    try:
        cut_off.start()
        standby.launch()
        works(cut_off, registry, "before")
        wait_for(lambda: stands_by(standby, cut_off), "the standby")
        proxy.flows.clear()
        wait_until_it_leads(standby)
        wait_for(lambda: cut_off.get("/readyz").status_code == 503, "the old leader to notice")
        works(standby, registry, "meanwhile")
        proxy.flows.set()
        wait_for(lambda: stands_by(cut_off, standby), "the old leader to stand by")
        assert send(cut_off, "late", "team/app", "1", "sha256:" + "0" * 64) == 503
        works(standby, registry, "afterwards")
    finally:
        proxy.flows.set()
        assert [writer.terminate() for writer in (cut_off, standby)] == [0, 0], cut_off.log()[-3000:]
        proxy.listener.close()


def fill(registry, count):
    pusher = Pusher(registry.url)
    for number in range(count):
        pusher.image(f"filled/app-{number % 4}", f"tag-{number}", salt=str(number))


def state_of(database):
    """What a deposed leader must not change."""
    return query(database, "SELECT term, generation FROM state"), query(database, "SELECT count(*) FROM event_seen"), \
        query(database, "SELECT max(id), count(*) FROM scan")


def test_both_thawed_at_once(pair, registry):
    """Both are frozen for longer than any session lives: one leads again."""
    for writer in pair:
        writer.signal(signal.SIGSTOP)
    wait_for(lambda: query(database_of(pair[0]), "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND "
                           "database = (SELECT oid FROM pg_database WHERE datname = current_database())")[0][0] == 0,
             "the lock to be free")
    for writer in pair:
        writer.signal(signal.SIGCONT)
    # One that was thawed may call itself ready until it has read the end of its session.
    wait_for(lambda: sorted(w.status()["role"] for w in pair) == ["leader", "standby"], "one leader")
    leader = next(w for w in pair if w.status()["role"] == "leader")
    works(leader, registry, "again")


# ---- The database comes and goes ----

class Sender(threading.Thread):
    """Pushes images and posts their events, each until it is acknowledged, as a registry does."""

    def __init__(self, writer, registry, count):
        super().__init__()
        self.writer, self.pusher, self.count = writer, Pusher(registry.url), count
        self.acknowledged, self.refused, self.stop = {}, 0, False

    def run(self):
        for number in range(self.count):
            repository, tag = f"busy/app-{number % 5}", f"tag-{number % 20}"
            digest = self.pusher.image(repository, tag, salt=str(number))["digest"]
            while send(self.writer, f"event-{number}", repository, tag, digest) != 202:
                self.refused += 1
                if self.stop:
                    return
                time.sleep(0.05)
            self.acknowledged[repository, tag] = digest

    def finish(self):
        self.stop = True
        self.join()


def all_applied(database, sender):
    return all(tag_of(database, *place) == digest for place, digest in sender.acknowledged.items())


def compare(server, database, registry, directory):
    """The database is as a fresh scan makes it."""
    fresh = server.new_database()
    scanned = Writer(directory, fresh, registry.url, name="fresh").run_scan()
    assert scanned.returncode == 0, scanned.stderr[-3000:]
    done = subprocess.run([SUPPORT / "compare_states", database, fresh], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def test_connections_are_cut_in_the_midst_of_events(postgres, registry, tmp_path):
    database = postgres.new_database()
    writer = Writer(tmp_path, database, registry.url).start()
    sender = Sender(writer, registry, 60)
    try:
        sender.start()
        for cut in range(6):
            wait_for(lambda: len(sender.acknowledged) > 0 and query(
                database, "SELECT count(*) FROM event_seen")[0][0] > cut * 8, "events")
            query(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                  "AND pid <> pg_backend_pid()")
        sender.join(WAIT_SECONDS)
        assert not sender.is_alive()
        assert len(sender.acknowledged) == 20
        wait_for(lambda: all_applied(database, sender), "all events to be applied")
        writer.wait_until_settled()
        assert writer.status()["inbox"]["dead"] == 0
        compare(postgres, database, registry, tmp_path)
    finally:
        sender.finish()
        assert writer.terminate() == 0, writer.log()[-3000:]


def test_postgres_restarts_in_the_midst_of_events(registry, tmp_path):
    place = tempfile.mkdtemp(prefix="ms-cut-", dir="/tmp")  # a server of its own: it is stopped
    server = Postgres(place)
    database = server.new_database()
    writer = Writer(tmp_path, database, registry.url).start()
    sender = Sender(writer, registry, 60)
    try:
        sender.start()
        for number, how in enumerate((server.stop, server.kill)):
            wait_for(lambda: query(database, "SELECT count(*) FROM event_seen")[0][0] > (number + 1) * 10, "events")
            how()
            wait_for(lambda: writer.get("/readyz").status_code == 503, "the writer to notice")
            assert send(writer, "while it is away", "busy/app-0", "never", "sha256:" + "0" * 64) == 503
            server.start()
        sender.join(WAIT_SECONDS)
        assert not sender.is_alive() and len(sender.acknowledged) == 20
        wait_for(lambda: all_applied(database, sender), "all events to be applied")
        writer.wait_until_settled()
        compare(server, database, registry, tmp_path)
    finally:
        sender.finish()
        assert writer.terminate() == 0, writer.log()[-3000:]
        server.remove()
        shutil.rmtree(place, ignore_errors=True)


# ---- kill -9 at random moments (tests/soak/writer does it for longer) ----

def test_killed_while_images_come_and_go():
    done = subprocess.run([ROOT / "tests/soak/writer", "--kills", "4", "--images", "60", "--build", BUILD],
                          capture_output=True, text=True, timeout=WAIT_SECONDS)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
