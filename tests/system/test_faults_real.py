# SPDX-License-Identifier: Apache-2.0
"""What befalls real servers: PostgreSQL's disk is full, its transactions conflict, it goes in the
midst of one; the registry is killed or loses its storage. What was acknowledged is applied in the end,
and the database is the one that a fresh scan makes. test_faults.py has what a registry must be told to
do, test_leader.py the loss of connections under load."""
import contextlib
import itertools
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg2
import psycopg2.errors
import pytest
import requests

from harness import WAIT_SECONDS, Postgres, Registry, Writer, assert_as_scanned, query, wait_for
from images import OCI_MANIFEST, Pusher

DISK_BYTES = 256 * 1024 * 1024
CHUNK = 1024 * 1024


class Place:
    """A registry that tells nobody anything, a server of its own, and a writer that scans when asked."""

    def __init__(self, directory, server):
        self.directory, self.server = directory, server
        self.registry = Registry(directory / "registry").start()
        self.pusher = Pusher(self.registry.url)
        self.database = server.new_database()
        self.writer = Writer(directory, self.database, self.registry.url, interval={"fetch_all": 0}).start()
        self.acknowledged = {}
        self.n_sent = 0

    def post(self, repository, tag, digest):
        self.n_sent += 1
        event = {"id": f"event-{self.n_sent}", "action": "push",
                 "target": {"mediaType": OCI_MANIFEST, "digest": digest, "repository": repository, "tag": tag}}
        return requests.post(self.writer.events_url, data=json.dumps({"events": [event]}), timeout=WAIT_SECONDS,
                             headers={"Authorization": "Bearer " + self.writer.token})

    def push(self, repository, tag):
        """Pushes an image and posts its event; returns the answer."""
        digest = self.pusher.image(repository, tag, salt=f"{repository}:{tag}:{self.n_sent}")["digest"]
        answer = self.post(repository, tag, digest)
        if answer.status_code == 202:
            self.acknowledged[repository, tag] = digest
        return answer

    def tags(self):
        return {(repository, tag): digest for repository, tag, digest in query(
            self.database, "SELECT r.name, t.name, digest_text(m.digest) FROM tag t JOIN repository r "
            "ON r.id = t.repository_id LEFT JOIN manifest m ON m.id = t.manifest_id")}

    def wait_until_applied(self):
        wait_for(lambda: self.acknowledged.items() <= self.tags().items(), "all events to be applied")
        self.writer.wait_until_settled()
        assert self.writer.status()["inbox"]["dead"] == 0

    def compare(self):
        assert self.writer.scan()["complete"]
        assert_as_scanned(self.database, self.server, self.registry.url, self.directory)

    def stop(self):
        status = self.writer.terminate()
        self.registry.kill()
        assert status == 0, self.writer.log()[-3000:]
        assert "ERROR: AddressSanitizer" not in self.writer.log() and "runtime error" not in self.writer.log()


@contextlib.contextmanager
def own_server():
    """A PostgreSQL that the test may stop."""
    place = tempfile.mkdtemp(prefix="ms-own-", dir="/tmp")
    server = Postgres(place)
    try:
        yield server
    finally:
        server.remove()
        shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def small_disk():
    """A directory on a file system of DISK_BYTES."""
    place = tempfile.mkdtemp(prefix="ms-disk-", dir="/tmp")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=755", "tmpfs", place],
                             capture_output=True, text=True)
    if mounted.returncode != 0:
        Path(place).rmdir()
        pytest.skip("a disk cannot be filled without the right to mount one: " + mounted.stderr.strip())
    try:
        yield Path(place)
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
        Path(place).rmdir()


def fill_disk(ballast):
    with open(ballast, "ab", buffering=0) as file:
        for size in (CHUNK, 4096):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)


# ---- PostgreSQL's disk ----

