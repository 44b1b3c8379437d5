# SPDX-License-Identifier: Apache-2.0
"""Makes real container images without a network: Debian's static busybox as layers.

For write_images.py, whose images deploy/quickstart pushes with skopeo, and for the system tests.
The same arguments give the same bytes: times are fixed, names are sorted.

    image = make_image([make_layer({"bin/busybox": Path("/bin/busybox").read_bytes()})],
                       labels={"org.example.team": "web"})
    index = make_index([(image, "linux/amd64")])
    for part in index.walk():  # what must be pushed first comes first
        print(part.digest, part.media_type, len(part.data), part.is_manifest)
"""
import gzip
import hashlib
import io
import json
import re
import tarfile
from dataclasses import dataclass, field

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
IN_TOTO = "application/vnd.in-toto+json"

CREATED = "2024-05-01T12:00:00Z"
MTIME = 1714564800  # the same moment


@dataclass(frozen=True)
class Blob:
    """Bytes that a registry keeps, and how others refer to them."""
    media_type: str
    data: bytes
    is_manifest = False

    @property
    def digest(self):
        return "sha256:" + hashlib.sha256(self.data).hexdigest()

    def descriptor(self, **more):
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data), **more}

    def walk(self):
        yield self


@dataclass(frozen=True)
class Layer(Blob):
    diff_id: str = ""  # digest of the tar archive within


@dataclass(frozen=True)
class Manifest(Blob):
    parts: tuple = ()  # blobs and manifests that it refers to, without the subject
    artifact_type: str = None
    annotations: dict = field(default_factory=dict)
    is_manifest = True

    def walk(self):
        for part in self.parts:
            yield from part.walk()
        yield self


def to_json(value):
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).encode()


def without_none(**members):
    return {name: value for name, value in members.items() if value is not None}


def make_layer(files, docker=False):
    """`files`: path → bytes of a file, or a str that a symbolic link points to."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(files):
            content = files[path]
            entry = tarfile.TarInfo(path)
            entry.mtime = MTIME
            entry.mode = 0o755 if path.split("/")[0] in ("bin", "sbin") else 0o644
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                tar.addfile(entry)
            else:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    packed = gzip.compress(archive.getvalue(), compresslevel=6, mtime=0)
    diff_id = "sha256:" + hashlib.sha256(archive.getvalue()).hexdigest()
    return Layer(DOCKER_LAYER if docker else OCI_LAYER, packed, diff_id)


def parse_platform(platform):
    names = ("os", "architecture", "variant")
    return dict(zip(names, platform.split("/")))


def make_image(layers, platform="linux/amd64", labels=None, annotations=None, created=CREATED,
               run=None, docker=False, instructions=None):
    """`run`: members of the configuration's `config`, such as Cmd, Env, ExposedPorts;
    `instructions`: what made each layer."""
    instructions = instructions or [f"COPY layer {n} /" for n in range(1, len(layers) + 1)]
    config = {
        **parse_platform(platform),
        "created": created,
        "config": {**(run or {}), **({"Labels": labels} if labels else {})},
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": [{"created": created, "created_by": text} for text in instructions],
    }
    config_blob = Blob(DOCKER_CONFIG if docker else OCI_CONFIG, to_json(config))
    media_type = DOCKER_MANIFEST if docker else OCI_MANIFEST
    document = {"schemaVersion": 2, "mediaType": media_type, "config": config_blob.descriptor(),
                "layers": [layer.descriptor() for layer in layers],
                **without_none(annotations=annotations)}
    return Manifest(media_type, to_json(document), (config_blob, *layers),
                    annotations=annotations or {})


def make_index(children, annotations=None, docker=False):
    """`children`: (manifest, platform or None), or (manifest, platform, annotations)."""
    media_type = DOCKER_LIST if docker else OCI_INDEX
    descriptors = []
    for manifest, platform, *more in children:
        descriptors.append(manifest.descriptor(**without_none(
            platform=parse_platform(platform) if platform else None,
            annotations=more[0] if more else None)))
    document = {"schemaVersion": 2, "mediaType": media_type, "manifests": descriptors,
                **without_none(annotations=annotations)}
    return Manifest(media_type, to_json(document), tuple(child[0] for child in children),
                    annotations=annotations or {})


def make_artifact(artifact_type, blobs, subject=None, annotations=None, config=None):
    """OCI 1.1; `config` (a Blob) stands for the artifact's type where that is the custom."""
    config = config or Blob(OCI_EMPTY, b"{}")
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config.descriptor(),
                "layers": [blob.descriptor() for blob in blobs],
                **without_none(artifactType=artifact_type, annotations=annotations,
                               subject=subject.descriptor() if subject else None)}
    return Manifest(OCI_MANIFEST, to_json(document), (config, *blobs),
                    artifact_type=artifact_type or config.media_type, annotations=annotations or {})


