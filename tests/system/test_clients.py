# SPDX-License-Identifier: Apache-2.0
"""Real clients against a reader: docker search (a real dockerd), podman search, skopeo, curl. What they are
told is what the registry has."""
import json
import os
import subprocess

import pytest
import requests

from harness import WAIT_SECONDS, Process, Registry, query, wait_for
from images import OCI_MANIFEST, Pusher

OFFICIAL, BACKUP, WEB, MANY = "library/postgres", "team/postgres-backup", "team/web", "team/many"
TAGS = {OFFICIAL: ["1.0", "1.1", "latest"], BACKUP: ["1.0"], WEB: ["v1", "v2"], MANY: [f"t{n:03}" for n in range(120)]}
DESCRIPTIONS = {OFFICIAL: "The database", BACKUP: "Backups of databases", WEB: "", MANY: ""}
PULLS = {OFFICIAL: 3, BACKUP: 1, WEB: 0, MANY: 0}


@pytest.fixture(scope="module")
def filled(module_stack):
    registry = module_stack.registry.url
    pusher = Pusher(registry)
    for name, tags in TAGS.items():
        described = {"org.opencontainers.image.description": DESCRIPTIONS[name]} if DESCRIPTIONS[name] else {}
        pusher.image(name, *tags, salt=name, labels=described)
    module_stack.writer.wait_until_settled()
    for name, number in PULLS.items():
        for _ in range(number):
            requests.get(f"{registry}/v2/{name}/manifests/{TAGS[name][-1]}", headers={"Accept": OCI_MANIFEST},
                         timeout=WAIT_SECONDS).raise_for_status()
    wait_for(lambda: dict(query(module_stack.database, "SELECT name, pulls FROM repository")) == PULLS, "the pulls")
    wait_for(lambda: module_stack.reader.json("/v2/_catalog")["repositories"] == sorted(TAGS), "the reader")
    return module_stack


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=WAIT_SECONDS)
    assert done.returncode == 0, done.stderr
    return done.stdout


def host(daemon):
    return f"127.0.0.1:{daemon.port}"


# --- curl: the registry's own words ---

def curl(daemon, path):
    value = json.loads(run("curl", "-sS", "--fail", daemon.url + path))
    if "tags" in value:  # this registry lists them in no order, a reader in byte order
        value["tags"] = sorted(value["tags"]) if isinstance(daemon, Registry) else value["tags"]
    return value


@pytest.mark.parametrize("path", ["/v2/", "/v2/_catalog", "/v2/_catalog?n=2", "/v2/_catalog?n=2&last=team/many",
                                  *(f"/v2/{name}/tags/list" for name in TAGS)])
def test_curl(filled, path):
    assert curl(filled.reader, path) == curl(filled.registry, path)


def test_curl_follows_pages(filled):
    """As far as there is a Link, whose page begins after the last one."""
    for path, member in (("/v2/_catalog?n=3", "repositories"), (f"/v2/{MANY}/tags/list?n=50", "tags")):
        found, here = [], path
        while here:
            answer = filled.reader.get(here)
            found += answer.json()[member]
            here = answer.links.get("next", {}).get("url")
        assert found == curl(filled.registry, path.split("?")[0])[member]


# --- docker ---

CLIENT = "/usr/bin/docker"  # Debian's, whatever else is called docker on this machine


class Dockerd(Process):
    """A daemon that can search but not run anything: no bridge, no iptables, its own directories."""

    def __init__(self, directory, insecure_registry):
        super().__init__(directory, "dockerd")
        self.socket = f"/tmp/ms-dockerd-{os.getpid()}.sock"
        self.insecure_registry = insecure_registry

    def start(self):
        home = self.directory
        assert os.access(CLIENT, os.X_OK), "docker's client is missing: a package of its own since Debian 13"
        self.spawn(["dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs",
                    f"--data-root={home}/data", f"--exec-root={home}/exec", f"--pidfile={home}/pid",
                    "-H", f"unix://{self.socket}", f"--insecure-registry={self.insecure_registry}"])
        wait_for(lambda: self.check_running() or self.docker("version").returncode == 0, "dockerd")
        return self

    def docker(self, *arguments):
        return subprocess.run([CLIENT, "-H", f"unix://{self.socket}", *arguments],
                              capture_output=True, text=True, timeout=WAIT_SECONDS)


