# SPDX-License-Identifier: Apache-2.0
"""/api/v1/search and /api/v1/facets."""
import urllib.parse

import pytest

from harness import wait_for
from images import OCI_MANIFEST, Pusher


@pytest.fixture(scope="module")
def filled(module_stack):
    pusher = Pusher(module_stack.registry.url)
    made = {}
    vendor = {"org.opencontainers.image.vendor": "Acme Inc"}
    made["amd64"] = pusher.image("library/postgres", salt="amd64", labels=vendor)
    made["arm64"] = pusher.image("library/postgres", salt="arm64", labels=vendor, architecture="arm64")
    made["index"] = pusher.index("library/postgres", "18.6", "latest", children=[made["amd64"], made["arm64"]])
    made["old"] = pusher.image("library/postgres", "9.1", salt="old", labels={"eol": "true"})
    made["backup"] = pusher.image("team/postgres-backup", "1.0", salt="backup", annotations={"stage": "prod"},
                                  labels={"description": "Backups of the 100%_ database", **vendor})
    made["windows"] = pusher.image("team/app_x", "1.0", salt="windows", os="windows", labels={"eol": ""})
    made["twin"] = pusher.image("team/appyx", "1.0", salt="twin")
    made["chart"] = pusher.manifest(
        "team/chart", {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [],
                       "config": pusher.blob("team/chart", b"{}", "application/vnd.cncf.helm.config.v1+json")},
        OCI_MANIFEST, "1.0")
    module_stack.writer.wait_until_settled()
    wait_for(lambda: module_stack.reader.json("/api/v1/stats")["tags"] == 7, "the reader to know every tag")
    return module_stack.reader, made


def find(reader, q, **params):
    return reader.json("/api/v1/search", params={"q": q, **params})


def names(told):
    return [r["name"] for r in told["results"] if r["type"] == "repository"]


def digests(told):
    return {r["digest"] for r in told["results"] if r["type"] != "repository"}


REPOSITORIES = [
    ("postgres", ["library/postgres", "team/postgres-backup"]), ("library/postgres", ["library/postgres"]),
    ("POSTGRES -backup", ["library/postgres"]), ('"of the 100%_"', ["team/postgres-backup"]), ("100__", []),
    ("nowhere", []), ("team -postgres", ["team/app_x", "team/appyx", "team/chart"]), ("app_x", ["team/app_x"]),
    ("eol:1", []), ("label:eol", ["library/postgres", "team/app_x"]), ("label:eol=", ["team/app_x"]),
    ("label:eol=true", ["library/postgres"]), ('label:org.opencontainers.image.vendor="Acme Inc" -backup',
                                               ["library/postgres"]),
    ("annotation:stage=prod", ["team/postgres-backup"]), ("annotation:stage", ["team/postgres-backup"]),
    ("annotation:stage=dev", []), ("os:windows", ["team/app_x"]), ("is:index", ["library/postgres"]),
    ("is:artifact", ["team/chart"]), ("postgres arch:arm64", ["library/postgres"]), (":18.6", ["library/postgres"]),
    ("postgres:9.1", ["library/postgres"]), ("app_x:1.0", ["team/app_x"]), ("team/appyx:1.0", ["team/appyx"]),
    ("updated:>2100-01-01", []), ("os:windows updated:<2100-01-01", ["team/app_x"]),
]


@pytest.mark.parametrize("q, expected", REPOSITORIES)
def test_repositories(filled, q, expected):
    reader, _ = filled
    assert sorted(names(find(reader, q))) == expected
    only = find(reader, q, kind="repository")
    assert sorted(names(only)) == expected and only["total"] == len(expected) and not digests(only)


IMAGES = [
    ("label:org.opencontainers.image.vendor", ["amd64", "arm64", "backup"]), ("postgres arch:arm64", ["arm64"]),
    ('"acme inc" library', ["amd64", "arm64"]), (":18.6", ["amd64", "arm64"]), ("library/postgres:18.6", ["amd64", "arm64"]),
    ("app_x:1.0", ["windows"]), ("postgres", []), ("is:index", ["index"]), ("is:artifact", ["chart"]),
    ("label:eol -label:eol=true", ["windows"]), ("-os:linux", ["windows"]), ("annotation:stage", ["backup"]),
    ("postgres -label:eol :9.1", []), ("acme", ["amd64", "arm64", "backup"]),
]


