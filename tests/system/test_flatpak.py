# SPDX-License-Identifier: Apache-2.0
"""The real flatpak against a reader: a remote with a path, its list, installing, updating, and what one click installs
from. An application and its runtime are made by flatpak itself."""
import configparser
import contextlib
import os
import signal
import subprocess
import uuid

import pytest

from harness import WAIT_SECONDS, wait_for
from images import Pusher

APP, RUNTIME = "org.example.Hello", "org.example.Platform"
BELOW, BESIDE = "desktop/apps", "other/apps"


class Flatpak:
    def __init__(self, directory, registry_url):
        self.directory, self.registry = directory, registry_url.removeprefix("http://")
        self.env = {**os.environ, "HOME": str(directory / "home"), "XDG_DATA_HOME": str(directory / "data"),
                    "XDG_CACHE_HOME": str(directory / "cache"), "LC_ALL": "C.UTF-8",
                    # Caches of a desktop, remade in a sandbox, which a container may not allow.
                    "FLATPAK_TRIGGERSDIR": str(directory / "no-triggers")}
        for folder in ("home", "no-triggers"):
            (directory / folder).mkdir(parents=True)

    def run(self, *command):
        """Services that the session bus starts may outlive it, with what they inherited: so no pipe, and an end to all."""
        log = self.directory / "log"
        with open(log, "w+") as output:
            child = subprocess.Popen(["dbus-run-session", "--", *command], stdout=output, stderr=output, env=self.env,
                                     start_new_session=True)
            try:
                status = child.wait(WAIT_SECONDS)
            finally:
                with contextlib.suppress(ProcessLookupError):  # none was started, or they have gone
                    os.killpg(child.pid, signal.SIGKILL)
        assert status == 0, (command, log.read_text()[-4000:])
        return log.read_text()

    def __call__(self, verb, *arguments):
        return self.run("flatpak", verb, "--user", *arguments)

    def push(self, identity, metadata, text, repository, *kind):
        """Builds what `metadata` describes and pushes it as `latest`."""
        tree, archive = self.directory / f"{identity}-{text}", self.directory / f"{identity}-{text}.oci"
        content = "usr" if kind else "files"
        for folder in ("files", "usr", "export"):
            (tree / folder).mkdir(parents=True)
        (tree / "metadata").write_text(metadata)
        (tree / content / "text").write_text(text)
        repo = str(self.directory / "ostree")
        self.run("flatpak", "build-export", "--disable-sandbox", *kind, repo, str(tree), "stable")
        self.run("flatpak", "build-bundle", "--oci", *kind, repo, str(archive), identity, "stable")
        self.run("skopeo", "copy", "-q", "--insecure-policy", "--dest-tls-verify=false", f"oci:{archive}",
                 f"docker://{self.registry}/{repository}:latest")

    def push_app(self, text, repository=BELOW + "/hello"):
        self.push(APP, f"[Application]\nname={APP}\nruntime={RUNTIME}/x86_64/stable\nsdk={RUNTIME}/x86_64/stable\ncommand=hello\n",
                  text, repository)

    def push_runtime(self, repository=BELOW + "/platform"):
        self.push(RUNTIME, f"[Runtime]\nname={RUNTIME}\nruntime={RUNTIME}/x86_64/stable\nsdk={RUNTIME}/x86_64/stable\n",
                  "runtime", repository, "--runtime")

    def installed(self):
        """The application's text, or what is installed."""
        found = list((self.directory / "data" / "flatpak" / "app" / APP / "current" / "active" / "files").glob("text"))
        return found[0].read_text() if found else None


@pytest.fixture(scope="module")
def filled(module_stack, tmp_path_factory):
    flatpak = Flatpak(tmp_path_factory.mktemp("flatpak"), module_stack.registry.url)
    flatpak.push_runtime()
    flatpak.push_app("first")
    Pusher(module_stack.registry.url).image(BESIDE + "/another", "latest", labels={"org.flatpak.ref": "app/org.example.Other/x86_64/stable"})
    settle(module_stack)
    return module_stack, flatpak


def settle(stack):
    stack.writer.wait_until_settled()
    generation = stack.writer.status()["generation"]
    wait_for(lambda: stack.reader.json("/api/v1/status")["generation"] >= generation, "the reader to catch up")


def key_file(answer, media_type):
    assert answer.status_code == 200 and answer.headers["Content-Type"] == media_type, answer.text
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read_string(answer.text)
    section, = parser.sections()
    return section, dict(parser[section])


def test_the_index_below_a_prefix(filled):
    stack, _ = filled
    reader = stack.reader

    def names(path):
        return [r["Name"] for r in reader.json(path, params={"label:org.flatpak.ref:exists": "1"})["Results"]]
    ours = [BELOW + "/hello", BELOW + "/platform"]
    for kind in ("static", "dynamic"):
        assert names(f"/index/{kind}") == [*ours, BESIDE + "/another"]
        assert names(f"/{BELOW}/index/{kind}") == names(f"/desktop/index/{kind}") == ours
        assert names(f"/{BELOW}/hello/index/{kind}") == names(f"/desktop/app/index/{kind}") == []
    whole = {r["Name"]: r for r in reader.json("/index/static")["Results"]}
    for query in ("", "?tag=latest", f"?repository={BELOW}/hello", "?repository:matches=*/hello", "?os=linux",
                  f"?label:org.flatpak.ref=app/{APP}/x86_64/stable"):
        below = reader.json(f"/desktop/index/static{query}")["Results"]
        assert below and all(r == whole[r["Name"]] and r["Name"].startswith("desktop/") for r in below), query
    assert names(f"/{BELOW}/index/static?repository={BESIDE}/another") == []
    assert reader.get("/desktop/index/static?x=1").status_code == 400
    assert reader.get("/Desktop/index/static").status_code == 404
    assert "max-age" in reader.get("/desktop/index/static").headers["Cache-Control"]
    assert reader.get("/desktop/index/dynamic").headers["Cache-Control"] == "no-cache"


