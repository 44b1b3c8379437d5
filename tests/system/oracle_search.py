# SPDX-License-Identifier: Apache-2.0
"""The right answers of lists, referrers and searches, computed like oracle.py from what the registry
holds and from sections 4.2 to 4.4 of the API's description: nothing is asked of the database.

Where that leaves something open the model says so at its place: no order is expected of what was
updated at a time that no client can know.
"""
import functools
import re
from datetime import datetime, timedelta, timezone

from oracle import HIDDEN, INDEX_TYPES, SCHEMA1, entries_of, member, size_of

# When a scan saw something nobody can tell, and neither when it was pushed; but that came later, in an order.
SEEN = datetime(9000, 1, 1, tzinfo=timezone.utc)
TITLE = ("org.opencontainers.image.title", "org.label-schema.name", "io.k8s.display-name", "name", "Name")
DESCRIPTION = ("org.opencontainers.image.description", "org.label-schema.description", "io.k8s.description",
               "description", "Description")


@functools.lru_cache(100000)
def fold(text):
    """Lower case, a character by itself: as long as before."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def parse_time(text):
    """RFC 3339, milliseconds; None if it is none."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", text) if isinstance(text, str) else None
    if not found:
        return None
    fraction = ((found[2] or ".")[1:] + "000")[:3]
    try:
        return datetime.fromisoformat(found[1] + "." + fraction + found[3].replace("Z", "+00:00")).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def first_of(annotations, labels, keys):
    """An empty title is none."""
    found = [annotations.get(keys[0]), *[labels.get(key) for key in keys]]
    return next((text for text in found if text), None)


class Manifest:
    """One manifest as one repository shows it."""

    def __init__(self, facts, name, digest):
        registry = facts.registry
        self.digest = digest
        self.media_type, self.value = registry.manifests[name, digest]
        self.annotations = registry.annotations(name, digest)
        self.labels = registry.labels(name, digest)
        self.size = registry.sizes[name, digest]
        config = member(self.value, "config", dict)
        is_image = registry.is_image(name, digest)
        self.kind = ("index" if self.media_type in INDEX_TYPES else "schema1" if self.media_type == SCHEMA1
                     else "image" if is_image else "artifact")
        values = registry.configs[config["digest"]] if is_image else {}
        self.os, self.architecture, self.variant = (member(values, key, str) for key in ("os", "architecture", "variant"))
        self.created = parse_time(values.get("created"))
        self.title = first_of(self.annotations, self.labels, TITLE)
        self.description = first_of(self.annotations, self.labels, DESCRIPTION)
        self.images = registry.images_of(name, digest) if self.kind == "index" else [digest] if is_image else []
        self.entries, blobs = entries_of(self.value)
        self.children = [child["digest"] for child in self.entries]
        self.blobs = {}  # a manifest may say several sizes of one
        for blob in [config, *(self.value.get("layers") or []), *blobs]:
            if blob:
                self.blobs[blob["digest"]] = max(size_of(blob), self.blobs.get(blob["digest"], 0))
        if is_image:
            self.blobs[config["digest"]] = max(registry.lengths[config["digest"]], *(
                size_of(layer) for layer in self.value.get("layers") or [] if layer["digest"] == config["digest"]), 0)
        self.artifact_type = self.value.get("artifactType") or config.get("mediaType")
        self.subject = member(self.value, "subject", dict).get("digest")

    def descriptor(self):
        """As referrers show it."""
        made = {"mediaType": self.media_type, "digest": self.digest, "size": self.size}
        if self.artifact_type:
            made["artifactType"] = self.artifact_type
        if self.annotations:
            made["annotations"] = self.annotations
        return made


