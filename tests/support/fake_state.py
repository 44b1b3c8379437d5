# SPDX-License-Identifier: Apache-2.0
"""What the fake registry holds: content, settings, faults, and what it was asked (fake_registry.py)."""
import hashlib
import json
import re
import threading

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"


class Settings:
    """Changed by name through `settings`."""

    def __init__(self):
        self.prefix = ""             # a path prefix of every URL
        self.tags_page = 0           # names a page of a tag list; 0: all
        self.catalog_page = 100      # names a page without n
        self.catalog_max = 1000      # a larger n is 400 PAGINATION_NUMBER_INVALID
        self.catalog_only = None     # a short catalog: these names only
        self.repeat_pages = False    # `last` is ignored
        self.lose_links = False      # of the catalog, as 2.8 does in a tree of names
        self.link_base = ""          # "http://other" makes absolute links
        self.link_relation = '; rel="next"'
        self.null_tags = False       # an empty tag list is null
        self.no_digest_header = False
        self.head_digest = None      # what a HEAD names, unlike a GET
        self.redirect_blobs = False  # 307 to the blob store
        self.delete_enabled = True
        self.auth = "none"           # none, basic, bearer
        self.username = None
        self.password = None
        self.realm = None            # instead of our own /token
        self.token_seconds = 300     # how long a token is good
        self.expires_in = 300        # how long the answer says; None: says nothing
        self.extra_scope = {}        # repository: a scope that it wants besides its own
        self.denied = []             # repositories for which no token is good enough


class State:
    def __init__(self):
        self.lock = threading.RLock()
        self.reset()

    def reset(self):
        self.settings = Settings()
        self.repositories = {}  # name: {"tags", "manifests", "blobs"}
        self.faults = []
        self.tokens = {}        # text: (scopes, good until)
        self.n_tokens = 0
        self.forget_requests()

    def forget_requests(self):
        self.requests = {}
        self.log = []
        self.connections = 0
        self.open = getattr(self, "open", 0)  # now, idle ones too; those of /_control do not count
        self.max_open = self.open
        self.parallel = 0
        self.max_parallel = 0

    def repository(self, name):
        return self.repositories.setdefault(name, {"tags": {}, "manifests": {}, "blobs": {}})

    def put_blob(self, repository, body, digest=None):
        data = body.encode() if isinstance(body, str) else body
        digest = digest or "sha256:" + hashlib.sha256(data).hexdigest()
        self.repository(repository)["blobs"][digest] = data
        return digest

    def put_manifest(self, repository, type, body, tag=None, digest=None):
        data = body.encode() if isinstance(body, str) else body
        digest = digest or "sha256:" + hashlib.sha256(data).hexdigest()
        self.repository(repository)["manifests"][digest] = (type, data)
        if tag:
            self.repository(repository)["tags"][tag] = digest
        return digest

    def put_image(self, repository, tag, os="linux", architecture="amd64", labels=None,
                  annotations=None, layers=("layer",)):
        config = json.dumps({"os": os, "architecture": architecture,
                             "created": "2024-01-01T00:00:00Z",
                             "config": {"Labels": labels or {}},
                             "rootfs": {"type": "layers", "diff_ids": []}})
        config_digest = self.put_blob(repository, config)
        descriptors = [{"mediaType": OCI_LAYER, "digest": self.put_blob(repository, layer),
                        "size": len(layer)} for layer in layers]
        manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST,
                    "config": {"mediaType": OCI_CONFIG, "digest": config_digest,
                               "size": len(config)},
                    "layers": descriptors}
        if annotations:
            manifest["annotations"] = annotations
        digest = self.put_manifest(repository, OCI_MANIFEST, json.dumps(manifest), tag)
        return {"digest": digest, "config": config_digest}

    def load(self, content):
        for repository, tags in content.items():
            self.repository(repository)
            for tag, image in tags.items():
                self.put_image(repository, tag, **image)

    def find_fault(self, method, path):
        with self.lock:
            for fault in self.faults:
                if fault.get("method", method) == method and re.search(fault["path"], path) \
                        and fault.get("times", 1) != 0:
                    if "times" in fault:
                        fault["times"] -= 1
                    fault["hits"] = fault.get("hits", 0) + 1
                    return fault
        return None

    def control(self, command):
        answer = {}
        if command.get("reset"):
            self.reset()
        self.load(command.get("content", {}))
        if "put_manifest" in command:
            answer["digest"] = self.put_manifest(**command["put_manifest"])
        if "put_blob" in command:
            answer["digest"] = self.put_blob(**command["put_blob"])
        if "image" in command:
            answer.update(self.put_image(**command["image"]))
        if "tag" in command:
            wanted = command["tag"]
            self.repository(wanted["repository"])["tags"][wanted["tag"]] = wanted["digest"]
        self.delete(command)
        for name, value in command.get("settings", {}).items():
            if not hasattr(self.settings, name):
                raise KeyError("unknown setting " + name)
            setattr(self.settings, name, value)
        if command.get("revoke_tokens"):
            self.tokens.clear()
        if command.get("clear_faults"):
            self.faults = []
        if "fault" in command:
            self.faults.append(command["fault"])
        if command.get("forget_requests"):
            self.forget_requests()
        return answer

    def delete(self, command):
        if "delete_tag" in command:
            wanted = command["delete_tag"]
            del self.repositories[wanted["repository"]]["tags"][wanted["tag"]]
        for kind in ("manifest", "blob"):
            if "delete_" + kind in command:
                wanted = command["delete_" + kind]
                del self.repositories[wanted["repository"]][kind + "s"][wanted["digest"]]
        if "delete_repository" in command:
            del self.repositories[command["delete_repository"]]

    def report(self):
        return {"requests": self.requests, "log": self.log, "connections": self.connections,
                "max_parallel": self.max_parallel, "max_open": self.max_open,
                "faults": [fault.get("hits", 0) for fault in self.faults]}
