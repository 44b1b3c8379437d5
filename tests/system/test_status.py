# SPDX-License-Identifier: Apache-2.0
"""What the writer says of itself: /status, /readyz and refusals while something is missing."""
import json
import shutil
import tempfile

import pytest
import requests

from fake import FakeRegistry
from harness import WAIT_SECONDS, Postgres, Registry, Writer, free_port, wait_for
from images import Pusher


@pytest.fixture
def fake(tmp_path):
    made = FakeRegistry(tmp_path).start()
    yield made
    made.stop()


def post(writer, path):
    return requests.post(writer.url + path, data='{"events": []}', timeout=WAIT_SECONDS,
                         headers={"Authorization": "Bearer " + writer.token})


def test_nothing_is_there_yet(tmp_path):
    """It starts all the same, says what is missing and why, and waits for it."""
    place = tempfile.mkdtemp(prefix="ms-late-", dir="/tmp")
    server = Postgres(place)
    database = server.new_database()
    server.stop()
    registry = Registry(tmp_path / "registry")  # not started
    writer = Writer(tmp_path, database, registry.url, registry={"timeout": "1s"}).launch()
    try:
        status = wait_for(writer.status, "the writer to answer")
        assert status["role"] == "standby" and status["leader"] is None
        assert status["registry"]["reachable"] is None and status["registry"]["last_error"] is None
        database = wait_for(lambda: writer.status()["database"].get("error") and writer.status()["database"],
                            "the database's error")
        assert database["connected"] is False and database["since"]
        assert writer.get("/healthz").status_code == 200
        for answer in (writer.get("/readyz"), post(writer, "/events"), post(writer, "/scan")):
            assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
            detail = answer.json()["detail"]
            assert f"the database is away since {database['since']}" in detail and database["error"] in detail
        server.start()
        writer.wait_until_ready()
        assert writer.status()["database"] == {"connected": True}
        wait_for(lambda: writer.status()["registry"]["reachable"] is False, "the registry to be missed")
        trouble = writer.status()["registry"]
        assert trouble["last_error"] and trouble["last_error_time"]
        registry.start()
        wait_for(lambda: (told := writer.status()["registry"])["reachable"] is True and told["last_error"] is None,
                 "the registry to be seen")
    finally:
        assert writer.terminate() == 0, writer.log()[-3000:]
        registry.kill()
        server.remove()
        shutil.rmtree(place, ignore_errors=True)


def test_a_standby_names_the_leader(postgres, tmp_path):
    database, nowhere = postgres.new_database(), f"http://127.0.0.1:{free_port()}"
    leader = Writer(tmp_path, database, nowhere, name="leader").start()
    standby = Writer(tmp_path, database, nowhere, name="standby").launch()
    try:
        wait_for(lambda: standby.status()["leader"], "the standby to see the leader")
        wait_for(lambda: f"process {leader.child.pid} on" in standby.get("/readyz").json()["detail"], "its name")
        assert "another writer leads" in post(standby, "/events").json()["detail"]
    finally:
        assert [standby.terminate(), leader.terminate()] == [0, 0]


def test_progress_within_one_repository(postgres, fake, tmp_path):
    """Of one large repository it is seen how far the scan has come, not only that it has not ended."""
    for number in range(900):
        fake.put("large/app", f"tag-{number:03}", labels={"n": str(number)})
    fake.fault("large/app/manifests/", kind="slow", seconds=0.005)
    writer = Writer(tmp_path, postgres.new_database(), fake.url, interval={"fetch_all": 0},
                    registry={"concurrency": 2}).start()
    try:
        assert post(writer, "/scan").status_code == 202
        seen = set()

        def moves():
            scan = writer.status()["scan"]
            assert scan["running"] and scan["repositories"]["done"] == 0
            seen.add(scan["manifests"])
            return len(seen) > 2
        wait_for(moves, "the number of manifests to grow")
        assert "metastore_scan_repositories" in writer.get("/metrics").text
        record = writer.wait_for_scan_after(None)
        assert record["complete"] and record["manifests"] == 900 >= max(seen)
    finally:
        assert writer.terminate() == 0, writer.log()[-3000:]


def test_counts_of_events(stack):
    Pusher(stack.registry.url).image("team/app", "1", "2", salt="counted")
    wait_for(lambda: stack.writer.status()["inbox"]["accepted"] >= 2, "the events")
    stack.writer.wait_until_settled()
    before = stack.writer.status()["inbox"]
    event = {"id": "counted", "action": "push", "target": {"repository": "team/app", "tag": "1"}}
    for _ in range(3):
        assert stack.writer.deliver(json.dumps({"events": [event]})).status_code == 202
    inbox = stack.writer.status()["inbox"]
    assert inbox["accepted"] == before["accepted"] + 1 and inbox["duplicates"] == before["duplicates"] + 2
