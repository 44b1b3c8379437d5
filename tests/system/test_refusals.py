# SPDX-License-Identifier: Apache-2.0
"""What is refused before it is routed has the error form of its path, and long questions are answered."""
import json
import socket

import pytest

from harness import WAIT_SECONDS

NO_HOST = "GET {} HTTP/1.1\r\n\r\n"
TWO_LENGTHS = "GET {} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"
LONG_HEADER = "GET {} HTTP/1.1\r\nHost: x\r\nX: " + 60000 * "x" + "\r\n\r\n"
LONG_TARGET = "GET {}?q=" + 40000 * "x" + " HTTP/1.1\r\nHost: x\r\n\r\n"


def refused(reader, request):
    with socket.create_connection(("127.0.0.1", reader.port), timeout=WAIT_SECONDS) as sock:
        sock.sendall(request.encode())
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    head, _, body = answer.decode().partition("\r\n\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])}
    return int(head.split()[1]), headers, json.loads(body)


@pytest.mark.parametrize("request_text, status", [(NO_HOST, 400), (TWO_LENGTHS, 400), (LONG_HEADER, 431),
                                                  (LONG_TARGET, 414)])
def test_refusals_have_the_form_of_their_path(module_stack, request_text, status):
    reader = module_stack.reader
    for path in ("/v2/_catalog", "/v1/search", "/v2/"):
        got, headers, body = refused(reader, request_text.format(path))
        assert (got, headers["content-type"]) == (status, "application/json")
        assert body["errors"][0]["code"] == "UNSUPPORTED" and body["errors"][0]["message"]
        assert ("docker-distribution-api-version" in headers) == path.startswith("/v2/")
    for path in ("/index/static", "/api/v1/search", "/v1x", "/", "nonsense"):
        got, headers, body = refused(reader, request_text.format(path))
        assert (got in (status, 400), headers["content-type"]) == (True, "application/problem+json")
        assert body["status"] == got


def test_a_long_question_is_a_question(module_stack):
    reader = module_stack.reader
    for words in (30000 * "x", 15000 * "x+", 5000 * "%C3%A4", 10000 * "%25"):
        answer = reader.get(f"/v1/search?q={words}")
        assert answer.status_code == 200, (words[:20], answer.text[:300])
        assert answer.json()["num_results"] == 0


LISTS = ["/index/static?repository=", "/index/static?label:a=", "/index/static?tag:matches=", "/v2/_catalog?last=",
         "/v2/a/b/tags/list?last=", "/api/v1/repositories?q=", "/api/v1/repositories?prefix=",
         "/api/v1/repositories?cursor=", "/api/v1/repositories/a/-/tags?q=", "/api/v1/search?q=",
         "/api/v1/facets?q=", "/api/v1/changes?since=", "/v2/", "/api/v1/repositories/",
         "/v2/a/b/referrers/sha256:" + 64 * "0" + "?artifactType="]


@pytest.mark.parametrize("target", LISTS)
def test_no_long_parameter_breaks_an_answer(module_stack, target):
    for filling in (30000 * "a", 9000 * "%22"):
        answer = module_stack.reader.get(target + filling)
        assert answer.status_code in (200, 400, 404, 414), answer.text[:300]
