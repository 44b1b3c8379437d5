# SPDX-License-Identifier: Apache-2.0
"""/api/v1/advice against an oracle that walks the graph from the tags, and carried out on a real registry: it shrinks by
what was promised, and what is kept can still be copied."""
import random
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

import sboms
from harness import WAIT_SECONDS, query, wait_for
from images import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Pusher

BASE = "org.opencontainers.image.base.digest"


class World:
    """Random content of a few repositories, and what is known of each manifest: its edges."""

    def __init__(self, stack, seed):
        self.stack, self.pusher, self.rng = stack, Pusher(stack.registry.url), random.Random(seed)
        self.tags = {}       # (repository, tag): digest, in the order of the pushes
        self.manifests = {}  # (repository, digest): {"children", "subject", "belongs_to", "base", "blobs": {digest: size}}

    def note(self, repository, made, blobs, tags=(), **edges):
        known = self.manifests.setdefault((repository, made["digest"]), {
            "children": set(), "subject": None, "belongs_to": None, "base": None, **edges, "size": made["size"],
            "blobs": {b["digest"]: b["size"] for b in blobs}})
        for tag in tags:
            self.tags.pop((repository, tag), None)
            self.tags[repository, tag] = made["digest"]
        return made, known

    def image(self, repository, *tags, base=None):
        layers = [self.pusher.blob(repository, b"layer %d " % n * 4000, OCI_LAYER)
                  for n in self.rng.sample(range(12), self.rng.randint(1, 3))]
        config = self.pusher.blob(repository, {"os": "linux", "architecture": "amd64", "salt": self.rng.random()}, OCI_CONFIG)
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers}
        if base:
            value["annotations"] = {BASE: base}
        made = self.pusher.manifest(repository, value, OCI_MANIFEST, *tags)
        return self.note(repository, made, [config, *layers], tags, base=base)[0]

    def index(self, repository, *tags):
        children = [self.image(repository) for _ in range(self.rng.randint(1, 2))]
        entries = [{**c, "platform": {"os": "linux", "architecture": "amd64"}} for c in children]
        if self.rng.random() < 0.5:
            attestation = sboms.attest(self.pusher, repository, children[0], sboms.statement(
                sboms.spdx([(f"p{self.rng.random()}", "1", None)]), children[0]["digest"]))
            raw = requests.get(f"{self.pusher.url}/v2/{repository}/manifests/{attestation['digest']}", timeout=WAIT_SECONDS,
                               headers={"Accept": OCI_MANIFEST}).json()
            self.note(repository, attestation, [raw["config"], *raw["layers"]])
            entries.append(attestation)
        made = self.pusher.manifest(repository, {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}, OCI_INDEX, *tags)
        return self.note(repository, made, [], tags, children={e["digest"] for e in entries})[0]

    def referrer(self, repository, subject):
        blob, config = self.pusher.blob(repository, b"sig %f" % self.rng.random(), "x/sig"), self.pusher.blob(repository, b"{}", sboms.EMPTY)
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": "x/sig", "config": config, "layers": [blob],
                 "subject": subject}
        self.note(repository, self.pusher.manifest(repository, value, OCI_MANIFEST), [blob, config], subject=subject["digest"])

    def cosign(self, repository, subject):
        document = sboms.spdx([("cosign", str(self.rng.random()), None)])
        tag = subject["digest"].replace(":", "-") + ".sbom"
        made = sboms.cosign(self.pusher, repository, subject, document)
        raw = requests.get(f"{self.pusher.url}/v2/{repository}/manifests/{tag}", timeout=WAIT_SECONDS,
                           headers={"Accept": OCI_MANIFEST}).json()
        self.note(repository, made, [raw["config"], *raw["layers"]], [tag], belongs_to=subject["digest"])

    def fill(self, count):
        made = []
        for number in range(count):
            repository = self.rng.choice(["app/a", "app/b", "base"])
            tag = self.rng.choice(["pr-%d", "v%d", "pr-%d"]) % self.rng.randint(1, 12)
            base = self.rng.choice(made)[1]["digest"] if made and self.rng.random() < 0.3 else None
            if self.rng.random() < 0.35:
                subject = self.index(repository, tag)
            else:
                subject = self.image(repository, *([tag] if self.rng.random() < 0.9 else []), base=base)
            made.append((repository, subject))
            if self.rng.random() < 0.3:
                self.referrer(repository, subject)
            if self.rng.random() < 0.3:
                self.cosign(repository, subject)
        self.stack.writer.wait_until_settled()
        known = "SELECT count(*) FROM repository_manifest"
        wait_for(lambda: query(self.stack.database, known)[0][0] == len(self.manifests), "all manifests to be known")
        wait_for(lambda: query(self.stack.database, "SELECT count(*) FROM tag")[0][0] == len(self.tags), "all tags")

    # --- the oracle ---

    def advised(self, keep=None, pattern=None, untagged=False, prefix=None):
        in_scope = [key for key in self.manifests if prefix is None or key[0] == prefix or key[0].startswith(prefix + "/")]
        going = set()
        for repository in {r for r, _ in in_scope}:
            order = query(self.stack.database, """SELECT t.name FROM tag t JOIN repository r ON r.id = t.repository_id
                WHERE r.name = %s AND NOT t.hidden ORDER BY t.updated DESC, t.name""", repository)
            meant = [name for name, in order if pattern is None or name.startswith(pattern)]
            going |= {(repository, name) for name in (meant[keep:] if keep is not None else [])}
        kept, stack = set(), []
        for repository, digest in in_scope:
            known = self.manifests[repository, digest]
            names = [n for (r, n), d in self.tags.items() if (r, d) == (repository, digest)]
            stays = [n for n in names if (repository, n) not in going and not n.startswith("sha256-")]
            is_needed = any(digest in m["children"] for (r, _), m in self.manifests.items() if r == repository)
            is_bound = bool(known["subject"] or known["belongs_to"])
            outside = any(m["base"] == digest for key, m in self.manifests.items() if key not in in_scope)
            if stays or outside or not names and not is_needed and not is_bound and not untagged:
                stack.append((repository, digest))
        while stack:
            repository, digest = key = stack.pop()
            if key in kept:
                continue
            kept.add(key)
            known = self.manifests[key]
            stack += [(repository, child) for child in known["children"]]
            stack += [k for k, m in self.manifests.items() if k[0] == repository and digest in (m["subject"], m["belongs_to"])]
            stack += [k for k in in_scope if k[1] == known["base"]]
        return set(in_scope) - kept

    def frees(self, advised):
        def blobs(key):
            return {**self.manifests[key]["blobs"], key[1]: self.manifests[key]["size"]}
        held = set().union(*(blobs(key) for key in self.manifests if key not in advised), set())
        return sum({digest: size for key in advised for digest, size in blobs(key).items() if digest not in held}.values())


