# SPDX-License-Identifier: Apache-2.0
"""The right answer, computed from the registry's own API alone.

Shares no code and no idea with the programs: reads every repository, tag, manifest and configuration
over HTTP into Registry, then filters in Python.
"""
import codecs
import hashlib
import json
import re

import requests

from harness import WAIT_SECONDS

INDEX_TYPES = {"application/vnd.oci.image.index.v1+json",
               "application/vnd.docker.distribution.manifest.list.v2+json"}
MANIFEST_TYPES = INDEX_TYPES | {"application/vnd.oci.image.manifest.v1+json",
                                "application/vnd.docker.distribution.manifest.v2+json",
                                "application/vnd.docker.distribution.manifest.v1+prettyjws"}
CONFIG_TYPES = {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
LAYER = re.compile(r"application/vnd\.(oci\.image\.layer|docker\.image\.rootfs)\..*")
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
ATTESTATION = "application/vnd.docker.attestation.manifest.v1+json"
HIDDEN = re.compile(r"sha(256|512)-[0-9a-f]{64}(\.(sig|att|sbom))?|_deltaindex|deltas-[0-9a-f]{12}")
SIZE_MAX = 2 ** 53 - 1


class Object(dict):
    """A JSON object as Go reads it: without a key that is exact, the last one but for its case."""

    def _find(self, key):
        if dict.__contains__(self, key):
            return key
        return next((k for k in reversed(self) if k.isascii() and k.lower() == key.lower()), key)

    def __contains__(self, key):
        return dict.__contains__(self, self._find(key))

    def get(self, key, default=None):
        return dict.get(self, self._find(key), default)

    def __getitem__(self, key):
        return dict.__getitem__(self, self._find(key))


codecs.register_error("one by one", lambda error: ("\ufffd", error.start + 1))


def parse(data):
    return clean(json.loads(data.decode("utf-8", "one by one")))


def clean(value):
    """As PostgreSQL can hold it: no NUL, no half of a pair of surrogates."""
    if isinstance(value, str):
        return re.sub("[\0\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, list):
        return [clean(member) for member in value]
    if isinstance(value, dict):
        return Object((clean(key), clean(member)) for key, member in value.items())
    return value


def size_of(descriptor):
    """0 where it cannot be."""
    size = descriptor.get("size") or 0
    return size if 0 <= size <= SIZE_MAX else 0


def entries_of(value):
    """Of an index: those that are manifests, those that are blobs."""
    listed = value.get("manifests") or []
    manifests = [entry for entry in listed if entry.get("mediaType", "") in MANIFEST_TYPES | {""}]
    return manifests, [entry for entry in listed if entry not in manifests]


def member(value, key, kind):
    """value[key] if there is one of that type, else an empty one."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, kind) else kind()


def strings(value):
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}


class Registry:
    """All that a registry holds: under its tags, and what it went on holding after a tag had moved."""

    def __init__(self, url):
        self.url = url
        self.session = requests.Session()
        self.tags = {}       # repository → {tag: digest}
        self.manifests = {}  # (repository, digest) → (media type, object), of what can be read
        self.sizes = {}      # (repository, digest) → bytes
        self.configs = {}    # digest → object
        self.lengths = {}    # digest of a configuration → its bytes
        self.read()

    def read(self):
        """Reads it, again if need be: what was known and is still there stays known."""
        known, self.tags, self.manifests, self.sizes = list(self.manifests), {}, {}, {}
        for name in self._catalog():
            self._read_repository(name)
        for name, digest in known:
            self._read_manifest(name, digest)

    def _get(self, path, **headers):
        return self.session.get(self.url + path, headers=headers, timeout=WAIT_SECONDS)

    def _catalog(self):
        path = "/v2/_catalog?n=100"
        while path:
            answer = self._get(path)
            yield from answer.json()["repositories"]
            link = answer.links.get("next", {}).get("url")
            path = link if link is None or link.startswith("/") else link[len(self.url):]

    def _read_repository(self, name):
        answer = self._get(f"/v2/{name}/tags/list")
        if answer.status_code != 200:
            return
        self.tags[name] = {tag: self._read_manifest(name, tag) for tag in answer.json().get("tags") or []}

    def _read_manifest(self, name, reference):
        """The digest; None where the registry does not even tell that."""
        if (name, reference) in self.manifests:
            return reference
        answer = self._get(f"/v2/{name}/manifests/{reference}", Accept=",".join(MANIFEST_TYPES))
        if answer.status_code != 200:
            return None
        digest = answer.headers["Docker-Content-Digest"]
        value = parse(answer.content)
        media_type = value.get("mediaType") or answer.headers["Content-Type"].partition(";")[0]
        if media_type != SCHEMA1 and "sha256:" + hashlib.sha256(answer.content).hexdigest() != digest:
            return digest
        config = value.get("config", {})
        if config.get("mediaType") in CONFIG_TYPES and not self._read_config(name, config["digest"]):
            return digest
        self.manifests[name, digest] = (media_type, value)
        self.sizes[name, digest] = len(answer.content)
        for child in entries_of(value)[0]:
            self._read_manifest(name, child["digest"])
        return digest

    def _read_config(self, name, digest):
        if digest not in self.configs:
            answer = self._get(f"/v2/{name}/blobs/{digest}")
            try:
                value = parse(answer.content) if answer.status_code == 200 else None
            except ValueError:
                value = None
            if not isinstance(value, dict):
                return False
            self.configs[digest], self.lengths[digest] = value, len(answer.content)
        return True

    # --- what is an image, and what an index shows ---

    def is_image(self, name, digest):
        media_type, value = self.manifests.get((name, digest), (None, None))
        return (value is not None and media_type not in INDEX_TYPES and not value.get("artifactType")
                and value.get("config", {}).get("mediaType") in CONFIG_TYPES
                and all(LAYER.fullmatch(layer["mediaType"]) for layer in value.get("layers") or []))

    def is_index(self, name, digest):
        return self.manifests.get((name, digest), (None,))[0] in INDEX_TYPES

    def images_of(self, name, digest):
        """The images under an index in its order, nested ones flattened, each once."""
        found = []
        for child in entries_of(self.manifests[name, digest][1])[0]:
            if child.get("artifactType") == ATTESTATION or \
                    (child.get("annotations") or {}).get("vnd.docker.reference.type") == "attestation-manifest":
                continue
            if self.is_index(name, child["digest"]):
                below = self.images_of(name, child["digest"])
            else:
                below = [child["digest"]] if self.is_image(name, child["digest"]) else []
            found += [image for image in below if image not in found]
        return found

    def image_entry(self, name, digest):
        media_type, value = self.manifests[name, digest]
        config = self.configs[value["config"]["digest"]]
        entry = {"Digest": digest, "MediaType": media_type, "OS": member(config, "os", str),
                 "Architecture": member(config, "architecture", str)}
        if self.annotations(name, digest):
            entry["Annotations"] = self.annotations(name, digest)
        if self.labels(name, digest):
            entry["Labels"] = self.labels(name, digest)
        return entry

    def annotations(self, name, digest):
        return strings(self.manifests[name, digest][1].get("annotations"))

    def labels(self, name, digest):
        """Of an image; nothing else has any."""
        if not self.is_image(name, digest):
            return {}
        config = self.configs[self.manifests[name, digest][1]["config"]["digest"]]
        return strings(member(config, "config", dict).get("Labels"))


def glob(pattern):
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(c, re.escape(c)) for c in pattern), re.DOTALL)


def value_matches(value, exact, patterns):
    """OR inside a parameter, AND between a parameter and its :matches."""
    return ((not exact or value in exact) and
            (not patterns or any(glob(p).fullmatch(value) for p in patterns)))


class Filter:
    def __init__(self, params):
        self.params = params  # name → list of values

    def _get(self, name):
        return self.params.get(name, []), self.params.get(name + ":matches", [])

    def repository(self, name):
        return value_matches(name, *self._get("repository"))

    def tags(self, tags):
        exact, patterns = self._get("tag")
        return ((not exact or any(t in exact for t in tags)) and
                (not patterns or any(glob(p).fullmatch(t) for p in patterns for t in tags)))

    def image(self, entry):
        for key, field in (("os", "OS"), ("architecture", "Architecture")):
            if key in self.params and entry[field] not in self.params[key]:
                return False
        return self._map(entry, "annotation", "Annotations") and self._map(entry, "label", "Labels")

    def _map(self, entry, prefix, field):
        values = entry.get(field, {})
        for param, wanted in self.params.items():
            if not param.startswith(prefix + ":"):
                continue
            key = param[len(prefix) + 1:]
            if key.endswith(":exists"):
                if key[:-7] not in values:
                    return False
            elif key.endswith(":matches"):
                value = values.get(key[:-8])
                if value is None or not any(glob(p).fullmatch(value) for p in wanted):
                    return False
            elif values.get(key) not in wanted:
                return False
        return True


def expected_index(registry, params, public_url):
    wanted = Filter(params)
    results = []
    for name in sorted(registry.tags, key=str.encode):
        if not wanted.repository(name):
            continue
        tags_of = {}
        for tag, digest in registry.tags[name].items():
            if not HIDDEN.fullmatch(tag):
                tags_of.setdefault(digest, []).append(tag)
        images, lists = [], []
        for digest in sorted(d for d in tags_of if d):
            tags = sorted(tags_of[digest], key=str.encode)
            if registry.is_image(name, digest):
                entry = registry.image_entry(name, digest)
                if wanted.tags(tags) and wanted.image(entry):
                    images.append({"Tags": tags, **entry})
            elif registry.is_index(name, digest):
                media_type, _ = registry.manifests[name, digest]
                below = [registry.image_entry(name, image) for image in registry.images_of(name, digest)]
                below = [e for e in below if wanted.image(e) and
                         wanted.tags(tags + tags_of.get(e["Digest"], []))]
                if below:
                    entry = {"Tags": tags, "Digest": digest, "MediaType": media_type}
                    if registry.annotations(name, digest):
                        entry["Annotations"] = registry.annotations(name, digest)
                    lists.append({**entry, "Images": below})
        if images or lists:
            results.append({"Name": name, "Images": images, "Lists": lists})
    return {"Registry": public_url, "Results": results}


def canonical(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
