# SPDX-License-Identifier: Apache-2.0
"""Bases and what is built on them: against brute force over random families of images, and the cases that are easy to
get wrong, each by name."""
import json

import pytest

import sboms
from fake import FakeRegistry
from harness import BUILD, Reader, Writer, query, wait_for
from images import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, digest_of
from oracle_base import REPOSITORIES, TAGS, Families


class Setting:
    def __init__(self, postgres, directory):
        self.fake = FakeRegistry(directory).start()
        self.database = postgres.new_database()
        self.writer = Writer(directory, self.database, self.fake.url, interval={"fetch_all": 0})
        self.reader = Reader(directory, self.database, self.fake.url)

    def start(self):
        self.writer.start()
        self.reader.start()
        return self

    def stop(self):
        assert self.reader.terminate() == 0 and self.writer.terminate() == 0
        self.fake.stop()
        for process in (self.reader, self.writer):
            assert "Sanitizer" not in process.log() and "runtime error:" not in process.log(), process.log()[-4000:]

    def scan(self):
        assert self.writer.scan()["complete"]
        wait_for(lambda: sboms.are_read(self.database), "provenance to be read")
        generation = query(self.database, "SELECT generation FROM state")[0][0]
        wait_for(lambda: self.reader.json("/api/v1/status")["generation"] >= generation, "the reader to catch up")

    def manifest(self, repository, reference, more="", **params):
        return self.reader.json(f"/api/v1/repositories/{repository}/-/manifests/{reference}{more}", params=params)


@pytest.fixture
def setting(postgres, tmp_path):
    made = Setting(postgres, tmp_path).start()
    yield made
    made.stop()


def pages(reader, path, member, **params):
    answer = reader.get(path, params=params)
    while True:
        assert answer.status_code == 200, answer.text
        yield from answer.json()[member]
        if "next" not in answer.links:
            return
        answer = reader.get(answer.links["next"]["url"])


def assert_is(told, expected, what):
    choices = expected if isinstance(expected, list) else [expected]
    assert told in choices, (what, told, choices)


def ask_everything(setting, families):
    """Every tag, every image, every search; returns how many answers were compared."""
    lines = [json.loads(line) for line in setting.reader.get("/api/v1/dump").content.splitlines()]
    dumped = {line["digest"]: line for line in lines if line.get("kind") in ("image", "index")}
    count = 0
    for repository, tags in families.tags.items():
        if not tags:
            continue
        told = setting.reader.json(f"/api/v1/repositories/{repository}/-/tags")["tags"]
        for tag in told:
            assert_is(tag.get("base"), families.base_of(tags[tag["name"]]), (repository, tag["name"]))
        for digest in sorted({d for top in tags.values() for d in (top, *families.images_of(top))}):
            answer = setting.manifest(repository, digest)
            assert_is(answer.get("base"), families.base_of(digest), (repository, digest))
            assert dumped[digest].get("base") == answer.get("base")
            assert dumped[digest]["provenance"] >= answer["provenance"] == bool(
                [image for image in families.images_of(digest) if families.images[image].attested_in == repository])
            derived = families.derived(digest)
            layered = any(families.images[image].chain for image in families.images_of(digest))
            assert answer.get("derived", {}).get("images") == (len({image for _, image in derived}) if layered else None)
            listed = list(pages(setting.reader, f"/api/v1/repositories/{repository}/-/manifests/{digest}/-/derived", "derived", n=3))
            assert sorted((d["repository"], d["digest"]) for d in listed) == sorted(derived)
            count += 3
        count += len(told)
    questions = [(f"base:{name}", families.built_on(name)) for name in ("debian", *REPOSITORIES)]
    questions += [(f"base:{name}:{tag}", families.built_on(name, tag)) for name in REPOSITORIES[:3] for tag in TAGS]
    seen = sorted(set().union(*families.held.values()))
    questions += [(f"base:{digest}", families.derived(digest)) for digest in seen[:20]]
    questions += [("is:outdated", families.outdated()), ("os:linux is:outdated", families.outdated()),
                  ("base:debian is:outdated", families.built_on("debian") & families.outdated()),
                  ("os:linux -is:outdated", families.shown() - families.outdated())]
    for q, expected in questions:
        found = {(r["repository"], r["digest"]) for r in pages(setting.reader, "/api/v1/search", "results", q=q, kind="image")}
        assert found == expected, (q, found ^ expected)
    return count + len(questions)