@pytest.mark.parametrize("q, expected", IMAGES)
def test_images(filled, q, expected):
    reader, made = filled
    assert digests(find(reader, q)) == {made[name]["digest"] for name in expected}


def test_digests(filled):
    reader, made = filled
    for name in ("amd64", "index", "chart"):
        digest = made[name]["digest"]
        for length in (19, 20, len(digest)):
            assert made[name]["digest"] in digests(find(reader, digest[:length])), (name, length)
    told = reader.json(f"/api/v1/repositories/library/postgres/-/manifests/{made['old']['digest']}")["image"]
    for digest in (told["config_digest"], told["layers"][0]["digest"]):
        found = find(reader, digest)
        assert digests(found) == {made["old"]["digest"]} and names(found) == ["library/postgres"]


def test_what_a_result_says(filled):
    reader, made = filled
    best = find(reader, "postgres label:org.opencontainers.image.vendor")["results"]
    assert best[0]["type"] == "repository" and best[0]["name"] == "library/postgres" and best[0]["match"] == "name"
    scores = [r["score"] for r in best]
    assert scores == sorted(scores, reverse=True) and all(0 < score <= 1 for score in scores)
    image = next(r for r in best if r.get("digest") == made["arm64"]["digest"])
    assert image["type"] == "image" and image["repository"] == "library/postgres" and image["match"] == "label"
    assert image["tags"] == ["18.6", "latest"] and image["platform"] == "linux/arm64" and image["updated"].endswith("Z")
    assert image["size"] == reader.json(
        f"/api/v1/repositories/library/postgres/-/manifests/{made['arm64']['digest']}")["total_size"]


def test_pages(filled):
    reader, _ = filled
    everything = find(reader, "label:org.opencontainers.image.vendor")["results"]
    pages, path = [], "/api/v1/search?n=2&q=" + urllib.parse.quote("label:org.opencontainers.image.vendor")
    while path:
        answer = reader.get(path)
        pages.append(answer.json()["results"])
        path = answer.links.get("next", {}).get("url")
    assert [r for page in pages for r in page] == everything and len(pages) == (len(everything) + 1) // 2
    back = reader.get(answer.links["prev"]["url"])
    assert back.json()["results"] == pages[-2]


@pytest.mark.parametrize("q, character", [('a "b', 3), ("label:", 7), ("redis os:", 10), ("is:good", 4), ("updated:>now", 10),
                                          ("sha256:xy", 8), ("käse a:b:c", 8), ("-", 2)])
def test_faults_point_at_the_character(filled, q, character):
    reader, _ = filled
    for path in ("search", "facets"):
        answer = reader.get(f"/api/v1/{path}", params={"q": q})
        assert answer.status_code == 400 and answer.json()["parameter"] == "q"
        assert f"character {character}:" in answer.json()["detail"]


@pytest.mark.parametrize("path, named", [("search?query=x", "query"), ("search?kind=tag", "kind"), ("facets?q=a&q=b", "q"),
                                         ("facets?n=1", "n"), ("search?cursor=x", "cursor")])
def test_bad_parameters(filled, path, named):
    answer = filled[0].get("/api/v1/" + path)
    assert answer.status_code == 400 and answer.json()["parameter"] == named


def test_facets(filled):
    reader, _ = filled
    told = reader.json("/api/v1/facets", params={"q": "postgres", "key": "org.opencontainers.image.vendor"})
    assert told["os"] == [{"value": "linux", "images": 4}]
    assert told["architecture"] == [{"value": "amd64", "images": 3}, {"value": "arm64", "images": 1}]
    assert {"value": "org.opencontainers.image.vendor", "images": 3} == told["label_keys"][0]
    assert told["annotation_keys"] == [{"value": "stage", "images": 1}]
    assert told["label_values"] == [{"value": "Acme Inc", "images": 3}]
    everything = reader.json("/api/v1/facets")
    assert {f["value"]: f["images"] for f in everything["os"]} == {"linux": 5, "windows": 1}
    assert everything["label_values"] == []
