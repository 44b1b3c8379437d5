# SPDX-License-Identifier: Apache-2.0
"""What images are built on, by brute force: a registry of layered families that changes from scan to scan, and
the right answers about it. Every image is compared with every other one, layer by layer."""
import json
import random
import re

import sboms
from images import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, digest_of

BASE_DIGEST = "org.opencontainers.image.base.digest"
BASE_NAME = "org.opencontainers.image.base.name"
REPOSITORIES = ("library/debian", "mirror/debian", "library/python", "team/app", "team/app_x", "team/other", "a/b/c")
TAGS = ("latest", "1", "2", "12-slim", "nightly")
PLATFORMS = (("linux", "amd64"), ("linux", "arm64"))


class Image:
    def __init__(self, chain, platform, annotations):
        self.chain, self.platform, self.annotations = chain, platform, annotations
        self.materials = []  # of its provenance: (URI, digest)
        self.attested_in = None


class Families:
    """`fake` serves it. `history` is what scans saw: of each tag every digest, the present one last; None behind
    it: the tag is gone."""

    def __init__(self, fake, seed, alphabet="abcd"):
        self.fake, self.random, self.alphabet = fake, random.Random(seed), alphabet
        self.images, self.indexes = {}, {}   # by digest: Image; [digest of an image]
        self.held = {}                       # repository: digests that a scan saw there
        self.tags = {name: {} for name in REPOSITORIES}
        self.history = {}
        self.number = 0

    # --- making ---

    def layers(self):
        """Often more layers on what is there, sometimes the very same ones, none, or one that holds all."""
        way = self.random.random()
        known = [image.chain for image in self.images.values()]
        below = self.random.choice(known) if known and way < 0.85 else ()
        more = self.random.choice((0, 1, 1, 1, 2, 3)) if known else self.random.randint(0, 2)
        return (below + tuple(self.random.choice(self.alphabet) for _ in range(more)))[:12]

    def claims(self):
        made = {}
        if self.random.random() < 0.25:
            made[BASE_DIGEST] = self.random.choice([*self.images, *self.indexes, digest_of(b"unknown"), "no digest"])
        if self.random.random() < 0.25:
            name = self.random.choice(REPOSITORIES)
            made[BASE_NAME] = self.random.choice((name, f"docker.io/{name}", name.split("/", 1)[1])) + self.random.choice(
                ("", ":1", ":12-slim", ":1@" + digest_of(b"unknown")))
        return made

    def image(self, repository):
        self.number += 1
        chain, platform, annotations = self.layers(), self.random.choice(PLATFORMS), self.claims()
        config = json.dumps({"os": platform[0], "architecture": platform[1], "number": self.number,
                             "rootfs": {"type": "layers", "diff_ids": [digest_of(b"diff " + x.encode()) for x in chain]}})
        blob = self.fake.do(put_blob={"repository": repository, "body": config})["digest"]
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "annotations": annotations,
                 "config": {"mediaType": OCI_CONFIG, "digest": blob, "size": len(config)},
                 "layers": [{"mediaType": OCI_LAYER, "digest": digest_of(x.encode()), "size": 1} for x in chain]}
        digest = self.put(repository, OCI_MANIFEST, value)
        self.images[digest] = Image(chain, platform, annotations)
        if self.random.random() < 0.3:
            self.attest(repository, digest)
        return digest

    def attest(self, repository, digest):
        """cosign's tag; what some tools name as materials: images that are bases or none, and sources."""
        uris = ("pkg:docker/library/debian@12", "pkg:docker/debian", "pkg:oci/x@y?platform=linux%2Famd64", "https://example.com/a.tar", "",
                "pkg:docker/docker/buildkit-syft-scanner@stable-1", "pkg:docker/docker/dockerfile@1?platform=linux%2Famd64")
        targets = [*self.images, *self.images, *self.indexes, digest_of(b"unknown")]
        image = self.images[digest]
        image.attested_in = repository
        image.materials = [(self.random.choice(uris), self.random.choice(targets)) for _ in range(self.random.randint(1, 3))]
        body = json.dumps(sboms.envelope(sboms.provenance(
            digest, [("https://example.com/x.git", None), *image.materials], self.random.choice(("1", "0.2")))))
        blob = self.fake.do(put_blob={"repository": repository, "body": body})["digest"]
        config = self.fake.do(put_blob={"repository": repository, "body": "{}"})["digest"]
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": {"mediaType": OCI_CONFIG, "digest": config, "size": 2},
                 "layers": [{"mediaType": sboms.DSSE, "digest": blob, "size": len(body),
                             "annotations": {"predicateType": sboms.PREDICATES["v1"]}}]}
        made = self.put(repository, OCI_MANIFEST, value)
        self.fake.do(tag={"repository": repository, "tag": digest.replace(":", "-") + ".att", "digest": made})

    def index(self, repository):
        children = [self.image(repository) for _ in range(self.random.randint(1, 3))]
        held = [digest for digest in self.held.get(repository, ()) if digest in self.images]
        if held and self.random.random() < 0.5:
            children.append(self.random.choice(sorted(held)))
        children = list(dict.fromkeys(children))
        self.number += 1
        digest = self.put(repository, OCI_INDEX, {
            "schemaVersion": 2, "mediaType": OCI_INDEX, "annotations": {"number": str(self.number)},
            "manifests": [{"mediaType": OCI_MANIFEST, "digest": child, "size": 1} for child in children]})
        self.indexes[digest] = children
        return digest

    def put(self, repository, media_type, value):
        return self.fake.do(put_manifest={"repository": repository, "type": media_type, "body": json.dumps(value)})["digest"]

    def change(self, steps):
        for _ in range(steps):
            repository, tag = self.random.choice(REPOSITORIES), self.random.choice(TAGS)
            held = sorted(self.held.get(repository, ()))
            way = self.random.random()
            if held and way < 0.2:
                digest = self.random.choice(held)
            else:
                digest = (self.index if way > 0.75 else self.image)(repository)
            self.tags[repository][tag] = digest
            self.fake.do(tag={"repository": repository, "tag": tag, "digest": digest})

    def delete_tag(self):
        repository, tag = self.random.choice([(r, t) for r, tags in self.tags.items() for t in tags])
        del self.tags[repository][tag]
        self.fake.do(delete_tag={"repository": repository, "tag": tag})

    def seen(self):
        """A scan saw it."""
        for repository, tags in self.tags.items():
            for tag in TAGS:
                digest, places = tags.get(tag), self.history.setdefault((repository, tag), [])
                if (places[-1] if places else None) != digest:
                    places.append(digest)
                if digest:
                    self.held.setdefault(repository, set()).update({digest, *self.indexes.get(digest, ())})

    # --- the right answers ---

    def images_of(self, digest):
        return self.indexes.get(digest, [digest])

    def tops(self, image):
        return [image] + [index for index, children in self.indexes.items() if image in children]

    @staticmethod
    def names(reference, name):
        """Does an annotation's name mean this one?"""
        asked = name.split("@")[0]
        asked = asked if re.search(":[^/]*$", asked) else asked + ":latest"
        return asked == reference or "library/" + asked == reference or asked.endswith("/" + reference)

    def base(self, digest):
        image = self.images[digest]
        claimed_digest, claimed_name = image.annotations.get(BASE_DIGEST), image.annotations.get(BASE_NAME)
        found = []
        for other, base in self.images.items():
            if not base.chain or len(base.chain) >= len(image.chain) or image.chain[:len(base.chain)] != base.chain:
                continue
            for top in self.tops(other):
                for (repository, tag), places in self.history.items():
                    if top in places:
                        is_material = any(digest in (other, top) for _, digest in image.materials)
                        is_digest = claimed_digest in (other, top) and claimed_digest is not None
                        is_name = bool(claimed_name) and self.names(f"{repository}:{tag}", claimed_name)
                        found.append((-len(base.chain), not is_material, not is_digest, not is_name, places[-1] != top, repository, tag, other, top))
        claim = {key: value for key, value in (("name", claimed_name), ("digest", claimed_digest)) if value}
        if not found:
            claim = claim or self.made(image)
            return {"claimed": claim} if claim else None
        best = min(found)
        repository, tag = best[5:7]
        # Several of them may be equal but for which image, or which index, it is.
        equal = [row for row in found if row[:7] == best[:7]]
        is_true = not best[2] if claimed_digest else not best[3] if claimed_name else False
        if best[1] and not claim:
            claim = self.made(image)
        answers = []
        for row in equal:
            places = self.history[repository, tag]
            last = max(i for i, place in enumerate(places) if place in self.tops(row[7]))
            behind = sum(place is not None for place in places[last + 1:])
            answers.append({"repository": repository, "tag": tag, "digest": row[7],
                            "evidence": "annotation" if is_true and best[1] else "layers" if best[1] else "provenance", "outdated": behind > 0, "behind": behind,
                            **({"index": row[8]} if row[8] != row[7] else {}), **({"claimed": claim} if claim and not is_true else {})})
        return answers

    @staticmethod
    def made(image):
        """The only image that its provenance names, as a claim, beside what BuildKit itself runs."""
        tools = ("pkg:docker/docker/buildkit-syft-scanner@", "pkg:docker/docker/dockerfile@")
        images = [(uri, digest) for uri, digest in image.materials
                  if uri.startswith(("pkg:docker/", "pkg:oci/")) and not uri.startswith(tools)]
        if len({digest for _, digest in images}) != 1:
            return {}
        uri, digest = min(images)
        return {"name": uri.split("/", 1)[1].split("?")[0].replace("@", ":"), "digest": digest}

    def base_of(self, digest):
        """Of an image or an index; a list: one of these."""
        children = self.images_of(digest)
        order = sorted(range(len(children)), key=lambda i: (self.images[children[i]].platform != ("linux", "amd64"), i))
        return next((base for base in (self.base(children[i]) for i in order) if base), None)

    def shown(self):
        """(repository, image) that a tag shows."""
        return {(repository, image) for repository, tags in self.tags.items() for digest in tags.values()
                for image in self.images_of(digest)}

    def derived(self, digest):
        """(repository, image) that are built on it."""
        wholes = {self.images[image].chain for image in self.images_of(digest)} - {()}
        return {(repository, image) for repository, image in self.shown()
                if any(len(whole) < len(self.images[image].chain) and self.images[image].chain[:len(whole)] == whole
                       for whole in wholes)}

    def built_on(self, repository, tag=None):
        """Images that `base:` finds."""
        named = {place for (name, of), places in self.history.items() for place in places
                 if (name == repository or name.endswith("/" + repository)) and tag in (None, of) and place}
        return {row for digest in named for row in self.derived(digest)}

    def outdated(self):
        def is_outdated(image):
            base = self.base(image)
            return isinstance(base, list) and all(answer["outdated"] for answer in base)
        return {(repository, image) for repository, image in self.shown() if is_outdated(image)}