@pytest.fixture(scope="module")
def world(module_stack):
    made = World(module_stack, 11)
    made.fill(45)
    return made


def ask(reader, parameters):
    rows, path = [], f"/api/v1/advice?{parameters}"
    while path:
        answer = reader.get(path)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["advice"]
        path = answer.links["next"]["url"] if "next" in answer.links else None
    return rows, answer.json()


CASES = [("keep_newest=5&tags=pr-*", {"keep": 5, "pattern": "pr-"}), ("keep_newest=0&tags=v*", {"keep": 0, "pattern": "v"}),
         ("keep_newest=2", {"keep": 2}), ("untagged_for=0", {"untagged": True}), ("untagged_for=1d", {}),
         ("keep_newest=1&untagged_for=0&repository=app", {"keep": 1, "untagged": True, "prefix": "app"}),
         ("keep_newest=0&untagged_for=0&repository=base", {"keep": 0, "untagged": True, "prefix": "base"}),
         ("keep_newest=0&untagged_for=0", {"keep": 0, "untagged": True}), ("keep_newest=1&repository=no/such", {"keep": 1, "prefix": "no/such"})]


@pytest.mark.parametrize("parameters, rules", CASES)
def test_as_the_graph_says(world, parameters, rules):
    expected = world.advised(**rules)
    for n in (1000, 7):
        rows, last = ask(world.stack.reader, f"{parameters}&n={n}")
        assert {(row["repository"], row["digest"]) for row in rows} == expected
        assert [(row["repository"], row["digest"]) for row in rows] == sorted(expected)
        assert last["manifests"] == len(expected) and last["frees"] == world.frees(expected)
        assert last["valid_for_generation"] == last["generation"]
        for row in rows:
            assert row["request"] == f"DELETE /v2/{row['repository']}/manifests/{row['digest']}"
            assert row["reason"] and 0 <= row["frees"] <= last["frees"]
            names = sorted(n for (r, n), d in world.tags.items() if (r, d) == (row["repository"], row["digest"]))
            assert row["tags"] == names
    if parameters == "keep_newest=5&tags=pr-*":
        assert any("none of the newest 5 that match pr-*" in row["reason"] for row in rows)


