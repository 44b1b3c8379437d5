# SPDX-License-Identifier: Apache-2.0
"""Secrets stay where they are, whatever goes wrong; and nobody is believed who has another's certificate."""
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from harness import BUILD, WAIT_SECONDS, Postgres, Reader, Registry, Writer, query, wait_for, bcrypt
from images import Pusher
from load import children
from test_registry_access import PASSWORD, USER, make_certificate, session_of

TOKEN, WRITER_PASSWORD, READER_PASSWORD, WRONG = "tok-5f1e77", "wpw-8c02d4", "rpw-61b9aa", "bad-3de770"
SECRETS = [PASSWORD, TOKEN, WRITER_PASSWORD, READER_PASSWORD, WRONG]


@pytest.fixture(scope="module")
def server():
    """That asks for passwords."""
    place = tempfile.mkdtemp(prefix="ms-sec-", dir="/tmp")
    made = Postgres(place)
    for role, password in (("w", WRITER_PASSWORD), ("r", READER_PASSWORD)):
        query(made.uri, f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{password}'")
    rules = Path(place, "cluster/data/pg_hba.conf")
    rules.write_text("host all w,r 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
    query(made.uri, "SELECT pg_reload_conf()")
    yield made
    made.remove()
    shutil.rmtree(place, ignore_errors=True)


class Told:
    """What was told to anybody: [(where, text)]."""

    def __init__(self):
        self.texts = []

    def ask(self, daemon, path, method="GET", **options):
        try:
            answer = requests.request(method, daemon.url + path, timeout=WAIT_SECONDS, **options)
        except requests.RequestException:
            return
        self.texts.append((f"{method} {path}", f"{answer.headers}{answer.text}"))

    def run(self, daemon, *options):
        done = subprocess.run([BUILD / daemon.folder / daemon.program, "--config", daemon.config_path, *options],
                              capture_output=True, text=True, timeout=WAIT_SECONDS)
        self.texts.append((" ".join(options), done.stdout + done.stderr))
        return done.returncode

    def processes(self, *daemons):
        for pid in [pid for daemon in daemons for pid in (daemon.child.pid, *children(daemon.child.pid))]:
            for file in ("cmdline", "environ", "comm"):
                self.texts.append((f"/proc/{pid}/{file}", Path(f"/proc/{pid}/{file}").read_text(errors="replace")))
            core = re.search(r"^Max core file size +(\d+)", Path(f"/proc/{pid}/limits").read_text(), re.MULTILINE)
            assert core and core[1] == "0", f"process {pid} would leave a core file"

    def check(self):
        assert len(self.texts) > 40
        for where, text in self.texts:
            assert [secret for secret in SECRETS if secret in text] == [], where


BROKEN = [f"registry: {{url: 'http://h', password: [{WRONG}]}}", f"events: {{token: {{a: {WRONG}}}}}",
          f"registry: {{url: 'http://u:{WRONG}@h'}}", f"database: {{postgres: {{url: 'postgres://u:{WRONG}@h:port/d'}}}}",
          f"database: {{postgres: {{url: 'host=h password={WRONG} nonsense'}}}}", f"events: {{token: \"{WRONG}",
          f"registry: {{url: 'http://h', password: {WRONG}, password_file: /nowhere}}",
          f"events: {{token:{WRONG}}}"]


@pytest.fixture
def cores_allowed():
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def test_secrets_are_told_to_nobody(server, cores_allowed, tmp_path):
    told, database = Told(), urlsplit(server.new_database())
    (tmp_path / "htpasswd").write_text(f"{USER}:{bcrypt(PASSWORD)}\n")
    (tmp_path / "password").write_text(PASSWORD)
    registry = Registry(tmp_path / "registry", settings={"auth": {"htpasswd": {
        "realm": "Registry", "path": str(tmp_path / "htpasswd")}}})
    writer = Writer(tmp_path, f"postgresql://w:{WRITER_PASSWORD}@{database.netloc.split('@')[1]}{database.path}", registry.url,
                    token=TOKEN, registry={"username": USER, "password_file": str(tmp_path / "password")})
    reader = Reader(tmp_path, f"host=127.0.0.1 port={database.port} user=r password={READER_PASSWORD} dbname={database.path[1:]}",
                    registry.url, log={"level": "debug"}, events={"token": TOKEN})
    registry.events_url, registry.token = writer.events_url, TOKEN
    registry.start()
    writer.start()
    reader.start()
    try:
        Pusher(registry.url, session_of(auth=(USER, PASSWORD))).image("team/app", "1")
        wait_for(lambda: reader.get("/v2/team/app/tags/list").status_code == 200, "the push")
        told.processes(writer, reader)
        for _ in ("all is well", "nothing answers"):
            for path in ("/status", "/metrics", "/readyz", "/nowhere"):
                told.ask(writer, path)
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {TOKEN}"}):
                for path in ("/events", "/scan"):
                    told.ask(writer, path, "POST", data="{", headers=headers)
            for path in ("/", "/api/v1/status", "/api/v1/nowhere", "/api/v1/search?q=%00", "/readyz", "/metrics", "/index/static?x=y"):
                told.ask(reader, path)
            server.kill()
            registry.kill()
            wait_for(lambda: writer.get("/readyz").status_code == 503, "the writer to notice")
        server.start()
        writer.wait_until_ready()
        writer.begin_scan({})
        wait_for(lambda: writer.status()["registry"]["reachable"] is False, "a request that fails")
        told.ask(writer, "/status")
        registry.start()
        for option in ("--check-config", "--print-config", "--dead-letters"):
            assert told.run(writer, option) == 0
        assert told.run(reader, "--print-config") == 0
        (tmp_path / "password").write_text(WRONG)  # refused by the registry from now on
        query(server.uri, "ALTER ROLE w PASSWORD 'another'")  # as the writer is by the database
        writer.signal(signal.SIGHUP)
        query(server.uri, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'w'")
        refused = Path(server.directory, "cluster/log")
        wait_for(lambda: 'password authentication failed for user "w"' in refused.read_text(), "the database to refuse the writer")
        for path in ("/status", "/readyz"):
            told.ask(writer, path)
        good = writer.config_path.read_text()
        for text in BROKEN:
            writer.config_path.write_text(text + "\n")
            assert told.run(writer, "--check-config") == 2
            told.run(writer, "--print-config")
        writer.signal(signal.SIGHUP)
        wait_for(lambda: "the configuration was not reloaded" in writer.log(), "the file to be refused")
        writer.config_path.write_text(good)
    finally:
        writer.child.send_signal(signal.SIGABRT)  # as the watchdog does it
        writer.child.wait()
        reader.terminate()
        registry.kill()
    told.texts += [("the writer's log", writer.log()), ("the reader's log", reader.log()),
                   ("the server's log", Path(server.directory, "cluster/log").read_text(errors="replace"))]
    assert [name for name in os.listdir(tmp_path) if name.startswith("core")] == []
    told.check()


@pytest.fixture(scope="module")
def strangers(tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificates")
    return {name: make_certificate(directory, name) for name in ("registry", "stranger")}


@pytest.mark.parametrize("trusted, host, refusal", [
    ("own", "127.0.0.1", None), ("stranger", "127.0.0.1", "certificate verify failed"), ("own", "elsewhere.test", "does not match host name"),
    ("nobody said which", "elsewhere.test", "certificate verify failed (towards another machine sslmode is verify-full unless it is set)"),
    ("nobody said which", "127.0.0.1", None)])
def test_a_database_must_show_its_certificate(server, strangers, tmp_path, monkeypatch, trusted, host, refusal):
    monkeypatch.delenv("PGSSLMODE")
    own = Path(server.directory, "cluster/data/server.crt")
    certificate = tmp_path / "trusted.pem"
    certificate.write_bytes(strangers["stranger"][1].read_bytes() if trusted == "stranger" else own.read_bytes())
    port, name = urlsplit(server.uri).port, urlsplit(server.new_database()).path[1:]
    url = f"host={host} hostaddr=127.0.0.1 port={port} user=postgres dbname={name}"
    if trusted != "nobody said which":
        url += f" sslmode=verify-full sslrootcert={certificate}"
    writer, reader = Writer(tmp_path, url, "http://registry.test"), Reader(tmp_path, url, "http://registry.test")
    for daemon in (writer, reader):
        daemon.launch()
    try:
        if refusal is None:
            writer.wait_until_ready()
            reader.wait_until_ready()
        for daemon in (writer, reader):
            if refusal:
                wait_for(lambda daemon=daemon: refusal in daemon.log(), "the certificate to be refused")
                assert daemon.get("/readyz").status_code == 503
    finally:
        assert [daemon.terminate() for daemon in (reader, writer)] == [0, 0]


def test_a_registry_must_show_its_certificate(server, strangers, tmp_path):
    """By default by the system's authorities, else by those of `ca_file`."""
    key, certificate = strangers["registry"]
    registry = Registry(tmp_path / "registry", settings={"http": {"tls": {"certificate": str(certificate), "key": str(key)}}},
                        options={"verify": str(certificate)})
    registry.url = registry.url.replace("http:", "https:")
    registry.start()
    writers = {}
    try:
        for name, ca_file in (("default", None), ("stranger", strangers["stranger"][1]), ("right", certificate)):
            sections = {"registry": {"timeout": "5s", **({"ca_file": str(ca_file)} if ca_file else {})}}
            writers[name] = Writer(tmp_path / name, server.new_database(), registry.url, name=name, **sections).start()
        for name in ("default", "stranger"):
            wait_for(lambda name=name: writers[name].status()["registry"]["reachable"] is False, "the certificate to be refused")
            assert "certificate" in json.dumps(writers[name].status()["registry"])
        wait_for(lambda: writers["right"].status()["registry"]["reachable"], "the right one")
    finally:
        statuses = [writer.terminate() for writer in writers.values()]
        registry.kill()
    assert statuses == [0, 0, 0]