@pytest.mark.parametrize("seed, alphabet", [(1, "ab"), (2, "abcd"), (3, "abc")])
def test_random_families(setting, seed, alphabet):
    families = Families(setting.fake, seed, alphabet)
    compared = 0
    for steps in (30, 12, 12):
        families.change(steps)
        if steps == 12:
            families.delete_tag()
        setting.scan()
        families.seen()
        compared += ask_everything(setting, families)
    assert compared > 200


# ---------------------------------------------------------------------------------------------
# By name
# ---------------------------------------------------------------------------------------------

def put(fake, repository, tag, layers, annotations=None, architecture="amd64", salt=""):
    """An image of these layers; its digest."""
    config = json.dumps({"os": "linux", "architecture": architecture, "salt": salt, "rootfs": {
        "type": "layers", "diff_ids": [digest_of(layer.encode()) for layer in layers]}})
    blob = fake.do(put_blob={"repository": repository, "body": config})["digest"]
    value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "annotations": annotations or {},
             "config": {"mediaType": OCI_CONFIG, "digest": blob, "size": len(config)},
             "layers": [{"mediaType": OCI_LAYER, "digest": digest_of(layer.encode()), "size": 1} for layer in layers]}
    return fake.do(put_manifest={"repository": repository, "tag": tag, "type": OCI_MANIFEST, "body": json.dumps(value)})["digest"]


def test_a_base_that_moves(setting):
    """A base that came after what is built on it; then its tag moves, twice, and is deleted: each time the answers about
    the other repository follow at once."""
    fake, reader = setting.fake, setting.reader
    app = put(fake, "team/app", "1.0", ["a", "b", "c"])
    setting.scan()

    def told():
        tag, = reader.json("/api/v1/repositories/team/app/-/tags")["tags"]
        one = reader.json("/api/v1/repositories/team/app")
        assert tag.get("base") == setting.manifest("team/app", app).get("base") == one.get("base")
        return tag.get("base")
    assert told() is None
    base = put(fake, "library/debian", "12", ["a", "b"])
    setting.scan()
    expected = {"repository": "library/debian", "tag": "12", "digest": base, "evidence": "layers", "outdated": False, "behind": 0}
    assert told() == expected
    for behind in (1, 2):
        put(fake, "library/debian", "12", ["x%d" % behind])
        setting.scan()
        assert told() == {**expected, "outdated": True, "behind": behind}
    assert setting.manifest("library/debian", base)["derived"] == {
        "images": 1, "url": f"/api/v1/repositories/library/debian/-/manifests/{base}/-/derived"}
    derived = reader.json(setting.manifest("library/debian", base)["derived"]["url"], params={"total": 1})
    assert derived["total"] == 1 and derived["derived"] == [
        {"repository": "team/app", "digest": app, "tags": ["1.0"], "platform": "linux/amd64",
         "updated": derived["derived"][0]["updated"]}]


def test_what_is_built_on_an_image_is_counted_so_far(setting):
    base = put(setting.fake, "library/often", "1", ["often"])
    for number in range(3):
        put(setting.fake, f"team/often{number}", "1", ["often", f"often {number}"])
    setting.scan()
    derived = setting.manifest("library/often", base)["derived"]
    assert derived["images"] == 3 and "truncated" not in derived
    text = (BUILD / "queries" / "read_manifest.sql").read_text()
    for bound, less in (("images, 1000)", "images, 2)"), ("images > 1000", "images > 2"), ("LIMIT 1001)", "LIMIT 3)")):
        assert bound in text
        text = text.replace(bound, less)
    for parameter, value in (("$1::text", "'library/often'"), ("$2::text", "NULL::text"), ("$3::text", f"'{base}'")):
        text = text.replace(parameter, value)
    (_, _, body), = query(setting.database, text.replace("%", "%%"))
    assert json.loads(body + "}")["derived"] == {**derived, "images": 2, "truncated": True}


