# SPDX-License-Identifier: Apache-2.0
"""Real clients against a reader: docker search (a real dockerd), podman search, skopeo."""
import json
import os
import subprocess

import pytest

from harness import Process, wait_for
from images import Pusher

TAGS = ["1.0", "1.1", "latest"]


@pytest.fixture(scope="module")
def filled(module_stack):
    pusher = Pusher(module_stack.registry.url)
    pusher.image("library/postgres", *TAGS, salt="postgres",
                 labels={"org.opencontainers.image.description": "The database"})
    pusher.image("team/postgres-backup", "1.0", salt="backup",
                 labels={"org.opencontainers.image.description": "Backups of databases"})
    pusher.image("team/web", "1.0", salt="web")
    module_stack.writer.wait_until_settled()
    wait_for(lambda: len(module_stack.reader.json("/v2/_catalog")["repositories"]) == 3, "the reader")
    return module_stack


class Dockerd(Process):
    """A daemon that can search but not run anything: no bridge, no iptables, its own directories."""

    def __init__(self, directory, insecure_registry):
        super().__init__(directory, "dockerd")
        self.socket = f"/tmp/ms-dockerd-{os.getpid()}.sock"
        self.insecure_registry = insecure_registry

    def start(self):
        home = self.directory
        self.spawn(["dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs",
                    f"--data-root={home}/data", f"--exec-root={home}/exec", f"--pidfile={home}/pid",
                    "-H", f"unix://{self.socket}", f"--insecure-registry={self.insecure_registry}"])
        wait_for(lambda: self.check_running() or self.docker("version").returncode == 0, "dockerd", 60)
        return self

    def docker(self, *arguments):
        # Debian's client, whatever else is called docker on this machine.
        return subprocess.run(["/usr/bin/docker", "-H", f"unix://{self.socket}", *arguments],
                              capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def dockerd(filled, tmp_path_factory):
    daemon = Dockerd(tmp_path_factory.mktemp("dockerd"), f"127.0.0.1:{filled.reader.port}")
    yield daemon.start()
    daemon.terminate()


def docker_search(dockerd, reader, term, *options):
    done = dockerd.docker("search", "--format", "{{json .}}", *options, f"127.0.0.1:{reader.port}/{term}")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_docker_search(filled, dockerd):
    found = docker_search(dockerd, filled.reader, "postgres")
    assert [f["Name"] for f in found] == ["library/postgres", "team/postgres-backup"]
    assert found[0]["Description"] == "The database"
    assert found[0]["IsOfficial"] == "true" and found[1]["IsOfficial"] == "false"


def test_docker_search_options(filled, dockerd):
    assert len(docker_search(dockerd, filled.reader, "postgres", "--limit", "1")) == 1
    official = docker_search(dockerd, filled.reader, "postgres", "--filter", "is-official=true")
    assert [f["Name"] for f in official] == ["library/postgres"]
    assert docker_search(dockerd, filled.reader, "postgres", "--filter", "stars=1000") == []
    assert docker_search(dockerd, filled.reader, "nothing-like-this") == []


def podman(*arguments):
    done = subprocess.run(["podman", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_podman_search(filled):
    host = f"127.0.0.1:{filled.reader.port}"
    found = json.loads(podman("search", "--tls-verify=false", "--format=json", f"{host}/postgres"))
    assert [f["Name"] for f in found] == [f"{host}/library/postgres", f"{host}/team/postgres-backup"]
    everything = json.loads(podman("search", "--tls-verify=false", "--format=json", f"{host}/"))
    assert len(everything) == 3


def test_podman_list_tags(filled):
    host = f"127.0.0.1:{filled.reader.port}"
    found = json.loads(podman("search", "--tls-verify=false", "--list-tags", "--format=json",
                              f"{host}/library/postgres"))
    assert found[0]["Tags"] == TAGS


def test_skopeo_list_tags(filled):
    for port in (filled.reader.port, filled.registry.port):  # the same as the registry says
        done = subprocess.run(["skopeo", "list-tags", "--tls-verify=false",
                               f"docker://127.0.0.1:{port}/library/postgres"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert sorted(json.loads(done.stdout)["Tags"]) == TAGS