def test_the_disk_of_the_database_is_full(tmp_path):
    """Tables cannot grow, then the log cannot, which ends the server: 503, and later as if nothing was."""
    with small_disk() as disk:
        server = Postgres(disk / "pg")
        place = Place(tmp_path, server)
        try:
            assert place.push("team/app", "before").status_code == 202
            place.wait_until_applied()
            ballast = disk / "ballast"
            fill_disk(ballast)

            def refused():
                fill_disk(ballast)  # whatever the server has just given back
                answer = place.push("team/app", f"full-{place.n_sent % 40}")
                assert answer.status_code in (202, 503)
                return answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
            wait_for(refused, "the disk to be full")
            assert place.writer.get("/healthz").status_code == 200
            assert place.writer.status()["registry"]["reachable"]
            ballast.unlink()

            def goes_on():
                server.start()  # if it ended, which it may be about to do
                return place.push("team/app", "after").status_code == 202
            wait_for(goes_on, "the writer to go on")
            place.wait_until_applied()
            place.compare()
        finally:
            place.stop()
            server.remove()


# ---- Conflicts, and losses in the midst of a transaction ----

@pytest.fixture
def place(postgres, tmp_path):
    made = Place(tmp_path, postgres)
    yield made
    made.stop()


class Holder:
    """Another session that holds the row of a repository."""

    def __init__(self, database, repository):
        self.connection = psycopg2.connect(database)
        self.cursor = self.connection.cursor()
        self.cursor.execute("SET deadlock_timeout = '10min'")  # it is not this one that gives way
        self.connection.commit()
        self.cursor.execute("SELECT FROM repository WHERE name = %s FOR UPDATE", (repository,))

    def close(self):
        self.connection.close()


WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' " \
          "AND application_name = 'metastore-writer'"


def waiting_session(database):
    return wait_for(lambda: query(database, WAITING), "a transaction to wait for the lock", pause=0.005)[0][0]


def deadlocks(database):
    return query(database, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0]


def gave_way(place, tag):
    """Whether the writer's transaction did. PostgreSQL looks for a deadlock once, a second after a wait began: it sees
    none if we are slower than that."""
    holder = Holder(place.database, "team/app")
    try:
        assert place.push("team/app", tag).status_code == 202
        waiting_session(place.database)  # it holds the term
        holder.cursor.execute("SET lock_timeout = '5s'")
        holder.cursor.execute("SELECT FROM state FOR UPDATE")  # returns when the other gave way
        return True
    except psycopg2.errors.LockNotAvailable:
        return False
    finally:
        holder.close()


def test_a_transaction_that_deadlocks_is_run_again(place):
    place.push("team/app", "1")
    place.wait_until_applied()
    before = deadlocks(place.database)
    tags = itertools.count(2)
    wait_for(lambda: gave_way(place, str(next(tags))), "a deadlock")
    wait_for(lambda: deadlocks(place.database) > before, "the deadlock to be counted")
    place.wait_until_applied()
    place.compare()


def test_a_lock_of_one_repository_delays_no_other(place):
    for name in ("team/app", "team/other"):
        place.push(name, "1")
    place.wait_until_applied()
    holder = Holder(place.database, "team/app")
    assert place.push("team/app", "2").status_code == 202
    waiting_session(place.database)
    held = place.acknowledged.pop(("team/app", "2"))
    for number in range(5):
        assert place.push("team/other", f"meanwhile-{number}").status_code == 202
    wait_for(lambda: place.acknowledged.items() <= place.tags().items(), "the others to be applied")
    assert ("team/app", "2") not in place.tags()
    holder.close()
    place.acknowledged["team/app", "2"] = held
    place.wait_until_applied()
    place.compare()


