# SPDX-License-Identifier: Apache-2.0
"""Real processes for system tests: PostgreSQL, docker-registry, the writer, the readers.

Every class starts its process in a directory of its own, waits until it answers, can be killed and
started again on the same port, and keeps its log. Nothing sleeps for luck: wait_for() polls a
condition and fails with what it saw last.
"""
import contextlib
import fcntl
import itertools
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import tempfile
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

import psycopg2
import requests

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("METASTORE_BUILD", ROOT / "build-tests"))
SUPPORT = ROOT / "tests" / "support"
# Of a registry's notifications, as README.md has them: what each of the two does not tell.
ENDPOINTS = {"metastore": ["pull", "mount"], "metastore-pulls": ["push", "delete", "mount"]}
WAIT_SECONDS = 300  # whatever takes longer hangs
PORTS = open(Path(tempfile.gettempdir(), f"metastore-test-ports-{os.getuid()}"), "ab")  # byte N locked: port N is taken
drawn = set()  # what this process has locked itself


def wait_for(condition, what, seconds=WAIT_SECONDS, pause=0.02):
    """The first true result of condition(); an exception in it counts as not yet."""
    deadline = time.monotonic() + seconds
    last = None
    while True:
        try:
            last = condition()
            if last:
                return last
        except Exception as error:  # the process may not be up yet: keep what it said
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}; last: {last!r}")
        time.sleep(pause)


def free_port():
    """A port that nobody has, and that no other process that runs tests is about to give to a server; below those that
    the kernel gives to connections: one of these could take it before the server does that it is for."""
    while True:
        port = 10000 + secrets.randbelow(20000)
        with contextlib.closing(socket.socket()) as probe, contextlib.suppress(OSError):
            fcntl.lockf(PORTS, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)  # lasts as long as this process
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            if port not in drawn:
                drawn.add(port)
                return port


class Process:
    """A program with a log file, stopped by terminate() or killed."""

    def __init__(self, directory, name):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log_path = self.directory / f"{name}.log"
        self.child = None

    def spawn(self, argv, env=None):
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(argv, stdout=log, stderr=log, env={**os.environ, **(env or {})},
                                          cwd=self.directory)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def is_running(self):
        return self.child is not None and self.child.poll() is None

    def check_running(self):
        if not self.is_running():
            status = self.child.returncode if self.child else None
            raise RuntimeError(f"{self.name} ended with {status}:\n{self.log()[-4000:]}")

    def signal(self, number):
        self.child.send_signal(number)

    def kill(self):
        if self.is_running():
            self.child.kill()
        if self.child:
            self.child.wait()

    def terminate(self):
        """SIGTERM; returns the exit status."""
        if not self.is_running():
            return self.child.returncode if self.child else None
        self.child.terminate()
        try:
            return self.child.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"{self.name} did not end within {WAIT_SECONDS} s:\n{self.log()[-4000:]}")


