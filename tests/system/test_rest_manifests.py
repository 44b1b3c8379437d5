# SPDX-License-Identifier: Apache-2.0
"""/api/v1/repositories/<name>/-/manifests/…, /stats, /status: what was pushed is what is told."""
import pytest
import requests

from harness import WAIT_SECONDS, query, wait_for
from images import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Pusher, digest_of, encode

HOSTILE = 'quote " backslash \\ newline \n <script> käse \u2028'
CONFIG = {
    "os": "linux", "architecture": "arm64", "variant": "v8", "created": "2024-05-01T12:00:00.123+02:00", "author": HOSTILE,
    "config": {"Env": ["PATH=/bin", "X=" + HOSTILE], "Entrypoint": ["/entry"], "Cmd": ["serve", "-v"], "User": "app",
               "WorkingDir": "/srv", "ExposedPorts": {"5432/tcp": {}}, "Volumes": {"/data": {}}, "StopSignal": "SIGINT",
               "Labels": {"vendor": "Acme", "odd": HOSTILE}},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "1" * 64, "sha256:" + "2" * 64]},
    "history": [{"created": "2024-05-01T10:00:00Z", "created_by": "ADD base"},
                {"created": "2024-05-01T10:00:01Z", "created_by": "ENV " + HOSTILE, "empty_layer": True},
                {"created": "2024-05-01T10:00:02Z", "created_by": "RUN make", "comment": "built"}],
}


@pytest.fixture(scope="module")
def pushed(module_stack):
    """team/app: an index of an image and its attestation, an SBOM of the index; copy/app: the image."""
    pusher = Pusher(module_stack.registry.url)
    made = {}
    for name in ("team/app", "copy/app"):
        config = pusher.blob(name, CONFIG, OCI_CONFIG)
        layers = [pusher.blob(name, b"base layer", OCI_LAYER), pusher.blob(name, b"made layer!", OCI_LAYER)]
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers,
                 "annotations": {"note": HOSTILE}}
        made["image"] = pusher.manifest(name, value, OCI_MANIFEST, *(["only"] if name == "copy/app" else []))
        made["image_bytes"], made["config"], made["layers"] = encode(value), config, layers
    attestation = pusher.image("team/app", os="unknown", architecture="unknown", salt="attestation")
    made["attestation"] = attestation
    made["index"] = pusher.index("team/app", "latest", "1.0", annotations={"a": "b"}, children=[
        {**made["image"], "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
        {**attestation, "platform": {"os": "unknown", "architecture": "unknown"},
         "annotations": {"vnd.docker.reference.type": "attestation-manifest",
                         "vnd.docker.reference.digest": made["image"]["digest"]}}])
    subject = made["index"]
    made["sbom"] = pusher.manifest(
        "team/app", {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": "application/spdx+json",
                     "config": pusher.blob("team/app", b"{}", "application/vnd.oci.empty.v1+json"),
                     "layers": [pusher.blob("team/app", b"sbom", "text/spdx")], "subject": subject,
                     "annotations": {"by": HOSTILE}},
        OCI_MANIFEST, subject["digest"].replace(":", "-"))
    module_stack.writer.wait_until_settled()
    wait_for(lambda: (s := module_stack.writer.status()["sboms"])["malformed"] == 1 and s["waiting"] == 0, "the document to be read")
    generation = query(module_stack.database, "SELECT generation FROM state")[0][0]
    wait_for(lambda: int(module_stack.reader.get("/api/v1/stats").headers["X-Metastore-Generation"]) >= generation, "the reader")
    wait_for(lambda: get(module_stack.reader, "copy/app", "only") and
             get(module_stack.reader, "team/app", "latest")["referrers"], "the reader to know everything")
    return made


def get(reader, repository, reference):
    return reader.json(f"/api/v1/repositories/{repository}/-/manifests/{reference}")


def test_an_index(module_stack, pushed):
    told = get(module_stack.reader, "team/app", "latest")
    assert told == get(module_stack.reader, "team/app", pushed["index"]["digest"])
    assert told["repository"] == "team/app" and told["digest"] == pushed["index"]["digest"]
    assert told["kind"] == "index" and told["media_type"] == OCI_INDEX and told["artifact_type"] is None
    assert told["tags"] == ["1.0", "latest"] and told["annotations"] == {"a": "b"}
    assert told["size"] == pushed["index"]["size"]
    assert told["subject"] is None and told["unreadable"] is None and told["also_in"] == []
    assert "image" not in told
    image, attestation = told["manifests"]
    assert image == {"digest": pushed["image"]["digest"], "media_type": OCI_MANIFEST, "size": pushed["image"]["size"],
                     "kind": "image", "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"},
                     "annotations": {}}
    assert attestation["kind"] == "attestation" and attestation["about"] == pushed["image"]["digest"]
    assert told["referrers"] == [{"digest": pushed["sbom"]["digest"], "media_type": OCI_MANIFEST,
                                  "artifact_type": "application/spdx+json", "size": pushed["sbom"]["size"],
                                  "annotations": {"by": HOSTILE}}]
    blobs = {b["digest"]: b["size"] for b in (pushed["config"], *pushed["layers"])}
    attested = module_stack.reader.json(
        f"/api/v1/repositories/team/app/-/manifests/{pushed['attestation']['digest']}")["total_size"]
    assert told["total_size"] == pushed["index"]["size"] + pushed["image"]["size"] + sum(blobs.values()) + attested


