# SPDX-License-Identifier: Apache-2.0
"""A primary with two standbys, the second one cascading, and a reader on each, as "More than one machine" of deploy/README.md
has them: every reader tells its own lag; with the primary frozen and a standby promoted nothing acknowledged is lost."""
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from urllib.parse import urlsplit

import pytest

from harness import WAIT_SECONDS, Postgres, Reader, Registry, Writer, assert_as_scanned, query, wait_for
from images import Pusher
from test_leader import Sender, all_applied, send
from test_standby import generation, hold_replay
from watching import LIST, Watcher


class Site:
    """`servers`: the primary, its standby, the standby of that; `readers`: one at each."""

    def __init__(self, directory, place):
        self.directory, self.place = directory, place
        self.servers = []
        for name in ("primary", "standby", "cascading"):
            self.servers.append(Postgres(f"{place}/{name}", replica_of=self.servers[-1] if self.servers else None))
        query(self.servers[0].uri, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        query(self.servers[0].uri, "SELECT pg_reload_conf()")
        self.databases = [self.servers[0].new_database()]
        self.databases += [server.uri_of(self.databases[0]) for server in self.servers[1:]]
        hosts = ",".join(urlsplit(server.uri).netloc.split("@")[1] for server in self.servers)
        name = self.databases[0].rsplit("/", 1)[1]
        self.registry = Registry(directory / "registry")
        self.writer = Writer(directory, f"postgresql://postgres@{hosts}/{name}?target_session_attrs=read-write",
                             self.registry.url, interval={"fetch_all": 0})
        self.readers = [Reader(directory, uri, self.registry.url, name=f"reader{n}") for n, uri in enumerate(self.databases)]

    def start(self):
        self.registry.start()
        self.writer.start()
        for reader in self.readers:
            reader.start()
        self.push("first")

    def push(self, tag):
        digest = Pusher(self.registry.url).image("lib", tag, salt=tag)["digest"]
        wait_for(lambda: send(self.writer, f"lib {tag}", "lib", tag, digest) == 202, "the event to be taken")

    def stop(self):
        statuses = [process.terminate() for process in (*self.readers, self.writer) if process.child]
        self.registry.kill()
        for server in reversed(self.servers):
            server.remove()
        assert set(statuses) == {0}, (statuses, self.writer.log()[-3000:])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    place = tempfile.mkdtemp(prefix="ms-far-", dir="/tmp")  # short: sockets lie in it
    made = Site(tmp_path_factory.mktemp("failover"), place)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(place, ignore_errors=True)


def tags_of(reader):
    answer = reader.get(LIST)
    return set(answer.json()["tags"]) if answer.status_code == 200 else set()


def lag_of(reader):
    return reader.json("/api/v1/status")["replay_lag_seconds"] or 0


@pytest.mark.parametrize("late", [1, 2], ids=["the standby", "the cascading standby"])
def test_each_reader_tells_its_own_lag(site, late):
    tag = f"while {late} is late".replace(" ", "-")
    behind, others = site.readers[late], [reader for n, reader in enumerate(site.readers) if n != late]
    wait_for(lambda: all("first" in tags_of(reader) for reader in site.readers), "all to be up to date")
    before = generation(behind.get(LIST))
    hold_replay(site.servers[late])
    try:
        site.push(tag)
        wait_for(lambda: all(tag in tags_of(reader) for reader in others), "the others to see the push")
        wait_for(lambda: lag_of(behind) >= 1, "the lag to be told")
        assert [lag_of(reader) < lag_of(behind) for reader in others] == [True, True]
        assert tag not in tags_of(behind) and generation(behind.get(LIST)) == before
        assert all(generation(reader.get(LIST)) > before for reader in others)
    finally:
        query(site.servers[late].uri, "SELECT pg_wal_replay_resume()")
    wait_for(lambda: tag in tags_of(behind), "the push to be replayed")
    assert [reader.json("/api/v1/status")["standby"] for reader in site.readers] == [False, True, True]


class Frozen:
    """All processes of a cluster stand still, as those of a machine that is paused."""

    def __init__(self, server):
        with open(f"{server.directory}/cluster/data/postmaster.pid") as file:
            postmaster = int(file.readline())
        os.kill(postmaster, signal.SIGSTOP)  # it starts no more children now
        done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, text=True)
        self.pids = [*map(int, done.stdout.split()), postmaster]
        self.send(signal.SIGSTOP)

    def send(self, number):
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):  # thawed before, it has seen that its client is gone
                os.kill(pid, number)


def test_a_standby_takes_over_and_the_old_primary_changes_nothing(site):
    primary, standby, _ = site.servers
    database = site.databases[1]
    wait_for(lambda: all("first" in tags_of(reader) for reader in site.readers), "all to be up to date")
    watchers = [Watcher(reader) for reader in site.readers[1:]]
    sender = Sender(site.writer, site.registry, 60)
    sender.start()
    frozen = None
    try:
        wait_for(lambda: len(sender.acknowledged) > 5, "events")
        frozen = Frozen(primary)
        standby.promote()
        sender.join(WAIT_SECONDS)
        assert not sender.is_alive() and len(sender.acknowledged) == 20
        wait_for(lambda: all_applied(database, sender), "what was acknowledged to be applied")
        frozen.send(signal.SIGCONT)
        site.push("after-the-thaw")
        wait_for(lambda: all("after-the-thaw" in tags_of(reader) for reader in site.readers[1:]), "readers to see the push")
        assert "after-the-thaw" not in tags_of(site.readers[0])  # who reads the old primary is told no more
        wait_for(lambda: site.writer.status()["role"] == "leader", "the writer to lead")
        assert site.writer.status()["inbox"]["dead"] == 0
    finally:
        if frozen:
            frozen.send(signal.SIGCONT)
        sender.finish()
        for watcher in watchers:
            watcher.stop()
    assert [watcher.statuses for watcher in watchers] == [{200}, {200}]
    wait_for(lambda: [r.json("/api/v1/status")["standby"] for r in site.readers] == [False, False, True], "their places")
    site.writer.wait_until_settled()
    assert_as_scanned(database, standby, site.registry.url, site.directory)