class Postgres:
    """A private cluster; a database for each test. Here only processes crash, not the machine: without fsync, unless a
    commit is to cost what it costs."""

    databases = itertools.count(1)  # of all clusters: a standby that is promoted has those of its primary

    def __init__(self, directory, replica_of=None, fsync="off"):
        self.directory = str(directory)
        self.uri = self._run("replica", replica_of.directory) if replica_of else self._run("start", f"fsync={fsync}")
        self._schema = None

    def _run(self, verb, *more):
        done = subprocess.run([SUPPORT / "postgres", verb, self.directory, *more], check=True,
                              capture_output=True, text=True)
        return done.stdout.strip()

    def uri_of(self, database):
        """Of a database that another server, whose standby this is, has made."""
        return f"{self.uri.rsplit('/', 1)[0]}/{database.rsplit('/', 1)[1]}"

    def promote(self):
        self._run("promote")

    def kill(self):
        self._run("kill")

    def start(self):
        self._run("start")

    def stop(self):
        self._run("stop")

    def remove(self):
        self._run("remove")

    def new_database(self, empty=False):
        """One with the schema, which is made once and copied; or one that the writer has yet to fill."""
        if empty:
            return self._create("template0")
        if self._schema is None:
            made = self._create("template0")
            with open(ROOT / "sql" / "schema.sql") as schema:
                subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", made], stdin=schema, check=True,
                               stdout=subprocess.DEVNULL)
            self._schema = made.rsplit("/", 1)[1]
        return self._create(self._schema)

    def _create(self, template):
        name = f"system_{os.getpid()}_{next(self.databases)}"
        query(self.uri, f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"{self.uri.partition('?')[0].rsplit('/', 1)[0]}/{name}"


def bcrypt(password):
    """As an htpasswd file has it."""
    done = subprocess.run(["htpasswd", "-nbBC", "5", "user", password], check=True, capture_output=True, text=True)
    return done.stdout.strip().split(":", 1)[1]


class Session(threading.local):
    """The last connection of a thread: a test asks one database many times, and to connect takes longer than to ask."""

    database, connection = None, None

    def open(self, database):
        self.close()
        self.connection, self.database = psycopg2.connect(database), database
        self.connection.autocommit = True

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = self.database = None

    def run(self, sql, params):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall() if cursor.description else []


session = Session()


def query(database, sql, *params):
    """Rows. What SET and PREPARE do lasts while this thread asks the same database; an error ends it."""
    is_new = session.database != database
    if is_new:
        session.open(database)
    try:
        return session.run(sql, params)
    except psycopg2.Error:
        was_ended = session.connection.closed
        session.close()
        if is_new or not was_ended:
            raise
    return query(database, sql, *params)  # the server has ended it, or itself, since it was asked last


class Registry(Process):
    """Debian's docker-registry (distribution 2.8) on a directory, notifying `events_url`.
    `settings` go over its configuration; `options` are those of requests that reach it."""

    def __init__(self, directory, events_url=None, token=None, storage=None, settings=None, options=None):
        super().__init__(directory, "registry")
        self.port, self.debug_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.storage = Path(storage or self.directory / "storage")
        self.events_url = events_url
        self.token = token
        self.settings = settings or {}
        self.options = options or {}

    def config(self):
        config = {
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self.storage), "maxthreads": 100},
                        "delete": {"enabled": True}, "maintenance": {"uploadpurging": {"enabled": False}}},
            "http": {"addr": f"127.0.0.1:{self.port}", "relativeurls": True,
                     "debug": {"addr": f"127.0.0.1:{self.debug_port}"}},
        }
        if self.events_url:
            headers = {"Authorization": [f"Bearer {self.token}"]} if self.token else {}
            config["notifications"] = {"endpoints": [{
                "name": name, "url": self.events_url, "headers": headers, "timeout": "2s",
                "threshold": 5, "backoff": "200ms", "ignoredmediatypes": ["application/octet-stream"],
                "ignore": {"actions": actions}} for name, actions in ENDPOINTS.items()]}
        return merge(config, self.settings)

    def start(self):
        self.storage.mkdir(parents=True, exist_ok=True)
        path = self.directory / "registry.yml"
        path.write_text(json.dumps(self.config()))  # JSON is YAML
        self.spawn(["docker-registry", "serve", str(path)], env={"OTEL_TRACES_EXPORTER": "none"})
        wait_for(self.answers, "the registry")
        return self

    def answers(self):
        self.check_running()
        return requests.get(self.url + "/v2/", timeout=WAIT_SECONDS, **self.options).status_code in (200, 401)

    def has_told(self):
        """None of its events is on the way: it answers a push before it tells of it. True, too, when it is away."""
        try:
            variables = requests.get(f"http://127.0.0.1:{self.debug_port}/debug/vars", timeout=WAIT_SECONDS).json()
        except requests.ConnectionError:
            return True
        endpoints = variables.get("registry", {}).get("notifications", {}).get("endpoints") or []
        return not any(endpoint["Metrics"]["Pending"] for endpoint in endpoints)