class Repository:
    def __init__(self, facts, name):
        self.name = name
        self.tags = facts.registry.tags[name]
        self.held = {digest: Manifest(facts, name, digest) for n, digest in facts.registry.manifests if n == name}
        self.shown = {tag: digest for tag, digest in self.tags.items() if not HIDDEN.fullmatch(tag)}
        self.updated_of = {tag: self.tag_time(facts, tag) for tag in self.tags}
        self.updated = max((self.updated_of[tag] for tag in self.shown), default=None)
        self.reachable = self.below(d for d in self.tags.values() if d in self.held)
        self.images = [m for d, m in self.held.items() if d in self.reachable and m.kind == "image"]
        self.title, self.description = self.words()
        self.label_values = {fold(value) for image in self.images for value in image.labels.values() if value}

    def below(self, digests):
        found, waiting = set(), list(digests)
        while waiting:
            digest = waiting.pop()
            if digest not in found:
                found.add(digest)
                waiting += [child for child in self.held[digest].children if child in self.held]
        return found

    def face(self, digest):
        """The image that stands for a manifest: of an index linux/amd64, else the first."""
        manifest = self.held[digest]
        images = [self.held[image] for image in manifest.images if image in self.held]
        if manifest.kind != "index":
            return manifest
        return next((i for i in images if (i.os, i.architecture) == ("linux", "amd64")), images[0] if images else None)

    def tag_time(self, facts, tag):
        if (self.name, tag) in facts.moved:
            return SEEN + timedelta(seconds=facts.moved[self.name, tag])
        digest = self.tags[tag]
        if (self.name, tag, digest) not in facts.times:
            facts.times[self.name, tag, digest] = self.first_time(facts, tag)
        return facts.times[self.name, tag, digest]

    def first_time(self, facts, tag):
        """When it was first seen there: what becomes of the image later changes nothing."""
        digest = self.tags[tag]
        face = self.face(digest) if digest in self.held else None
        began = datetime(2013, 1, 1, tzinfo=timezone.utc)
        if face and face.created and began <= face.created <= facts.read_at:
            return face.created
        return SEEN

    def platforms_of(self, image):
        """Its own; where the configuration names no variant, with those that indexes of the repository name."""
        if not image.os or not image.architecture:
            return []
        named = {member(entry.get("platform"), "variant", str) for digest in self.reachable
                 for entry in self.held[digest].entries if entry["digest"] == image.digest} - {""}
        variants = [image.variant] if image.variant or not named else sorted(named, key=str.encode)
        return ["/".join(part for part in (image.os, image.architecture, variant) if part) for variant in variants]

    def words(self):
        """Title and description: of latest, else of the tag updated last; of an index first what it says itself."""
        readable = [tag for tag in self.shown if self.shown[tag] in self.held]
        chosen = "latest" if "latest" in readable else max(
            sorted(readable, reverse=True), key=lambda tag: self.updated_of[tag], default=None)
        if not chosen:
            return None, None
        own, face = self.held[self.shown[chosen]], self.face(self.shown[chosen])
        return own.title or face and face.title, own.description or face and face.description

    def size_of(self, digests):
        """Bytes of everything below, each once: of several sizes that descriptors say the largest."""
        manifests = self.below(digests)
        blobs = {}
        for digest in manifests:
            for blob, size in self.held[digest].blobs.items():
                blobs[blob] = max(size, blobs.get(blob, 0))
        return sum(self.held[digest].size for digest in manifests) + sum(blobs.values())

    def referrers(self, subject):
        return sorted((m.descriptor() for m in self.held.values() if m.subject == subject), key=lambda d: d["digest"])

    def tags_of(self, digest):
        """The tags that show a manifest: its own, and an image's those of indexes above it."""
        return sorted(tag for tag, top in self.shown.items() if top == digest or
                      top in self.held and self.held[top].kind == "index" and digest in self.held[top].images)


