# SPDX-License-Identifier: Apache-2.0
"""Content as builders and registries of the world have it, beyond plain images."""
import json
from datetime import datetime, timedelta, timezone

import pytest

from fake import FakeRegistry
from harness import Reader, Writer, query, wait_for
from images import DOCKER_LAYER, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Pusher, digest_of

CACHE_CONFIG = "application/vnd.buildkit.cacheconfig.v0"
ATTESTATION = "application/vnd.docker.attestation.manifest.v1+json"
UNKNOWN_SIZES = (-1, 2 ** 53, 9223372036854774000)


def manifest_of(reader, name, reference):
    return reader.json(f"/api/v1/repositories/{name}/-/manifests/{reference}")


def tag_of(reader, name, tag):
    rows = reader.json(f"/api/v1/repositories/{name}/-/tags?all=1")["tags"]
    return next(row for row in rows if row["name"] == tag)


@pytest.fixture(scope="module")
def shapes(module_stack):
    """(reader, what was pushed by name)"""
    pusher = Pusher(module_stack.registry.url)
    made = {}

    def image(name, *tags, layer_types=(OCI_LAYER,), config=None, **members):
        layers = [pusher.blob(name, f"{name} {tags} {n}".encode(), kind) for n, kind in enumerate(layer_types)]
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": layers, **members,
                 "config": pusher.blob(name, config or {"os": "linux", "architecture": "arm"}, OCI_CONFIG)}
        return {**pusher.manifest(name, value, OCI_MANIFEST, *tags), "layers": layers, "config": value["config"]}

    def entry(pushed, **members):
        return {"mediaType": pushed["mediaType"], "digest": pushed["digest"], "size": pushed["size"], **members}

    cached = [pusher.blob("build/cache", b"layer %d" % n, OCI_LAYER) for n in range(3)]
    cached.append(pusher.blob("build/cache", b'{"layers":[]}', CACHE_CONFIG))
    made["cached"], made["cache"] = cached, pusher.index("build/cache", "main", children=cached)

    for tag, kind in (("encrypted", OCI_LAYER + "+encrypted"), ("zstd", "application/vnd.oci.image.layer.v1.tar+zstd"),
                      ("nydus", "application/vnd.oci.image.layer.nydus.blob.v1"),
                      ("foreign", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
                      ("odd", "application/vnd.oci.image.layer.squashfs.v1"), ("docker", DOCKER_LAYER)):
        made[tag] = image("team/layers", tag, layer_types=(OCI_LAYER, kind))

    v6, v7 = image("team/arm", config={"os": "linux", "architecture": "arm", "salt": 6}), image("team/arm")
    both = image("team/arm", config={"os": "linux", "architecture": "arm", "salt": 67})
    own = image("team/arm", config={"os": "linux", "architecture": "arm64", "variant": "v8"})
    platforms = [(v6, "arm", "v6"), (v7, "arm", "v7"), (own, "arm64", "v9"), (both, "arm", "v5"), (both, "arm", "v4")]
    made["arm"] = pusher.index("team/arm", "latest", children=[
        entry(one, platform={"os": "linux", "architecture": architecture, "variant": variant, "os.features": ["f"]})
        for one, architecture, variant in platforms])

    titles = {"org.opencontainers.image.title": "Of the index", "org.opencontainers.image.description": ""}
    labels = {"org.opencontainers.image.title": "Of the image", "org.opencontainers.image.description": "Description of the image"}
    made["titled"] = pusher.index("team/titled", "latest", annotations=titles, children=[
        pusher.image("team/titled", labels=labels, salt="titled")])
    made["title alone"] = pusher.index("team/alone", "latest", annotations=titles, children=[])

    made["windows"] = image("team/windows", "latest", config=(
        b'{"OS":"windows","Architecture":"amd64","os.version":"10.0","os.features":["win32k"],"rootfS":{"Diff_IDs":["sha256:1"]},'
        b'"deep":' + b"[" * 5000 + b"]" * 5000 + b',"config":{"labels":{"caf\xe9":"\xff","sep":"a\xc2\x85b\xe2\x80\xa8c\xe2\x80\xa9d"}}}'))

    attested = image("team/attested", config={"os": "linux", "architecture": "amd64"})
    attestation = image("team/attested", layer_types=("application/vnd.in-toto+json",), artifactType=ATTESTATION,
                        subject=entry(attested))
    made["attested"], made["attestation"] = attested, attestation
    made["with attestation"] = pusher.index("team/attested", "latest", children=[entry(attested), entry(
        attestation, artifactType=ATTESTATION, platform={"os": "unknown", "architecture": "unknown"},
        annotations={"vnd.docker.reference.digest": attested["digest"]})])

    for tag in ("_deltaindex", "deltas-0123456789ab", "sha512-" + "a" * 64, "shown", "deltas-0123456789abc"):
        image("team/hidden", tag)
    module_stack.writer.wait_until_settled()
    wait_for(lambda: tag_of(module_stack.reader, "team/hidden", "deltas-0123456789abc"), "the reader to know everything")
    return module_stack.reader, made


def test_a_build_cache_is_an_index_of_blobs(shapes, module_stack):
    reader, made = shapes
    told = manifest_of(reader, "build/cache", "main")
    total = made["cache"]["size"] + sum(blob["size"] for blob in made["cached"])
    assert (told["kind"], told["manifests"], told["total_size"]) == ("index", [], total)
    assert [(layer["digest"], layer["media_type"], layer["size"]) for layer in told["layers"]] == \
        [(blob["digest"], blob["mediaType"], blob["size"]) for blob in made["cached"]]
    assert (tag_of(reader, "build/cache", "main")["size"], tag_of(reader, "build/cache", "main")["kind"]) == (total, "index")
    repository = reader.json("/api/v1/repositories/build/cache")
    assert (repository["size"], repository["unreadable"], repository["images"]) == (total, 0, 0)
    assert reader.json("/api/v1/stats")["unreadable"] == 0
    assert "build/cache" not in reader.get("/index/static").text
    scan = module_stack.writer.scan()
    assert scan["complete"] and scan["unreadable"] == 0


def test_blobs_are_never_asked_for_as_manifests(postgres, tmp_path):
    """Twenty tags of a cache, as builds of as many branches leave them."""
    fake = FakeRegistry(tmp_path).start()
    writer = Writer(tmp_path, postgres.new_database(), fake.url)
    for number in range(20):
        layers = [{"mediaType": OCI_LAYER, "digest": digest_of(b"%d %d" % (number, n)), "size": 10} for n in range(100)]
        value = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": layers + [
            {"mediaType": CACHE_CONFIG, "digest": digest_of(b"config %d" % number), "size": 2}]}
        fake.do(put_manifest={"repository": "build/cache", "type": OCI_INDEX, "body": json.dumps(value), "tag": f"branch-{number}"})
    try:
        writer.start()
        writer.wait_for_scan_after(None)
        scan = writer.scan()
        assert scan["complete"] and (scan["tags"], scan["unreadable"]) == (20, 0)
        asked = [request["path"].rpartition("/")[2] for request in fake.asked() if "/manifests/" in request["path"]]
        assert len(asked) <= 20 * 4, "two scans of twenty tags"
        assert not {layer["digest"] for layer in layers} & set(asked)
    finally:
        writer.terminate()
        fake.stop()


