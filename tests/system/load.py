# SPDX-License-Identifier: Apache-2.0
"""Readers behind nginx under load, while images are pushed and everything is restarted in turn.

Every answer is checked as it comes: its status, its length, its JSON, its validator, and how old it
is. What it says is checked at the end: the feed of changes tells the state of each generation, and
each answer names the generation at which it was true.
"""
import gzip
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import threading
import time
from collections import Counter

import psycopg2

from harness import ROOT, WAIT_SECONDS, Process, Reader, Registry, Writer, free_port, wait_for
from images import Pusher
from oracle import Registry as Contents
from oracle import canonical, expected_index

REPOSITORIES = [f"{space}/app-{number}" for space in ("team", "library") for number in range(8)]
TAGS = ("latest", "1.0", "1.1", "2.0")
PUSHES_PER_SECOND = 10
STALE_SECONDS = 3     # a change is seen within a second (99 of 100); later than this is a fault of the soak test
RECOVERY_SECONDS = 8  # after the readers are ready again: other workers make their connections anew, with growing pauses
PAUSE_SECONDS = 0.02  # of a client between two questions: the pushes need their share of this process
FAULTS_MAX = 20       # then it ends
WAIT_MS = 200         # of clients that wait for changes


class Nginx(Process):
    """deploy/nginx/metastore.conf with other addresses, in a directory of its own."""

    def __init__(self, directory, registry, readers, rate=100000, caches=False):
        super().__init__(directory, "nginx")
        self.port = free_port()
        servers = "\n".join(f"    server 127.0.0.1:{reader.port};" for reader in readers)
        text = (ROOT / "deploy/nginx/metastore.conf").read_text()
        for pattern, value in ((r"    server 127\.0\.0\.1:5000;", f"    server 127.0.0.1:{registry.port};"),
                               (r"    server 127\.0\.0\.1:8088;.*", servers),
                               (r"    server 127\.0\.0\.1:8088 backup max_fails=0;", servers.replace(";", " backup max_fails=0;")),
                               (r"listen 80 default_server;", f"listen 127.0.0.1:{self.port};"),
                               (r"listen \[::\]:80 default_server;", ""),
                               (r"/var/cache/nginx-metastore", f"{self.directory}/cache"),
                               (r"rate=100r/s", f"rate={rate}r/s"),  # all clients are one here
                               (r"proxy_cache metastore;", "proxy_cache metastore;" if caches else "proxy_cache off;")):
            text, count = re.subn(pattern, value, text)
            assert count, pattern
        places = "".join(f"    {name}_temp_path {self.directory}/{name};\n"
                         for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.directory / "nginx.conf").write_text(
            f"daemon off;\nworker_processes 1;\npid {self.directory}/pid;\nevents {{ worker_connections 1024; }}\n"
            f"http {{\n    access_log off;\n{places}{text}}}\n")

    def start(self):
        os.chmod(self.directory, 0o755)
        self.spawn(["/usr/sbin/nginx", "-e", "stderr", "-p", str(self.directory), "-c", str(self.directory / "nginx.conf")])
        wait_for(self.listens, "nginx")
        return self

    def listens(self):
        self.check_running()
        socket.create_connection(("127.0.0.1", self.port)).close()
        return True


class Windows:
    """When something was out of order, and what: errors are allowed then only."""

    def __init__(self):
        self.spans = []  # [kind, begin, end or None]

    def open(self, kind):
        self.spans.append([kind, time.monotonic(), None])
        return self.spans[-1]

    def overlap(self, kinds, begin, end, slack):
        return any(kind in kinds and begin <= (until or end) + slack and end >= since
                   for kind, since, until in list(self.spans))


