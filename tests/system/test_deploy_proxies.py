# SPDX-License-Identifier: Apache-2.0
"""deploy/nginx and deploy/haproxy before a real registry with passwords and two readers: who is asked what, who may ask,
and what happens when a reader is away."""
import functools
import http.server
import json
import re
import socket
import subprocess
import threading
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests

from harness import WAIT_SECONDS, Reader, Registry, Writer, wait_for, bcrypt
from images import OCI_MANIFEST, Pusher
from proxies import HAProxy, Nginx
from test_clients import Dockerd
from test_flatpak import Flatpak
from test_registry_access import PASSWORD, USER, TokenServer, session_of

NAME = "team/app"
LISTS = ["/v2/_catalog", f"/v2/{NAME}/tags/list", f"/v2/{NAME}/referrers/sha256:{'0' * 64}", "/v2/_oci/ext/discover",
         f"/v2/{NAME}/_oci/ext/discover", "/v1/search?q=app", "/index/static?tag=latest", "/index/dynamic?tag=latest", "/api/v1/repositories", "/", f"/r/{NAME}", "/search?q=app", "/feed", "/opensearch.xml"]
HIDDEN = ["/metrics", "//metrics", "/%6detrics", "/metric%73", "/x/../metrics", "/./metrics"]
WRITERS = ["/events", "/scan", "/status"]


class Site:
    """A registry with a login, a writer that knows it, two readers; proxies come to it."""

    def __init__(self, directory, postgres, auth, session):
        database = postgres.new_database()
        self.directory = directory
        self.registry = Registry(directory / "registry", settings={"auth": auth})
        self.writer = Writer(directory, database, self.registry.url, registry={"username": USER, "password": PASSWORD})
        self.registry.events_url, self.registry.token = self.writer.events_url, self.writer.token
        self.writer.sender = self.registry
        self.readers = [Reader(directory / f"reader{n}", database, self.registry.url) for n in (1, 2)]
        self.proxies = []
        self.registry.start()
        self.writer.start()
        for reader in self.readers:
            reader.start()
        self.image = Pusher(self.registry.url, session).image(NAME, "latest", labels={"a": "b"})
        for reader in self.readers:
            wait_for(lambda reader=reader: reader.get(f"/v2/{NAME}/tags/list").status_code == 200, "the image")

    def add(self, kind, name, **options):
        proxy = kind(self.directory / name, self.registry, self.readers, **options)
        self.proxies.append(proxy)
        return proxy.start()

    def stop(self):
        for proxy in self.proxies:
            proxy.terminate()
        for daemon in [*self.readers, self.writer]:
            assert daemon.terminate() == 0, daemon.log()[-3000:]
        self.registry.kill()


@pytest.fixture(scope="module")
def site(postgres, tmp_path_factory):
    directory = tmp_path_factory.mktemp("passwords")
    (directory / "htpasswd").write_text(f"{USER}:{bcrypt(PASSWORD)}\n")
    site = Site(directory, postgres, {"htpasswd": {"realm": "Registry", "path": str(directory / "htpasswd")}},
                session_of(auth=(USER, PASSWORD)))
    yield site
    site.stop()


@pytest.fixture(scope="module")
def token_site(postgres, tmp_path_factory):
    directory = tmp_path_factory.mktemp("tokens")
    server = TokenServer(directory)
    token = server.token([f"repository:{NAME}:pull,push"])
    site = Site(directory, postgres, server.settings()["auth"], session_of(headers={"Authorization": f"Bearer {token}"}))
    site.token = server.token([])
    yield site
    site.stop()
    server.stop()


@pytest.fixture(scope="module")
def opened(site):
    return {"nginx": site.add(Nginx, "nginx-open"), "haproxy": site.add(HAProxy, "haproxy-open")}


@pytest.fixture(scope="module")
def guarded(site):
    return {"nginx, htpasswd": site.add(Nginx, "nginx-htpasswd", access="htpasswd", passwords=site.directory / "htpasswd"),
            "nginx, the registry's verdict": site.add(Nginx, "nginx-registry", access="registry"),
            "haproxy, htpasswd": site.add(HAProxy, "haproxy-htpasswd", passwords={USER: bcrypt(PASSWORD)}),
            "haproxy, the registry's verdict": site.add(HAProxy, "haproxy-verdict", verdict=True)}


OPEN = ["nginx", "haproxy"]
GUARDED = ["nginx, htpasswd", "nginx, the registry's verdict", "haproxy, htpasswd", "haproxy, the registry's verdict"]
VERDICTS = {"nginx": (Nginx, {"access": "registry"}), "haproxy": (HAProxy, {"verdict": True})}


