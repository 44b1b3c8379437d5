# SPDX-License-Identifier: Apache-2.0
"""Random registries, always the same for a seed: written to disk in distribution's layout, because a
registry refuses to be pushed half of what other registries, other clients and accidents leave in one.

Images, lists, nested indexes, artifacts with a subject, fallback and cosign tags, digests that
repositories share, names at the limits of their grammar, hostile texts, children that are missing,
attestations, schema 1, and what cannot be read.
"""
import importlib.machinery
import importlib.util
import itertools
import json
import random

from harness import SUPPORT
from images import (DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST,
                    digest_of)

DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
EMPTY = "application/vnd.oci.empty.v1+json"
ARTIFACT_TYPES = ("application/spdx+json", "application/vnd.example.a", "application/vnd.example+b%1",
                  "application/vnd.dev.cosign.artifact.sig.v1+json")
WORDS = ("postgres", "Database", "backup", "server", "réseau", "Größe", "ΣΊΣΥΦΟΣ", "数据库", "100%_real", "a\\b", "it's",
         '"quoted"', "new\nline", "<script>", "\u2028", "nul\u0000byte", "grafana", "monitoring", "x" * 260, "{}", "$1",
         "redis", "\U0001f600", "node-exporter", "v1.2.3", "\ud800lone")
VALUES = ("Acme", "Globex", "100%_real", "", "dev", "prod", "prod_x", "PROD", "line\nbreak", "tab\there", "\\", "'", '"', "é",
          "e\u0301", "%", "_", "*", "?", "y" * 220 + "a", "y" * 220 + "b", "nul\u0000", "\u2028", "k=v", "a b", " ", "[1]")
ODD_VALUES = (None, 5, True, 1.5, ["a"], {"a": "b"})
KEYS = ("vendor", "stage", "org.flatpak.ref", "odd:name", "a b", "ключ", 'q"uote', "x:matches", "ends:exists", "k=v", "%41",
        "z" * 210 + "1", "z" * 210 + "2", "back\\slash")
TITLES = ("org.opencontainers.image.title", "org.label-schema.name", "io.k8s.display-name", "name", "Name")
DESCRIPTIONS = ("org.opencontainers.image.description", "org.label-schema.description", "io.k8s.description", "description",
                "Description")
NAMES = ("a", "0/0", "library/postgres", "team/postgres", "team/postgres-backup", "post/gres", "team/redis", "redis",
         "a__b/c---d/e.f_g", "team/app_x", "team/appyx", "x/" * 60 + "deep", "n" * 200 + "/" + "m" * 50, "monitoring/grafana",
         "monitoring/node-exporter", "grafana/grafana", "library/database", "server", "a-b", "a.b", "a/b", "a_b", "a/b/c",
         "ab", "team/postgre", "team/posgtres", "z9/z9", "library/redis6", "v2/api", "tags/list", "manifests/latest", "q/tags/list")
LAYER_SUFFIXES = ("", "", "", "+encrypted", "+zstd", ".v2")
CACHE_CONFIG = "application/vnd.buildkit.cacheconfig.v0"
ATTESTATION = "application/vnd.docker.attestation.manifest.v1+json"
ODD_SIZES = (-1, 0, 2 ** 53 - 1, 2 ** 53, 9223372036854774000, 5)
TAGS = ("_deltaindex", "deltas-0123456789ab", "deltas-0123456789abc", "sha512-" + "b" * 64, "latest", "1.0", "1.1", "1.10", "2", "prod_x", "prod-x", "prodyx", "A", "a", "_", "_._-", "a" * 128, "sha256-short",
        "1.0-alpine", "LATEST", "0", "v1", "v1.2", "nightly")
PLATFORMS = (("linux", "amd64", None), ("linux", "arm64", "v8"), ("linux", "arm", "v7"), ("windows", "amd64", None),
             ("linux", "riscv64", ""), (None, "amd64", None), ("linux", None, None), ("Linux", "AMD64", None))


