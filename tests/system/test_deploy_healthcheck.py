# SPDX-License-Identifier: Apache-2.0
"""--healthcheck asks the running program where its configuration says that it listens. It needs no database."""
import contextlib
import socket
import subprocess
import threading

import pytest

from harness import BUILD, WAIT_SECONDS, Reader, Writer, free_port, wait_for

NO_DATABASE = "postgresql://127.0.0.1:1/nothing"
NO_REGISTRY = "http://127.0.0.1:1"


def make(program, directory, listen):
    daemon = program(directory, NO_DATABASE, NO_REGISTRY)
    section = program.folder
    daemon.config_values[section]["listen"] = listen
    daemon.write_config()
    return daemon


def check(daemon):
    return subprocess.run([str(BUILD / daemon.folder / daemon.program), "--config", str(daemon.config_path), "--healthcheck"],
                          capture_output=True, text=True, timeout=WAIT_SECONDS)


@contextlib.contextmanager
def running(daemon):
    daemon.launch()
    try:
        wait_for(lambda: daemon.check_running() or "listening" in daemon.log(), "the program to listen")
        yield daemon
    finally:
        daemon.terminate()


def addresses(tmp_path):
    port = free_port()
    return [f":{port}", f"0.0.0.0:{port}", f"127.0.0.1:{port}", f"[::]:{port}", f"unix:{tmp_path}/socket"]


@pytest.mark.parametrize("program", [Writer, Reader])
@pytest.mark.parametrize("which", range(5), ids=["all", "all of IPv4", "loopback", "all of IPv6", "unix"])
def test_health_is_asked_where_the_configuration_says(program, which, tmp_path):
    listen = addresses(tmp_path)[which]
    if listen.startswith("[") and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    daemon = make(program, tmp_path, listen)
    before = check(daemon)
    assert before.returncode == 1 and listen in before.stderr and before.stdout == ""
    with running(daemon):
        alive = wait_for(lambda: (done := check(daemon)).returncode == 0 and done, "the program to be healthy")
        assert alive.stdout == alive.stderr == ""
    assert check(daemon).returncode == 1


@pytest.mark.parametrize("program", [Writer, Reader])
def test_another_answer_is_not_health(program, tmp_path):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        def answer():
            for text in (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", b"", b"SSH-2.0-OpenSSH\r\n"):
                connection, _ = server.accept()
                with connection:
                    connection.recv(1024)
                    connection.sendall(text)
        thread = threading.Thread(target=answer)
        thread.start()
        daemon = make(program, tmp_path, "127.0.0.1:%d" % server.getsockname()[1])
        for _ in range(3):
            assert check(daemon).returncode == 1
        thread.join()


@pytest.mark.parametrize("program", [Writer, Reader])
def test_what_cannot_be_asked_is_not_health(program, tmp_path):
    assert check(make(program, tmp_path, "127.0.0.1:0")).returncode == 1  # whatever port it took
    daemon = make(program, tmp_path, ":8088")
    daemon.config_path.write_text("nonsense: true\n")
    assert check(daemon).returncode == 1


def test_health_needs_no_secrets(tmp_path):
    """A check in a container runs beside the writer, maybe as a user who cannot read its secrets."""
    daemon = make(Writer, tmp_path, f"127.0.0.1:{free_port()}")
    del daemon.config_values["events"]
    daemon.config_values["events"] = {"token_file": str(tmp_path / "unreadable")}
    daemon.write_config()
    assert "unreadable" not in check(daemon).stderr