class Facts:
    """`moved`: (repository, tag) of tags that events have moved → which move it was, from 1 on;
    `pulls`: repository → number; `times`: those of tags, as former facts had them."""

    def __init__(self, registry, moved=None, pulls=None, times=None):
        self.registry = registry
        self.read_at = datetime.now(timezone.utc)
        self.moved = dict(moved or {})
        self.pulls = pulls or {}
        self.times = {} if times is None else times
        self.repositories = {name: Repository(self, name) for name in sorted(registry.tags, key=str.encode)}

    def popularity(self, repository):
        """Of repositories that match equally: by pulls, then by time, then by name."""
        updated = repository.updated
        return (-self.pulls.get(repository.name, 0), -updated.timestamp() if updated else 0,
                "" if updated == SEEN else repository.name)

    # --- /v2 ---

    def catalog(self):
        return [name for name, r in self.repositories.items() if r.tags or r.held]

    # --- /v1/search ---

    def search(self, q, n, across=False):
        """[(rank, popularity, repository)], best first, of all pages. `across`: an edit may put in or take
        away what separates words, too, of which the API's description says nothing."""
        words = [word for word in map(read_word, re.findall("[A-Za-z0-9._/:\u0080-\U0010ffff-]+", q)) if word][:16]
        scored = []
        for repository in self.repositories.values():
            if repository.tags and all(tag in repository.tags for _, _, tag in words if tag):
                ranks = [self.rank(repository, fold(word), fold(typed), across) for word, typed, _ in words]
                if max(ranks, default=0) < NO_RANK and are_its_parts(repository.name, [fold(word) for word, _, _ in words]):
                    ranks = [min(rank, 2) for rank in ranks]
                scored.append((ranks, self.popularity(repository), repository))
        found = [(max(ranks, default=0), *entry) for ranks, *entry in scored]
        proper = [entry for entry in found if entry[0] <= 8]
        if len(proper) < n:
            proper = [entry for entry in found if entry[0] < NO_RANK]
        if not proper:  # what has most of the words
            most = max((sum(rank < NO_RANK for rank in ranks) for ranks, *_ in scored), default=0)
            proper = [(max(rank for rank in ranks if rank < NO_RANK), *entry) for ranks, *entry in scored
                      if most and sum(rank < NO_RANK for rank in ranks) == most]
        return sorted(proper, key=lambda entry: entry[:2])

    def rank(self, repository, word, typed, across):
        """1 is best; from 9 on: but for one edit; NO_RANK: not at all."""
        name, last = repository.name, repository.name.rpartition("/")[2]
        title, description = fold(repository.title or ""), fold(repository.description or "")
        tests = (name in (word, typed), last == word, last.startswith(word) or name.startswith(word),
                 re.search(r"(?<![a-z0-9])" + re.escape(word) + r"(?![a-z0-9])", name), word in name, word in title,
                 word in description, any(word in value for value in repository.label_values),
                 is_near(word, name, across) and any(is_one_edit(word, whole) and lacks_or_swaps(word, whole)
                                                     for whole in (name, *ends(name))),
                 is_near(word, name, across) and any(is_one_edit(word, whole) for whole in (name, *ends(name))),
                 is_near(word, name, across), is_near(word, title, across))
        return next((rank for rank, test in enumerate(tests, 1) if test), NO_RANK)


NO_RANK = 13


def ends(name):
    """The last components of a name: one of them, two …"""
    parts = name.split("/")
    return ["/".join(parts[at:]) for at in range(1, len(parts))]


def are_its_parts(name, words):
    """Several words that are the parts of a name's last component, in any order (and perhaps of what is before it)."""
    words = [parts for parts in ({part for part in re.split("[^a-z0-9]+", word) if part} for word in words) if parts]
    asked = set().union(*words)
    parts = set(re.split("[^a-z0-9]+", name))
    return len(words) > 1 and set(re.split("[^a-z0-9]+", name.rpartition("/")[2])) <= asked <= parts


def read_word(text):
    """(name, the same with a host before it, tag) of a word of a plain search; None when nothing is left of it."""
    host, slash, rest = text.partition("/")
    has_host = bool(slash) and ("." in host or ":" in host or host == "localhost")
    name, _, tag = (rest if has_host else text).partition(":")
    return (name, (host + "/" if has_host else "") + name, tag) if name or tag else None


@functools.lru_cache(200000)
def is_near(word, text, across):
    """One edit away from a word of the text; mere numbers and short words have no misspellings."""
    n_letters = sum(c.isascii() and c.isalnum() or not c.isascii() for c in word)
    has_letter = any(c.isascii() and c.isalpha() or not c.isascii() for c in word)
    if n_letters < 5 or not has_letter or len(word) > 64:
        return False
    edges = [i for i in range(len(text) + 1)
             if i in (0, len(text)) or not (is_plain(text[i - 1]) and is_plain(text[i]))]
    if not across and not is_one_word(word):
        return False
    return any(is_one_edit(word, text[a:b]) and (across or is_one_word(text[a:b]))
               for a in edges for b in edges if abs(b - a - len(word)) <= 1 and a < b)


def is_one_word(text):
    return text.isalnum()


def is_plain(c):
    return c.isascii() and c.isalnum()


def is_one_edit(a, b):
    """A character more, less or another, or two neighbours swapped."""
    if len(a) > len(b):
        a, b = b, a
    same = next((i for i in range(len(a)) if a[i] != b[i]), len(a))
    if len(a) < len(b):
        return a[same:] == b[same + 1:]
    return a[same + 1:] == b[same + 1:] or (a[same:same + 2] == b[same:same + 2][::-1] and a[same + 2:] == b[same + 2:])


