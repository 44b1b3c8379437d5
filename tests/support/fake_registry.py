#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A small registry that misbehaves on command, for the tests of the writer.

Serves /v2/ like distribution (catalog, tag lists with pages, manifests, blobs, deletion, basic and
token authentication) from memory. POST /_control changes content, settings and faults; GET /_control
tells what was asked. Prints "PORT STORAGE_PORT" when it listens; the second port plays the blob store
of another host. Ends with its standard input.

POST /_control takes one object; members are applied in this order:
  reset: true                 forget everything
  content: {repository: {tag: image}}, also the format of --content; an image is
                              {os, architecture, labels, annotations, layers: [text]}
  put_manifest: {repository, tag?, type, body, digest?}      answers {"digest"}
  put_blob: {repository, body, digest?}                      answers {"digest"}
  image: {repository, tag, ...image}                         answers {"digest", "config"}
  tag: {repository, tag, digest}    delete_tag: {repository, tag}
  delete_manifest: {repository, digest}    delete_blob: {repository, digest}
  delete_repository: name
  settings: see fake_state.py      revoke_tokens: true
  fault: {path: regex, method?, times?, kind, ...}, see Faults; clear_faults: true
  forget_requests: true
"""
import argparse
import base64
import gzip
import json
import re
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

from fake_state import OCI_MANIFEST, State

STATE = State()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    is_storage = False

    is_counted = False

    def setup(self):
        super().setup()
        with STATE.lock:
            STATE.connections += 1

    def finish(self):
        if self.is_counted:
            with STATE.lock:
                STATE.open -= 1
        super().finish()

    def count(self):
        """Among the open connections, once."""
        if not self.is_counted:
            self.is_counted = True
            with STATE.lock:
                STATE.open += 1
                STATE.max_open = max(STATE.max_open, STATE.open)

    def log_message(self, *args):
        pass

    # ---- answers ----

    def answer(self, status, body=b"", type="application/json", headers=None):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        if self.fault and self.fault["kind"] == "coded":
            coding = self.fault.get("coding", "gzip")
            body = gzip.compress(body) if coding == "gzip" else body
            headers = {**(headers or {}), "Content-Encoding": coding}
        self.send_response(status)
        self.send_header("Content-Type", type)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        for name, value in (headers or {}).items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name, one)
        self.end_headers()
        if self.command != "HEAD" and status != 304:
            self.send_body(body)

    def send_body(self, body):
        """Whole, or as the fault of this request wants it."""
        kind = self.fault["kind"] if self.fault else None
        if kind == "truncate":
            self.wfile.write(body[:len(body) // 2])
            self.close_connection = True
        elif kind == "drip":
            for i in range(len(body)):
                self.wfile.write(body[i:i + 1])
                time.sleep(self.fault.get("seconds", 1))
        elif kind == "wrong_digest":
            self.wfile.write(body[:-1] + bytes([body[-1] ^ 1]))
        else:
            self.wfile.write(body)

    def error(self, status, code, message="", headers=None):
        self.answer(status, {"errors": [{"code": code, "message": message or code.lower()}]},
                    headers=headers)

    # ---- requests ----

    def do_GET(self):
        self.serve()

    def do_HEAD(self):
        self.serve()

    def do_DELETE(self):
        self.serve()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/_control":
            self.fault = None
            self.error(405, "UNSUPPORTED")
            return
        self.fault = None
        try:
            with STATE.lock:
                answer = STATE.control(json.loads(body))
            self.answer(200, answer)
        except Exception as problem:  # a mistake in a test must be seen there
            self.answer(400, {"problem": repr(problem)})

    def serve(self):
        self.fault = None
        if self.path == "/_control":
            with STATE.lock:
                report = json.dumps(STATE.report())
            self.answer(200, report)
            return
        self.count()
        with STATE.lock:
            STATE.parallel += 1
            STATE.max_parallel = max(STATE.max_parallel, STATE.parallel)
        try:
            self.route()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True
        finally:
            with STATE.lock:
                STATE.parallel -= 1

    def note(self, kind):
        with STATE.lock:
            STATE.requests[kind] = STATE.requests.get(kind, 0) + 1
            STATE.log.append({"kind": kind, "method": self.command, "path": self.path,
                              "authorization": self.headers.get("Authorization"),
                              "if_none_match": ", ".join(self.headers.get_all("If-None-Match", []))
                              or None,
                              "accept": self.headers.get("Accept"),
                              "accept_encoding": self.headers.get("Accept-Encoding"),
                              "user_agent": self.headers.get("User-Agent")})

    def route(self):
        if self.is_storage:
            self.note("storage")
            self.serve_stored()
            return
        path = self.path
        prefix = STATE.settings.prefix
        if not path.startswith(prefix):
            self.note("other")
            self.answer(404, "<html>not here</html>", "text/html")
            return
        parts = urlsplit(path[len(prefix):])
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        for kind, pattern, method in ROUTES:
            found = re.fullmatch(pattern, unquote(parts.path))
            if found:
                self.note("head" if kind == "manifest" and self.command == "HEAD" else
                          "delete" if self.command == "DELETE" else kind)
                self.fault = STATE.find_fault(self.command, self.path)
                if not self.misbehave():
                    method(self, query, *found.groups())
                return
        self.note("other")
        self.answer(404, "<html>nothing</html>", "text/html")

    def misbehave(self):
        """Faults that answer by themselves. The others spoil a good answer (send_body)."""
        fault = self.fault
        kind = fault["kind"] if fault else None
        if kind == "status":
            self.answer(fault["status"], fault.get("body", ""),
                        fault.get("type", "application/json"), fault.get("headers"))
        elif kind in ("html404", "html200"):
            self.answer(int(kind[4:]), "<html><body>Welcome</body></html>", "text/html")
        elif kind == "redirect":
            self.answer(fault.get("status", 307), headers={"Location": fault.get("to", self.path)})
        elif kind == "drop":
            self.close_connection = True
        elif kind == "endless":
            self.serve_endless()
        elif kind == "hang":
            time.sleep(fault.get("seconds", 60))
            self.close_connection = True
        elif kind == "slow":
            time.sleep(fault["seconds"])
            return False
        elif kind == "hold":  # until clear_faults
            while any(fault is there for there in STATE.faults):
                time.sleep(0.005)
            return False
        else:
            return False
        return True

    def serve_endless(self):
        self.send_response(self.fault.get("status", 200))
        self.send_header("Content-Type", OCI_MANIFEST)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        chunk = b"x" * 65536
        while True:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))

    # ---- authentication ----

    def own_url(self):
        scheme = "https" if isinstance(self.connection, ssl.SSLSocket) else "http"
        return "%s://%s" % (scheme, self.headers.get("Host"))

    def challenge(self, scope, error=None):
        settings = STATE.settings
        if settings.auth == "basic":
            value = 'Basic realm="fake"'
        else:
            realm = settings.realm or self.own_url() + settings.prefix + "/token"
            value = 'Bearer realm="%s",service="fake",scope="%s"' % (realm, scope)
            if error:
                value += ',error="%s"' % error
        self.error(401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": value})
        return False

    def has_password(self):
        wanted = "%s:%s" % (STATE.settings.username, STATE.settings.password)
        given = self.headers.get("Authorization", "")
        return given == "Basic " + base64.b64encode(wanted.encode()).decode()

    def may(self, scope, repository=None):
        settings = STATE.settings
        if settings.auth == "none":
            return True
        if settings.auth == "basic":
            return self.has_password() or self.challenge(scope)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        with STATE.lock:
            scopes, good_until = STATE.tokens.get(token, ((), 0))
        if time.monotonic() > good_until:
            return self.challenge(scope, "invalid_token" if token else None)
        extra = settings.extra_scope.get(repository)
        missing = [one for one in (scope, extra) if one and one not in scopes]
        if missing or repository in settings.denied:
            return self.challenge(" ".join(missing) or scope, "insufficient_scope")
        return True

    def serve_token(self, query):
        settings = STATE.settings
        if settings.username and not self.has_password():
            self.answer(401, {"details": "incorrect username or password"})
            return
        scopes = parse_qs(urlsplit(self.path).query).get("scope", [])
        with STATE.lock:
            STATE.n_tokens += 1
            token = "token-%d" % STATE.n_tokens
            STATE.tokens[token] = (scopes, time.monotonic() + settings.token_seconds)
        answer = {"token": token, "access_token": token}
        if settings.expires_in is not None:
            answer["expires_in"] = settings.expires_in
        self.answer(200, answer)

    # ---- the registry ----

    def serve_ping(self, query):
        if self.may("registry:ping"):
            self.answer(200, {})

    def link(self, path, last, n):
        settings = STATE.settings
        url = "%s%s%s?last=%s" % (settings.link_base, settings.prefix, path, quote(last, safe=""))
        return {"Link": '<%s&n=%d>%s' % (url, n, settings.link_relation)}

    def page(self, names, query, size, path):
        """The names of the page, and its headers."""
        size = int(query.get("n", 0)) or size
        last = "" if STATE.settings.repeat_pages else query.get("last", "")
        names = [name for name in names if name > last]
        if not size or len(names) <= size:
            return names, {}
        return names[:size], self.link(path, names[size - 1], size)

    def serve_catalog(self, query):
        settings = STATE.settings
        if not self.may("registry:catalog:*"):
            return
        if int(query.get("n", 0)) > settings.catalog_max:
            self.error(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
            return
        names = settings.catalog_only
        if names is None:
            names = sorted(STATE.repositories)
        names, headers = self.page(names, query, settings.catalog_page, "/v2/_catalog")
        if settings.lose_links:
            headers = {}
        self.answer(200, {"repositories": names}, headers=headers)

    def serve_tags(self, query, name):
        settings = STATE.settings
        if not self.may("repository:%s:pull" % name, name):
            return
        repository = STATE.repositories.get(name)
        if repository is None:
            self.error(404, "NAME_UNKNOWN", "repository name not known to registry")
            return
        query.pop("n", None) if not settings.tags_page else None
        tags, headers = self.page(sorted(repository["tags"]), query, settings.tags_page,
                                  "/v2/%s/tags/list" % name)
        if settings.null_tags and not tags:
            tags = None
        self.answer(200, {"name": name, "tags": tags}, headers=headers)

    def serve_manifest(self, query, name, reference):
        action = "delete" if self.command == "DELETE" else "pull"
        if not self.may("repository:%s:%s" % (name, action), name):
            return
        repository = STATE.repositories.get(name)
        if repository is None:
            self.error(404, "NAME_UNKNOWN", "repository name not known to registry")
            return
        digest = repository["tags"].get(reference, reference)
        if self.command == "DELETE":
            self.delete_manifest(repository, digest)
        elif '"%s"' % digest in self.headers.get_all("If-None-Match", []):
            self.answer(304)  # distribution does not say which it was
        elif digest not in repository["manifests"]:
            self.error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        else:
            self.send_manifest(digest, *repository["manifests"][digest])

    def send_manifest(self, digest, type, body):
        if self.command == "HEAD" and STATE.settings.head_digest:
            digest = STATE.settings.head_digest
        headers = {"Docker-Content-Digest": digest, "ETag": '"%s"' % digest}
        if STATE.settings.no_digest_header:
            headers = {}
        self.answer(200, body, type, headers)

    def delete_manifest(self, repository, digest):
        if not STATE.settings.delete_enabled:
            self.error(405, "UNSUPPORTED", "The operation is unsupported.")
        elif digest not in repository["manifests"]:
            self.error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        else:
            with STATE.lock:
                del repository["manifests"][digest]
                repository["tags"] = {tag: to for tag, to in repository["tags"].items()
                                      if to != digest}
            self.answer(202)

    def serve_blob(self, query, name, digest):
        if not self.may("repository:%s:pull" % name, name):
            return
        blob = STATE.repositories.get(name, {"blobs": {}})["blobs"].get(digest)
        if blob is None:
            self.error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        elif STATE.settings.redirect_blobs:
            url = "http://127.0.0.1:%d%s" % (STATE.storage_port, self.path)
            self.answer(307, headers={"Location": url})
        else:
            self.answer(200, blob, "application/octet-stream", {"Docker-Content-Digest": digest})

    def serve_stored(self):
        found = re.fullmatch(r"/v2/(.+)/blobs/([^/]+)", self.path)
        blob = found and STATE.repositories[found[1]]["blobs"].get(found[2])
        self.fault = STATE.find_fault("STORED", self.path)
        if self.misbehave():
            return
        if blob is None:
            self.answer(404, "<Error><Code>NoSuchKey</Code></Error>", "application/xml")
        else:
            self.answer(200, blob, "application/octet-stream")


ROUTES = [
    ("ping", r"/v2/", Handler.serve_ping),
    ("token", r"/token", Handler.serve_token),
    ("catalog", r"/v2/_catalog", Handler.serve_catalog),
    ("tags", r"/v2/(.+)/tags/list", Handler.serve_tags),
    ("manifest", r"/v2/(.+)/manifests/([^/]+)", Handler.serve_manifest),
    ("blob", r"/v2/(.+)/blobs/([^/]+)", Handler.serve_blob),
]


class StorageHandler(Handler):
    is_storage = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def listen(handler, port, options=None):
    server = Server(("127.0.0.1", port), handler)
    if options and options.tls_cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls_cert, options.tls_key)
        if options.client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(options.client_ca)
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--content", help="a JSON file, see `content` above")
    parser.add_argument("--tls-cert")
    parser.add_argument("--tls-key")
    parser.add_argument("--client-ca", help="clients must show a certificate of this authority")
    parser.add_argument("--bearer-realm", help="ask for tokens of this server")
    parser.add_argument("--redirect-blobs", action="store_true", help="to the store, which has no TLS")
    options = parser.parse_args()
    STATE.settings.redirect_blobs = options.redirect_blobs
    if options.bearer_realm:
        STATE.settings.auth = "bearer"
        STATE.settings.realm = options.bearer_realm
    if options.content:
        with open(options.content, encoding="utf-8") as file:
            STATE.load(json.load(file))
    STATE.storage_port = listen(StorageHandler, 0)
    print(listen(Handler, options.port, options), STATE.storage_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
