# SPDX-License-Identifier: Apache-2.0
"""The real registry in the ways it is set up: passwords, tokens, certificates, a path, read-only, and
a catalog of many repositories."""
import base64
import http.server
import json
import random
import shutil
import signal
import subprocess
import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from harness import WAIT_SECONDS, Registry, Writer, assert_as_scanned, query, wait_for, bcrypt
from images import Pusher

USER, PASSWORD = "scanner", "s3cret"


class Site:
    """A registry that wants something, and a writer that knows how to meet it."""

    def __init__(self, directory, postgres, registry_settings, options=None, path="", scheme="http", **writer_sections):
        self.directory, self.postgres = directory, postgres
        self.database = postgres.new_database()
        self.registry = Registry(directory / "registry", settings=registry_settings, options=options)
        self.registry.url = f"{scheme}://127.0.0.1:{self.registry.port}{path}"
        self.sections = writer_sections
        self.writer = Writer(directory, self.database, self.registry.url, **writer_sections)
        self.registry.events_url, self.registry.token = self.writer.events_url, self.writer.token
        self.writer.sender = self.registry

    def start(self):
        self.registry.start()
        self.writer.start()
        return self

    def stop(self):
        self.registry.kill()
        assert self.writer.terminate() == 0, self.writer.log()[-3000:]

    def tags(self):
        return [row[0] for row in query(self.database, "SELECT r.name || ':' || t.name FROM tag t JOIN repository r "
                                        "ON r.id = t.repository_id WHERE t.unreadable IS NULL ORDER BY 1")]

    def check(self, session):
        """What is pushed arrives by its event, and a scan finds the same."""
        pusher = Pusher(self.registry.url, session)
        pusher.image("team/app", "1", "2", labels={"a": "b"}, salt="one")
        pusher.index("team/app", "all", children=[pusher.image("team/app", salt="child")])
        wait_for(lambda: self.tags() == ["team/app:1", "team/app:2", "team/app:all"], "the pushed tags")
        self.writer.wait_until_settled()
        assert_as_scanned(self.database, self.postgres, self.registry.url, self.directory / "fresh", **self.sections)
        return pusher


@pytest.fixture
def make_site(postgres, tmp_path):
    sites = []

    def make(registry_settings, **options):
        sites.append(Site(tmp_path, postgres, registry_settings, **options))
        return sites[-1].start()

    yield make
    for site in sites:
        site.stop()


def session_of(**attributes):
    session = requests.Session()
    session.trust_env = False  # else the environment's authorities go before ours
    for name, value in attributes.items():
        setattr(session, name, value)
    return session


# ---- passwords ----

def test_htpasswd(make_site, tmp_path):
    (tmp_path / "htpasswd").write_text(f"{USER}:{bcrypt(PASSWORD)}\n")  # the registry insists on bcrypt
    site = make_site({"auth": {"htpasswd": {"realm": "registry", "path": str(tmp_path / "htpasswd")}}},
                     registry={"username": USER, "password": PASSWORD})
    site.check(session_of(auth=(USER, PASSWORD)))


# ---- tokens ----

def encode(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_certificate(directory, name):
    """A key and its own certificate, valid for 127.0.0.1."""
    key, certificate = directory / f"{name}.key", directory / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return key, certificate


class TokenServer:
    """Gives who knows the password what he asks for, signed as distribution's token specification says."""

    def __init__(self, directory):
        self.key, self.certificate = make_certificate(directory, "tokens")
        self.scopes = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                given = self.headers.get("Authorization", "")
                wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
                scopes = parse_qs(urlsplit(self.path).query).get("scope", [])
                server.scopes.extend(scopes)
                body = json.dumps({"token": server.token(scopes), "expires_in": 300}).encode()
                self.send_response(200 if given == wanted else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body if given == wanted else b"{}".ljust(len(body)))

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.realm = f"http://127.0.0.1:{self.server.server_address[1]}/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self, scopes):
        chain = [base64.b64encode(subprocess.run(["openssl", "x509", "-in", self.certificate, "-outform", "der"],
                                                 check=True, capture_output=True).stdout).decode()]
        access = []
        for scope in scopes:
            kind, rest = scope.split(":", 1)
            name, actions = rest.rsplit(":", 1)
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        now = int(time.time())
        claims = {"iss": "tests", "sub": USER, "aud": "registry", "exp": now + 300, "nbf": now - 10, "iat": now,
                  "jti": str(random.random()), "access": access}
        text = encode({"typ": "JWT", "alg": "RS256", "x5c": chain}) + "." + encode(claims)
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=text.encode(), check=True,
                                   capture_output=True).stdout
        return text + "." + encode(signature)

    def settings(self):
        return {"auth": {"token": {"realm": self.realm, "service": "registry", "issuer": "tests",
                                   "rootcertbundle": str(self.certificate)}}}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def token_server(tmp_path):
    server = TokenServer(tmp_path)
    yield server
    server.stop()


