# SPDX-License-Identifier: Apache-2.0
"""Signed, SBOM, provenance: told from manifests alone, of tags, images, indexes and repositories, and as soon as a
manifest that tells of it comes or goes."""
import pytest

from attachments import CYCLONEDX, SIGN, SLSA, SPDX, Attachments
from test_base import Setting, pages

NOTHING = (False, False, False)

# What each of them is: signed, SBOM, provenance.
SHAPES = {
    "cosign 2": (lambda a, s: a.cosign2_signature(s), (True, False, False)),
    "cosign 2, referrer": (lambda a, s: a.cosign2_referrer(s), (True, False, False)),
    "cosign 2, SBOM": (lambda a, s: a.cosign2_sbom(s), (False, True, False)),
    "cosign 2, SPDX attested": (lambda a, s: a.cosign2_attestation(s, SPDX), (False, True, False)),
    "cosign 2, provenance": (lambda a, s: a.cosign2_attestation(s, "https://slsa.dev/provenance/v0.2"), (False, False, True)),
    "cosign 2, vulnerabilities": (lambda a, s: a.cosign2_attestation(s, "https://cosign.sigstore.dev/attestation/vuln/v1"), NOTHING),
    "cosign 3": (lambda a, s: a.cosign3(s, SIGN), (True, False, False)),
    "cosign 3, CycloneDX": (lambda a, s: a.cosign3(s, CYCLONEDX), (False, True, False)),
    "cosign 3, SPDX": (lambda a, s: a.cosign3(s, SPDX), (False, True, False)),
    "cosign 3, provenance": (lambda a, s: a.cosign3(s, SLSA), (False, False, True)),
    "cosign 3, something else": (lambda a, s: a.cosign3(s, "https://example.com/reviewed"), NOTHING),
    "notation": (lambda a, s: a.notation(s), (True, False, False)),
    "ORAS, SPDX": (lambda a, s: a.oras(s, "application/spdx+json"), (False, True, False)),
    "ORAS, CycloneDX": (lambda a, s: a.oras(s, "application/vnd.cyclonedx+json"), (False, True, False)),
    "ORAS, something else": (lambda a, s: a.oras(s, "application/vnd.example.readme"), NOTHING),
}
BUILDKIT = {"before 0.32": False, "since 0.32": True}


@pytest.fixture(scope="module")
def setting(postgres, tmp_path_factory):
    made = Setting(postgres, tmp_path_factory.mktemp("attachments")).start()
    yield made
    made.stop()


def flags(told):
    return told["signed"], told["sbom"], told["provenance"]


def tag_of(setting, repository, name="latest"):
    told = setting.reader.json(f"/api/v1/repositories/{repository}/-/tags")["tags"]
    return next(tag for tag in told if tag["name"] == name)


def everywhere(setting, repository, digest):
    """Tag, manifest and repository agree."""
    told = {flags(tag_of(setting, repository)), flags(setting.manifest(repository, digest)),
            flags(setting.reader.json(f"/api/v1/repositories/{repository}"))}
    assert len(told) == 1, told
    return told.pop()


def found(setting, q):
    return {(r["repository"], r["digest"]) for r in pages(setting.reader, "/api/v1/search", "results", q=q)
            if r["type"] in ("image", "index")}