def test_layers_of_every_kind_make_images(shapes):
    reader, made = shapes
    result = next(r for r in reader.json("/index/static")["Results"] if r["Name"] == "team/layers")
    tags = ("encrypted", "zstd", "nydus", "foreign", "odd", "docker")
    assert {image["Tags"][0]: image["Digest"] for image in result["Images"]} == {tag: made[tag]["digest"] for tag in tags}
    for tag in tags:
        told = manifest_of(reader, "team/layers", tag)
        assert (told["kind"], told["os_features"]) == ("image", [])
        assert [layer["digest"] for layer in told["image"]["layers"]] == [layer["digest"] for layer in made[tag]["layers"]]


def test_variants_are_those_of_the_index(shapes):
    reader, _ = shapes
    platforms = ["linux/arm/v4", "linux/arm/v5", "linux/arm/v6", "linux/arm/v7", "linux/arm64/v8"]
    assert sorted(tag_of(reader, "team/arm", "latest")["platforms"]) == platforms
    assert tag_of(reader, "team/arm", "latest")["platforms"][:3] == ["linux/arm/v6", "linux/arm/v7", "linux/arm64/v8"]
    assert reader.json("/api/v1/repositories/team/arm")["platforms"] == platforms
    found = reader.json("/api/v1/search?q=team/arm%20arch:arm&kind=image")["results"]
    assert sorted(image["platform"] for image in found) == ["linux/arm/v4", "linux/arm/v6", "linux/arm/v7"]
    counted = {row["value"] for row in reader.json("/api/v1/stats")["platforms"]}
    assert {"linux/arm/v6", "linux/arm/v7", "linux/arm64/v8"} <= counted
    children = manifest_of(reader, "team/arm", "latest")["manifests"]
    assert [child["platform"]["variant"] for child in children] == ["v6", "v7", "v9", "v5", "v4"]
    assert children[0]["platform"]["os_features"] == ["f"]


