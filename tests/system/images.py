# SPDX-License-Identifier: Apache-2.0
"""Pushing small images over plain HTTP, as a client does it: blobs first, then the manifest."""
import hashlib
import json
from urllib.parse import urljoin

import requests

from harness import WAIT_SECONDS

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def encode(value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


class Pusher:
    def __init__(self, registry_url, session=None):
        self.url = registry_url
        self.session = session or requests.Session()

    def blob(self, repository, value, media_type):
        data = encode(value)
        digest = digest_of(data)
        start = self.session.post(f"{self.url}/v2/{repository}/blobs/uploads/", timeout=WAIT_SECONDS)
        assert start.status_code == 202, start.text
        place = start.headers["Location"]
        place = urljoin(self.url, place)
        done = self.session.put(place + ("&" if "?" in place else "?") + "digest=" + digest, data=data,
                                headers={"Content-Type": "application/octet-stream"}, timeout=WAIT_SECONDS)
        assert done.status_code == 201, done.text
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def manifest(self, repository, value, media_type, *tags):
        """Puts it under every tag, or by digest only; returns its descriptor."""
        data = encode(value)
        for reference in tags or (digest_of(data),):
            done = self.session.put(f"{self.url}/v2/{repository}/manifests/{reference}", data=data,
                                    headers={"Content-Type": media_type}, timeout=WAIT_SECONDS)
            assert done.status_code == 201, done.text
        return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}

    def image(self, repository, *tags, labels=None, annotations=None, os="linux", architecture="amd64",
              created="2024-05-01T10:00:00Z", salt="", docker=False):
        types = (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER) if docker else (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER)
        config = {"os": os, "architecture": architecture, "created": created, "salt": salt,
                  "config": {"Labels": labels or {}}, "rootfs": {"type": "layers", "diff_ids": []}}
        value = {"schemaVersion": 2, "mediaType": types[0],
                 "config": self.blob(repository, config, types[1]),
                 "layers": [self.blob(repository, b"layer " + salt.encode(), types[2])]}
        if annotations:
            value["annotations"] = annotations
        return self.manifest(repository, value, types[0], *tags)

    def index(self, repository, *tags, children, annotations=None):
        """`children`: descriptors, with "platform" where wanted."""
        value = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}
        if annotations:
            value["annotations"] = annotations
        return self.manifest(repository, value, OCI_INDEX, *tags)

    def delete(self, repository, digest):
        done = self.session.delete(f"{self.url}/v2/{repository}/manifests/{digest}", timeout=WAIT_SECONDS)
        assert done.status_code == 202, done.text