def raw(proxy, path):
    """The status of a path that no client would leave as it is."""
    with socket.create_connection(("127.0.0.1", proxy.port), WAIT_SECONDS) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\nConnection: close\r\n\r\n".encode())
        return int(connection.makefile("rb").readline().split()[1])


@pytest.mark.parametrize("kind", OPEN)
def test_lists_and_pages_come_from_the_readers(opened, kind):
    for path in LISTS:
        answer = opened[kind].get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        if not path.endswith("/discover") and path != "/opensearch.xml":
            assert "X-Metastore-Generation" in answer.headers, path


@pytest.mark.parametrize("kind", OPEN)
def test_images_come_from_the_registry(opened, kind, site):
    path = f"/v2/{NAME}/manifests/latest"
    assert opened[kind].get("/v2/").status_code == opened[kind].get(path).status_code == 401
    answer = opened[kind].get(path, auth=(USER, PASSWORD), headers={"Accept": OCI_MANIFEST})
    assert answer.status_code == 200 and answer.headers["Docker-Content-Digest"] == site.image["digest"]
    pushed = Pusher(opened[kind].url, session_of(auth=(USER, PASSWORD))).image("team/pushed", "1", salt=kind)
    assert pushed["digest"].startswith("sha256:")


@pytest.mark.parametrize("make", [Nginx, HAProxy])
def test_a_client_cannot_give_itself_another_address(tmp_path, make):
    """Readers that trust a network believe what its addresses say, and a client may be in it."""
    told = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/api/v1/stats":  # else a proxy looks whether it is alive
                told.append(self.headers.get_all("X-Forwarded-For"))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    proxy = make(tmp_path / "proxy", SimpleNamespace(port=1), [SimpleNamespace(port=server.server_address[1])]).start()
    try:
        assert proxy.get("/api/v1/stats", headers={"X-Forwarded-For": "198.51.100.7"}).status_code == 200
    finally:
        proxy.terminate()
        server.shutdown()
        server.server_close()
    assert told == [["127.0.0.1"]]


def test_nginx_takes_large_bodies_for_the_registry_alone(opened, site):
    """It keeps the others in files until they are whole."""
    body = b"x" * (2 << 20)
    for path in ("/search", "/", "/assert", "/v2/_catalog", f"/v2/{NAME}/tags/list", f"/v2/{NAME}/referrers/sha256:{'0' * 64}"):
        refused = opened["nginx"].ask("POST", path, data=body)
        assert refused.status_code == 413 and "nginx" in refused.text, "a reader says so too, after nginx has kept it all"
    begun = opened["nginx"].ask("POST", f"/v2/{NAME}/blobs/uploads/", auth=(USER, PASSWORD))
    place = urlsplit(begun.headers["Location"])
    sent = opened["nginx"].ask("PATCH", f"{place.path}?{place.query}", data=body, auth=(USER, PASSWORD))
    assert sent.status_code == 202 and sent.headers["Range"] == f"0-{len(body) - 1}"


@pytest.mark.parametrize("kind", OPEN)
def test_what_is_nobodys_business_is_hidden(opened, kind):
    assert {path: raw(opened[kind], path) for path in HIDDEN if raw(opened[kind], path) != 404} == {}
    assert {path: raw(opened[kind], path) for path in WRITERS if raw(opened[kind], path) != 404} == {}


@pytest.mark.parametrize("kind", OPEN)
def test_validators_pass(opened, kind):
    for path in ("/v2/_catalog", "/index/static?tag=latest"):
        first = opened[kind].get(path)
        again = opened[kind].get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304 and again.headers["ETag"] == first.headers["ETag"]
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]


@pytest.mark.parametrize("kind", OPEN)
def test_a_reader_that_is_away_is_not_noticed(opened, kind, site):
    site.readers[0].kill()
    try:
        assert {opened[kind].get(f"/api/v1/repositories?n={n}").status_code for n in range(1, 30)} == {200}
    finally:
        site.readers[0].start()