def load_support(name):
    """A module of a program in tests/support."""
    loader = importlib.machinery.SourceFileLoader(name, str(SUPPORT / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


Storage = load_support("generate_registry").Storage


def dump(rng, value):
    """JSON in one of the ways in which it can be written."""
    return json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, 3))
                      ).encode("utf-8", "backslashreplace")


def dump_oddly(rng, config):
    """A configuration with keys in another case, something deep, and bytes that are no UTF-8."""
    keys = {"os": "OS", "rootfs": "rootfS", "architecture": "Architecture", "config": "Config", "variant": "vARIANT"}
    value = {keys[key] if key in keys and rng.random() < 0.7 else key: member for key, member in config.items()}
    deep = 1
    for _ in range(rng.choice((0, 30, 31, 32, 33, 200))):
        deep = rng.choice(([deep], {"a": deep}))
    data = dump(rng, {**value, "deep": deep, "bytes": "B\u00ffB"})
    return data.replace("é".encode(), b"\xe9").replace("ö".encode(), b"\xc3\xc3")


class RandomRegistry:
    """Writes `repositories` repositories below `root`. `created` is unique: no order hangs on equal times."""

    def __init__(self, root, seed, repositories=16):
        self.random = random.Random(seed)
        self.storage = Storage(str(root))
        self.seed = seed
        self.number = itertools.count()
        self.shared = []  # (media type, bytes, digests of blobs) of images that other repositories have, too
        self.kinds = {}   # (repository, digest): its descriptor, kind and whether it has images
        for name in self.random.sample(NAMES, min(repositories, len(NAMES))):
            self.fill(name)

    # --- pieces ---

    def pick(self, *choices):
        return self.random.choice(choices)

    def chance(self, share):
        return self.random.random() < share

    def text(self):
        return " ".join(self.random.sample(WORDS, self.random.randint(1, 3)))

    def pairs(self, odd=ODD_VALUES):
        """Labels or annotations: null, nothing, or a few of them, some of which are no strings."""
        if self.chance(0.15):
            return self.pick(None, {})
        made = {key: self.pick(*odd) if self.chance(0.1) else self.pick(*VALUES)
                for key in self.random.sample(KEYS, self.random.randint(0, 5))}
        if self.chance(0.4):
            made[self.pick(*TITLES)] = self.pick("", *odd) if self.chance(0.15) else self.text()
        if self.chance(0.4):
            made[self.pick(*DESCRIPTIONS)] = self.text()
        return made

    def annotations(self, media_type):
        """The registry serves no OCI manifest whose annotations have other values; Docker's have no annotations to it."""
        return self.pairs((None,) if "oci" in media_type else ODD_VALUES)

    def created(self, is_sure):
        number = next(self.number)
        sure = f"20{13 + number % 13:02}-{1 + number % 12:02}-{1 + number % 28:02}T{number % 24:02}:{number // 60 % 60:02}" \
               f":{number % 60:02}.{number % 1000:03}{self.pick('Z', '000Z', '+02:00', '-11:30')}"
        return sure if is_sure or self.chance(0.8) else self.pick("0001-01-01T00:00:00Z", "2999-01-01T00:00:00Z", None, "soon")

    def blob(self, name, media_type, data):
        self.storage.layer(name, self.storage.blob(data))
        return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}

    def layers(self, name, media_type):
        made = [self.blob(name, media_type + self.pick(*LAYER_SUFFIXES), b"layer" * self.random.randint(1, 30))
                for _ in range(self.random.randint(0, 4))]
        if made and self.chance(0.1):
            made[-1]["size"] = self.pick(*ODD_SIZES)
        return made

    def put(self, name, media_type, data, kind):
        digest = self.storage.blob(data)
        self.storage.revision(name, digest)
        descriptor = {"mediaType": media_type, "digest": digest, "size": len(data)}
        self.kinds[name, digest] = kind
        return descriptor

    # --- manifests ---

    def config(self, is_sure, platform):
        os, architecture, variant = platform
        value = {"created": self.created(is_sure), "config": {"Labels": self.pairs()}, "rootfs": {"type": "layers", "diff_ids": []},
                 "history": [{"created_by": self.text()}], "author": self.text(), "number": next(self.number)}
        members = {"os": os, "architecture": architecture, "variant": variant}
        value.update({k: v for k, v in members.items() if v is not None or self.chance(0.3)})
        if self.chance(0.05):
            value["config"] = self.pick(None, {}, {"Labels": []}, "text")
        if self.chance(0.1):
            value["os.features"] = self.pick(["win32k"], [], None, ["a", 5])
        return value

    def image(self, name, is_sure=False, platform=None):
        if self.shared and self.chance(0.2):
            media_type, data, blobs = self.pick(*self.shared)
            for digest in blobs:
                self.storage.layer(name, digest)
            return self.put(name, media_type, data, "image")
        types = self.pick((DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER), (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER))
        way = self.pick(dump, dump, dump_oddly)
        config = way(self.random, self.config(is_sure, platform or self.pick(*PLATFORMS)))
        value = {"schemaVersion": 2, "mediaType": types[0], "config": self.blob(name, types[1], config),
                 "layers": self.layers(name, types[2])}
        annotations = self.annotations(types[0])
        if annotations is not None or self.chance(0.5):
            value["annotations"] = annotations
        if types[0] == OCI_MANIFEST and self.chance(0.2):
            del value["mediaType"]  # optional in OCI: the answer names it
        data = dump(self.random, value)
        if is_sure:
            self.shared.append((types[0], data, [blob["digest"] for blob in [value["config"], *value["layers"]]]))
        return self.put(name, types[0], data, "image")

    def artifact(self, name, subject=None):
        artifact_type = self.pick(*ARTIFACT_TYPES)
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "annotations": self.annotations(OCI_MANIFEST),
                 "layers": [self.blob(name, "text/plain", b"part %d" % next(self.number))]}
        way = self.random.randrange(4)
        if way == 0:  # a signature: an image in all but its layers
            value["config"] = self.blob(name, OCI_CONFIG, b'{"os": "linux", "config": {"Labels": {"vendor": "Acme"}}}')
        elif way == 1:
            value["config"] = self.blob(name, artifact_type, b"no JSON at all")
        elif way == 2:  # by its type none, whatever else it has
            value.update(artifactType=artifact_type, config=self.blob(name, OCI_CONFIG, b"{}"), layers=self.layers(name, OCI_LAYER))
        else:
            value.update(artifactType=artifact_type, config=self.blob(name, EMPTY, b"{}"))
        if subject:
            value["subject"] = subject
        return self.put(name, OCI_MANIFEST, dump(self.random, value), "artifact")

    def attestation(self, name, about):
        """BuildKit's; since 0.32 they are referrers, too."""
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": self.blob(name, OCI_CONFIG, b'{"os": "unknown"}'),
                 "layers": [self.blob(name, "application/vnd.in-toto+json", b"%d" % next(self.number))]}
        annotations = {"vnd.docker.reference.digest": about["digest"]}
        more = {}
        if self.chance(0.5):
            value.update(artifactType=ATTESTATION, subject={key: about[key] for key in ("mediaType", "digest", "size")})
            more["artifactType"] = ATTESTATION
        if not more or self.chance(0.7):
            annotations["vnd.docker.reference.type"] = "attestation-manifest"
        made = self.put(name, OCI_MANIFEST, dump(self.random, value), "artifact")
        return {**made, **more, "platform": {"os": "unknown", "architecture": "unknown"}, "annotations": annotations}

    def cache(self, name):
        """A build cache: an index of layers and of one that tells what they are."""
        entries = self.layers(name, OCI_LAYER) + [self.blob(name, CACHE_CONFIG, b'{"layers": []}')]
        if self.chance(0.2):
            entries.append(self.image(name))
        value = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries, "number": next(self.number)}
        return self.put(name, OCI_INDEX, dump(self.random, value), "index")

    def missing(self):
        return {"mediaType": OCI_MANIFEST, "digest": digest_of(b"%d" % self.random.getrandbits(60)), "size": 5}

    def child(self, name, depth):
        choice = self.random.random()
        if choice < 0.1:
            return self.missing()
        if choice < 0.2 and depth < 3:
            return self.index(name, depth + 1)
        if choice < 0.25:
            return self.artifact(name)
        if choice < 0.35:
            held = [{"mediaType": OCI_MANIFEST, "digest": digest, "size": 1} for (n, digest), kind in self.kinds.items()
                    if n == name and kind == "image"]
            if held:
                return self.pick(*held)
        os, architecture, variant = platform = self.pick(*PLATFORMS)
        made = self.image(name, platform=self.pick(platform, (os, architecture, None)))
        shown = {"os": os, "architecture": architecture, "variant": variant}
        return {**made, **({} if self.chance(0.2) else {"platform": {k: v for k, v in shown.items() if v is not None}})}

    def index(self, name, depth=0):
        children = [self.child(name, depth) for _ in range(self.random.randint(0, 4))]
        if children and self.chance(0.4):
            children.append(self.attestation(name, children[0]))
        media_type = self.pick(OCI_INDEX, OCI_INDEX, DOCKER_LIST)
        value = {"schemaVersion": 2, "mediaType": media_type, "manifests": children,
                 "annotations": self.annotations(media_type), "number": next(self.number)}
        if self.chance(0.1):
            value["subject"] = self.missing()
        return self.put(name, media_type, dump(self.random, value), "index")

    def schema1(self, name, tag):
        payload = {"schemaVersion": 1, "name": name, "tag": tag, "architecture": "amd64",
                   "fsLayers": [{"blobSum": digest_of(b"layer")}], "history": [{"v1Compatibility": '{"id": "%d"}' % next(self.number)}]}
        return self.put(name, SCHEMA1, json.dumps(payload, indent=3).encode(), "schema1")

    def unreadable(self, name):
        """The registry answers, with something that is no manifest."""
        data = self.pick(
            lambda: dump(self.random, {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [], "config": {
                "mediaType": OCI_CONFIG, "digest": self.missing()["digest"], "size": 1}}),
            lambda: dump(self.random, {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [],
                                       "config": self.blob(name, OCI_CONFIG, self.pick(b"[]", b"{", b"null", b""))}))()
        return self.put(name, OCI_MANIFEST, data, "unreadable")

    def dangling(self, name):
        digest = self.missing()["digest"]
        self.kinds[name, digest] = "unreadable"
        return {"mediaType": OCI_MANIFEST, "digest": digest, "size": 1}

    # --- repositories ---

    def tagged(self, name, tag):
        makers = [(50, self.image), (25, self.index), (10, self.artifact), (4, self.cache), (3, lambda n: self.schema1(n, tag)),
                  (4, self.unreadable), (2, self.dangling)]
        return self.random.choices([m for _, m in makers], [w for w, _ in makers])[0](name)

    def refer(self, name, subject):
        """Referrers of a manifest, known by its fallback tag; one entry refers to something else."""
        entries = [self.artifact(name, subject) for _ in range(self.random.randint(1, 3))]
        if self.chance(0.3):
            entries.append(self.artifact(name, self.missing()))
        value = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
        index = self.put(name, OCI_INDEX, dump(self.random, value), "fallback")
        fallback = subject["digest"].replace(":", "-")
        self.storage.tag(name, fallback, index["digest"])
        if self.chance(0.3):
            self.storage.tag(name, fallback + self.pick(".sig", ".att", ".sbom"), self.artifact(name)["digest"])

    def fill(self, name):
        """Without `latest` the tag updated last names the repository: its times must be beyond doubt."""
        tags = self.random.sample(TAGS, self.random.randint(1, 9))
        has_latest = "latest" in tags
        made = []
        for tag in tags:
            if tag == "latest":
                descriptor = self.pick(self.image, self.image, self.index, self.artifact)(name)
            elif not has_latest:
                descriptor = self.image(name, is_sure=True)
            elif made and self.chance(0.15):
                descriptor = self.pick(*made)
            else:
                descriptor = self.tagged(name, tag)
            made.append(descriptor)
            self.storage.tag(name, tag, descriptor["digest"])
            if self.chance(0.15):
                self.refer(name, self.missing() if self.chance(0.2) else descriptor)