def test_a_base_that_only_an_index_had(setting):
    child = put(setting.fake, "library/debian", None, ["a"])
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [{"mediaType": OCI_MANIFEST, "digest": child, "size": 1}]})
    index = setting.fake.do(put_manifest={"repository": "library/debian", "tag": "12", "type": OCI_INDEX, "body": body})["digest"]
    app = put(setting.fake, "team/app", "1.0", ["a", "b"], {"org.opencontainers.image.base.digest": index})
    setting.scan()
    assert setting.manifest("team/app", app)["base"] == {
        "repository": "library/debian", "tag": "12", "digest": child, "index": index, "evidence": "annotation",
        "outdated": False, "behind": 0}
    assert setting.manifest("library/debian", "12")["derived"]["images"] == 1


def test_claims_that_the_layers_contradict(setting):
    base = put(setting.fake, "library/debian", "12", ["a"])
    other = put(setting.fake, "library/alpine", "3", ["z"])
    claim = {"org.opencontainers.image.base.digest": other, "org.opencontainers.image.base.name": "docker.io/library/alpine:3"}
    put(setting.fake, "team/app", "wrong", ["a", "b"], claim)
    put(setting.fake, "team/app", "squashed", ["s"], claim)
    put(setting.fake, "team/app", "empty", [])
    put(setting.fake, "team/app", "equal", ["a"], salt="rebuilt")
    setting.scan()
    told = {tag["name"]: tag.get("base") for tag in setting.reader.json("/api/v1/repositories/team/app/-/tags")["tags"]}
    claimed = {"name": "docker.io/library/alpine:3", "digest": other}
    assert told == {"wrong": {"repository": "library/debian", "tag": "12", "digest": base, "evidence": "layers",
                              "outdated": False, "behind": 0, "claimed": claimed},
                    "squashed": {"claimed": claimed}, "empty": None, "equal": None}
    assert "derived" not in setting.manifest("team/app", "empty")


def attest(fake, repository, digest, materials, version="1"):
    """BuildKit's attestation beside the image in an index, whose digest is given back."""
    body = json.dumps(sboms.provenance(digest, materials, version))
    blob = fake.do(put_blob={"repository": repository, "body": body})["digest"]
    config = fake.do(put_blob={"repository": repository, "body": "{}"})["digest"]
    value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": {"mediaType": OCI_CONFIG, "digest": config, "size": 2},
             "layers": [{"mediaType": sboms.IN_TOTO, "digest": blob, "size": len(body),
                         "annotations": {"in-toto.io/predicate-type": sboms.PREDICATES["v" + version]}}]}
    made = fake.do(put_manifest={"repository": repository, "type": OCI_MANIFEST, "body": json.dumps(value)})["digest"]
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [
        {"mediaType": OCI_MANIFEST, "digest": digest, "size": 1, "platform": {"os": "linux", "architecture": "amd64"}},
        {"mediaType": OCI_MANIFEST, "digest": made, "size": 1, "platform": {"os": "unknown", "architecture": "unknown"},
         "annotations": {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest}}]}
    return fake.do(put_manifest={"repository": repository, "type": OCI_INDEX, "body": json.dumps(index)})["digest"]