@pytest.mark.parametrize("kind", [Nginx, HAProxy])
def test_readers_that_refuse_much_still_serve_the_rest(kind, tmp_path):
    """As while their database is away: 503 for what they do not have, on every reader, takes none of them out of service."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(503 if self.path.startswith("/api/") else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in (1, 2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    places = [SimpleNamespace(port=server.server_address[1]) for server in servers]
    proxy = kind(tmp_path / "proxy", SimpleNamespace(port=1), places).start()
    try:
        for _ in range(3):
            assert [proxy.get("/api/v1/stats").status_code, proxy.get("/v1/search?q=a").status_code] == [503, 200]
    finally:
        proxy.terminate()
        for server in servers:
            server.shutdown()
            server.server_close()


@pytest.mark.parametrize("kind", OPEN)
def test_readers_are_restarted_one_after_the_other_unnoticed(opened, kind, site):
    """Under load, as deploy/README.md says: not one failed request."""
    statuses, ending = [], threading.Event()

    def ask(number):
        with requests.Session() as session:
            while not ending.wait(0.05):  # below what a proxy lets one client ask
                statuses.append(session.get(f"{opened[kind].url}/api/v1/repositories?n={number}", timeout=WAIT_SECONDS).status_code)

    clients = [threading.Thread(target=ask, args=(number,)) for number in (1, 2, 3)]
    for thread in clients:
        thread.start()
    try:
        for reader in site.readers:
            before = len(statuses)
            assert reader.terminate() == 0
            wait_for(lambda before=before: len(statuses) > before + 50, "requests while the reader is away")
            reader.start()  # and waits for /readyz: the next one is taken away before the proxy has asked this one again
    finally:
        ending.set()
        for thread in clients:
            thread.join()
    assert set(statuses) == {200}, [status for status in statuses if status != 200][:10]


@pytest.mark.parametrize("kind", GUARDED)
def test_only_who_can_log_in_may_ask(guarded, kind):
    proxy = guarded[kind]
    for path in LISTS:
        refused = proxy.get(path)
        assert refused.status_code == 401 and refused.headers["WWW-Authenticate"].startswith("Basic "), path
        assert proxy.get(path, auth=(USER, "wrong")).status_code == 401, path
        assert proxy.get(path, auth=(USER, PASSWORD)).status_code == 200, path
    assert proxy.get("/v1/_ping").status_code == proxy.get("/healthz").status_code == 200
    for answer in (proxy.get("/v2/_catalog", auth=(USER, PASSWORD)), proxy.get("/", auth=(USER, PASSWORD))):
        assert "public" not in answer.headers["Cache-Control"] and "s-maxage" not in answer.headers["Cache-Control"]


@pytest.mark.parametrize("kind", GUARDED)
def test_metrics_are_hidden_from_who_is_logged_in(guarded, kind):
    assert guarded[kind].get("/metrics", auth=(USER, PASSWORD)).status_code == 404
    for path in HIDDEN:
        assert raw(guarded[kind], path) in (401, 404)


def client(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=WAIT_SECONDS)


@pytest.mark.parametrize("kind", GUARDED)
def test_podman_and_skopeo_log_in_as_for_pulls(guarded, kind, tmp_path):
    host = f"127.0.0.1:{guarded[kind].port}"
    tags = ["skopeo", "list-tags", "--tls-verify=false", f"--authfile={tmp_path}/auth.json", f"docker://{host}/{NAME}"]
    search = ["podman", "search", "--tls-verify=false", f"--authfile={tmp_path}/auth.json", "--format=json", f"{host}/app"]
    (tmp_path / "auth.json").write_text("{}")
    assert client(*tags).returncode != 0 and client(*search).returncode != 0
    done = client("skopeo", "login", "--tls-verify=false", f"--authfile={tmp_path}/auth.json", "-u", USER, "-p", PASSWORD, host)
    assert done.returncode == 0, done.stderr
    listed, found = client(*tags), client(*search)
    assert listed.returncode == 0 and json.loads(listed.stdout)["Tags"] == ["latest"], listed.stderr
    assert found.returncode == 0 and [line["Name"] for line in json.loads(found.stdout)] == [f"{host}/{NAME}"], found.stderr


@pytest.fixture(scope="module")
def dockerd(tmp_path_factory):
    daemon = Dockerd(tmp_path_factory.mktemp("dockerd"), "127.0.0.0/8")
    yield daemon.start()
    daemon.terminate()


@pytest.mark.parametrize("kind", GUARDED)
def test_docker_logs_in_as_for_pulls(guarded, dockerd, kind, tmp_path):
    host = f"127.0.0.1:{guarded[kind].port}"
    docker = functools.partial(dockerd.docker, "--config", str(tmp_path))
    refused = docker("search", f"{host}/app")
    assert refused.returncode != 0 and "401" in refused.stderr
    assert docker("login", "-u", USER, "-p", PASSWORD, host).returncode == 0
    found = docker("search", "--format={{.Name}}", f"{host}/app")
    assert found.returncode == 0 and found.stdout.split() == [NAME], found.stderr


@pytest.fixture(scope="module")
def flatpak_ref(site):
    """Something that flatpak can list."""
    name, arch = "org.example.Hello", "x86_64/stable"
    metadata = f"[Application]\nname={name}\nruntime=org.example.Platform/{arch}\nsdk=org.example.Platform/{arch}\ncommand=hello\n"
    Pusher(site.registry.url, session_of(auth=(USER, PASSWORD))).image("team/hello", "latest", labels={
        "org.flatpak.ref": f"app/{name}/{arch}", "org.flatpak.metadata": metadata, "org.flatpak.commit": "0" * 64,
        "org.flatpak.installed-size": "1", "org.flatpak.download-size": "1"})
    for reader in site.readers:
        wait_for(lambda reader=reader: reader.get("/v2/team/hello/tags/list").status_code == 200, "the application")
    return f"app/{name}/{arch}"


def flatpak_list(directory, proxy):
    flatpak = Flatpak(directory, "")
    flatpak("remote-add", "--no-gpg-verify", "ours", f"oci+{proxy.url}")
    return flatpak("remote-ls", "--columns=ref", "ours")


@pytest.mark.parametrize("kind", OPEN)
def test_flatpak_lists_what_is_open(opened, flatpak_ref, kind, tmp_path):
    assert flatpak_ref in flatpak_list(tmp_path, opened[kind])


@pytest.mark.parametrize("kind", VERDICTS)
def test_the_index_may_be_left_open_for_flatpak(site, guarded, flatpak_ref, kind, tmp_path):
    with pytest.raises(AssertionError, match="401"):
        flatpak_list(tmp_path / "guarded", guarded[f"{kind}, the registry's verdict"])
    proxy = site.add(VERDICTS[kind][0], f"{kind}-index", index=True, **VERDICTS[kind][1])
    assert flatpak_ref in flatpak_list(tmp_path / "open", proxy)
    for path in LISTS:
        assert proxy.get(path).status_code == (200 if path.startswith("/index/") else 401), path
    assert proxy.get("/team/index/static").status_code == 200


@pytest.mark.parametrize("kind, unasked", [("nginx", 500), ("haproxy", 503)])
def test_a_verdict_is_kept(site, kind, unasked):
    """For the same credentials, so that the registry is not asked with every request; for nobody else."""
    make, options = VERDICTS[kind]
    proxy = site.add(make, f"{kind}-keeps", **options)  # of its own: what another test was told may be about to expire
    assert proxy.get("/v2/_catalog", auth=(USER, PASSWORD)).status_code == 200
    site.registry.kill()
    try:
        assert proxy.get("/v2/_catalog", auth=(USER, PASSWORD)).status_code == 200
        assert proxy.get("/v2/_catalog", auth=(USER, "another")).status_code == unasked
        assert proxy.get("/healthz").status_code == 200
    finally:
        site.registry.start()


class WithoutRegistry(HAProxy):
    """verdict.lua fails with every request, as it does not know whom to ask."""

    def write_config(self):
        super().write_config()
        config = self.directory / "haproxy.cfg"
        config.write_text(re.sub(r"set-var proc\.registry .*", "", config.read_text()))


def test_a_script_that_fails_lets_nobody_in(site):
    proxy = site.add(WithoutRegistry, "haproxy-failing", verdict=True)
    assert {path: proxy.get(path, auth=(USER, PASSWORD)).status_code for path in LISTS} == dict.fromkeys(LISTS, 503)
    assert proxy.get("/v1/_ping").status_code == 200


@pytest.fixture(scope="module", params=VERDICTS)
def token_proxy(request, token_site):
    kind, options = VERDICTS[request.param]
    return token_site.add(kind, request.param, **options)


def test_a_token_is_a_login_too(token_site, token_proxy):
    refused = token_proxy.get("/v2/_catalog")
    assert refused.status_code == 401 and refused.headers["WWW-Authenticate"].startswith("Bearer realm=")
    assert token_proxy.get("/v2/_catalog", headers={"Authorization": "Bearer nonsense"}).status_code == 401
    answer = token_proxy.get("/v2/_catalog", headers={"Authorization": f"Bearer {token_site.token}"})
    assert answer.status_code == 200 and answer.json()["repositories"] == [NAME]


def test_skopeo_logs_in_at_the_token_server(token_proxy):
    host = f"127.0.0.1:{token_proxy.port}"
    done = client("skopeo", "list-tags", "--tls-verify=false", f"--creds={USER}:{PASSWORD}", f"docker://{host}/{NAME}")
    assert done.returncode == 0 and json.loads(done.stdout)["Tags"] == ["latest"], done.stderr