def test_an_index_names_its_repository(shapes):
    reader, _ = shapes
    titled = reader.json("/api/v1/repositories/team/titled")
    assert (titled["title"], titled["description"]) == ("Of the index", "Description of the image")
    assert reader.json("/api/v1/repositories/team/alone")["title"] == "Of the index"
    results = reader.json("/v1/search?q=titled")["results"]
    assert [(r["name"], r["description"]) for r in results] == [("team/titled", "Description of the image")]


def test_configurations_are_read_as_go_reads_them(shapes):
    reader, made = shapes
    told = manifest_of(reader, "team/windows", "latest")
    assert (told["kind"], told["os_features"], told["unreadable"]) == ("image", ["win32k"], None)
    image = told["image"]
    assert (image["os"], image["architecture"], image["os_version"]) == ("windows", "amd64", "10.0")
    assert image["labels"] == {"caf\ufffd": "\ufffd", "sep": "a\u0085b\u2028c\u2029d"}
    assert [layer["diff_id"] for layer in image["layers"]] == ["sha256:1"]
    parts = [made["windows"], made["windows"]["config"], *made["windows"]["layers"]]
    assert told["total_size"] == sum(part["size"] for part in parts)


def test_lines_of_the_dump_end_nowhere_else(shapes):
    text = shapes[0].get("/api/v1/dump").content.decode()
    assert not set("\u0085\u2028\u2029") & set(text)
    lines = [json.loads(line) for line in text.splitlines()]
    labels = [line["image"]["labels"] for line in lines if line["type"] == "manifest" and "image" in line]
    assert "a\u0085b\u2028c\u2029d" in [label.get("sep") for label in labels]
    assert lines[-1]["type"] == "end"


def test_an_attestation_that_is_a_referrer_too_is_there_once(shapes):
    reader, made = shapes
    index, image = manifest_of(reader, "team/attested", "latest"), manifest_of(reader, "team/attested", made["attested"]["digest"])
    assert [(child["kind"], child.get("about")) for child in index["manifests"]] == \
        [("image", None), ("attestation", made["attested"]["digest"])]
    assert (index["referrers"], len(image["referrers"])) == ([], 1)
    listed = reader.json(f"/v2/team/attested/referrers/{made['attested']['digest']}")["manifests"]
    assert [d["digest"] for d in listed] == [made["attestation"]["digest"]]
    repository = reader.json("/api/v1/repositories/team/attested")
    assert (repository["images"], repository["artifacts"]) == (1, 1)
    result = next(r for r in reader.json("/index/static")["Results"] if r["Name"] == "team/attested")
    assert [entry["Digest"] for entry in result["Lists"][0]["Images"]] == [made["attested"]["digest"]]


def test_tags_of_programs_are_hidden(shapes):
    reader, _ = shapes
    result = next(r for r in reader.json("/index/static")["Results"] if r["Name"] == "team/hidden")
    assert sorted(tag for image in result["Images"] for tag in image["Tags"]) == ["deltas-0123456789abc", "shown"]
    for path, expected in (("/api/v1/repositories/team/hidden/-/tags", 2), ("/api/v1/repositories/team/hidden/-/tags?all=1", 5),
                           ("/v2/team/hidden/tags/list", 5)):
        assert len(reader.json(path)["tags"]) == expected


