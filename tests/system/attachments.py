# SPDX-License-Identifier: Apache-2.0
"""Signatures, SBOMs and provenance in the shapes in which tools push them, as their published formats say:
cosign 2 (tags .sig, .att, .sbom) and 3 (sigstore bundles as referrers), the Notary Project's notation, BuildKit
before and since 0.32, ORAS. Blobs are named and never there: nobody reads them."""
import json

from images import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, digest_of

EMPTY = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest_of(b"{}"), "size": 2}
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIGN = "https://sigstore.dev/cosign/sign/v1"
SPDX, CYCLONEDX, SLSA = "https://spdx.dev/Document", "https://cyclonedx.org/bom", "https://slsa.dev/provenance/v1"
ATTESTATION = "application/vnd.docker.attestation.manifest.v1+json"
IN_TOTO = "application/vnd.in-toto+json"


def blob(media_type, name="x", **annotations):
    made = {"mediaType": media_type, "digest": digest_of(name.encode()), "size": len(name)}
    return {**made, "annotations": annotations} if annotations else made


class Attachments:
    def __init__(self, fake, repository):
        self.fake, self.repository = fake, repository

    def put(self, value, tag=None, media_type=OCI_MANIFEST):
        body = json.dumps({"schemaVersion": 2, "mediaType": media_type, **value})
        digest = self.fake.do(put_manifest={"repository": self.repository, "type": media_type, "body": body, "tag": tag})["digest"]
        return {"mediaType": media_type, "digest": digest, "size": len(body)}

    def image(self, tag=None, salt="", architecture="amd64"):
        config = json.dumps({"os": "linux", "architecture": architecture, "salt": salt, "rootfs": {"diff_ids": []}})
        digest = self.fake.do(put_blob={"repository": self.repository, "body": config})["digest"]
        return self.put({"config": {"mediaType": OCI_CONFIG, "digest": digest, "size": len(config)},
                         "layers": [blob(OCI_LAYER, "layer " + salt)]}, tag)

    def index(self, children, tag=None):
        return self.put({"manifests": children}, tag, OCI_INDEX)

    def refer(self, value):
        """A registry without the referrers API: the client keeps the fallback index, too."""
        made = self.put(value)
        tag = value["subject"]["digest"].replace(":", "-")
        entry = {**made, "artifactType": value.get("artifactType") or value["config"]["mediaType"]}
        if "annotations" in value:
            entry["annotations"] = value["annotations"]
        self.index([entry], tag)
        return made

    @staticmethod
    def tag_of(subject, suffix):
        return subject["digest"].replace(":", "-") + suffix

    # --- cosign 2: tags ---

    def cosign2_signature(self, subject):
        return self.put({"config": blob(OCI_CONFIG, "sig config"), "layers": [
            blob("application/vnd.dev.cosign.simplesigning.v1+json", "payload", **{"dev.cosignproject.cosign/signature": "MEUC"})]},
            self.tag_of(subject, ".sig"))

    def cosign2_attestation(self, subject, predicate):
        return self.put({"config": blob(OCI_CONFIG, "att config"), "layers": [
            blob("application/vnd.dsse.envelope.v1+json", "envelope", predicateType=predicate,
                 **{"dev.cosignproject.cosign/signature": ""})]}, self.tag_of(subject, ".att"))

    def cosign2_sbom(self, subject, media_type="text/spdx"):
        return self.put({"config": blob(OCI_CONFIG, "sbom config"), "layers": [blob(media_type, "sbom")]},
                        self.tag_of(subject, ".sbom"))

    # --- cosign 2 with COSIGN_EXPERIMENTAL, cosign 3: referrers ---

    def cosign2_referrer(self, subject):
        return self.refer({"config": blob("application/vnd.dev.cosign.artifact.sig.v1+json", "sig config"), "subject": subject,
                           "layers": [blob("application/vnd.dev.cosign.simplesigning.v1+json", "payload")]})

    def cosign3(self, subject, predicate):
        annotations = {"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": predicate,
                       "org.opencontainers.image.created": "2026-01-01T00:00:00Z"}
        return self.refer({"artifactType": BUNDLE, "config": EMPTY, "layers": [blob(BUNDLE, "bundle " + predicate)],
                           "subject": subject, "annotations": annotations})

    # --- notation ---

    def notation(self, subject):
        return self.refer({"artifactType": "application/vnd.cncf.notary.signature", "config": EMPTY, "subject": subject,
                           "layers": [blob("application/jose+json", "jws")],
                           "annotations": {"io.cncf.notary.x509chain.thumbprint#S256": '["aa"]'}})

    # --- BuildKit: beside the image in its index ---

    def buildkit(self, subject, *predicates, is_new):
        value = {"layers": [blob(IN_TOTO, "statement " + p, **{"in-toto.io/predicate-type": p}) for p in predicates]}
        if is_new:  # since 0.32
            value.update(artifactType=ATTESTATION, config=EMPTY, subject=subject)
        else:
            value.update(config=blob(OCI_CONFIG, "attestation config"))
        entry = {**self.put(value), "platform": {"os": "unknown", "architecture": "unknown"},
                 "annotations": {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": subject["digest"]}}
        return {**entry, "artifactType": ATTESTATION} if is_new else entry

    # --- ORAS ---

    def oras(self, subject, artifact_type):
        return self.refer({"artifactType": artifact_type, "config": EMPTY, "subject": subject,
                           "layers": [blob(artifact_type, "document", **{"org.opencontainers.image.title": "sbom.json"})],
                           "annotations": {"org.opencontainers.image.created": "2026-01-01T00:00:00Z"}})
