# SPDX-License-Identifier: Apache-2.0
"""/api/v1: lists of repositories and tags, one repository, the history of a tag. Compared with what was
pushed and with the registry itself; every list is walked there and back in each of its orders."""
import itertools
import json
import re

import pytest
import requests

from harness import WAIT_SECONDS, query, wait_for
from images import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Pusher
from oracle import Registry

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
REPOSITORIES = "/api/v1/repositories"
HOSTILE = "\u20ac</script>\"\\' \u2028\U0001f600\t'; DROP TABLE tag; --"
EMPTY_CONFIG = "application/vnd.oci.empty.v1+json"
SIGNATURE = "application/vnd.dev.cosign.artifact.sig.v1+json"


def artifact(pusher, name, *tags, subject=None, artifact_type="application/spdx+json", salt="", annotations=None):
    value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": artifact_type,
             "config": pusher.blob(name, b"{}", EMPTY_CONFIG),
             "layers": [pusher.blob(name, b"artifact " + salt.encode(), "text/plain")]}
    if subject:
        value["subject"] = subject
    if annotations:
        value["annotations"] = annotations
    return pusher.manifest(name, value, OCI_MANIFEST, *tags)


def fill_postgres(pusher):
    """What team/postgres has of everything; returns descriptors by name."""
    name, made = "team/postgres", {}
    made["amd64"] = pusher.image(name, salt="amd64", labels={"hostile": HOSTILE})
    made["arm64"] = pusher.image(name, salt="arm64", architecture="arm64")
    made["index"] = pusher.index(name, "18", "18.6", "latest", children=[made["arm64"], made["amd64"]],
                                 annotations={"org.opencontainers.image.title": HOSTILE})
    made["image"] = pusher.image(name, "17", salt="seventeen", docker=True,
                                 labels={"org.opencontainers.image.title": "PostgreSQL",
                                         "org.opencontainers.image.description": HOSTILE})
    made["chart"] = artifact(pusher, name, "chart", artifact_type="application/vnd.cncf.helm.config.v1+json")
    made["sbom"] = artifact(pusher, name, subject=made["index"], salt="sbom")
    made["signature"] = artifact(pusher, name, subject=made["image"], artifact_type=SIGNATURE, salt="sig")
    pusher.index(name, made["image"]["digest"].replace(":", "-"), children=[made["signature"]])
    artifact(pusher, name, made["index"]["digest"].replace(":", "-") + ".sig", salt="old signature")
    broken = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [],
              "config": pusher.blob(name, b"[]", OCI_CONFIG)}
    made["broken"] = pusher.manifest(name, broken, OCI_MANIFEST, "broken")
    return made


def fill_many(pusher):
    """Repositories and tags with equal and with different numbers, so that orders have ties."""
    for n in range(23):
        name = f"many/r{n % 5}-{n}"
        shared = pusher.image(name, *[f"t{tag}" for tag in range(n % 4 + 1)], salt="shared by many")
        if n % 3 == 0:
            pusher.image(name, "own", salt=f"own {n % 6}" + "x" * (n % 6))
        assert shared["size"] > 0
    for n in range(41):
        pusher.image("many/tags", f"v{n % 7}.{n}", *([f"alias-{n}"] if n % 10 == 0 else []),
                     salt=f"{n % 9}" * (n % 5 + 1))
    pusher.image("last/pulled", "latest")


class Filled:
    def __init__(self, stack):
        self.stack = stack
        self.reader = stack.reader
        pusher = Pusher(stack.registry.url)
        self.made = fill_postgres(pusher)
        fill_many(pusher)
        stack.writer.wait_until_settled()
        self.registry = Registry(stack.registry.url)  # pulls every tag once
        self.pull()

    def pull(self):
        """Different numbers of pulls, ties among them. Events are counted in their order: the last is all."""
        for n, (name, tags) in enumerate(sorted(self.registry.tags.items())):
            if name.startswith("many/"):
                for tag in sorted(tags)[:: n % 3 + 1]:
                    self.pull_tag(name, tag)
        self.pull_tag("last/pulled", "latest")
        counted = "SELECT pulls FROM repository WHERE name = 'last/pulled'"
        wait_for(lambda: query(self.stack.database, counted) == [(2,)], "the pulls to be counted")

    def pull_tag(self, name, tag):
        answer = requests.get(f"{self.stack.registry.url}/v2/{name}/manifests/{tag}", timeout=WAIT_SECONDS,
                              headers={"Accept": f"{OCI_MANIFEST}, {OCI_INDEX}"})
        assert answer.status_code == 200

    def blobs(self, name, digest, seen=None):
        """Every digest below a manifest, with its size: from the registry's own words."""
        seen = {} if seen is None else seen
        media_type, value = self.registry.manifests[name, digest]
        answer = requests.head(f"{self.registry.url}/v2/{name}/manifests/{digest}", timeout=WAIT_SECONDS,
                               headers={"Accept": media_type})  # a GET would be a pull
        seen[digest] = int(answer.headers["Content-Length"])
        for child in value.get("manifests", []):
            self.blobs(name, child["digest"], seen)
        for blob in [value["config"], *value["layers"]] if "config" in value else []:
            seen[blob["digest"]] = blob["size"]
        return seen

    def size(self, name, *digests):
        seen = {}
        for digest in digests:
            self.blobs(name, digest, seen)
        return sum(seen.values())


