# SPDX-License-Identifier: Apache-2.0
"""What a person or a supervisor does to a writer: SIGHUP, SIGTERM once and twice, --scan at a
terminal and elsewhere."""
import os
import pty
import re
import signal
import socket
import subprocess

import pytest

from fake import FakeRegistry
from harness import BUILD, WAIT_SECONDS, Writer, query, wait_for


@pytest.fixture
def fake(tmp_path):
    made = FakeRegistry(tmp_path).start()
    made.put("team/app", "1")
    yield made
    made.stop()


@pytest.fixture
def make_writer(postgres, fake, tmp_path):
    writers = []

    def make(**sections):
        sections.setdefault("interval", {"fetch_all": 0})
        writers.append(Writer(tmp_path, postgres.new_database(), fake.url, **sections))
        return writers[-1]
    yield make
    for writer in writers:
        if writer.child:
            assert writer.terminate() in (0, 1), writer.log()[-3000:]
        assert "ERROR: AddressSanitizer" not in writer.log() and "runtime error" not in writer.log()


def reload(writer):
    """SIGHUP with the configuration as it is now; returns what was logged because of it."""
    before = len(writer.log())
    writer.write_config()
    writer.signal(signal.SIGHUP)
    wait_for(lambda: re.search("configuration (was not )?reloaded", writer.log()[before:]), "the reload")
    return writer.log()[before:]


def database_of(writer):
    return writer.config_values["database"]["postgres"]["url"]


def scans(writer):
    return query(database_of(writer), "SELECT count(*) FROM scan WHERE complete")[0][0]


def collections(writer):
    return query(database_of(writer), "SELECT count(*) FROM collection WHERE ended IS NOT NULL")[0][0]


def test_an_interval_takes_effect_at_once(make_writer):
    writer = make_writer().start()
    assert writer.scan()["complete"]
    writer.config_values["interval"]["fetch_all"] = "1s"
    reload(writer)
    wait_for(lambda: scans(writer) > 2, "scans by interval")
    writer.config_values["interval"]["fetch_all"] = 0
    reload(writer)
    writer.wait_until_settled()
    count = scans(writer)
    assert writer.scan()["complete"], "on request"
    writer.config_values["interval"]["garbage_collect"] = "1s"  # the interval that was, for something else
    reload(writer)
    wait_for(lambda: collections(writer) > 2, "collections by interval")
    assert scans(writer) == count + 1


def test_a_bad_file_changes_nothing(make_writer):
    writer = make_writer().start()
    good = dict(writer.config_values)
    writer.config_values = {**good, "interval": {"fetch_all": "often"}, "log": {"level": "error"}}
    told = reload(writer)
    assert "not reloaded" in told and "interval.fetch_all" in told and "often" in told
    writer.config_values = {**good, "writer": {"listen": "127.0.0.1:1"}}
    told = reload(writer)
    assert "needs a restart" in told and "writer.listen" in told
    assert writer.get("/readyz").status_code == 200


def test_the_second_signal_ends_it_at_once(make_writer):
    """A client that never finishes its request keeps the first one waiting."""
    writer = make_writer().start()
    with socket.create_connection(("127.0.0.1", writer.port)) as client:
        client.sendall(b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        wait_for(lambda: 'metastore_http_connections 2' in writer.get("/metrics").text, "the connection")
        writer.signal(signal.SIGTERM)
        wait_for(lambda: "msg=stopping" in writer.log(), "the first signal to be heard")
        assert writer.is_running()
        writer.signal(signal.SIGTERM)
        assert writer.child.wait(WAIT_SECONDS) == 1 and "a second signal" in writer.log()


def slow(fake):
    for number in range(60):
        fake.put(f"slow/app-{number}", "1", labels={"n": str(number)})
    fake.fault("slow/app-[0-9]*/tags/list", kind="slow", seconds=0.25)


def lost_its_lock(status, text):
    """--scan ends when the machine was too busy to hold it, and is to be begun again."""
    return status == 1 and "no longer leading" in text


def scan_on_a_terminal(writer):
    """The exit status, and what was seen there."""
    writer.write_config()
    near, far = pty.openpty()
    child = subprocess.Popen([str(BUILD / "writer/metastore-writer"), "--config", str(writer.config_path), "--scan"],
                             stdout=far, stderr=far)
    os.close(far)
    seen = b""
    try:
        while chunk := os.read(near, 65536):
            seen += chunk
    except OSError:  # how a terminal says that nobody writes to it any more
        pass
    os.close(near)
    return child.wait(WAIT_SECONDS), seen.decode()


def test_a_bar_on_a_terminal(make_writer, fake):
    writer = make_writer(registry={"concurrency": 4})
    slow(fake)
    status, text = scan_on_a_terminal(writer)
    while lost_its_lock(status, text):
        status, text = scan_on_a_terminal(writer)
    assert status == 0, text[-2000:]
    done = [int(number) for number in re.findall(r"\[[#-]+\]  (\d+)/\d+ repositories  \d+ manifests  \d+/s  ", text)]
    assert len(set(done)) > 5 and done == sorted(done), done
    assert re.search(r"\d:\d\d left", text)
    assert text.rsplit("\x1b[J", 1)[-1].count("repositories") <= 1, "the bar is left behind"


def begin_again(writer):
    writer.log_path.unlink()
    writer.launch("--scan")


def test_lines_elsewhere(make_writer, fake):
    writer = make_writer()
    fake.fault("team/app/tags/list", "hold")
    writer.launch("--scan")
    line = r"msg=scanning repositories=\d+ of=\d+ manifests=\d+ rate=\S+ eta_seconds=\S+"

    def is_told():
        if lost_its_lock(writer.child.poll(), writer.log()):
            begin_again(writer)
        return re.search(line, writer.log())
    wait_for(is_told, "a line about a scan that takes its time")
    fake.do(clear_faults=True)
    while lost_its_lock(writer.child.wait(WAIT_SECONDS), writer.log()):
        begin_again(writer)
    assert writer.child.returncode == 0, writer.log()[-2000:]
    assert "\x1b" not in writer.log()
