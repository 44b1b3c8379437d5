# SPDX-License-Identifier: Apache-2.0
"""A reader watched while its database is made trouble for: test_outage.py, test_standby.py. No writer
is there: push() changes the database as one does."""
import concurrent.futures
import socket
import subprocess
import threading

import requests

from harness import ROOT, WAIT_SECONDS, query, wait_for

LIST = "/v2/lib/tags/list"


def make_schema(uri):
    subprocess.run(["psql", "-q", "-d", uri, "-f", str(ROOT / "sql" / "schema.sql")], check=True)
    query(uri, "INSERT INTO repository (name, tag_count) VALUES ('lib', 1)")


def push(uri, tag):
    """As a writer does it: the change, what the feed tells, and the generation in one transaction; returns that."""
    return query(uri, """WITH pushed AS (INSERT INTO tag (repository_id, name, unreadable, updated, updated_source)
                             SELECT id, %s, 'gone', now(), 'seen' FROM repository WHERE name = 'lib'),
                         published AS MATERIALIZED (
                             SELECT publish((SELECT term FROM state), 'lib') AS generation),
                         told AS (INSERT INTO change (generation, type, repository, tag)
                             SELECT generation, 'tag.created', 'lib', %s FROM published)
                         SELECT generation FROM published""", tag, tag)[0][0]


def wait_until_seen(reader, tag):
    wait_for(lambda: tag in reader.json(LIST)["tags"], f"{tag} to be seen")


class Crowd:
    """Clients of a reader that have asked for the same and wait for the answer."""

    def __init__(self, reader, path, count):
        self.reader, self.sockets = reader, []
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", reader.port))
            client.sendall(request)
            self.sockets.append(client)

    def __enter__(self):
        wait_for(lambda: self.reader.metric("parked_requests") == len(self.sockets), "all of them to wait")
        return self

    def __exit__(self, *failure):
        for client in self.sockets:
            client.close()

    def answers(self):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            return list(pool.map(self._read, self.sockets))

    @staticmethod
    def _read(client):
        client.settimeout(300)
        return b"".join(iter(lambda: client.recv(65536), b""))


class Watcher(threading.Thread):
    """Asks all the time; keeps what was answered. A generation that goes back is a fault."""

    def __init__(self, reader):
        super().__init__(daemon=True)
        self.reader = reader
        self.stopped = threading.Event()
        self.statuses = set()
        self.n_answers = 0
        self.faults = []
        self.stale = 0
        self.start()

    def run(self):
        session = requests.Session()
        last = -1
        while not self.stopped.is_set():
            answer = session.get(self.reader.url + LIST, timeout=WAIT_SECONDS)
            self.statuses.add(answer.status_code)
            self.n_answers += 1
            if answer.status_code != 200:
                continue
            generation = int(answer.headers["X-Metastore-Generation"])
            self.stale = max(self.stale, int(answer.headers.get("X-Metastore-Stale", 0)))
            if generation < last or len(answer.json()["tags"]) > generation:
                self.faults.append((last, generation, answer.text))
            last = generation

    def wait_for_another_answer(self):
        """One that was asked for from now on: what is asked now may have been asked before."""
        wanted = self.n_answers + 2
        wait_for(lambda: self.n_answers >= wanted, "the watcher to be answered")

    def stop(self):
        self.stopped.set()
        self.join()
        assert not self.faults
