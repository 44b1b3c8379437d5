# SPDX-License-Identifier: Apache-2.0
"""Referrers as OCI distribution 1.1 has them, with what its conformance suite asks of an index that is
only read. A registry without that API keeps referrers under fallback tags: here both sources are one list."""
import hashlib
import random
from types import SimpleNamespace

import pytest

from harness import query, wait_for
from images import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Pusher

NAME = "conformance/referrers"
EMPTY = "application/vnd.oci.empty.v1+json"
ANNOTATIONS = {"org.opencontainers.conformance.test": "test config a", "odd": "\u20ac\"\\</\u2028\\u0000 \x01", "": ""}


def digest(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


class Suite:
    """The manifests of the suite: references by artifact type, by configuration, an index; with and without
    layers; to a subject that exists and to one that never will."""

    def __init__(self, stack):
        self.stack, self.pusher = stack, Pusher(stack.registry.url)
        self.subject = self.pusher.image(NAME, "tagged", salt="the subject")
        self.missing = {"mediaType": OCI_MANIFEST, "digest": digest("never pushed"), "size": 4711}
        self.expected = {subject["digest"]: self.push(subject) for subject in (self.subject, self.missing)}

    def push(self, subject):
        layer = self.pusher.blob(NAME, b"layer", "application/vnd.oci.image.layer.v1.tar")
        by_type = {"artifactType": "application/vnd.example.a", "annotations": ANNOTATIONS}
        made = [
            self.refer(subject, {**by_type, "layers": [layer]}, artifactType="application/vnd.example.a"),
            self.refer(subject, {"artifactType": "application/vnd.example.b", "annotations": {"b": "1"}},
                       artifactType="application/vnd.example.b"),
            self.refer(subject, {"config": self.pusher.blob(NAME, b"config", "application/vnd.example.c"),
                                 "annotations": {"c": "2"}}, artifactType="application/vnd.example.c"),
            self.refer(subject, {"config": self.pusher.blob(NAME, {"os": "linux"}, OCI_CONFIG)},
                       artifactType=OCI_CONFIG),
        ]
        for members in ({"artifactType": "application/vnd.example.index"}, {}):
            value = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [self.subject], "subject": subject,
                     "annotations": {"kind": "index"}, **members}
            made.append({**self.pusher.manifest(NAME, value, OCI_INDEX), **members, "annotations": {"kind": "index"}})
        return sorted(made, key=lambda d: d["digest"])

    def refer(self, subject, members, **shown):
        """`members` with a subject, as OCI manifest; returns the descriptor that is to be seen."""
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": self.pusher.blob(NAME, b"{}", EMPTY),
                 "layers": [], "subject": subject, **members}
        pushed = self.pusher.manifest(NAME, value, OCI_MANIFEST)
        return {**pushed, **shown, **({"annotations": members["annotations"]} if "annotations" in members else {})}


@pytest.fixture(scope="module")
def suite(module_stack):
    made = Suite(module_stack)
    module_stack.writer.wait_until_settled()
    wait_for(lambda: referrers(made, made.missing["digest"]) == made.expected[made.missing["digest"]], "all of them")
    return made