def test_every_shape_comes_and_goes(setting):
    """Also answers that were remembered follow, and the same image elsewhere is none of it."""
    made = {}
    for number, (name, (attach, expected)) in enumerate(SHAPES.items()):
        attachments = Attachments(setting.fake, f"shape/{number}")
        made[name] = attachments, attachments.image("latest", salt=name)
        Attachments(setting.fake, f"copy/{number}").image("latest", salt=name)
    setting.scan()
    for name, (attachments, image) in made.items():
        assert everywhere(setting, attachments.repository, image["digest"]) == NOTHING, name
    attached = {name: SHAPES[name][0](*made[name]) for name in SHAPES}
    setting.scan()
    expected_by_term = {"is:signed": set(), "has:sbom": set(), "has:provenance": set()}
    for name, (attachments, image) in made.items():
        expected = SHAPES[name][1]
        assert everywhere(setting, attachments.repository, image["digest"]) == expected, name
        assert flags(tag_of(setting, attachments.repository.replace("shape", "copy"))) == NOTHING
        for term, is_so in zip(expected_by_term, expected):
            expected_by_term[term] |= {(attachments.repository, image["digest"])} if is_so else set()
    for term, expected in expected_by_term.items():
        assert found(setting, term) == expected, term
        assert found(setting, f"shape os:linux -{term}") == {
            (a.repository, image["digest"]) for a, image in made.values()} - expected
    facets = {f["value"]: f["images"] for f in setting.reader.json("/api/v1/facets", params={"q": "shape"})["attached"]}
    assert facets == {value: len(expected_by_term[term]) for term, value in
                      (("is:signed", "signed"), ("has:sbom", "sbom"), ("has:provenance", "provenance"))}
    for name, (attachments, image) in made.items():  # all of it goes
        for suffix in ("", ".sig", ".att", ".sbom"):
            tag = attachments.tag_of(image, suffix)
            if any(t["name"] == tag for t in setting.reader.json(f"/api/v1/repositories/{attachments.repository}/-/tags?all=1")["tags"]):
                setting.fake.do(delete_tag={"repository": attachments.repository, "tag": tag})
        setting.fake.do(delete_manifest={"repository": attachments.repository, "digest": attached[name]["digest"]})
    for _ in range(3):  # so many removals at once wait for another scan
        setting.scan()
    for name, (attachments, image) in made.items():
        gone = everywhere(setting, attachments.repository, image["digest"])
        assert gone == NOTHING or attached[name]["digest"] in [
            r["digest"] for r in setting.manifest(attachments.repository, image["digest"])["referrers"]], name


@pytest.mark.parametrize("generation", BUILDKIT)
def test_an_index_has_what_its_images_have(setting, generation):
    """And attestations are told once, where they are children of the index and referrers of the image, too."""
    is_new = BUILDKIT[generation]
    repository = "buildkit/" + ("new" if is_new else "old")
    attachments = Attachments(setting.fake, repository)
    amd64, arm64 = attachments.image(salt=generation), attachments.image(salt=generation, architecture="arm64")
    children = [amd64, arm64, attachments.buildkit(amd64, SPDX, SLSA, is_new=is_new),
                attachments.buildkit(arm64, SLSA, is_new=is_new)]
    index = attachments.index(children, "latest")
    setting.scan()
    assert everywhere(setting, repository, index["digest"]) == (False, True, True)
    assert flags(setting.manifest(repository, amd64["digest"])) == (False, True, True)
    assert flags(setting.manifest(repository, arm64["digest"])) == (False, False, True)
    told = setting.manifest(repository, index["digest"])
    attestations = [child["digest"] for child in told["manifests"] if child["kind"] == "attestation"]
    assert len(attestations) == 2 and told["referrers"] == []
    shown = [r["digest"] for r in setting.manifest(repository, amd64["digest"])["referrers"]]
    assert shown == ([children[2]["digest"]] if is_new else [])
    assert setting.reader.json(f"/api/v1/repositories/{repository}")["artifacts"] == 2
    assert (repository, index["digest"]) in found(setting, "has:sbom") and (repository, arm64["digest"]) not in found(setting, "has:sbom")
    attachments.cosign3(arm64, SIGN)
    setting.scan()
    assert everywhere(setting, repository, index["digest"]) == (True, True, True)
    assert flags(setting.manifest(repository, amd64["digest"])) == (False, True, True)


@pytest.mark.parametrize("q, character", [("has:", 5), ("has:signed", 5), ("is:sbom", 4)])
def test_faults_point_at_the_character(setting, q, character):
    answer = setting.reader.get("/api/v1/search", params={"q": q})
    assert answer.status_code == 400 and f"character {character}:" in answer.json()["detail"]