def test_a_connection_is_cut_in_mid_apply(place):
    place.push("team/app", "1")
    place.wait_until_applied()
    holder = Holder(place.database, "team/app")
    assert place.push("team/app", "2").status_code == 202
    for _ in range(3):  # what is tried again is cut again
        victim = waiting_session(place.database)
        query(place.database, "SELECT pg_terminate_backend(%s)", victim)
        wait_for(lambda: (victim,) not in query(place.database, WAITING), "the session to end")
    assert ("team/app", "2") not in place.tags()
    holder.close()
    place.wait_until_applied()
    place.compare()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_the_server_ends_in_mid_apply(how, tmp_path):
    with own_server() as server:
        place = Place(tmp_path, server)
        try:
            place.push("team/app", "1")
            place.wait_until_applied()
            holder = Holder(place.database, "team/app")
            assert place.push("team/app", "2").status_code == 202
            waiting_session(place.database)
            getattr(server, how)()
            holder.close()
            wait_for(lambda: place.push("team/app", "3").status_code == 503, "the writer to notice")
            server.start()
            wait_for(lambda: place.push("team/app", "4").status_code == 202, "the writer to go on")
            place.wait_until_applied()
            place.compare()
        finally:
            place.stop()


# ---- The registry ----

def test_a_registry_that_was_killed_asks_for_a_scan(make_stack):
    """What it had not told yet is lost; the first event of its next life makes up for it."""
    stack = make_stack({"interval": {"fetch_all": 0}}).start()
    pusher = Pusher(stack.registry.url)
    pusher.image("team/app", "1", salt="first")
    doomed = pusher.image("team/doomed", "1", salt="doomed")
    wait_for(lambda: query(stack.database, "SELECT 1 FROM scan WHERE complete"), "the scan of a new registry")
    stack.writer.kill()
    lost = pusher.image("team/lost", "1", salt="lost")
    pusher.delete("team/doomed", doomed["digest"])
    stack.registry.kill()  # with its queue of events
    stack.registry.start()
    query(stack.database, "UPDATE scan SET started = started - interval '2 minutes', ended = ended - interval '2 minutes'")
    stack.writer.start()
    pusher.image("team/app", "2", salt="second")
    wait_for(lambda: query(stack.database, "SELECT 1 FROM tag t JOIN repository r ON r.id = t.repository_id "
                           "JOIN manifest m ON m.id = t.manifest_id WHERE r.name = 'team/lost' AND "
                           "digest_text(m.digest) = %s", lost["digest"]), "the scan to find what was lost")
    stack.writer.wait_until_settled()
    assert_as_scanned(stack.database, stack.postgres, stack.registry.url, stack.directory)


def test_storage_that_is_lost_and_comes_back(make_stack):
    """The registry runs on without it: it knows no repository any more, and says so with its own codes."""
    stack = make_stack({"interval": {"fetch_all": 0}}).start()
    pusher = Pusher(stack.registry.url)
    for number in range(25):
        pusher.image(f"team/app-{number}", "1", "2", salt=str(number))
    stack.writer.wait_until_settled()
    assert stack.writer.scan()["complete"]
    before = query(stack.database, "SELECT repository_id, name, manifest_id FROM tag ORDER BY 1, 2")
    assert len(before) == 50
    away = stack.registry.storage.with_name("away")
    stack.registry.storage.rename(away)
    for _ in range(3):
        record = stack.writer.scan()
        assert record["removed"] == 0, record
        assert query(stack.database, "SELECT repository_id, name, manifest_id FROM tag ORDER BY 1, 2") == before
    shutil.rmtree(stack.registry.storage, ignore_errors=True)  # if the registry made a new one
    away.rename(stack.registry.storage)
    wait_for(lambda: stack.writer.scan()["complete"], "a complete scan")
    stack.writer.wait_until_settled()
    held = stack.writer.status()["held_removals"]
    assert held["repositories"] == 0 and held["tags"] == 0, held
    assert query(stack.database, "SELECT repository_id, name, manifest_id FROM tag ORDER BY 1, 2") == before
    assert_as_scanned(stack.database, stack.postgres, stack.registry.url, stack.directory)
