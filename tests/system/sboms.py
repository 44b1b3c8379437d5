# SPDX-License-Identifier: Apache-2.0
"""SBOM documents, and manifests that hold them in the shapes of BuildKit, ORAS, cosign and sigstore; the oracle
that reads packages out of a document by itself; and whether the writer has read all."""
import base64
import json

from harness import query
from images import OCI_CONFIG, OCI_MANIFEST

IN_TOTO = "application/vnd.in-toto+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SPDX = "application/spdx+json"
CYCLONEDX = "application/vnd.cyclonedx+json"
EMPTY = "application/vnd.oci.empty.v1+json"
PREDICATES = {"spdx": "https://spdx.dev/Document", "cyclonedx": "https://cyclonedx.org/bom",
              "v1": "https://slsa.dev/provenance/v1", "v0.2": "https://slsa.dev/provenance/v0.2"}


# --- documents: `packages` are (name, version, package URL), None where there is none ---

def spdx(packages, version="SPDX-2.3"):
    def entry(number, name, release, purl):
        made = {"SPDXID": f"SPDXRef-{number}", "name": name, "versionInfo": release or "NOASSERTION"}
        if purl:
            made["externalRefs"] = [
                {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:*"},
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]
        return made
    return {"spdxVersion": version, "SPDXID": "SPDXRef-DOCUMENT", "name": "image", "dataLicense": "CC0-1.0",
            "packages": [{"SPDXID": "SPDXRef-root", "name": "image", "primaryPackagePurpose": "CONTAINER"}]
            + [entry(number, *package) for number, package in enumerate(packages)],
            "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-root",
                               "relationshipType": "DESCRIBES"}]}


def cyclonedx(packages, version="1.6"):
    def entry(name, release, purl):
        return {"type": "library", "name": name, **({"version": release} if release else {}),
                **({"purl": purl} if purl else {})}
    return {"$schema": "http://cyclonedx.org/schema/bom.schema.json", "bomFormat": "CycloneDX", "specVersion": version,
            "metadata": {"component": {"type": "container", "name": "image"}},
            "components": [{**entry(*package), "components": [{"type": "file", "name": "/etc/passwd"}]} for package in packages]}


def statement(document, about, kind="spdx"):
    return {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": PREDICATES[kind],
            "subject": [{"name": "pkg:docker/image@1", "digest": {"sha256": about.removeprefix("sha256:")}}],
            "predicate": document}


def envelope(payload):
    return {"payloadType": IN_TOTO, "payload": base64.b64encode(json.dumps(payload).encode()).decode(),
            "signatures": [{"keyid": "", "sig": "MEUCIQ=="}]}


def bundle(payload):
    return {"mediaType": BUNDLE, "verificationMaterial": {"tlogEntries": [{"logIndex": "1"}]},
            "dsseEnvelope": envelope(payload)}


def provenance(about, materials, version="1"):
    """Of BuildKit: `materials` are (URI, digest or None)."""
    listed = [{"uri": uri, "digest": dict([digest.split(":")])} if digest else {"uri": uri} for uri, digest in materials]
    if version == "1":
        predicate = {"buildDefinition": {"buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
                                         "externalParameters": {"configSource": {"path": "Dockerfile"}}, "resolvedDependencies": listed},
                     "runDetails": {"builder": {"id": ""}, "metadata": {"invocationId": "abc"}}}
    else:
        predicate = {"builder": {"id": ""}, "buildType": "https://mobyproject.org/buildkit@v1", "materials": listed,
                     "invocation": {"configSource": {"entryPoint": "Dockerfile"}}, "metadata": {"completeness": {"materials": True}}}
    return {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": PREDICATES["v" + version],
            "subject": [{"name": "pkg:docker/image@1", "digest": {"sha256": about.removeprefix("sha256:")}}], "predicate": predicate}


def packages_of(document):
    """What a document lists: a set of (name, version, type, package URL)."""
    if "payload" in document:
        return packages_of(json.loads(base64.b64decode(document["payload"])))
    if "dsseEnvelope" in document:
        return packages_of(document["dsseEnvelope"])
    if "predicate" in document:
        return packages_of(document["predicate"])
    if "bomFormat" in document:
        found = [(c["name"], c.get("version", ""), c.get("purl", "")) for c in document["components"]]
    else:
        found = []
        for package in document["packages"]:
            purls = [r["referenceLocator"] for r in package.get("externalRefs", []) if r["referenceType"] == "purl"]
            if package.get("primaryPackagePurpose") != "CONTAINER":
                found.append((package["name"], package["versionInfo"].replace("NOASSERTION", ""), (purls or [""])[0]))
    return {(name, version, purl[4:].split("/")[0].lower() if purl else "", purl) for name, version, purl in found}


# --- the database ---

def are_read(database):
    """No manifest that may hold documents is still to be read, of those beside a live image that they are about."""
    return not query(database, """
        SELECT 1 FROM sbom_source s JOIN manifest i ON i.digest = s.about JOIN repository_manifest h ON h.manifest_id = i.id
          JOIN repository_manifest t ON t.repository_id = h.repository_id AND t.manifest_id = s.manifest_id
          JOIN manifest m ON m.id = s.manifest_id
         WHERE NOT s.is_read AND i.raw IS NOT NULL AND m.raw IS NOT NULL AND h."references" > 0
           AND h.unreadable IS NULL AND t.unreadable IS NULL LIMIT 1""")


# --- manifests ---

def attest(pusher, repository, image, *documents, kind="spdx"):
    """BuildKit's attestation manifest of an image, as the descriptor of an entry of an index."""
    layers = [{**pusher.blob(repository, document, IN_TOTO),
               "annotations": {"in-toto.io/predicate-type": PREDICATES[kind]}} for document in documents]
    config = {"architecture": "unknown", "os": "unknown", "config": {},
              "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]}}
    made = pusher.manifest(repository, {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": layers,
                                        "config": pusher.blob(repository, config, OCI_CONFIG)}, OCI_MANIFEST)
    return {**made, "platform": {"os": "unknown", "architecture": "unknown"},
            "annotations": {"vnd.docker.reference.digest": image["digest"],
                            "vnd.docker.reference.type": "attestation-manifest"}}


def refer(pusher, repository, subject, document, media_type=SPDX, layer_type=None, annotations=None):
    """An artifact that refers to an image, as ORAS attaches one."""
    value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": media_type,
             "config": pusher.blob(repository, b"{}", EMPTY),
             "layers": [pusher.blob(repository, document, layer_type or media_type)],
             "subject": {key: subject[key] for key in ("mediaType", "digest", "size")}}
    if annotations:
        value["annotations"] = annotations
    return pusher.manifest(repository, value, OCI_MANIFEST, *fallback(subject))


def fallback(subject):
    """The registry forgets manifests that nothing names: a tag keeps them findable for a scan."""
    return ["of-" + subject["digest"][7:19]]


def cosign(pusher, repository, image, document, suffix="sbom", layer_type=SPDX, kind="spdx"):
    """cosign's tag: .sbom holds a document, .att an envelope."""
    layer = pusher.blob(repository, document, layer_type)
    if suffix == "att":
        layer["annotations"] = {"dev.cosignproject.cosign/signature": "", "predicateType": PREDICATES[kind]}
    config = {"architecture": "", "os": "", "config": {}, "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}}
    return pusher.manifest(repository, {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [layer],
                                        "config": pusher.blob(repository, config, OCI_CONFIG)},
                           OCI_MANIFEST, image["digest"].replace(":", "-") + "." + suffix)