def test_an_image(module_stack, pushed):
    told = get(module_stack.reader, "team/app", pushed["image"]["digest"])
    assert told["kind"] == "image" and told["tags"] == [] and told["also_in"] == ["copy/app"]
    assert told["annotations"] == {"note": HOSTILE}
    image = told["image"]
    first, second = pushed["layers"]
    assert image["layers"] == [
        {"digest": first["digest"], "media_type": OCI_LAYER, "size": first["size"], "diff_id": "sha256:" + "1" * 64},
        {"digest": second["digest"], "media_type": OCI_LAYER, "size": second["size"], "diff_id": "sha256:" + "2" * 64}]
    assert [entry.get("layer") for entry in image["history"]] == [first["digest"], None, second["digest"]]
    assert [entry["created_by"] for entry in image["history"]] == ["ADD base", "ENV " + HOSTILE, "RUN make"]
    assert [entry["empty_layer"] for entry in image["history"]] == [False, True, False]
    expected = {"config_digest": pushed["config"]["digest"], "os": "linux", "architecture": "arm64", "variant": "v8",
                "os_version": None, "created": "2024-05-01T10:00:00Z", "author": HOSTILE,
                "labels": CONFIG["config"]["Labels"], "env": CONFIG["config"]["Env"], "entrypoint": ["/entry"],
                "cmd": ["serve", "-v"], "user": "app", "working_dir": "/srv", "exposed_ports": ["5432/tcp"],
                "volumes": ["/data"], "stop_signal": "SIGINT"}
    assert {key: image[key] for key in expected} == expected


def test_an_artifact(module_stack, pushed):
    told = get(module_stack.reader, "team/app", pushed["sbom"]["digest"])
    assert told["kind"] == "artifact" and told["subject"] == pushed["index"]["digest"]
    assert told["artifact_type"] == "application/spdx+json"
    assert [layer["media_type"] for layer in told["layers"]] == ["text/spdx"]


def test_raw_bytes(module_stack, pushed):
    for reference in ("only", pushed["image"]["digest"]):
        raw = module_stack.reader.get(f"/api/v1/repositories/copy/app/-/manifests/{reference}?raw=1")
        assert raw.status_code == 200 and raw.content == pushed["image_bytes"]
        assert raw.headers["Content-Type"] == OCI_MANIFEST
        assert digest_of(raw.content) == pushed["image"]["digest"]
        path, etag = raw.request.path_url, raw.headers["ETag"]
        expected = "no-cache" if reference == "only" else "private, max-age=31536000, immutable"
        assert raw.headers["Cache-Control"] == expected
        again = module_stack.reader.get(path, headers={"If-None-Match": etag})
        assert (again.status_code, again.headers["Cache-Control"]) == (304, expected)
    assert module_stack.reader.json("/api/v1/repositories/copy/app/-/manifests/only?raw=0")["kind"] == "image"