class Daemon(Process):
    """The writer or a reader, with a configuration of its own."""

    program = None
    build = None  # of another version; else BUILD

    def __init__(self, directory, name, config):
        super().__init__(directory, name)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config_values = config
        self.config_path = self.directory / f"{name}.yaml"

    def write_config(self):
        self.config_path.write_text(json.dumps(self.config_values, indent=1))

    def launch(self, *options):
        self.write_config()
        self.spawn([str((self.build or BUILD) / self.folder / self.program), "--config", str(self.config_path), *options],
                   env={"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0"})
        return self

    def start(self):
        self.launch()
        self.wait_until_ready()
        return self

    def wait_until_ready(self):
        def ready():
            self.check_running()
            return self.get("/readyz").status_code == 200
        wait_for(ready, f"{self.name} to be ready")

    def get(self, path, **options):
        options.setdefault("timeout", WAIT_SECONDS)
        return requests.get(self.url + path, **options)

    def json(self, path, **options):
        answer = self.get(path, **options)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def metric(self, series):
        """metric('query_seconds_count{query="changes"}'); 0 until it is counted for the first time."""
        text = self.get("/metrics").text
        family = re.sub(r"(_count|_sum|_bucket)?({.*)?$", "", series)
        assert f"# TYPE metastore_{family} " in text, f"there is no {family}"
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"metastore_{series} "))