def lacks_or_swaps(word, whole):
    """What is one edit away is so for want of a character, or because two are swapped."""
    return len(whole) > len(word) or len(whole) == len(word) and sorted(whole) == sorted(word)


# --- the language of /api/v1/search ---

class Term:
    """One term of a query: its text, and what it means."""

    def __init__(self, kind, value=None, key=None, is_not=False, written=None):
        self.kind, self.value, self.key, self.is_not = kind, value, key, is_not
        self.text = ("-" if is_not else "") + written

    def is_met(self, repository, manifest):
        return self.is_not != bool(getattr(self, "meets_" + self.kind)(repository, manifest))

    def meets_word(self, repository, manifest):
        return self.meets_repository(repository) or self.meets_manifest(manifest)

    def meets_repository(self, repository):
        """In what names the repository: not in the labels of its images."""
        word = fold(self.value)
        return any(word in fold(text or "") for text in (repository.name, repository.title, repository.description))

    def meets_manifest(self, manifest):
        word = fold(self.value)
        return any(word in fold(text or "") for text in (manifest.title, manifest.description, *manifest.labels.values()))

    def meets_tag(self, repository, manifest):
        return self.value in repository.tags_of(manifest.digest) and \
            (self.key is None or ("/" + repository.name).endswith("/" + self.key))

    def meets_digest(self, _, manifest):
        return any(digest.startswith("sha256:" + self.value) for digest in (manifest.digest, *manifest.blobs))

    def meets_label(self, _, manifest):
        return self.key in manifest.labels and self.value in (None, manifest.labels[self.key])

    def meets_annotation(self, _, manifest):
        return self.key in manifest.annotations and self.value in (None, manifest.annotations[self.key])

    def meets_os(self, _, manifest):
        return manifest.os == self.value

    def meets_arch(self, _, manifest):
        return manifest.architecture == self.value

    def meets_is(self, _, manifest):
        return manifest.kind == self.value

    def meets_updated(self, repository, manifest):
        """value: from, key: before (None: no end); the time of the tag that moved last."""
        times = [repository.updated_of[tag] for tag in repository.tags_of(manifest.digest)]
        return times and self.value <= max(times) and (self.key is None or max(times) < self.key)


def items(facts, terms):
    """(repository, manifest) of all manifests of which every term is true."""
    is_any_kind = any(t.kind in ("is", "digest") and not t.is_not for t in terms)
    for repository in facts.repositories.values():
        for manifest in repository.held.values():
            if manifest.kind != "image" and not (is_any_kind and manifest.kind in ("index", "artifact")):
                continue
            if manifest.kind != "artifact" and not repository.tags_of(manifest.digest):
                continue
            if all(term.is_met(repository, manifest) for term in terms):
                yield repository, manifest


def find(facts, terms, kind=None):
    """{("repository", name), (kind of manifest, repository, digest)}"""
    has_filters = any(t.kind != "word" for t in terms)
    words = [t for t in terms if t.kind == "word" and not t.is_not]
    found = list(items(facts, terms))
    if has_filters:
        results = {("repository", repository.name) for repository, _ in found}
    else:
        results = {("repository", r.name) for r in facts.repositories.values() if r.tags and all(
            t.is_not != (t.meets_repository(r) or any(fold(t.value) in v for v in r.label_values)) for t in terms)}
    results |= {(m.kind, r.name, m.digest) for r, m in found if has_filters or any(t.meets_manifest(m) for t in words)}
    return {result for result in results if kind in (None, result[0])}


def facets(facts, terms, key):
    """Each image once, in however many repositories it is."""
    images = {m.digest: m for _, m in items(facts, terms) if m.kind == "image"}.values()
    return {"os": count(i.os for i in images if i.os),
            "architecture": count(i.architecture for i in images if i.architecture),
            "label_keys": count(k for i in images for k in i.labels),
            "annotation_keys": count(k for i in images for k in i.annotations),
            "label_values": count(i.labels[key] for i in images if key in i.labels)}


def count(values):
    numbers = {}
    for value in values:
        numbers[value] = numbers.get(value, 0) + 1
    ordered = sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0].encode()))
    return [{"value": value, "images": number} for value, number in ordered[:100]]