@pytest.mark.parametrize("path", ["none/such/-/manifests/latest", "team/app/-/manifests/none",
                                  "copy/app/-/manifests/latest", "team/app/-/manifests/sha256:" + "0" * 64,
                                  "UPPER/case/-/manifests/latest", "team/app/-/manifests/latest%22'x"])
@pytest.mark.parametrize("raw", ["", "?raw=1"])
def test_unknown_manifests(module_stack, pushed, path, raw):
    answer = module_stack.reader.get(f"/api/v1/repositories/{path}{raw}")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.json()["status"] == 404


@pytest.mark.parametrize("query, named", [("raw=2", "raw"), ("row=1", "row"), ("raw=1&raw=0", "raw")])
def test_bad_parameters(module_stack, pushed, query, named):
    answer = module_stack.reader.get("/api/v1/repositories/team/app/-/manifests/latest?" + query)
    assert answer.status_code == 400 and answer.json()["parameter"] == named


def test_the_etag_outlives_changes_of_others(module_stack, pushed):
    path = "/api/v1/repositories/team/app/-/manifests/latest"
    first = module_stack.reader.get(path)
    Pusher(module_stack.registry.url).image("other/repository", "1", salt="other")
    wait_for(lambda: get(module_stack.reader, "other/repository", "1"), "the other push")
    again = module_stack.reader.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert int(again.headers["X-Metastore-Generation"]) > int(first.headers["X-Metastore-Generation"])


def test_what_cannot_be_read(make_stack):
    stack = make_stack().start()
    pusher = Pusher(stack.registry.url)
    pushed = pusher.image("team/broken", "1", salt="broken")
    stack.writer.wait_until_settled()
    stack.writer.kill()
    hex_digits = pushed["digest"].split(":")[1]
    blob = stack.registry.storage / "docker/registry/v2/blobs/sha256" / hex_digits[:2] / hex_digits / "data"
    other = pusher.image("team/broken", "2", salt="other")
    other_digits = other["digest"].split(":")[1]
    (blob.parents[2] / other_digits[:2] / other_digits / "data").write_bytes(b"{ no manifest")
    stack.writer.start()
    stack.writer.scan()

    def told():
        return get(stack.reader, "team/broken", "2")
    wait_for(lambda: told()["kind"] == "unreadable", "the reader to say so")
    assert told()["unreadable"]["reason"] and told()["unreadable"]["since"].endswith("Z")
    assert told()["tags"] == ["2"]
    raw = stack.reader.get("/api/v1/repositories/team/broken/-/manifests/2?raw=1")
    assert raw.status_code == 404
    assert get(stack.reader, "team/broken", "1")["kind"] == "image"
    assert stack.reader.json("/api/v1/stats")["unreadable"] == 1


def test_stats(module_stack, pushed):
    told = module_stack.reader.json("/api/v1/stats")
    names = requests.get(module_stack.registry.url + "/v2/_catalog", timeout=WAIT_SECONDS).json()["repositories"]
    assert told["repositories"] == len(names)
    assert told["tags"] == sum(len(requests.get(f"{module_stack.registry.url}/v2/{name}/tags/list", timeout=WAIT_SECONDS)
                                   .json()["tags"]) for name in names)
    assert told["indexes"] == 1 and told["artifacts"] == 1 and told["unreadable"] == 0
    assert {"value": "linux/arm64/v8", "images": 1} in told["platforms"]
    assert all("unknown" not in platform["value"] for platform in told["platforms"])


def test_status(module_stack, pushed):
    told = wait_for(lambda: (answer := module_stack.reader.json("/api/v1/status"))["stale_seconds"] == 0 and answer,
                    "a reader that knows how things are")
    assert told["last_complete_scan"].endswith("Z") and told["scan_running"] is False
    assert told["oldest_event_seconds"] == 0 and told["stale_seconds"] == 0
    assert told["standby"] is False and told["replay_lag_seconds"] is None
    assert told["generation"] == int(module_stack.reader.get("/api/v1/stats").headers["X-Metastore-Generation"])
