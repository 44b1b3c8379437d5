# SPDX-License-Identifier: Apache-2.0
"""The configuration of a registry that README.md recommends: changes do not wait behind pulls."""
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
import yaml

from harness import ROOT, WAIT_SECONDS, Registry, Writer, query, wait_for
from images import OCI_MANIFEST, Pusher

PULLS = 1500


class Gate(ThreadingHTTPServer):
    """Before a writer's /events: hands on what comes, but takes no pull until it is opened."""

    def __init__(self, events_url):
        super().__init__(("127.0.0.1", 0), GateRequest)
        self.events_url, self.is_open, self.refused = events_url, False, 0
        self.url = f"http://127.0.0.1:{self.server_port}/events"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class GateRequest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.server.is_open and any(event["action"] == "pull" for event in json.loads(body)["events"]):
            self.server.refused += 1
            status = 503
        else:
            names = ("Content-Type", "Authorization")
            status = requests.post(self.server.events_url, data=body, timeout=WAIT_SECONDS,
                                   headers={name: self.headers[name] for name in names}).status_code
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def site(postgres, tmp_path):
    """A registry with the README's endpoints, the gate, and a writer that scans nothing by itself."""
    registry = Registry(tmp_path / "registry")
    writer = Writer(tmp_path, postgres.new_database(), registry.url, interval={"fetch_all": 0})
    gate = Gate(writer.events_url)
    block, = re.findall(r"```yaml\n(notifications:\n.*?)```", (ROOT / "README.md").read_text(), re.S)
    registry.settings = yaml.safe_load(block)
    for endpoint in registry.settings["notifications"]["endpoints"]:
        endpoint |= {"url": gate.url, "headers": {"Authorization": [f"Bearer {writer.token}"]}, "backoff": "100ms"}
    registry.start()
    writer.start()
    yield registry, writer, gate
    gate.is_open = True
    assert writer.terminate() == 0, writer.log()[-3000:]
    registry.kill()
    gate.shutdown()


def test_a_push_is_seen_before_the_pulls_that_wait(site):
    registry, writer, gate = site
    database = writer.config_values["database"]["postgres"]["url"]
    tagged = "SELECT count(*) FROM tag t JOIN manifest m ON m.id = t.manifest_id WHERE digest_text(m.digest) = %s"
    pusher = Pusher(registry.url)
    first = pusher.image("team/app", "1", salt="first")["digest"]
    wait_for(lambda: query(database, tagged, first)[0][0], "the first push")
    with requests.Session() as session:
        for _ in range(PULLS):
            assert session.get(f"{registry.url}/v2/team/app/manifests/1", timeout=WAIT_SECONDS,
                               headers={"Accept": OCI_MANIFEST}).status_code == 200
    wait_for(lambda: gate.refused, "the registry to tell of pulls")
    second = pusher.image("team/app", "2", salt="second")["digest"]
    wait_for(lambda: query(database, tagged, second)[0][0], "the push")
    assert query(database, "SELECT sum(pulls) FROM repository") == [(0,)]
    gate.is_open = True
    wait_for(lambda: query(database, "SELECT sum(pulls) > 0 FROM repository") == [(True,)], "the pulls")