def make_attestation(image, predicate_type, predicate):
    """What BuildKit puts into an index: (manifest, platform, annotations) for make_index()."""
    statement = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": predicate_type,
                 "subject": [{"name": "_", "digest": dict([image.digest.split(":")])}],
                 "predicate": predicate}
    blob = Blob(IN_TOTO, to_json(statement))
    config = {**parse_platform("unknown/unknown"), "config": {},
              "rootfs": {"type": "layers", "diff_ids": [blob.digest]}}
    config_blob = Blob(OCI_CONFIG, to_json(config))
    layer = blob.descriptor(annotations={"in-toto.io/predicate-type": predicate_type})
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config_blob.descriptor(),
                "layers": [layer]}
    manifest = Manifest(OCI_MANIFEST, to_json(document), (config_blob, blob))
    return manifest, "unknown/unknown", {"vnd.docker.reference.type": "attestation-manifest",
                                         "vnd.docker.reference.digest": image.digest}


def fallback_tag(subject):
    return subject.digest.replace(":", "-")


def is_fallback_tag(tag):
    return re.fullmatch("sha256-[0-9a-f]{64}", tag) is not None


def make_fallback_index(artifacts):
    """What a client keeps under fallback_tag() where the registry has no referrers API."""
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [
        artifact.descriptor(artifactType=artifact.artifact_type,
                            **without_none(annotations=artifact.annotations or None))
        for artifact in artifacts]}
    return Manifest(OCI_INDEX, to_json(document), tuple(artifacts))


def blob_path(directory, blob):
    return directory / "blobs" / blob.digest.replace(":", "/")


def write_oci_layout(directory, manifests):
    """`manifests`: reference → OCI manifest or index. skopeo reads `oci:DIRECTORY:REFERENCE`."""
    (directory / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    for manifest in manifests.values():
        for part in manifest.walk():
            blob_path(directory, part).write_bytes(part.data)
    (directory / "oci-layout").write_bytes(to_json({"imageLayoutVersion": "1.0.0"}))
    entries = [manifest.descriptor(annotations={"org.opencontainers.image.ref.name": reference})
               for reference, manifest in manifests.items()]
    (directory / "index.json").write_bytes(to_json({"schemaVersion": 2, "manifests": entries}))


def write_directory(directory, manifest):
    """A single image of any kind, as skopeo's `dir:DIRECTORY`."""
    directory.mkdir(parents=True, exist_ok=True)
    for part in manifest.parts:
        (directory / part.digest.split(":")[1]).write_bytes(part.data)
    (directory / "manifest.json").write_bytes(manifest.data)
    (directory / "version").write_text("Directory Transport Version: 1.1\n")


def write_images(directory, images):
    """`images`: (repository, tag, manifest) in the order of pushing. Yields what to copy whereto.

    A source is skopeo's, or `put:FILE`: skopeo 1.9 would rewrite an index of artifacts, so their
    parts are copied by digest and the index itself is put as it is."""
    layouts = {}
    for repository, tag, manifest in images:
        path = directory / repository
        if manifest.media_type == DOCKER_MANIFEST:
            write_directory(path / tag, manifest)
            yield f"dir:{path / tag}", f"{repository}:{tag}"
            continue
        layout = layouts.setdefault(path, {})
        layout[manifest.digest] = manifest  # a tag may move
        if not is_fallback_tag(tag):
            yield f"oci:{path}:{manifest.digest}", f"{repository}:{tag}"
            continue
        for part in manifest.parts:
            layout[part.digest] = part
            yield f"oci:{path}:{part.digest}", f"{repository}@{part.digest}"
        yield f"put:{blob_path(path, manifest)}", f"{repository}:{tag}"
    for path, manifests in layouts.items():
        write_oci_layout(path, manifests)
