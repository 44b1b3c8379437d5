# SPDX-License-Identifier: Apache-2.0
"""What the pages, and the parts of the API that were made for them, are tested with."""
import html
import re
import subprocess

import sboms
from harness import wait_for
from images import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, Pusher, digest_of

EVIL = "\"><script>alert('x')</script>\u202egpj & <b>"
NAME = "team/deep/portal"
LABELS = {"org.opencontainers.image.title": "An app", "org.opencontainers.image.vendor": EVIL,
          "link": "https://example.com/a?b=c&d", "trap": "javascript:alert(1)"}
VERSIONS = ["1.2", "1.9", "1.10", "2.0-rc1", "2.0"]


class Filled:
    def __init__(self, stack):
        self.stack, self.reader = stack, stack.reader
        pusher = Pusher(stack.registry.url)
        self.images = {version: pusher.image(NAME, version, labels=dict(LABELS, version=version), salt=version)
                       for version in VERSIONS}
        self.arm = pusher.image(NAME, architecture="arm64", salt="arm")
        self.index = pusher.index(NAME, "multi", children=[self.images["2.0"], self.arm])
        pusher.image(NAME, "latest", labels=dict(LABELS, version="1.9"), salt="1.9")
        # Moves that the writer has not seen apart would be one in the tag's history.
        wait_for(lambda: self.reader.get(f"/api/v1/repositories/{NAME}/-/tags/latest").status_code == 200, "the first")
        pusher.image(NAME, "latest", labels=dict(LABELS, version="2.0"), salt="2.0")  # moved
        pusher.image("team/other", "1.0", labels=LABELS, salt="other")
        pusher.image("alone", "1.0", salt="alone")
        stack.writer.wait_until_settled()
        wait_for(lambda: self.reader.get("/api/v1/repositories/alone").status_code == 200, "the reader to see all of it")


def get(filled, path, status=200, headers=None):
    answer = filled.reader.get(path, headers=headers or {})
    assert answer.status_code == status, answer.text[:1000]
    return answer


def text_of(page):
    """What a person reads, blanks joined."""
    inner = re.sub(r"<(wbr|/?bdi[^>]*|/?mark)>", "", page)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", inner)))


def assert_is_valid(page):
    tidy = subprocess.run(["tidy", "-q", "-e", "--show-info", "no", "--drop-empty-elements", "no"],
                          input=page, capture_output=True, text=True)
    complaints = [line for line in tidy.stderr.splitlines() if "proprietary attribute" not in line]
    assert not complaints, complaints[:5]


# --- images that are built on one another, and what is attached to them ---

BASE, BUILT, CLAIMING, CHART = "family/base", "family/built", "family/claiming", "family/chart"
N_BUILT = 12


def push_layers(pusher, repository, *tags, layers, annotations=None):
    blobs = [pusher.blob(repository, layer.encode(), OCI_LAYER) for layer in layers]
    config = {"os": "linux", "architecture": "amd64", "created": "2024-05-01T10:00:00Z", "tags": tags,
              "history": [{"created_by": f"RUN {layer}"} for layer in layers],
              "rootfs": {"type": "layers", "diff_ids": [digest_of(f"diff {layer}".encode()) for layer in layers]}}
    value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": pusher.blob(repository, config, OCI_CONFIG),
             "layers": blobs, **({"annotations": annotations} if annotations else {})}
    return pusher.manifest(repository, value, OCI_MANIFEST, *tags)


def attach(pusher, repository, subject, artifact_type, *tags, document=None):
    value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": artifact_type,
             "config": pusher.blob(repository, b"{}", "application/vnd.oci.empty.v1+json"),
             "layers": [pusher.blob(repository, document, artifact_type) if document
                        else pusher.blob(repository, b"{}", "application/vnd.oci.empty.v1+json")]}
    return pusher.manifest(repository, value if tags else {**value, "subject": subject}, OCI_MANIFEST, *tags)


CROWD = 52  # more namespaces than a page shows


def push_crowd(pusher, repositories):
    for repository in repositories:
        blob = pusher.blob(repository, b"{}", "application/vnd.oci.empty.v1+json")
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": "application/vnd.example.note",
                 "config": blob, "layers": [blob]}
        pusher.manifest(repository, value, OCI_MANIFEST, "1.0")


class Family:
    """A base whose tag has moved twice since images were built on it; one of these is signed and has an SBOM. A chart is
    signed, too."""
    def __init__(self, stack):
        pusher = Pusher(stack.registry.url)
        self.base = push_layers(pusher, BASE, "12", layers=["root", "update"])
        self.built = [push_layers(pusher, BUILT, f"1.{n}", layers=["root", "update", f"app {n}"]) for n in range(N_BUILT)]
        pusher.index(BUILT, "multi", children=[dict(self.built[0], platform={"os": "linux", "architecture": "amd64"})])
        push_layers(pusher, CLAIMING, "1", layers=["other"],
                    annotations={"org.opencontainers.image.base.name": "registry.example.com/no/such:thing"})
        attach(pusher, BUILT, self.built[0], "application/vnd.cncf.notary.signature")
        attach(pusher, BUILT, self.built[0], sboms.SPDX, document=sboms.spdx([
            ("libssl3", "3.0.11", "pkg:deb/debian/libssl3@3.0.11"), ("zlib1g", "1.2.13", "pkg:deb/debian/zlib1g@1.2.13")]))
        self.chart = attach(pusher, CHART, None, "application/vnd.cncf.helm.config.v1+json", "1.0")
        attach(pusher, CHART, self.chart, "application/vnd.cncf.notary.signature")
        pusher.index(CHART, "list", children=[self.chart])
        for layers in (["root", "update 2"], ["root", "update 3"]):
            push_layers(pusher, BASE, "12", layers=layers)
        stack.writer.wait_until_settled()
        wait_for(lambda: stack.reader.json(f"/api/v1/repositories/{BUILT}/-/manifests/1.0").get("base", {}).get("behind") == 2,
                 "the reader to see that the base has moved")
        wait_for(lambda: stack.reader.json(f"/api/v1/repositories/{BUILT}/-/manifests/1.0")["packages"], "its packages to be read")
        wait_for(lambda: stack.reader.json(f"/v2/{CHART}/referrers/{self.chart['digest']}")["manifests"], "the chart's signature")
