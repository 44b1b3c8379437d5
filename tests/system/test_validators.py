# SPDX-License-Identifier: Apache-2.0
"""Validators, variants and methods, the same for every resource."""
import gzip

import pytest
import requests

from harness import WAIT_SECONDS, Stack
from images import Pusher

ORIGIN = "https://example.org"
PATHS = ["/index/static", "/index/dynamic", "/v1/search?q=app", "/v2/_catalog", "/v2/team/app/tags/list",
         "/api/v1/repositories", "/api/v1/repositories/team/app", "/api/v1/changes", "/api/v1/stats",
         "/api/v1/dump"]
FIXED = ["/v1/_ping", "/v2/", "/v2/_oci/ext/discover", "/api/v1/openapi.json"]  # the database is not asked
LARGE = "/index/static"  # over 1 KiB


@pytest.fixture(scope="module")
def reader(postgres, tmp_path_factory):
    stack = Stack(tmp_path_factory.mktemp("stack"), postgres,
                  reader_config={"reader": {"cors_origin": ORIGIN}}).start()
    pusher = Pusher(stack.registry.url)
    for number in range(8):
        pusher.image("team/app", f"tag-{number}", salt=str(number))
    stack.writer.scan()
    stack.writer.wait_until_settled()
    yield stack.reader
    assert all(status == 0 for status in stack.stop().values())


def get(reader, path, encoding="identity", **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return reader.get(path, headers={"Accept-Encoding": encoding, **names})


@pytest.mark.parametrize("path", PATHS + FIXED)
def test_conditional_requests(reader, path):
    whole = get(reader, path)
    assert whole.status_code == 200
    tag = whole.headers["ETag"]
    assert tag.startswith('"')
    for condition in (tag, f"W/{tag}", "*", f'"other", {tag}', f'W/"other",{tag}, "more"'):
        answer = get(reader, path, If_None_Match=condition)
        assert answer.status_code == 304 and answer.content == b"", condition
        for name in ("ETag", "Cache-Control", "Vary", "X-Metastore-Generation"):
            assert answer.headers.get(name) == whole.headers.get(name), (name, condition)
        assert "Content-Type" not in answer.headers
    for condition in ('"other"', tag.strip('"'), tag[:-2] + '"', f'"{tag}'):
        assert get(reader, path, If_None_Match=condition).status_code == 200, condition


@pytest.mark.parametrize("path", PATHS + FIXED)
def test_head_is_get_without_a_body(reader, path):
    for encoding in ("identity", "gzip"):
        whole = requests.get(reader.url + path, headers={"Accept-Encoding": encoding}, stream=True, timeout=WAIT_SECONDS)
        length = len(whole.raw.read(decode_content=False))
        head = requests.head(reader.url + path, headers={"Accept-Encoding": encoding}, timeout=WAIT_SECONDS)
        assert head.status_code == 200 and head.content == b""
        assert head.headers["Content-Length"] == whole.headers["Content-Length"] == str(length)
        for name in ("ETag", "Content-Type", "Content-Encoding", "Vary", "Cache-Control", "X-Metastore-Generation"):
            assert head.headers.get(name) == whole.headers.get(name)


@pytest.mark.parametrize("path", PATHS)
def test_other_methods(reader, path):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = requests.request(method, reader.url + path, timeout=WAIT_SECONDS)
        assert answer.status_code == 405
        allowed = {name.strip() for name in answer.headers["Allow"].split(",")}
        assert {"GET", "HEAD"} <= allowed and method not in allowed


@pytest.mark.parametrize("path", PATHS)
def test_other_origins(reader, path):
    assert get(reader, path).headers["Access-Control-Allow-Origin"] == ORIGIN
    asked = requests.options(reader.url + path, timeout=WAIT_SECONDS, headers={
        "Origin": ORIGIN, "Access-Control-Request-Method": "GET"})
    assert asked.status_code in (200, 204)
    assert asked.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "GET" in asked.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize("accepted,is_gzip", [
    ("gzip", True), ("deflate, gzip;q=0.5", True), ("*", True), ("GZIP", True), ("x-gzip", True),
    ("gzip;q=0", False), ("*;q=0", False), ("gzip;q=0, *", False), ("br", False), ("identity", False), ("", False)])
def test_gzip_is_negotiated(reader, accepted, is_gzip):
    answer = requests.get(reader.url + LARGE, headers={"Accept-Encoding": accepted}, stream=True, timeout=WAIT_SECONDS)
    body = answer.raw.read(decode_content=False)
    assert (answer.headers.get("Content-Encoding") == "gzip") == is_gzip
    assert "Accept-Encoding" in answer.headers["Vary"]
    plain = get(reader, LARGE)
    assert (gzip.decompress(body) if is_gzip else body) == plain.content
    assert (answer.headers["ETag"] == plain.headers["ETag"]) == (not is_gzip)
    again = get(reader, LARGE, encoding=accepted, If_None_Match=answer.headers["ETag"])
    assert again.status_code == 304 and again.headers["ETag"] == answer.headers["ETag"]


def test_small_bodies_are_not_compressed(reader):
    answer = get(reader, "/v2/_catalog", encoding="gzip")
    assert "Content-Encoding" not in answer.headers and len(answer.content) < 1024
