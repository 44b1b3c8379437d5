# SPDX-License-Identifier: Apache-2.0
"""/api/v1/dump: every line is what the registry has, and nothing is missing."""
import gzip
import json
import re

import pytest
import requests

from harness import WAIT_SECONDS, wait_for
from oracle import Registry
from test_index import fill


@pytest.fixture(scope="module")
def filled(module_stack):
    fill(module_stack.registry.url)
    module_stack.writer.wait_until_settled()
    registry = Registry(module_stack.registry.url)
    expected = sum(len(tags) for tags in registry.tags.values())
    wait_for(lambda: module_stack.reader.json("/api/v1/stats")["tags"] == expected, "the reader to know every tag")
    return module_stack, registry


def lines(reader, **options):
    answer = reader.get("/api/v1/dump", **options)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.content.endswith(b"\n")
    return [json.loads(line) for line in answer.content.splitlines()]


def test_the_frame(filled):
    stack, registry = filled
    told = lines(stack.reader)
    first, last = told[0], told[-1]
    assert first["type"] == "metastore.dump" and first["version"] == 1
    assert first["registry"] == registry.url and first["time"].endswith("Z")
    assert first["generation"] == stack.reader.json("/api/v1/status")["generation"]
    kinds = [line["type"] for line in told[1:-1]]
    assert kinds == sorted(kinds, key=["repository", "tag", "manifest"].index)
    assert last == {"type": "end", "repositories": kinds.count("repository"), "tags": kinds.count("tag"),
                    "manifests": kinds.count("manifest")}
    stats = stack.reader.json("/api/v1/stats")
    assert {key: stats[key] for key in ("repositories", "tags", "manifests")} == {
        key: last[key] for key in ("repositories", "tags", "manifests")}


def test_everything_of_the_registry_is_there(filled):
    stack, registry = filled
    told = lines(stack.reader)
    assert [line["name"] for line in told if line["type"] == "repository"] == sorted(registry.tags)
    assert {(line["repository"], line["name"]): line["digest"] for line in told if line["type"] == "tag"} == {
        (name, tag): digest for name, tags in registry.tags.items() for tag, digest in tags.items()}
    manifests = {line["digest"]: line for line in told if line["type"] == "manifest"}
    for (name, digest), (media_type, value) in registry.manifests.items():
        line = manifests[digest]
        assert name in line["repositories"] and line["media_type"] == media_type
        if "manifests" in value:
            assert [c["digest"] for c in line["manifests"]] == [c["digest"] for c in value["manifests"]]
        elif line["kind"] == "image":
            assert line["image"]["config_digest"] == value["config"]["digest"]
            labels = registry.configs[value["config"]["digest"]].get("config", {}).get("Labels") or {}
            assert line["image"]["labels"] == {k: v for k, v in labels.items() if isinstance(v, str)}
    untagged = set(manifests) - {digest for _, digest in registry.manifests}
    assert untagged  # pushed by digest only, and in the registry all the same
    for digest in untagged:
        place = f"{registry.url}/v2/{manifests[digest]['repositories'][0]}/manifests/{digest}"
        assert requests.head(place, headers={"Accept": manifests[digest]["media_type"]}, timeout=WAIT_SECONDS).status_code == 200


def test_a_manifest_is_told_as_by_itself(filled):
    stack, _ = filled
    own = {"repository", "tags", "updated", "also_in", "generation", "pulls", "derived", "packages"}  # of others, or of one repository
    checked = 0
    for line in lines(stack.reader):
        if line["type"] != "manifest" or len(line["repositories"]) != 1:
            continue
        told = stack.reader.json(f"/api/v1/repositories/{line['repositories'][0]}/-/manifests/{line['digest']}")
        assert {k: v for k, v in told.items() if k not in own} == {
            k: v for k, v in line.items() if k not in ("type", "repositories", "pulls")}
        checked += 1
    assert checked > 20


def test_variants_and_validators(filled):
    stack, _ = filled
    plain = stack.reader.get("/api/v1/dump", headers={"Accept-Encoding": "identity"})
    packed = requests.get(stack.reader.url + "/api/v1/dump", headers={"Accept-Encoding": "gzip"}, stream=True, timeout=WAIT_SECONDS)
    assert int(plain.headers["Content-Length"]) == len(plain.content)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.raw.read()) == plain.content
    assert stack.reader.get("/api/v1/dump", headers={"If-None-Match": plain.headers["ETag"]}).status_code == 304
    assert stack.reader.get("/api/v1/dump?n=1").status_code == 400
