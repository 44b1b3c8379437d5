# SPDX-License-Identifier: Apache-2.0
"""SBOM documents are found in every shape that tools give them, fetched after their images are visible, and read;
what is no such document, or about something else, is told and harms nothing."""
import json

import pytest

import sboms
from harness import query, wait_for
from images import Pusher, encode

PACKAGES = [("libc6", "2.36-9+deb12u4", "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64"),
            ("log4j-core", "2.14.1", "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"), ("bare", None, None)]


def held(database, digest):
    """The packages of an image, as (name, version, type, package URL)."""
    return set(query(database, """
        SELECT n.name, v.version, n.type, p.purl FROM manifest m JOIN image_package i ON i.image_id = m.id
          JOIN package p ON p.id = i.package_id JOIN package_version v ON v.id = p.version_id
          JOIN package_name n ON n.id = v.name_id WHERE digest_text(m.digest) = %s""", digest))


def states(database):
    """By the digest that a document is about: state and reason."""
    return {about: (state, reason) for about, state, reason in query(
        database, "SELECT digest_text(about), state, reason FROM sbom")}


def wait_until_read(database, count):
    wait_for(lambda: query(database, "SELECT count(*) FROM sbom")[0][0] == count, f"{count} documents to be read")


def more(number):
    return [*PACKAGES, (f"only-{number}", str(number), f"pkg:npm/only-{number}@{number}")]


def shapes(pusher):
    """One image for each shape: (descriptor of the image, document)."""
    name = "team/app"
    made = []

    def image(tag):
        return pusher.image(name, tag, salt=tag)

    for number, (kind, write) in enumerate((("spdx", sboms.spdx), ("cyclonedx", sboms.cyclonedx))):
        child = pusher.image(name, salt=f"child {kind}")
        document = sboms.statement(write(more(number)), child["digest"], kind)
        pusher.index(name, f"index-{kind}", children=[
            {**child, "platform": {"os": "linux", "architecture": "amd64"}},
            sboms.attest(pusher, name, child, document, kind=kind)])
        made.append((child, document))
    for number, (media_type, document) in enumerate((
            (sboms.SPDX, sboms.spdx(more(10), "SPDX-2.2")), (sboms.CYCLONEDX, sboms.cyclonedx(more(11), "1.4")))):
        subject = image(f"referred-{number}")
        sboms.refer(pusher, name, subject, document, media_type)
        made.append((subject, document))
    subject = image("bundled")
    document = sboms.bundle(sboms.statement(sboms.spdx(more(20)), subject["digest"]))
    sboms.refer(pusher, name, subject, document, sboms.BUNDLE,
                annotations={"dev.sigstore.bundle.predicateType": sboms.PREDICATES["spdx"]})
    made.append((subject, document))
    subject = image("cosign-sbom")
    document = sboms.cyclonedx(more(30), "1.5")
    sboms.cosign(pusher, name, subject, document, layer_type=sboms.CYCLONEDX)
    made.append((subject, document))
    subject = image("cosign-att")
    document = sboms.envelope(sboms.statement(sboms.spdx(more(31)), subject["digest"]))
    sboms.cosign(pusher, name, subject, document, "att", sboms.DSSE)
    made.append((subject, document))
    return made


def test_every_shape_is_read(stack):
    made = shapes(Pusher(stack.registry.url))
    wait_until_read(stack.database, len(made))
    assert {state for state, _ in states(stack.database).values()} == {"done"}
    for image, document in made:
        assert held(stack.database, image["digest"]) == sboms.packages_of(document)
    counts = dict(query(stack.database, "SELECT name, images FROM package_name"))
    assert counts["libc6"] == len(made) and counts["only-31"] == 1
    wait_for(lambda: stack.writer.status()["sboms"]["done"] == len(made), "the status to say so")
    assert stack.writer.status()["sboms"] == {"waiting": 0, "done": len(made), "too_large": 0, "malformed": 0,
                                              "about_something_else": 0, "gone": 0}
    assert stack.writer.metric('sboms{state="done"}') == len(made)
    generation = query(stack.database, "SELECT generation FROM state")[0][0]
    assert generation > 1

    # A tag goes: its image counts no longer. The documents of a repository that is scanned are not read again.
    Pusher(stack.registry.url).delete("team/app", made[2][0]["digest"])
    wait_for(lambda: dict(query(stack.database, "SELECT name, images FROM package_name"))["only-10"] == 0, "the count")
    assert dict(query(stack.database, "SELECT name, images FROM package_name"))["libc6"] == len(made) - 1
    asked = stack.writer.metric('registry_requests_total{kind="blob",code="200"}')
    stack.writer.scan()
    assert stack.writer.metric('registry_requests_total{kind="blob",code="200"}') == asked


