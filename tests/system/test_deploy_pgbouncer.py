# SPDX-License-Identifier: Apache-2.0
"""A real PgBouncer between the programs and PostgreSQL: pooling of sessions works, as deploy/README.md says."""
import shutil

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from harness import Process, Reader, Registry, Writer, free_port, wait_for
from images import Pusher


class PgBouncer(Process):
    def __init__(self, directory, database, mode):
        super().__init__(directory, "pgbouncer")
        self.port = free_port()
        server = parse_dsn(database)
        self.uri = f"postgresql://{server.get('user', 'postgres')}@127.0.0.1:{self.port}/{server['dbname']}"
        where = " ".join(f"{key}={server[key]}" for key in ("host", "port", "user") if key in server)
        (self.directory / "pgbouncer.ini").write_text(
            f"[databases]\n* = {where}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = any\npool_mode = {mode}\nuser = nobody\nlogfile =\n")
        self.directory.chmod(0o755)

    def start(self):
        self.spawn([shutil.which("pgbouncer", path="/usr/sbin:/usr/bin"), self.directory / "pgbouncer.ini"])

        def answers():
            self.check_running()
            psycopg2.connect(self.uri).close()
            return True
        wait_for(answers, "pgbouncer")
        return self


@pytest.fixture
def bouncer(postgres, tmp_path):
    made = PgBouncer(tmp_path / "pgbouncer", postgres.new_database(empty=True), "session").start()
    yield made
    made.kill()


def test_sessions_through_pgbouncer(bouncer, tmp_path):
    registry = Registry(tmp_path / "registry")
    writer = Writer(tmp_path, bouncer.uri, registry.url)
    reader = Reader(tmp_path, bouncer.uri, registry.url)
    registry.events_url, registry.token = writer.events_url, writer.token
    registry.start()
    try:
        writer.start()
        reader.start()
        Pusher(registry.url).image("team/app", "latest")
        wait_for(lambda: reader.get("/v2/team/app/tags/list").status_code == 200, "the push")
        first = int(reader.get("/v2/_catalog").headers["X-Metastore-Generation"])
        Pusher(registry.url).image("team/app", "2", salt="another")
        wait_for(lambda: reader.json("/v2/team/app/tags/list")["tags"] == ["2", "latest"], "the second push")
        assert int(reader.get("/v2/_catalog").headers["X-Metastore-Generation"]) > first
    finally:
        statuses = [daemon.terminate() for daemon in (reader, writer)]
        registry.kill()
    assert statuses == [0, 0], writer.log()[-2000:] + reader.log()[-2000:]
