# SPDX-License-Identifier: Apache-2.0
"""Requests that hide another one from whoever stands before or behind, and clients that are slow on purpose: at a reader, and
through the proxies of deploy/. No hidden request is served, and nobody else gets an answer that is not his."""
import contextlib
import resource
import socket

import pytest
import requests

from harness import WAIT_SECONDS, Reader, Registry, wait_for
from proxies import HAProxy, Nginx
from watching import make_schema, push

# Both proxies answer 404 to it and readers do not: who sees it served has got past them.
HIDDEN = b"GET /metrics HTTP/1.1\r\nHost: hidden\r\n\r\n"
N, X = len(HIDDEN), b"Host: h\r\n"
DESCRIPTORS = 4096  # for a thousand clients, and for proxies that need two for each
CHUNKED = b"Transfer-Encoding: chunked\r\n"
END = b"0\r\n\r\n"


def post(*fields, body=HIDDEN, start=b"POST /api/v1/search HTTP/1.1", host=X):
    return start + b"\r\n" + host + b"".join(fields) + b"\r\n" + body


def length(value=N):
    return f"Content-Length: {value}\r\n".encode()


# Of these a strict server refuses each, or takes what is hidden for a body: there is one answer and no more.
ATTACKS = {
    # two lengths, or none that is a number
    "two lengths": post(length(0), length()),
    "two lengths, the other way": post(length(), length(0)),
    "a list of lengths": post(length(f"0, {N}")),
    "a signed length": post(length("+0")),
    "a negative length": post(length("-1")),
    "a hexadecimal length": post(length("0x0")),
    "a length with a blank in it": post(length("0 0")),
    "a length with an exponent": post(length("0e1")),
    "a length beyond 64 bits": post(length(2 ** 64)),
    "an empty length": post(length("")),
    # a length and chunks
    "CL.TE": post(length(len(END) + N), CHUNKED, body=END + HIDDEN),
    "TE.CL": post(CHUNKED, length(4), body=f"{N:x}\r\n".encode() + HIDDEN + b"\r\n" + END),
    # chunks by a name that one side may not know
    "TE.TE, an unknown one": post(length(), b"Transfer-Encoding: xchunked\r\n"),
    "TE.TE, two of them": post(length(), CHUNKED, b"Transfer-Encoding: x\r\n", body=END + HIDDEN),
    "TE.TE, twice the same": post(CHUNKED, CHUNKED, body=END + HIDDEN),
    "TE.TE, not the last": post(length(), b"Transfer-Encoding: chunked, identity\r\n", body=END + HIDDEN),
    "TE.TE, a blank before the colon": post(length(), b"Transfer-Encoding : chunked\r\n", body=END + HIDDEN),
    "TE.TE, a vertical tab": post(length(), b"Transfer-Encoding:\x0bchunked\r\n", body=END + HIDDEN),
    "TE.TE, a quoted one": post(length(), b'Transfer-Encoding: "chunked"\r\n', body=END + HIDDEN),
    "TE.TE, folded": post(length(), b"X: y\r\n Transfer-Encoding: chunked\r\n", body=END + HIDDEN),
    "TE.TE, folded value": post(length(), b"Transfer-Encoding:\r\n chunked\r\n", body=END + HIDDEN),
    "TE.TE, behind a bare LF": post(length(), b"X: y\nTransfer-Encoding: chunked\r\n", body=END + HIDDEN),
    "TE.TE, behind a bare CR": post(length(), b"X: y\rTransfer-Encoding: chunked\r\n", body=END + HIDDEN),
    "chunks in HTTP/1.0": post(CHUNKED, length(), body=END + HIDDEN, start=b"POST /api/v1/search HTTP/1.0"),
    # chunks that two parsers read differently
    "a chunk of 0x0": post(CHUNKED, body=b"0x0\r\n\r\n" + HIDDEN),
    "a negative chunk": post(CHUNKED, body=b"-1\r\n" + HIDDEN),
    "a signed chunk": post(CHUNKED, body=b"+0\r\n\r\n" + HIDDEN),
    "a chunk beyond 64 bits": post(CHUNKED, body=b"10000000000000000\r\n" + HIDDEN),
    "an empty chunk size": post(CHUNKED, body=b"\r\n\r\n" + HIDDEN),
    "a chunk that ends too late": post(CHUNKED, body=b"1\r\nxx\r\n" + END + HIDDEN),
    "a bare LF in a chunk extension": post(CHUNKED, body=b"1;a\nxx\r\n" + END + HIDDEN),
    "a bare LF behind a chunk size": post(CHUNKED, body=b"1\nx\r\n" + END + HIDDEN),
    "an endless chunk extension": post(CHUNKED, body=b"1;" + b"a" * 70000 + b"\r\nx\r\n" + END + HIDDEN),
    # a body where none is expected
    "GET with a body": post(length(), start=b"GET /v2/_catalog HTTP/1.1"),
    "HEAD with a body": post(length(), start=b"HEAD /v2/_catalog HTTP/1.1"),
    "OPTIONS with a body": post(length(), start=b"OPTIONS /v2/_catalog HTTP/1.1"),
    "a length that is named as the connection's": post(length(), b"Connection: Content-Length\r\n", start=b"GET /v2/_catalog HTTP/1.1"),
    "a body that waits for 100": post(length(), b"Expect: 100-continue\r\n", b"Connection: close\r\n"),
    # lines and names
    "bare LF": (post(length())).replace(b"\r\n", b"\n"),
    "a NUL in a field": post(length(), b"X: a\0b\r\n"),
    "a field without a name": post(length(), b": y\r\n"),
    "a field without a colon": post(length(), b"nothing\r\n"),
    "a blank in a name": post(length(), b"X Y: z\r\n"),
    "a folded first field": post(length(), host=b" Host: h\r\n"),
    "two hosts": post(length(), b"Host: other\r\n"),
    "no host": post(length(), host=b""),
    "a version that is none": post(length(), start=b"POST /api/v1/search HTTP/1.x"),
    "words behind the version": post(length(), start=b"POST /api/v1/search HTTP/1.1 GET /metrics"),
    "an upgrade to h2c": post(length(), b"Upgrade: h2c\r\n", b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
                              b"Connection: Upgrade, HTTP2-Settings\r\n", start=b"GET /v2/_catalog HTTP/1.1"),
    "the absolute form": post(length(), start=b"GET http://other/v2/_catalog HTTP/1.1"),
    "a line end in the target": post(length(), start=b"GET /v2/_catalog%0d%0aX:%20y HTTP/1.1"),
    # too much
    "a long target": post(length(), start=b"GET /" + b"a" * 70000 + b" HTTP/1.1"),
    "a long field": post(length(), b"X: " + b"a" * 70000 + b"\r\n"),
    "many fields": post(length(), *(f"X-{n}: y\r\n".encode() for n in range(5000))),
    "a large body": post(length(1 << 40)),
}