class Load:
    """The processes, the traffic, and what it found. Three readers: two are restarted, the third one's
    memory is watched. It goes on for `seconds` and until all of `goals` are reached, which are some of `counts`."""

    def __init__(self, directory, postgres, seconds, seed, cycle_seconds=20, stale_seconds=STALE_SECONDS, goals=None):
        self.seconds, self.cycle_seconds, self.seed = seconds, cycle_seconds, seed
        self.stale_seconds, self.goals = stale_seconds, goals or {}
        self.postgres, self.database = postgres, postgres.new_database()
        self.registry = Registry(directory / "registry")
        self.writer = Writer(directory, self.database, self.registry.url)
        self.registry.events_url, self.registry.token = self.writer.events_url, self.writer.token
        self.writer.sender = self.registry
        self.readers = [Reader(directory / f"reader{n}", self.database, self.registry.url, name=f"reader{n}",
                               reader={"workers": 2 if n == 0 else 1}) for n in range(3)]
        self.nginx = Nginx(directory / "nginx", self.registry, self.readers)
        self.windows, self.ends = Windows(), threading.Event()
        self.faults, self.counts = [], Counter()
        self.seen = []         # (generation, what, value) of answers to be checked at the end
        self.listed = []       # the same of lists of images
        self.deleted = set()   # digests
        self.generations = []  # (time, generation) as the database had it
        self.memory = []       # (time, KiB) of the third reader's worker
        self.began = None

    # --- life ---

    def run(self):
        self.start()
        threads = [threading.Thread(target=self.guard, args=(target, *arguments), daemon=True)
                   for target, *arguments in self.jobs()]
        for thread in threads:
            thread.start()
        self.ends.wait(self.seconds)
        wait_for(lambda: self.faults or all(self.counts[what] >= count for what, count in self.goals.items()), "the goals")
        self.ends.set()
        for thread in threads:
            thread.join(WAIT_SECONDS)
        if len(self.faults) <= FAULTS_MAX:
            self.guard(self.check_end)
        return self

    def jobs(self):
        yield from [(self.push,), (self.watch_database,), (self.watch_memory,), (self.disturb,)]
        for number in range(6):
            yield self.ask, Client(self, self.nginx.port, False), number
        for number, reader in enumerate((self.readers[1], self.readers[2]), 6):
            yield self.ask, Client(self, reader.port, True), number

    def start(self):
        for process in (self.registry, self.writer, *self.readers, self.nginx):
            process.start()
        pusher = Pusher(self.registry.url)
        for name in REPOSITORIES:
            pusher.image(name, "latest", salt=name)
        self.writer.wait_until_settled()
        self.began = time.monotonic()

    def stop(self):
        self.ends.set()
        statuses = [process.terminate() for process in (*self.readers, self.writer)]
        self.nginx.kill()
        self.registry.kill()
        for process in (*self.readers, self.writer):
            assert "Sanitizer" not in process.log() and "runtime error:" not in process.log(), process.log()[-4000:]
        assert all(status in (0, None) for status in statuses), statuses

    def guard(self, target, *arguments):
        try:
            target(*arguments)
        except Exception as error:  # told at the end
            self.fault(f"{target.__name__}: {error!r}")

    def fault(self, text):
        self.faults.append(f"{time.monotonic() - (self.began or time.monotonic()):.1f} s: {text}")
        if len(self.faults) > FAULTS_MAX:
            self.ends.set()

    def note_stale(self, path):
        """A reader says so after three seconds without news: whether this is a fault is for those to tell who look at times."""
        self.counts["marked stale though nothing was wrong"] += 1
        if self.stale_seconds < WAIT_SECONDS:
            self.fault(f"{path}: stale though nothing is wrong")

    # --- traffic ---

    def push(self):
        rng, pusher = random.Random(self.seed), Pusher(self.registry.url)
        number, begin = 0, time.monotonic()
        while not self.ends.is_set():
            name = rng.choice(REPOSITORIES)
            made = pusher.image(name, rng.choice(TAGS), salt=str(number), labels={"number": str(number), "vendor": "Acme"})
            if rng.random() < 0.1:
                self.deleted.add(made["digest"])
                pusher.delete(name, made["digest"])
            number += 1
            self.counts["pushes"] = number
            self.ends.wait(max(0, begin + number / PUSHES_PER_SECOND - time.monotonic()))

    def ask(self, client, number):
        rng = random.Random(self.seed * 1000 + number)
        while not self.ends.is_set():
            client.ask(random_path(rng), rng.random() < 0.5, rng.random() < 0.3)
            self.ends.wait(PAUSE_SECONDS)

    def watch_database(self):
        while not self.ends.is_set():
            try:
                connection = psycopg2.connect(self.database, connect_timeout=1)
                connection.autocommit = True
                cursor = connection.cursor()
                while not self.ends.wait(0.1):
                    at = time.monotonic()
                    cursor.execute("SELECT generation FROM state")
                    self.generations.append((time.monotonic(), cursor.fetchone()[0], at))
            except psycopg2.Error:
                self.ends.wait(0.1)

    def watch_memory(self):
        steady = self.readers[2]
        while not self.ends.wait(1):
            self.memory.append((time.monotonic(), sum(resident(pid) for pid in children(steady.child.pid))))

    # --- disturbances ---

    def disturb(self):
        acts = [("reader", lambda: self.restart(self.readers[0])), ("database", self.restart_database),
                ("reader", lambda: self.restart(self.readers[1])), ("worker", self.kill_worker)]
        number = 0
        while not self.ends.wait(self.cycle_seconds / len(acts)):
            kind, act = acts[number % len(acts)]
            span = self.windows.open(kind)
            act()
            span[2] = time.monotonic()
            self.counts[kind + " restarts"] += 1
            number += 1

    def restart(self, reader):
        status = reader.terminate()
        assert status == 0, (reader.name, status)
        reader.start()

    def restart_database(self):
        self.postgres.stop()
        self.postgres.start()
        for reader in self.readers:
            reader.wait_until_ready()

    def kill_worker(self):
        os.kill(random.choice(children(self.readers[0].child.pid)), signal.SIGKILL)

    # --- what must hold at the end ---

    def check_end(self):
        self.writer.wait_until_settled()
        contents = Contents(self.registry.url)
        for reader in self.readers:
            wait_for(lambda: canonical(reader.json("/index/static")) ==
                     canonical(expected_index(contents, {}, self.registry.url)), f"{reader.name} to tell the truth")
            wait_for(lambda: "X-Metastore-Stale" not in reader.get("/index/static").headers, f"{reader.name} to call it so")
        self.check_history()

    def check_history(self):
        """Each answer against the state of the generation that it names."""
        states = {}  # (repository, tag): [(generation, digest or None)]
        for change in follow(self.readers[2]):
            if change["type"].startswith("tag."):
                states.setdefault((change["repository"], change["tag"]), []).append(
                    (change["generation"], change.get("digest")))
        for generation, key, digest in self.seen:
            self.check_state(states, generation, key, digest, {digest})
        for generation, key, digest in self.listed:
            # what was deleted before the writer could read it is no image, while its tag stands
            self.check_state(states, generation, key, digest, {digest} if digest else {None, *self.deleted})
        self.counts["answers compared with history"] = len(self.seen) + len(self.listed)

    def check_state(self, states, generation, key, told, possible):
        was = ([None] + [digest for at, digest in states.get(key, ()) if at <= generation])[-1]
        if was not in possible:
            self.fault(f"{':'.join(key)} at generation {generation} was said to be {told}, and was {was}")

    def growth(self):
        """KiB from the second fifth of the time to the last."""
        values = [kib for _, kib in self.memory]
        fifth = max(1, len(values) // 5)
        early, late = sorted(values[fifth:2 * fifth]), sorted(values[-fifth:])
        return late[len(late) // 2] - early[len(early) // 2], late[len(late) // 2]


def follow(reader):
    since = 0
    while True:
        told = reader.json("/api/v1/changes", params={"since": since})
        yield from told["changes"]
        if not told["changes"]:
            return
        since = told["next"]


def children(pid):
    """Of a supervisor: its workers and its watcher."""
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in done.stdout.split()]


def resident(pid):
    try:
        with open(f"/proc/{pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])
    except (OSError, TypeError):
        return 0


def random_path(rng):
    name, tag = rng.choice(REPOSITORIES), rng.choice(TAGS)
    return rng.choice((
        f"/index/static?repository={name}", "/index/dynamic?label:vendor=Acme&tag=latest", "/index/static",
        "/v1/search?q=app", f"/v1/search?q={name}&n=3", "/v1/search?q=", "/v2/_catalog", "/v2/_catalog?n=3&last=library/app-3",
        f"/v2/{name}/tags/list", f"/v2/{name}/tags/list", "/api/v1/repositories?sort=-updated&n=5&total=1",
        f"/api/v1/repositories/{name}", f"/api/v1/repositories/{name}/-/tags?sort=-updated",
        f"/api/v1/repositories/{name}/-/manifests/{tag}", f"/api/v1/repositories/{name}/-/manifests/{tag}",
        f"/api/v1/repositories/{name}/-/manifests/{tag}", f"/api/v1/repositories/{name}/-/tags/{tag}/history",
        "/api/v1/search?q=label:vendor=Acme&n=10", f"/api/v1/search?q={name}:{tag}", "/api/v1/facets?q=app&key=vendor",
        "/api/v1/stats", "/api/v1/status", f"/api/v1/changes?since=0&wait={WAIT_MS}ms", "/api/v1/dump", "/api/v1/openapi.json"))


class Client:
    """One keep-alive connection, to a proxy or (`is_direct`) to a reader of one worker."""

    def __init__(self, load, port, is_direct):
        self.load, self.port, self.is_direct = load, port, is_direct
        self.connection, self.generation, self.used = None, 0, 0
        self.etags = {}

    def ask(self, path, wants_gzip, revalidates):
        headers = {"Accept-Encoding": "gzip"} if wants_gzip else {}
        known = self.etags.get((path, wants_gzip))
        if known and revalidates:
            headers["If-None-Match"] = known
        begin = since = time.monotonic()
        try:
            if self.connection is not None:
                since = self.used  # from then on it can have been lost
            else:
                self.connection, self.generation = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS), 0
            self.connection.request("GET", path, headers=headers)
            answer = self.connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.lose(path, since, error)
            return
        self.used = time.monotonic()
        self.load.counts["answers"] += 1
        self.check(path, answer, body, begin, wants_gzip, known)
        if answer.will_close:
            self.connection = None

    def lose(self, path, since, error):
        """Behind the proxy no connection is lost; a reader that restarts closes what is idle."""
        self.connection = None
        if not self.is_direct or not self.load.windows.overlap(("reader",), since, time.monotonic(), 1):
            self.load.fault(f"{path}: {error!r}")
        self.load.ends.wait(0.05)

    def check(self, path, answer, body, begin, wants_gzip, known):
        status, end = answer.status, time.monotonic()
        self.load.counts[f"status {status}"] += 1
        if status == 503 or status == 502:
            kinds = ("database",) if status == 503 else ("reader", "worker")
            if not self.load.windows.overlap(kinds, begin, end, RECOVERY_SECONDS):
                self.load.fault(f"{path}: {status} {body[:200]}")
            return
        if status not in (200, 304, 404):
            self.load.fault(f"{path}: {status} {body[:200]}")
            return
        if status == 304:
            assert answer.headers["ETag"] == known and not body
        else:
            assert int(answer.headers["Content-Length"]) == len(body), (path, len(body))
        generation = int(answer.headers.get("X-Metastore-Generation") or 0)
        if not generation:
            assert path.endswith("openapi.json"), path
            return
        self.check_age(path, answer, generation, begin, end)
        if status == 200:
            self.etags[path, wants_gzip] = answer.headers["ETag"]
        if status != 304:
            self.check_body(path, status, generation, gzip.decompress(body) if answer.headers["Content-Encoding"] else body)

    def check_age(self, path, answer, generation, begin, end):
        """What is marked stale is what a reader has while it cannot know; all else never goes back."""
        load = self.load
        if answer.headers["X-Metastore-Stale"]:
            load.counts["marked stale"] += 1
            # Who may have asked the first reader, whose watcher was killed, is told so, too, until there is another one.
            kinds = ("database",) if self.is_direct else ("database", "worker")
            if not load.windows.overlap(kinds, begin, end, RECOVERY_SECONDS):
                load.note_stale(path)
            return
        if self.is_direct and generation < self.generation:
            load.fault(f"{path}: generation {generation} after {self.generation} on one connection")
        self.generation = generation
        if load.windows.overlap(("database",), begin - load.stale_seconds, end, RECOVERY_SECONDS):
            return
        for seconds, what in ((load.stale_seconds, None), (1, "older than a second")):
            past = [number for at, number, _ in load.generations[-200:] if at < begin - seconds]
            if past and generation < past[-1] and what is None:
                load.fault(f"{path}: generation {generation}, {seconds} s after {past[-1]}")
            elif past and generation < past[-1]:
                load.counts[what] += 1

    def check_body(self, path, status, generation, body):
        if path == "/api/v1/dump":
            lines = [json.loads(line) for line in body.splitlines()]
            assert lines[0]["type"] == "metastore.dump" and lines[-1]["type"] == "end", path
            assert lines[0]["generation"] <= generation
            tags = {(t["repository"], t["name"]): t.get("digest") for t in lines if t["type"] == "tag"}
            self.load.seen += [(lines[0]["generation"], (name, tag), tags.get((name, tag)))
                               for name in REPOSITORIES[:4] for tag in TAGS]
            return
        value = json.loads(body)
        found = re.fullmatch(r"/api/v1/repositories/(.*)/-/manifests/(.*)", path)
        if found:
            digest = value.get("digest") if status == 200 else None  # of a tag that cannot be read none is known
            self.load.seen.append((generation, found.groups(), digest))
        found = re.fullmatch(r"/index/static\?repository=(.*)", path)
        if found:
            images = value["Results"][0]["Images"] if value["Results"] else []
            tags = {tag: image["Digest"] for image in images for tag in image["Tags"]}
            self.load.listed += [(generation, (found[1], tag), tags.get(tag)) for tag in TAGS]