def ask(suite, subject, name=NAME, **params):
    answer = suite.stack.reader.get(f"/v2/{name}/referrers/{subject}", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == OCI_INDEX
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    value = answer.json()
    assert (value["schemaVersion"], value["mediaType"]) == (2, OCI_INDEX)
    return answer


def referrers(suite, subject, **params):
    return ask(suite, subject, **params).json()["manifests"]


# --- the conformance suite's questions ---

def test_base_and_tags(suite):
    reader = suite.stack.reader
    assert reader.get("/v2/").status_code == 200
    for tag in ("a", "b", "c", "d"):
        suite.pusher.image("conformance/tags", tag, salt=tag)
    suite.stack.writer.wait_until_settled()
    path = "/v2/conformance/tags/tags/list"
    wait_for(lambda: reader.get(path).json().get("tags") == ["a", "b", "c", "d"], "the tags")
    assert reader.json(path + "?last=b&n=4")["tags"] == ["c", "d"]
    assert reader.json(path + "?n=2")["tags"] == ["a", "b"]


def test_an_unknown_digest_is_an_empty_index(suite):
    answer = ask(suite, digest(str(random.random())))
    assert answer.json()["manifests"] == []
    assert "OCI-Filters-Applied" not in answer.headers and "Link" not in answer.headers
    assert referrers(suite, suite.subject["digest"], name="no/such/repository") == []
    assert referrers(suite, "sha512:" + "0" * 128) == []


@pytest.mark.parametrize("which", ["subject", "missing"])
def test_every_descriptor_is_there(suite, which):
    subject = getattr(suite, which)["digest"]
    assert referrers(suite, subject) == suite.expected[subject]
    without_type = [d for d in referrers(suite, subject) if "artifactType" not in d]
    assert [d["mediaType"] for d in without_type] == [OCI_INDEX], "an index without artifactType has none"


@pytest.mark.parametrize("artifact_type", [
    "application/vnd.example.a", "application/vnd.example.b", "application/vnd.example.c",
    "application/vnd.example.index", OCI_CONFIG, "application/vnd.example", "'%\u20ac"])
def test_filters(suite, artifact_type):
    for subject, expected in suite.expected.items():
        answer = ask(suite, subject, artifactType=artifact_type)
        assert answer.headers["OCI-Filters-Applied"] == "artifactType"
        assert answer.json()["manifests"] == [d for d in expected if d.get("artifactType") == artifact_type]
    unfiltered = ask(suite, suite.subject["digest"], artifactType="", unknown="1")
    assert unfiltered.json()["manifests"] == suite.expected[suite.subject["digest"]]
    assert "OCI-Filters-Applied" not in unfiltered.headers


@pytest.mark.parametrize("bad", [
    "sha256:abc", "sha256:" + "A" * 64, "sha256-" + "a" * 64, "md5:" + "a" * 32, "latest", "sha256:" + "g" * 64,
    "sha256:" + "a" * 65, "%20"])
def test_malformed_digests(suite, bad):
    for url in (f"/v2/{NAME}/referrers/{bad}", f"/v2/{NAME}/referrers/{digest('x')}?last={bad}"):
        answer = suite.stack.reader.get(url)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"] == "DIGEST_INVALID"
        assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    answer = suite.stack.reader.get(f"/v2/Not/Possible/referrers/{digest('x')}")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "NAME_INVALID")


def test_revalidation(suite):
    first = ask(suite, suite.subject["digest"])
    again = suite.stack.reader.get(first.request.path_url, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["X-Metastore-Generation"]


# --- both sources ---

def test_fallback_tags_and_pushes_are_one_list(make_stack):
    """A referrer that nobody notified, known from its fallback tag only; one that was pushed without a
    fallback tag; one that is both; and an entry of the fallback index that refers to something else."""
    stack = make_stack()
    stack.registry.start()
    pusher = Pusher(stack.registry.url)
    subject = pusher.image(NAME, "latest", salt="subject")
    other = pusher.image(NAME, "other", salt="other")

    def refer(salt, to):
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": "application/vnd.example",
                 "config": pusher.blob(NAME, b"{}", EMPTY), "layers": [], "subject": to, "annotations": {"salt": salt}}
        return {**pusher.manifest(NAME, value, OCI_MANIFEST), "artifactType": value["artifactType"],
                "annotations": value["annotations"]}

    unseen, alien = refer("before the writer", subject), refer("of another", other)
    fallback = subject["digest"].replace(":", "-")
    pusher.index(NAME, fallback, children=[unseen, alien])
    stack.writer.start()
    stack.reader.start()

    here = SimpleNamespace(stack=stack)

    def seen():
        return {d["digest"]: d for d in referrers(here, subject["digest"])}
    wait_for(lambda: seen() == {unseen["digest"]: unseen}, "the fallback tag's own entry")
    assert [d["digest"] for d in referrers(here, other["digest"])] == [alien["digest"]]

    pushed, both = refer("pushed", subject), refer("both", subject)
    pusher.index(NAME, fallback, children=[unseen, alien, both])
    expected = {d["digest"]: d for d in (unseen, pushed, both)}
    wait_for(lambda: seen() == expected, "the union, each once")
    assert len(referrers(here, subject["digest"])) == 3

    for deleted in (pushed, both):  # the fallback index goes on listing the second
        pusher.delete(NAME, deleted["digest"])
        del expected[deleted["digest"]]
        wait_for(lambda: seen() == expected, "the deletion")
    assert stack.reader.json(f"/v2/{NAME}/tags/list")["tags"] == sorted(["latest", "other", fallback])