def test_refused_documents(make_stack):
    stack = make_stack(writer={"contents": {"sbom_max": "20KiB"}}).start()
    pusher = Pusher(stack.registry.url)
    good = pusher.image("a", "good", salt="good")
    sboms.refer(pusher, "a", good, sboms.spdx(PACKAGES))
    long_name = pusher.image("a", "long", salt="long")
    document = sboms.spdx([("n" * 5000, "1", None), ("b", "1", None)])
    sboms.refer(pusher, "a", long_name, document)
    expected = {good["digest"]: ("done", None), long_name["digest"]: ("done", None)}
    for state, reason, bad in (
            ("too large", "20KiB", sboms.spdx([("x" * 300, str(n), None) for n in range(100)])),
            ("too large", "nested", b"[" * 10000), ("malformed", "no JSON", b"<spdx/>"),
            ("malformed", "no whole JSON", b'{"spdxVersion": "SPDX-2.3"'), ("malformed", "neither", {}),
            ("malformed", "SPDX-3.0", {"spdxVersion": "SPDX-3.0"}),
            ("about something else", "another", sboms.statement(sboms.spdx(PACKAGES), good["digest"]))):
        image = pusher.image("a", f"bad-{len(expected)}", salt=f"bad {len(expected)}")
        sboms.refer(pusher, "a", image, bad)
        expected[image["digest"]] = (state, reason)
    wait_until_read(stack.database, len(expected))
    for digest, (state, reason) in states(stack.database).items():
        assert state == expected[digest][0], (state, reason, expected[digest])
        assert (expected[digest][1] or "") in (reason or "").replace("contents.sbom_max", "20KiB"), reason
        assert state == "done" or held(stack.database, digest) == set()
        path = f"/api/v1/repositories/a/-/manifests/{digest}"
        told = wait_for(lambda: (answer := stack.reader.json(path)).get("refused_documents" if state != "done" else "packages")
                        and answer, f"{path} to tell of the document")
        if state == "done":
            assert "refused_documents" not in told
            continue
        refused, = told["refused_documents"]
        assert (refused["state"], refused["reason"]) == (state, reason) and told["packages"] is None
        assert stack.reader.get(f"/api/v1/repositories/a/-/manifests/{refused['manifest']}").status_code == 200
    assert held(stack.database, good["digest"]) == sboms.packages_of(sboms.spdx(PACKAGES))
    assert held(stack.database, long_name["digest"]) == {("b", "1", "", "")}
    assert query(stack.database, "SELECT sum(left_out) FROM sbom")[0][0] == 1
    assert "a document is left alone" in stack.writer.log()


def test_switched_off_and_on(make_stack):
    stack = make_stack().start()
    pusher = Pusher(stack.registry.url)
    image = pusher.image("a", "1", salt="1")
    sboms.refer(pusher, "a", image, sboms.spdx(PACKAGES))
    wait_until_read(stack.database, 1)
    expected = held(stack.database, image["digest"])
    assert expected
    for wanted, count in ((False, 0), (True, 1)):
        stack.writer.config_values["contents"] = {"sbom": wanted}
        stack.writer.write_config()
        stack.writer.signal(1)
        wait_until_read(stack.database, count)
        wait_for(lambda: (held(stack.database, image["digest"]) == expected) == wanted, "the packages")
        assert (query(stack.database, "SELECT count(*) FROM package_name")[0][0] > 0) == wanted


def test_a_switch_that_is_taken_back_loses_nothing(stack):
    """Some of the packages have gone when SBOMs are wanted again."""
    pusher = Pusher(stack.registry.url)
    image = pusher.image("a", "1", salt="1")
    sboms.refer(pusher, "a", image, sboms.spdx(PACKAGES))
    wait_until_read(stack.database, 1)
    expected = held(stack.database, image["digest"])
    stack.writer.kill()
    query(stack.database, "SELECT forget_packages(term, 1) FROM state")
    assert len(held(stack.database, image["digest"])) < len(expected)
    stack.writer.start()
    wait_for(lambda: held(stack.database, image["digest"]) == expected, "the packages")
    wait_for(lambda: set(query(stack.database, "SELECT images FROM package_name")) == {(1,)}, "their counts")


def test_a_document_before_its_image_and_a_restart(stack):
    """A referrer comes first; the writer is killed before its image is there."""
    pusher = Pusher(stack.registry.url)
    value = encode({"late": True})
    image = pusher.image("other", "late", salt="late")
    sboms.refer(pusher, "b", image, sboms.spdx(PACKAGES))
    stack.writer.wait_until_settled()
    wait_for(lambda: query(stack.database, "SELECT attempts FROM sbom_source")[0][0] > 0, "a look at it")
    assert states(stack.database) == {} and value
    stack.writer.kill()
    stack.writer.start()
    pusher.image("b", "late", salt="late")
    query_due = "SELECT count(*) FROM sbom_source WHERE NOT is_read"
    stack.writer.wait_until_settled()
    wait_for(lambda: query(stack.database, query_due)[0][0] == 0, "the document to be read")
    assert held(stack.database, image["digest"]) == sboms.packages_of(sboms.spdx(PACKAGES))


def test_a_spool_that_is_not_there_is_told_and_waited_for(make_stack, tmp_path):
    """The disk is ours: no document is put off for it."""
    spool = tmp_path / "spool"
    stack = make_stack(writer={"cache": {"spool_dir": str(spool)}}).start()
    pusher = Pusher(stack.registry.url)
    image = pusher.image("a", "1", salt="1")
    sboms.refer(pusher, "a", image, sboms.spdx(PACKAGES))
    wait_for(lambda: f"cache.spool_dir {spool}: No such file or directory" in stack.writer.log(), "the writer to say so")
    assert query(stack.database, "SELECT count(*) FROM sbom") == [(0,)]
    spool.mkdir()
    wait_until_read(stack.database, 1)
    assert held(stack.database, image["digest"]) == sboms.packages_of(sboms.spdx(PACKAGES))