def test_files_that_one_click_installs_from(filled):
    stack, _ = filled
    reader = stack.reader
    host = reader.url.removeprefix("http://")
    assert key_file(reader.get("/index/flatpakrepo"), "application/vnd.flatpak.repo") == (
        "Flatpak Repo", {"Title": host, "Url": "oci+" + reader.url, "Homepage": reader.url + "/"})
    below = reader.get(f"/{BELOW}/index/flatpakrepo", headers={"Host": "index.example.com", "X-Forwarded-Proto": "https"})
    assert key_file(below, "application/vnd.flatpak.repo")[1]["Url"] == f"oci+https://index.example.com/{BELOW}"
    assert "Host" in below.headers["Vary"]
    section, told = key_file(reader.get(f"/{BELOW}/hello/index/flatpakref"), "application/vnd.flatpak.ref")
    assert section == "Flatpak Ref" and told == {"Name": APP, "Branch": "stable", "Url": "oci+" + reader.url, "IsRuntime": "false"}
    for name in (f"{BELOW}/platform", "none/such", "Not/a-name"):
        assert reader.get(f"/{name}/index/flatpakref").status_code == 404
    for path in ("/index/flatpakrepo", f"/{BELOW}/hello/index/flatpakref"):
        refused = reader.get(path, params={"tga": "latest"})
        assert refused.status_code == 400 and "tga" in refused.text, "what is not known is named"


def test_a_value_takes_one_line(filled):
    stack, _ = filled
    Pusher(stack.registry.url).image("hostile/app", "latest", labels={
        "org.flatpak.ref": "app/org.example.Bad/x86_64/stable", "org.opencontainers.image.title": "a\nUrl=oci+http://evil\\n"})
    settle(stack)
    _, told = key_file(stack.reader.get("/hostile/app/index/flatpakref"), "application/vnd.flatpak.ref")
    assert told["Url"] == "oci+" + stack.reader.url and told["Title"] == "a Url=oci+http://evil\\\\n"


def test_install_and_update(filled):
    stack, flatpak = filled
    flatpak("remote-add", "ours", f"oci+{stack.reader.url}/{BELOW}")
    listed = {tuple(line.split("\t")) for line in flatpak("remote-ls", "--columns=application,branch", "ours").splitlines()}
    assert listed >= {(APP, "stable"), (RUNTIME, "stable")}
    assert not any("org.example.Other" in line for line in listed)
    flatpak("install", "-y", "--noninteractive", "ours", APP)
    assert flatpak.installed() == "first"
    flatpak.push_app("second")
    settle(stack)

    def updated():
        """flatpak keeps an index for as long as its max-age says."""
        flatpak("update", "-y", "--noninteractive")
        return flatpak.installed() == "second"
    wait_for(updated, "the update")


def test_install_from_a_file(filled, tmp_path):
    stack, made = filled
    flatpak = Flatpak(tmp_path, stack.registry.url)
    flatpak("remote-add", "--from", "runtimes", f"{stack.reader.url}/{BELOW}/index/flatpakrepo")
    flatpak("install", "-y", "--noninteractive", "runtimes", RUNTIME)
    flatpak("install", "-y", "--noninteractive", "--from", f"{stack.reader.url}/{BELOW}/hello/index/flatpakref")
    assert flatpak.installed() in ("first", "second")


def test_a_ref_of_two_repositories_is_told(stack):
    """Flatpak would install either: on the home page, on /stats, and as a gauge."""
    pusher, sentence = Pusher(stack.registry.url), "offered by more than one repository"

    def put(repository, tag, ref, **more):
        return pusher.image(repository, tag, labels={"org.flatpak.ref": f"app/org.example.{ref}/x86_64/stable"}, **more)

    def told():
        """Pages that show counts are kept for a minute, unless something changes."""
        put("beside/it", "latest", "Beside", salt=str(uuid.uuid4()))
        settle(stack)
        pages = [sentence in stack.reader.get(path).text for path in ("/", "/stats")]
        assert pages[0] == pages[1]
        return pages[0]
    put("one/app", "latest", "Twice")
    put("one/app", "old", "Once", salt="old")
    put("two/app", "old", "Twice")
    put("two/app", "latest", "Once")
    assert not told()
    child = put("three/app", "x86", "Twice", salt="another")
    pusher.index("three/app", "latest", children=[child | {"platform": {"os": "linux", "architecture": "amd64"}}])
    wait_for(lambda: stack.writer.metric("flatpak_refs_doubled") == 1, "the gauge")
    assert told()
    assert "1 Flatpak ref is offered" in stack.reader.get("/").text
    pusher.delete("one/app", put("one/app", "latest", "Twice")["digest"])
    wait_for(lambda: stack.writer.metric("flatpak_refs_doubled") == 0, "the gauge to go")
    assert not told()