class Writer(Daemon):
    program = "metastore-writer"
    folder = "writer"

    def __init__(self, directory, database, registry_url, token="secret-token", name="writer", **sections):
        super().__init__(directory, name, {})
        self.token = token
        self.config_values = merge({
            "registry": {"url": registry_url},
            "events": {"token": token},
            "database": {"postgres": {"url": database}},
            "writer": {"listen": f"127.0.0.1:{self.port}"},
            "interval": {"fetch_all": "1h", "garbage_collect": 0},
            "log": {"level": "debug"},
        }, sections)
        self.events_url = self.url + "/events"
        self.sender = None  # the registry that tells it of events, if it is known

    def status(self):
        """What is so now: the writer answers with what the database told last, and says as of when. What it told before
        an answer that is late is there while the database is not connected."""
        asked = datetime.now(timezone.utc)

        def current():
            status = self.json("/status")
            is_current = "as_of" in status and datetime.fromisoformat(status["as_of"].replace("Z", "+00:00")) >= asked
            return status if is_current or not status["database"]["connected"] else None

        return wait_for(current, "a status of now")

    def scan(self, **params):
        """A full scan over HTTP, after one that runs already; returns its record when it has ended."""
        before = wait_for(lambda: self.begin_scan(params), "a scan to begin")
        return self.wait_for_scan_after(before["id"])

    def begin_scan(self, params):
        """The record of the scan before; None while another one runs."""
        status = self.status()
        if not status["database"]["connected"]:
            return None
        before = status.get("last_scan") or {"id": None}
        answer = requests.post(self.url + "/scan", params=params, timeout=WAIT_SECONDS,
                               headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code in (202, 409), answer.text
        return before if answer.status_code == 202 else None

    def wait_for_scan_after(self, scan_id):
        def ended():
            status = self.status()
            last = status.get("last_scan") if status["database"]["connected"] else None
            if not last or last["id"] == scan_id or not last.get("ended"):
                return None
            # One that was interrupted, because the writer had no lock for a while, is begun again.
            return last if last["complete"] or not status["scan"]["running"] else None
        return wait_for(ended, "the end of a scan")

    def wait_until_settled(self):
        """No event waits or is on its way, and no scan runs."""
        def settled():
            if self.sender and not self.sender.has_told():
                return False
            status = self.status()
            is_known = status["database"]["connected"]
            return is_known and status["inbox"]["waiting"] == 0 and not status["scan"]["running"]
        wait_for(settled, "the inbox to be empty")

    def run_scan(self, timeout=WAIT_SECONDS):
        """--scan in the foreground, again when the machine was too busy to hold the lock; returns the finished process."""
        self.write_config()
        for _ in range(10):
            done = subprocess.run([str(BUILD / self.folder / self.program), "--config", str(self.config_path), "--scan"],
                                  capture_output=True, text=True, timeout=timeout)
            if done.returncode != 1 or "no longer leading" not in done.stderr:
                break
        return done

    def deliver(self, body, type="application/json", token=None):
        """POST /events, as a registry does: what is not taken, since nobody leads for a moment, is sent again."""
        def answered():
            answer = requests.post(self.events_url, data=body, timeout=WAIT_SECONDS, headers={
                "Content-Type": type, "Authorization": f"Bearer {token or self.token}"})
            return [answer] if answer.status_code != 503 else None  # the answer alone is false when it is a refusal
        return wait_for(answered, "the events to be answered")[0]


class Reader(Daemon):
    program = "metastore-reader"
    folder = "reader"

    def __init__(self, directory, database, registry_url, name="reader", workers=1, **sections):
        super().__init__(directory, name, {})
        self.config_values = merge({
            "registry": {"url": registry_url},
            "database": {"postgres": {"url": database}},
            "reader": {"listen": f"127.0.0.1:{self.port}", "workers": workers},
            "cache": {"spool_dir": str(self.directory)},
        }, sections)


class Waiting(threading.Thread):
    """A request that a reader has put aside until something changes: `ask` is under way while the body of
    `with` runs; after it, `answer` is what it returned."""

    def __init__(self, reader, ask):
        super().__init__(daemon=True)
        self.reader = reader
        self.ask = ask
        self.answer = None

    def __enter__(self):
        parked = self.reader.metric("parked_requests")
        self.start()
        wait_for(lambda: self.reader.metric("parked_requests") > parked, "the request to be put aside")
        return self

    def run(self):
        self.answer = self.ask()

    def __exit__(self, *_):
        self.join()


def assert_same_state(a, b):
    """Of two databases, as compare_states defines it."""
    done = subprocess.run([SUPPORT / "compare_states", a, b], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert not done.stderr.startswith("0 facts"), "nothing was compared"


def assert_as_scanned(database, server, registry_url, directory, **sections):
    """The database is as a scan into an empty one makes it."""
    fresh = server.new_database()
    writer = Writer(directory, fresh, registry_url, name="fresh", **sections)
    done = writer.run_scan()
    assert done.returncode == 0, done.stderr[-3000:]
    assert_same_state(database, fresh)


def merge(base, extra):
    merged = dict(base)
    for key, value in extra.items():
        merged[key] = merge(merged.get(key, {}), value) if isinstance(value, dict) else value
    return merged


class Stack:
    """One registry, one writer, one reader, one database."""

    def __init__(self, directory, postgres, writer_config=None, reader_config=None):
        self.directory = Path(directory)
        self.postgres = postgres
        self.database = postgres.new_database()
        self.registry = Registry(self.directory / "registry")
        self.writer = Writer(self.directory, self.database, self.registry.url, **(writer_config or {}))
        self.reader = Reader(self.directory, self.database, self.registry.url, **(reader_config or {}))
        self.registry.events_url = self.writer.events_url
        self.registry.token = self.writer.token
        self.writer.sender = self.registry

    def start(self):
        self.registry.start()
        self.writer.start()
        self.reader.start()
        return self

    def stop(self):
        """Everything ends as it should: exit status 0, nothing reported by a sanitizer."""
        statuses = {p.name: p.terminate() for p in (self.reader, self.writer) if p.child}
        self.registry.kill()
        for process in (self.reader, self.writer):
            assert "ERROR: AddressSanitizer" not in process.log(), process.log()[-4000:]
            assert "LeakSanitizer" not in process.log(), process.log()[-4000:]
            assert "runtime error:" not in process.log(), process.log()[-4000:]
        return statuses