@pytest.fixture(scope="module")
def filled(module_stack):
    return Filled(module_stack)


def visit(reader, path, member, params, rel="next"):
    """Follows links to the end; returns the rows of each page and the last answer."""
    pages = []
    answer = reader.get(path, params=params)
    for _ in range(1000):
        assert answer.status_code == 200, answer.text
        pages.append(answer.json()[member])
        link = answer.links.get(rel)
        if not link:
            return pages, answer
        assert link["url"].startswith(path.partition("?")[0] + "?"), "relative, and to the same list"
        answer = reader.get(link["url"])
    raise AssertionError("no end")


def walk_there_and_back(reader, path, member, params, name):
    """Everything exactly once in one order, forth and back; returns the rows."""
    forth, last = visit(reader, path, member, params)
    rows = [row for page in forth for row in page]
    assert len({row[name] for row in rows}) == len(rows)
    assert all(len(page) == params["n"] for page in forth[:-1]) and len(forth[-1]) <= params["n"]
    if len(forth) > 1:
        back, first = visit(reader, last.links["prev"]["url"], member, {}, "prev")
        assert [row for page in reversed(back) for row in page] == rows[:-len(forth[-1])]
        assert "prev" not in first.links and "next" in first.links
    whole, _ = visit(reader, path, member, {**params, "n": 1000})
    assert whole == [rows]
    return rows


# --- repositories ---

def test_every_repository_is_listed_once(filled):
    found = filled.reader.json(REPOSITORIES, params={"total": 1, "n": 1000})
    assert [r["name"] for r in found["repositories"]] == sorted(filled.registry.tags, key=str.encode)
    assert found["total"] == len(filled.registry.tags)
    assert found["generation"] == int(filled.reader.get(REPOSITORIES).headers["X-Metastore-Generation"])
    assert "total" not in filled.reader.json(REPOSITORIES)


@pytest.mark.parametrize("n", [1, 4, 12, 24, 25, 26])
@pytest.mark.parametrize("key", ["name", "updated", "pulls", "size", "tags"])
def test_repositories_are_paged_in_every_order(filled, key, n):
    for sort in (key, "-" + key):
        rows = walk_there_and_back(filled.reader, REPOSITORIES, "repositories", {"sort": sort, "n": n}, "name")
        assert {r["name"] for r in rows} == set(filled.registry.tags)
        values = [r[key] for r in rows]
        assert values == sorted(values, reverse=sort[0] == "-")


def test_ties_are_ordered_by_name(filled):
    rows = filled.reader.json(REPOSITORIES, params={"sort": "-tags"})["repositories"]
    assert [(-r["tags"], r["name"]) for r in rows] == sorted((-r["tags"], r["name"]) for r in rows)
    assert filled.reader.json(REPOSITORIES, params={"sort": "tags"})["repositories"] == rows[::-1]