def test_referrers_of_another_repository_are_not_here(suite):
    """The same subject and the same referrer in two repositories: each shows what it holds."""
    copy = "conformance/copy"
    suite.pusher.image(copy, "tagged", salt="the subject")
    suite.stack.writer.wait_until_settled()
    assert suite.stack.reader.get(f"/v2/{copy}/referrers/{suite.subject['digest']}").json()["manifests"] == []


# --- pages ---

def test_pages_of_a_thousand(suite):
    """2,345 referrers, put straight into the database: pages by digest, links relative, nothing twice."""
    subject = digest("much referred to")
    query(suite.stack.database, """
        WITH made AS (
            INSERT INTO manifest (digest, kind, media_type, artifact_type, size, raw, subject, annotations)
            SELECT '\\x01'::bytea || sha256(convert_to('many ' || n, 'UTF8')), 'artifact', %s,
                   CASE n %% 2 WHEN 0 THEN 'even' ELSE 'odd' END, n, '', digest_bytes(%s), '{}'
            FROM generate_series(1, 2345) AS n RETURNING id)
        INSERT INTO repository_manifest (repository_id, manifest_id)
        SELECT (SELECT id FROM repository WHERE name = %s), id FROM made""", OCI_MANIFEST, subject, NAME)
    everything = sorted(digest(f"many {n}") for n in range(1, 2346))
    even = sorted(digest(f"many {n}") for n in range(2, 2346, 2))
    for params, expected in (({}, everything), ({"artifactType": "even"}, even)):
        answer, pages = ask(suite, subject, **params), []
        while True:
            pages.append([d["digest"] for d in answer.json()["manifests"]])
            assert ("OCI-Filters-Applied" in answer.headers) == bool(params)
            link = answer.links.get("next")
            if not link:
                break
            assert link["url"].startswith(f"/v2/{NAME}/referrers/{subject}?") and "," not in answer.headers["Link"]
            answer = suite.stack.reader.get(link["url"])
            assert answer.headers["Content-Type"] == OCI_INDEX
        assert [len(page) for page in pages[:-1]] == [1000] * (len(pages) - 1)
        assert [d for page in pages for d in page] == expected


def test_a_raw_plus_in_a_type_is_a_plus(suite):
    """As clients write it; a space it is elsewhere."""
    value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": "application/vnd.example+json", "layers": [],
             "config": suite.pusher.blob("plus/plus", b"{}", EMPTY), "subject": suite.missing}
    pushed = suite.pusher.manifest("plus/plus", value, OCI_MANIFEST)
    suite.stack.writer.wait_until_settled()
    path = f"/v2/plus/plus/referrers/{suite.missing['digest']}"
    wait_for(lambda: suite.stack.reader.json(path)["manifests"], "the referrer")
    for written in ("application/vnd.example+json", "application/vnd.example%2Bjson", "application%2Fvnd.example+json"):
        answer = suite.stack.reader.get(f"{path}?artifactType={written}")
        assert [d["digest"] for d in answer.json()["manifests"]] == [pushed["digest"]], written
        assert answer.headers["OCI-Filters-Applied"] == "artifactType"
    assert suite.stack.reader.json(f"{path}?artifactType=application/vnd.example%20json")["manifests"] == []


@pytest.mark.parametrize("path", ["/v2/_oci/ext/discover", f"/v2/{NAME}/_oci/ext/discover", "/v2/a/_oci/ext/discover"])
def test_discovery(suite, path):
    answer = suite.stack.reader.get(path)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
    extensions = {e["name"]: e for e in answer.json()["extensions"]}
    assert set(extensions) == {"_oci", "_metastore"}
    for extension in extensions.values():
        assert set(extension) == {"name", "url", "description", "endpoints"}
    assert extensions["_oci"]["endpoints"] == ["/v2/_oci/ext/discover", "/v2/<name>/_oci/ext/discover"]
    assert suite.stack.reader.get("/v2/Not/Possible/_oci/ext/discover").json()["errors"][0]["code"] == "NAME_INVALID"