def test_not_pulled_for(world):
    rows, _ = ask(world.stack.reader, "not_pulled_for=1d")
    assert rows == []
    query(world.stack.database, "UPDATE tag SET updated = updated - interval '100 days' RETURNING 1")
    expected = world.advised(keep=0, prefix="app/a")
    rows, _ = ask(world.stack.reader, "not_pulled_for=30d&repository=app/a")
    assert rows and {(row["repository"], row["digest"]) for row in rows} == expected
    assert any("not pulled for 30d" in row["reason"] for row in rows)
    both = world.advised(keep=1, prefix="app/a")
    rows, _ = ask(world.stack.reader, "not_pulled_for=30d&keep_newest=1&repository=app/a")
    assert {(row["repository"], row["digest"]) for row in rows} == both
    pulled = next(d for (r, n), d in world.tags.items() if r == "app/a" and not n.startswith("sha256-"))
    for days, is_advised in ((40, True), (20, False)):
        query(world.stack.database, """INSERT INTO pull_day SELECT r.id, m.id, current_date - %s, 1 FROM repository r, manifest m
            WHERE r.name = 'app/a' AND digest_text(m.digest) = %s RETURNING 1""", days, pulled)
        rows, _ = ask(world.stack.reader, f"not_pulled_for=30d&repository=app/a&n={days + 100}")
        assert (pulled in {row["digest"] for row in rows}) == is_advised


def test_refused_rules(world):
    for parameters in ("", "tags=a*", "keep_newest=x", "untagged_for=x", "untagged_for=30", "not_pulled_for=99999d", "n=0", "x=1"):
        assert world.stack.reader.get(f"/api/v1/advice?{parameters}").status_code == 400, parameters


def stored(directory):
    return sum(path.stat().st_size for path in Path(directory).rglob("data") if "/blobs/" in str(path))


def test_carried_out(make_stack, tmp_path):
    stack = make_stack().start()
    world = World(stack, 5)
    world.fill(30)
    _, told = ask(stack.reader, "keep_newest=2&untagged_for=0&n=1000")
    assert told["manifests"] > 5 and told["frees"] > 0
    before = stored(stack.registry.directory)
    for row in told["advice"]:
        method, path = row["request"].split(" ")
        assert requests.request(method, stack.registry.url + path, timeout=WAIT_SECONDS).status_code == 202
    advised = {(row["repository"], row["digest"]) for row in told["advice"]}
    stack.registry.kill()
    done = subprocess.run(["docker-registry", "garbage-collect", str(stack.registry.directory / "registry.yml")],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    shrunk = before - stored(stack.registry.directory)
    assert abs(shrunk - told["frees"]) <= told["frees"] / 100, (shrunk, told["frees"])
    stack.registry.start()
    for (repository, tag), digest in world.tags.items():
        if (repository, digest) in advised:
            continue
        source = f"docker://{stack.registry.url.removeprefix('http://')}/{repository}:{tag}"
        copied = subprocess.run(["skopeo", "copy", "--all", "--src-tls-verify=false", source, f"dir:{tmp_path}/copy"],
                                capture_output=True, text=True, check=False)
        assert copied.returncode == 0, (repository, tag, copied.stderr[-500:])
        shutil.rmtree(tmp_path / "copy")