@pytest.mark.parametrize("params, wanted", [
    ({"prefix": "many/r1"}, lambda n: n.startswith("many/r1")),
    ({"prefix": "many/"}, lambda n: n.startswith("many/")),
    ({"prefix": "\U0010ffff"}, lambda n: False),
    ({"q": "post"}, lambda n: "post" in n),
    ({"q": "POST"}, lambda n: "post" in n),
    ({"q": "many/r?-*"}, lambda n: re.fullmatch("many/r.-.*", n)),
    ({"q": "*tags"}, lambda n: n.endswith("tags")),
    ({"q": "_"}, lambda n: "_" in n), ({"q": "%"}, lambda n: False), ({"q": "\\"}, lambda n: False),
    ({"q": "r", "prefix": "team/"}, lambda n: n.startswith("team/") and "r" in n),
    ({"q": ""}, lambda n: True),
], ids=lambda value: "" if callable(value) else str(value))
def test_repositories_are_filtered(filled, params, wanted):
    expected = sorted(n for n in filled.registry.tags if wanted(n))
    for sort in ("name", "-name", "-pulls"):
        found = filled.reader.json(REPOSITORIES, params={**params, "sort": sort, "total": 1})
        assert sorted(r["name"] for r in found["repositories"]) == expected
        assert found["total"] == len(expected)
    rows = walk_there_and_back(filled.reader, REPOSITORIES, "repositories", {**params, "n": 3}, "name")
    assert [r["name"] for r in rows] == expected


def test_one_repository(filled):
    one = filled.reader.json(REPOSITORIES + "/team/postgres")
    listed, = filled.reader.json(REPOSITORIES, params={"prefix": "team/postgres"})["repositories"]
    assert {k: v for k, v in one.items() if k != "generation"} == listed
    assert one["tags"] == len(filled.registry.tags["team/postgres"])
    assert (one["images"], one["artifacts"]) == (3, 4)
    assert (one["untagged"], one["unreadable"]) == (1, 1)  # the SBOM was pushed by digest; "broken"
    assert one["platforms"] == ["linux/amd64", "linux/arm64"]
    assert one["official"] is False
    assert one["title"] == HOSTILE, "an index names its repository before its images do"
    assert "title" not in filled.reader.json(REPOSITORIES + "/last/pulled"), "what is not known is left out"
    assert one["updated_source"] == "event"
    assert TIME.fullmatch(one["created"]) and TIME.fullmatch(one["updated"])
    readable = [d for t, d in filled.registry.tags["team/postgres"].items() if t != "broken"]
    assert one["size"] == filled.size("team/postgres", *readable)


def test_titles_with_hostile_text_come_back_as_they_were(filled):
    name = "hostile/text"
    Pusher(filled.stack.registry.url).image(name, "latest", salt="hostile", labels={
        "org.opencontainers.image.title": HOSTILE, "org.opencontainers.image.description": "\\u0000 \u0001 \x7f"})
    filled.stack.writer.wait_until_settled()
    one = wait_for(lambda: filled.reader.json(f"{REPOSITORIES}/{name}"), name)
    assert one["title"] == HOSTILE
    assert one["description"] == "\\u0000 \u0001 \x7f"
    filled.registry.tags[name] = {"latest": "of no interest"}


@pytest.mark.parametrize("path", ["/none", "/none/such", "/Not/Possible", "/none/-/tags", "/Not/-/tags",
                                  "/none/-/tags/x/history", "/team/postgres/-/tags/never/history",
                                  "/team/postgres/-/tags/im%2Fpossible/history", "/team/postgres/-/tags/.x/history"])