def test_impossible_sizes_count_for_nothing(stack):
    """One absurd size, then an ordinary push."""
    pusher, name = Pusher(stack.registry.url), "team/absurd"
    known = 0
    for number, size in enumerate(UNKNOWN_SIZES):
        config, layer = pusher.blob(name, {"os": "linux", "n": number}, OCI_CONFIG), pusher.blob(name, b"%d" % number, OCI_LAYER)
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config,
                 "layers": [{**layer, "size": size}] * 3 + [{**pusher.blob(name, b"ordinary", OCI_LAYER)}]}
        known += pusher.manifest(name, value, OCI_MANIFEST, f"absurd-{number}")["size"] + config["size"]
    ordinary = pusher.image(name, "ordinary")
    stack.writer.wait_until_settled()
    wait_for(lambda: tag_of(stack.reader, name, "ordinary"), "the ordinary image")
    assert stack.writer.status()["inbox"]["dead"] == 0
    for number in range(len(UNKNOWN_SIZES)):
        told = manifest_of(stack.reader, name, f"absurd-{number}")
        assert told["kind"] == "image" and told["image"]["layers"][0].get("size") is None
        assert told["total_size"] == told["size"] + len(b"ordinary") + len(json.dumps({"os": "linux", "n": number}))
    whole = manifest_of(stack.reader, name, ordinary["digest"])["total_size"]
    assert stack.reader.json(f"/api/v1/repositories/{name}")["size"] == known + len(b"ordinary") + whole
    scan = stack.writer.scan()
    assert scan["complete"] and scan["unreadable"] == 0


def test_possible_sizes_whose_sum_is_none(postgres, tmp_path):
    """More than 1,024 blobs of the largest size: their sum is no number of 64 bits, and pages are shown all the same."""
    fake, database = FakeRegistry(tmp_path).start(), postgres.new_database()
    config = json.dumps({"os": "linux", "architecture": "amd64"})
    for name in ("huge/one", "huge/two"):
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": {
            "mediaType": OCI_CONFIG, "size": len(config), "digest": fake.do(put_blob={"repository": name, "body": config})["digest"]},
            "layers": [{"mediaType": OCI_LAYER, "digest": digest_of(b"%d" % n), "size": 2 ** 53 - 1} for n in range(1030)]}
        fake.do(put_manifest={"repository": name, "type": OCI_MANIFEST, "body": json.dumps(value), "tag": "latest"})
    writer, reader = Writer(tmp_path, database, fake.url), Reader(tmp_path, database, fake.url)
    try:
        writer.start()
        assert writer.scan()["complete"]
        assert query(database, "SELECT min(size) > 2::numeric ^ 63 FROM repository") == [(True,)]
        reader.start()
        for path in ("/", "/stats", "/r/", "/r/?all=1&sort=-size", "/r/huge/one", "/r/huge/one/-/latest", "/search?q=huge"):
            answer = reader.get(path)
            assert answer.status_code == 200 and "huge" in answer.text, (path, answer.text)
        assert reader.get("/stats").text.count("EiB") > 2
    finally:
        reader.terminate()
        writer.terminate()
        fake.stop()


def test_events_with_one_id_and_events_of_the_future(postgres, tmp_path):
    fake = FakeRegistry(tmp_path).start()
    database = postgres.new_database()
    writer = Writer(tmp_path, database, fake.url, interval={"fetch_all": 0}).start()
    digests = {tag: fake.put("app", tag, layers=[tag]) for tag in ("a", "b")}
    future = (datetime.now(timezone.utc) + timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        for tag, digest in digests.items():
            event = {"id": "one and the same", "action": "push", "timestamp": future, "target": {
                "mediaType": OCI_MANIFEST, "digest": digest, "repository": "app", "tag": tag,
                "url": f"http://x/v2/app/manifests/{digest}"}}
            for _ in range(2):
                assert writer.deliver(json.dumps({"events": [event]})).status_code == 202
        writer.wait_until_settled()
        assert dict(query(database, "SELECT t.name, digest_text(m.digest) FROM tag t JOIN manifest m ON m.id = t.manifest_id")) == digests
        assert query(database, "SELECT count(*) FROM tag WHERE updated > now() OR updated_source <> 'event'") == [(0,)]
        assert query(database, "SELECT count(*) FROM tag_history WHERE from_time > now()") == [(0,)]
        assert (writer.status()["inbox"]["accepted"], writer.status()["inbox"]["duplicates"]) == (2, 2)
    finally:
        writer.terminate()
        fake.stop()