@pytest.mark.parametrize("version", ["0.2", "1"])
def test_provenance_names_the_base(setting, version):
    """Of two with the same layers the one in it, against an annotation; what the layers contradict is a claim."""
    fake = setting.fake
    wanted = put(fake, "mirror/debian", "12", ["a"])
    other = put(fake, "library/debian", "12", ["a"], salt="other")
    setting.scan()
    put(fake, "mirror/debian", "12", ["a"], salt="newer")
    far = put(fake, "library/alpine", "3", ["z"])
    debian = ("pkg:docker/mirror/debian@12?platform=linux%2Famd64", wanted)
    tools = [(f"pkg:docker/docker/{name}?platform=linux%2Famd64", digest_of(name.encode()))
             for name in ("buildkit-syft-scanner@stable-1", "dockerfile@1", "dockerfile-upstream@master")]
    made = {}
    for tag, chain, annotations, materials in (
            ("built", ["a", "b"], {}, [debian, ("pkg:docker/golang@1.22", digest_of(b"golang")), ("https://example.com/x.git", None)]),
            ("both", ["a", "c"], {"org.opencontainers.image.base.digest": other}, [debian]),
            ("wrong", ["a", "d"], {}, [("pkg:docker/alpine@3?platform=linux%2Famd64", far), ("git+https://example.com", "sha1:12")]),
            ("several", ["a", "e"], {}, [("pkg:docker/alpine@3", far), ("pkg:docker/golang@1.22", digest_of(b"golang"))]),
            ("squashed", ["s"], {}, [debian]),
            ("scanned", ["t"], {}, [("pkg:docker/localhost%3A5000/debian@12", wanted), *tools]),
            ("scratch", ["u"], {}, tools)):
        made[tag] = put(fake, "team/app", None, chain, annotations)
        index = attest(fake, "team/app", made[tag], materials, version)
        fake.do(tag={"repository": "team/app", "tag": tag, "digest": index})
    setting.scan()
    named = {"repository": "mirror/debian", "tag": "12", "digest": wanted, "evidence": "provenance", "outdated": True, "behind": 1}
    layers = {"repository": "library/debian", "tag": "12", "digest": other, "evidence": "layers", "outdated": False, "behind": 0}
    told = {tag["name"]: tag.get("base") for tag in setting.reader.json("/api/v1/repositories/team/app/-/tags")["tags"]}
    assert told == {
        "built": named, "both": {**named, "claimed": {"digest": other}},
        "wrong": {**layers, "claimed": {"name": "alpine:3", "digest": far}}, "several": layers,
        "squashed": {"claimed": {"name": "mirror/debian:12", "digest": wanted}},
        "scanned": {"claimed": {"name": "localhost:5000/debian:12", "digest": wanted}}, "scratch": None}
    answer = setting.manifest("team/app", made["built"])
    assert answer["base"] == named and answer["provenance"] is True and answer["packages"] is None
    assert "by its provenance and its layers" in setting.reader.get(f"/r/team/app/-/{made['built']}").text
    wait_for(lambda: setting.writer.status()["sboms"]["done"] == 7, "all to be counted")


def test_chains_are_filled_after_an_upgrade(setting):
    """What an older version stored has no chains: they are made out of it, without the registry."""
    put(setting.fake, "library/debian", "12", ["a"])
    app = put(setting.fake, "team/app", "1.0", ["a", "b"])
    setting.scan()
    expected = setting.manifest("team/app", app)["base"]
    setting.writer.terminate()
    setting.fake.do(settings={"delete_enabled": False}, fault={"path": ".", "kind": "status", "status": 500})
    query(setting.database, "DELETE FROM image_chain")
    query(setting.database, "UPDATE manifest SET document_version = 2")
    query(setting.database, "UPDATE state SET document_version = 2, generation = generation + 1")
    wait_for(lambda: "base" not in setting.manifest("team/app", app), "the chains to be gone")
    setting.writer.start()
    wait_for(lambda: setting.manifest("team/app", app).get("base") == expected, "the chains to be back")


@pytest.mark.parametrize("q, character", [("base:", 6), ("base:a b base:", 15), ("base:Up", 6), ("base:a:", 8),
                                          ("base:sha256:xy", 13), ("is:late", 4)])
def test_faults_point_at_the_character(setting, q, character):
    answer = setting.reader.get("/api/v1/search", params={"q": q})
    assert answer.status_code == 400 and f"character {character}:" in answer.json()["detail"]