def test_what_is_not_known_is_a_404_problem(filled, path):
    answer = filled.reader.get(REPOSITORIES + path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 404 and answer.json()["title"] == "Not Found"


TAGS = REPOSITORIES + "/team/postgres/-/tags"


@pytest.mark.parametrize("url, named", [
    (REPOSITORIES + "?sorted=name", "sorted"), (REPOSITORIES + "?sort=updatedd", "sort"),
    (REPOSITORIES + "?sort=", "sort"), (REPOSITORIES + "?n=0", "n"), (REPOSITORIES + "?n=1001", "n"),
    (REPOSITORIES + "?n=x", "n"), (REPOSITORIES + "?n=1&n=2", "n"), (REPOSITORIES + "?total=yes", "total"),
    (REPOSITORIES + "?cursor=abc", "cursor"), (REPOSITORIES + "?cursor=next.-pulls.0.a", "cursor"),
    (REPOSITORIES + "?sort=pulls&cursor=next.pulls.00.a", "cursor"), (REPOSITORIES + "?all=1", "all"),
    (REPOSITORIES + "?q=a&q=b", "q"), (REPOSITORIES + "/team/postgres?n=1", "n"),
    (TAGS + "?sort=tags", "sort"), (TAGS + "?prefix=a", "prefix"), (TAGS + "?all=2", "all"),
    (TAGS + "/latest/history?sort=newest", "sort"), (TAGS + "/latest/history?q=a", "q"),
])
def test_bad_parameters_are_named(filled, url, named):
    answer = filled.reader.get(url)
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["parameter"] == named
    if named == "sorted":
        assert "did you mean \"sort\"?" in answer.json()["detail"]


@pytest.mark.parametrize("number", [-9223372036854775807, -1, 0, 1, 2**53 + 1, 9223372036854775807])
def test_cursors_that_nobody_was_given_are_harmless(filled, number):
    for path, keys in ((REPOSITORIES, ["name", "updated", "pulls", "size", "tags"]),
                       (TAGS, ["name", "updated", "pulls", "size"])):
        for way, sign, key in itertools.product(("next", "prev"), ("", "-"), keys):
            for text in ("", "m", "'; --", "\U0010ffff"):
                params = {"sort": sign + key, "cursor": f"{way}.{sign}{key}.{number}.{text}"}
                assert filled.reader.get(path, params=params).status_code == 200, params


# --- tags ---

def tags_of(filled, name="team/postgres", **params):
    found = filled.reader.json(f"{REPOSITORIES}/{name}/-/tags", params={"n": 1000, **params})
    assert found["repository"] == name
    return found["tags"]


def is_hidden(tag):
    return re.fullmatch(r"sha256-[0-9a-f]{64}(\.(sig|att|sbom))?", tag)


def test_every_tag_is_listed_once(filled):
    for name in ("team/postgres", "many/tags"):
        everything = sorted(filled.registry.tags[name])
        assert [t["name"] for t in tags_of(filled, name, all=1)] == everything
        assert [t["name"] for t in tags_of(filled, name)] == [t for t in everything if not is_hidden(t)]
        assert filled.reader.json(f"{REPOSITORIES}/{name}/-/tags?total=1&all=1&n=1")["total"] == len(everything)
    assert any(is_hidden(t) for t in filled.registry.tags["team/postgres"])


def test_tags_tell_what_they_are(filled):
    made, tags = filled.made, {t["name"]: t for t in tags_of(filled)}
    for tag, digest in filled.registry.tags["team/postgres"].items():
        if not is_hidden(tag):
            assert tags[tag]["digest"] == digest
    index = tags["latest"]
    assert (index["kind"], index["media_type"]) == ("index", OCI_INDEX)
    assert index["platforms"] == ["linux/arm64", "linux/amd64"], "in the order of the index"
    assert index["aliases"] == ["18", "18.6"] and tags["18"]["aliases"] == ["18.6", "latest"]
    assert index["size"] == filled.size("team/postgres", made["index"]["digest"])
    assert (index["signed"], index["referrers"]) == (True, 1), "by cosign's tag; the SBOM"
    image = tags["17"]
    assert (image["kind"], image["media_type"]) == ("image", made["image"]["mediaType"])
    assert (image["platforms"], image["aliases"]) == (["linux/amd64"], [])
    assert image["size"] == filled.size("team/postgres", made["image"]["digest"])
    assert (image["signed"], image["referrers"]) == (True, 1), "by a referrer"
    chart = tags["chart"]
    assert (chart["kind"], chart["platforms"]) == ("artifact", [])
    assert (chart["signed"], chart["referrers"]) == (False, 0)
    broken = tags["broken"]
    assert (broken["kind"], broken["digest"]) == ("unreadable", made["broken"]["digest"])
    assert broken["unreadable"]["reason"] and TIME.fullmatch(broken["unreadable"]["since"])
    for tag in tags.values():
        assert TIME.fullmatch(tag["updated"]) and tag["updated_source"] == "event" and tag["pulls"] == 1


@pytest.mark.parametrize("n", [1, 5, 45, 46, 47])
@pytest.mark.parametrize("key", ["name", "updated", "pulls", "size"])
def test_tags_are_paged_in_every_order(filled, key, n):
    path = f"{REPOSITORIES}/many/tags/-/tags"
    for sort in (key, "-" + key):
        rows = walk_there_and_back(filled.reader, path, "tags", {"sort": sort, "n": n}, "name")
        assert sorted(r["name"] for r in rows) == sorted(filled.registry.tags["many/tags"])
        values = [r[key] for r in rows]
        assert values == sorted(values, reverse=sort[0] == "-")


def test_equal_times_lose_nothing(filled):
    """A scan gives many tags the very same time; and one is far away, one before 1970."""
    database, path = filled.stack.database, f"{REPOSITORIES}/many/tags/-/tags"
    before = query(database, "SELECT name, updated FROM tag WHERE repository_id = "
                             "(SELECT id FROM repository WHERE name = 'many/tags')")
    change = ("UPDATE tag SET updated = %s WHERE name = ANY (%s) AND repository_id = "
              "(SELECT id FROM repository WHERE name = 'many/tags')")
    names = [name for name, _ in before]
    query(database, change, "2020-02-02 02:02:02.123457Z", names)
    query(database, change, "9999-12-31 23:59:59.999999Z", names[:2])
    query(database, change, "1901-01-01 00:00:00.000001Z", names[2:4])
    query(database, "UPDATE state SET generation = generation + 1")
    wait_for(lambda: tags_of(filled, "many/tags", sort="-updated")[0]["updated"].startswith("9999"), "the change")
    for sort in ("updated", "-updated"):
        rows = walk_there_and_back(filled.reader, path, "tags", {"sort": sort, "n": 7}, "name")
        assert sorted(r["name"] for r in rows) == sorted(names)
    for name, updated in before:
        query(database, change, updated, [name])
    query(database, "UPDATE state SET generation = generation + 1")


@pytest.mark.parametrize("q, wanted", [
    ("1", lambda t: "1" in t), ("v1.*", lambda t: t.startswith("v1.")), ("v?.1?", lambda t: re.fullmatch(r"v.\.1.", t)),
    ("alias", lambda t: "alias" in t), ("V1", lambda t: False), ("*", lambda t: True), ("v_", lambda t: False),
])
def test_tags_are_filtered(filled, q, wanted):
    found = filled.reader.json(f"{REPOSITORIES}/many/tags/-/tags", params={"q": q, "total": 1, "n": 1000})
    expected = sorted(t for t in filled.registry.tags["many/tags"] if wanted(t))
    assert [t["name"] for t in found["tags"]] == expected
    assert found["total"] == len(expected)


def test_answers_can_be_revalidated(filled):
    first = filled.reader.get(TAGS)
    assert first.headers["Cache-Control"] == "no-cache"
    again = filled.reader.get(TAGS, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and again.text == ""


# --- history ---

def history_of(filled, name, tag, **params):
    found = filled.reader.json(f"{REPOSITORIES}/{name}/-/tags/{tag}/history", params=params)
    assert (found["repository"], found["tag"]) == (name, tag)
    return found["history"]


def settle(filled, condition, what):
    filled.stack.writer.wait_until_settled()
    return wait_for(condition, what)


def test_history_survives_its_tag(filled):
    pusher, name = Pusher(filled.stack.registry.url), "moving/target"
    digests = []
    for n in range(6):
        digests.append(pusher.image(name, "moving", salt=f"moving {n}")["digest"])
        settle(filled, lambda: history_of(filled, name, "moving")[0]["digest"] == digests[-1], "the push")
    history = history_of(filled, name, "moving")
    assert [h["digest"] for h in history] == digests[::-1]
    assert history[0]["until"] is None and all(TIME.fullmatch(h["until"]) for h in history[1:])
    assert all(TIME.fullmatch(h["from"]) and h["source"] == "event" and "by" in h for h in history)
    assert [h["until"] for h in history[1:]] == [h["from"] for h in history[:-1]]
    path = f"{REPOSITORIES}/{name}/-/tags/moving/history"
    for n in (1, 2, 3, 5, 6):
        assert walk_there_and_back(filled.reader, path, "history", {"n": n}, "digest") == history
    assert filled.reader.json(path + "?total=1&n=1")["total"] == 6

    pusher.delete(name, digests[-1])
    settle(filled, lambda: tags_of(filled, name) == [], "the deletion")
    # The registry deletes first the manifest and then the tag: it may be seen to point nowhere.
    ended = [h for h in history_of(filled, name, "moving") if h["digest"]]
    assert [h["digest"] for h in ended] == digests[::-1]
    assert TIME.fullmatch(ended[0]["until"]) and ended[1:] == history[1:]
    filled.registry.tags[name] = {}


def test_history_survives_its_repository(filled):
    history = history_of(filled, "team/postgres", "17")
    query(filled.stack.database, "UPDATE repository SET deleted_at = now() WHERE name = 'team/postgres'")
    try:
        again = filled.reader.json(f"{TAGS}/17/history?total=1")  # not from the cache: another question
        assert again["history"] == history
        assert filled.reader.get(f"{TAGS}?total=1&n=17").status_code == 404
    finally:
        query(filled.stack.database, "UPDATE repository SET deleted_at = NULL WHERE name = 'team/postgres'")