@pytest.fixture(scope="module")
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < DESCRIPTORS:
        pytest.skip("too few descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def site(postgres, tmp_path_factory, many_files):
    """A reader with an image, by itself and behind each proxy; the registry is not there."""
    directory = tmp_path_factory.mktemp("smuggling")
    database = postgres.new_database()
    make_schema(database)
    push(database, "1")
    registry = Registry(directory / "registry")
    reader = Reader(directory, database, registry.url, reader={"trusted_proxies": ["127.0.0.1"]}).start()
    doors = {"reader": reader, "nginx": Nginx(directory / "nginx", registry, [reader]),
             "haproxy": HAProxy(directory / "haproxy", registry, [reader])}
    for proxy in (doors["nginx"], doors["haproxy"]):
        proxy.start()
    yield doors
    for door in reversed(doors.values()):
        door.terminate()
    assert "Sanitizer" not in reader.log() and "runtime error" not in reader.log(), reader.log()[-4000:]


DOORS = ["reader", "nginx", "haproxy"]


def answers_to(door, data):
    """All that comes back until the server ends it, or has nothing more to say to a client that has ended."""
    with socket.create_connection(("127.0.0.1", door.port), WAIT_SECONDS) as connection:
        with contextlib.suppress(OSError):  # it may have been reset
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(ConnectionError):
            while more := connection.recv(65536):
                received += more
    return received


def metrics_served(site):
    """How often, this time not counted."""
    return site["reader"].metric('http_requests_total{route="metrics",code="200"}')


@pytest.mark.parametrize("kind", DOORS)
@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_hides_in_a_request(site, kind, name):
    before = metrics_served(site)
    received = answers_to(site[kind], ATTACKS[name])
    assert b"# TYPE metastore_" not in received, "the hidden request was answered"
    if kind == "reader":
        final = [line for line in received.split(b"HTTP/1.1 ")[1:] if not line.startswith(b"100")]
        assert len(final) <= 1, received[:2000]
    honest = [site[kind].get("/v2/_catalog") for _ in range(3)]  # on the connections that the attack may have poisoned
    assert [answer.json() for answer in honest] == [{"repositories": ["lib"]}] * 3
    assert metrics_served(site) - before == 1, "a reader served what was hidden"


@contextlib.contextmanager
def slow_clients(door, count, data):
    """From addresses of their own: each proxy bounds what one address may have."""
    connections = []
    try:
        for number in range(count):
            connection = socket.socket()
            connection.bind((f"127.0.1.{1 + number % 200}", 0))
            connection.connect(("127.0.0.1", door.port))
            connection.sendall(data)
            connections.append(connection)
        yield
    finally:
        for connection in connections:
            connection.close()


@pytest.mark.parametrize("kind", DOORS)
def test_a_thousand_slow_clients_keep_nobody_waiting(site, kind):
    """Heads and bodies that never end, and answers that nobody takes."""
    with contextlib.ExitStack() as attack, requests.Session() as session:
        attack.enter_context(slow_clients(site[kind], 400, b"GET /v2/_catalog HTTP/1.1\r\nHost: h\r\nX: "))
        attack.enter_context(slow_clients(site[kind], 300, post(length(100), body=b"x")))
        attack.enter_context(slow_clients(site[kind], 300, b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: h\r\n\r\n"))
        for number in range(20):
            answer = session.get(f"{site[kind].url}/api/v1/repositories?n={number + 1}", timeout=WAIT_SECONDS)
            assert answer.status_code == 200, answer.text
    wait_for(lambda: site[kind].get("/healthz").status_code == 200, "the end of it")