def test_tokens(make_site, token_server):
    site = make_site(token_server.settings(), registry={"username": USER, "password": PASSWORD},
                     garbage_collect={"registry": "on", "grace": 0})
    token = token_server.token(["repository:team/app:pull,push"])
    site.check(session_of(headers={"Authorization": f"Bearer {token}"}))
    pulls = [scope for scope in token_server.scopes if scope == "repository:team/app:pull"]
    # The writer's, and that of the fresh scan; a busy machine may make each of them ask twice.
    assert 0 < len(pulls) <= 4, "the token was not kept"
    assert "registry:catalog:*" in token_server.scopes
    site.writer.config_values["interval"]["garbage_collect"] = "1s"  # not before: a child has no index until that is pushed
    site.writer.write_config()
    site.writer.signal(signal.SIGHUP)
    digest = Pusher(site.registry.url, session_of(headers={"Authorization": f"Bearer {token}"})).image(
        "team/app", salt="untagged")["digest"]
    wait_for(lambda: "repository:team/app:delete" in token_server.scopes, "a token for a deletion")
    wait_for(lambda: requests.get(f"{site.registry.url}/v2/team/app/manifests/{digest}", timeout=WAIT_SECONDS, headers={
        "Authorization": f"Bearer {token}"}).status_code == 404, "the untagged manifest to be deleted")


# ---- certificates ----

def test_certificates(make_site, postgres, tmp_path):
    key, certificate = make_certificate(tmp_path, "server")
    client_key, client_certificate = make_certificate(tmp_path, "client")
    options = {"verify": str(certificate), "cert": (str(client_certificate), str(client_key))}
    site = make_site({"http": {"tls": {"certificate": str(certificate), "key": str(key),
                                       "clientcas": [str(client_certificate)]}}},
                     options=options, scheme="https",
                     registry={"ca_file": str(certificate), "client_cert": str(client_certificate),
                               "client_key": str(client_key)})
    site.check(session_of(**options))
    without = Writer(tmp_path / "without", postgres.new_database(), site.registry.url, name="without",
                     registry={"ca_file": str(certificate), "timeout": "2s"}).start()
    try:
        wait_for(lambda: (told := without.status()["registry"])["reachable"] is False and "certificate" in told["last_error"],
                 "the registry to refuse, and the reason")
    finally:
        assert without.terminate() == 0


# ---- a path, and a registry that only reads ----

def test_path_prefix(make_site):
    make_site({"http": {"prefix": "/some/where/", "relativeurls": False}}, path="/some/where").check(requests.Session())


def test_read_only(make_site):
    """What cannot be deleted stays, and is not asked to go again and again."""
    site = make_site({}, garbage_collect={"registry": "on", "grace": 0})
    untagged = site.check(requests.Session()).image("team/app", salt="untagged")
    site.writer.wait_until_settled()
    site.registry.kill()
    site.registry.settings = {"storage": {"maintenance": {"readonly": {"enabled": True}}}}
    site.registry.start()
    site.writer.terminate()
    site.writer.config_values["interval"]["garbage_collect"] = "1s"
    site.writer.start()
    wait_for(lambda: query(site.database, "SELECT count(*) FROM collection")[0][0] >= 2, "two collections")
    assert requests.get(f"{site.registry.url}/v2/team/app/manifests/{untagged['digest']}", timeout=WAIT_SECONDS,
                        headers={"Accept": untagged["mediaType"]}).status_code == 200
    assert site.tags() == ["team/app:1", "team/app:2", "team/app:all"]
    assert site.writer.status()["registry"]["reachable"]


# ---- a catalog of several pages ----

def names_in_a_tree(count):
    rng = random.Random(1)
    words = ["a", "b", "ab", "a-b", "a.b", "a_b", "z", "m0", "0", "lib"]
    names = set()
    while len(names) < count:
        names.add("/".join(rng.choice(words) for _ in range(rng.randint(1, 5))))
    return names


def by_links(registry):
    """What a client sees that only follows links."""
    names, place = [], "/v2/_catalog?n=1000"
    while place:
        answer = requests.get(registry.url + place, timeout=WAIT_SECONDS)
        names += answer.json()["repositories"]
        place = answer.links.get("next", {}).get("url")
    return names


def test_catalog_that_loses_repositories(make_site):
    """2.8 leaves repositories out, and even ends early, where pages end in a tree of names."""
    site = make_site({})
    Pusher(site.registry.url).image("seed", "1")
    root = site.registry.storage / "docker/registry/v2/repositories"
    names = names_in_a_tree(1100)
    for name in names:
        for part in ("_layers", "_manifests", "_uploads"):
            if (root / "seed" / part).exists():
                shutil.copytree(root / "seed" / part, root / name / part)
    names.add("seed")
    assert len(set(by_links(site.registry))) < len(names), "nothing is left out: the test shows nothing"
    site.writer.scan()
    assert {row[0] for row in query(site.database, "SELECT name FROM repository WHERE tag_count = 1")} == names