@pytest.fixture(scope="module")
def dockerd(filled, tmp_path_factory):
    daemon = Dockerd(tmp_path_factory.mktemp("dockerd"), host(filled.reader))
    yield daemon.start()
    daemon.terminate()


def docker_search(dockerd, reader, term, *options):
    done = dockerd.docker("search", "--no-trunc", "--format", "{{json .}}", *options, f"{host(reader)}/{term}")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("options, names", [
    ((), [OFFICIAL, BACKUP]),
    (("--limit", "1"), [OFFICIAL]),
    (("--limit", "100"), [OFFICIAL, BACKUP]),
    (("--filter", "is-official=true"), [OFFICIAL]),
    (("--filter", "is-official=false"), [BACKUP]),
    (("--filter", "stars=1"), [OFFICIAL, BACKUP]),
    (("--filter", "stars=2"), [OFFICIAL]),
    (("--filter", "stars=4"), []),
    (("--filter", "is-automated=true"), []),
    (("--filter", "stars=1", "--filter", "is-official=false", "--limit", "5"), [BACKUP])])
def test_docker_search(filled, dockerd, options, names):
    found = docker_search(dockerd, filled.reader, "postgres", *options)
    assert [f["Name"] for f in found] == names
    for line in found:
        name = line["Name"]
        assert line["Description"] == DESCRIPTIONS[name] and line["StarCount"] == str(PULLS[name])
        assert line["IsOfficial"] == ("true" if name == OFFICIAL else "false")


def test_docker_search_of_every_name(filled, dockerd):
    for name in curl(filled.registry, "/v2/_catalog")["repositories"]:
        assert docker_search(dockerd, filled.reader, name)[0]["Name"] == name
    assert docker_search(dockerd, filled.reader, "nothing-like-this") == []


# --- podman ---

def podman_search(*arguments):
    return json.loads(run("podman", "search", "--tls-verify=false", "--format=json", *arguments) or "[]")


def names_of(found, daemon):
    return [f["Name"].removeprefix(host(daemon) + "/") for f in found]


@pytest.mark.parametrize("options, names", [
    ((), [OFFICIAL, BACKUP]), (("--limit", "1"), [OFFICIAL]), (("--filter", "is-official=true"), [OFFICIAL]),
    (("--filter", "stars=2"), [OFFICIAL])])
def test_podman_search(filled, options, names):
    found = podman_search(*options, f"{host(filled.reader)}/postgres")
    assert names_of(found, filled.reader) == names
    assert [(f["Description"], f["Stars"]) for f in found] == [(DESCRIPTIONS[n], PULLS[n]) for n in names]


def test_podman_search_without_a_term(filled):
    found = names_of(podman_search(f"{host(filled.reader)}/"), filled.reader)
    assert sorted(found) == curl(filled.registry, "/v2/_catalog")["repositories"]


# --- tags ---

def podman_tags(daemon, name):
    return podman_search("--list-tags", "--limit=1000", f"{host(daemon)}/{name}")[0]["Tags"]


def skopeo_tags(daemon, name):
    return json.loads(run("skopeo", "list-tags", "--tls-verify=false", f"docker://{host(daemon)}/{name}"))["Tags"]


@pytest.mark.parametrize("list_tags", [podman_tags, skopeo_tags])
@pytest.mark.parametrize("name", TAGS)
def test_tags(filled, list_tags, name):
    told = list_tags(filled.reader, name)
    assert told == sorted(list_tags(filled.registry, name)) == TAGS[name]


@pytest.mark.parametrize("list_tags", [podman_tags, skopeo_tags])
def test_tags_of_no_repository(filled, list_tags):
    """Older clients tell the status, newer ones what the body says."""
    for daemon in (filled.reader, filled.registry):
        answer = requests.get(f"{daemon.url}/v2/no/where/tags/list", timeout=WAIT_SECONDS)
        error, = answer.json()["errors"]
        assert (answer.status_code, error["code"], error["detail"]) == (404, "NAME_UNKNOWN", {"name": "no/where"})
        with pytest.raises(AssertionError, match=rf"404|{error['message']}"):
            list_tags(daemon, "no/where")
