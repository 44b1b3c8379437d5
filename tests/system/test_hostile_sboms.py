# SPDX-License-Identifier: Apache-2.0
"""SBOM documents that mean harm: each is told with its reason, and the images beside it are read as ever; a push is
seen meanwhile, and the writer's memory stays small."""
import json
import re
from pathlib import Path

import sboms
from harness import query, wait_for
from images import Pusher

LIMIT_KIB = 16 * 1024


def peak_kib(process):
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.child.pid}/status").read_text()).group(1))


def wrapped(depth):
    value = {"spdxVersion": "SPDX-2.3", "packages": [{"name": "inner"}]}
    for _ in range(depth):
        value = sboms.envelope(value)
    return value


def documents(pusher, other):
    """What is pushed, the state and a part of the reason that it must come to."""
    component = {"name": "a"}
    for _ in range(40):
        component = {"name": "a", "components": [component]}
    return {
        "nesting": (b'{"spdxVersion":"SPDX-2.3","packages":' + b"[" * 100000, "too large", "nested"),
        "objects": (b'{"a":' * 100000, "too large", "nested"),
        "number": (b'{"spdxVersion":"SPDX-2.3","x":' + b"9" * 2_000_000 + b',"packages":[{"name":"n"}]}', "done", None),
        "numbers": (b'{"spdxVersion":"SPDX-2.3","x":[' + b"1," * 500_000 + b'1],"packages":[]}', "done", None),
        "million": (b'{"spdxVersion":"SPDX-2.3","packages":[' + b'{"name":"a"},' * 1_000_000 + b"{}]}", "too large", "packages"),
        "names": (json.dumps(sboms.spdx([("n" * 65536, "v" * 65536, "pkg:deb/" + "p" * 65536), ("ok", "1", None)])).encode(),
                  "done", None),
        "string": (b'{"spdxVersion":"SPDX-2.3","x":"' + b"\\u0000" * 1_000_000 + b'","packages":[]}', "done", None),
        "text": (json.dumps(sboms.spdx([("<script>\u202e'\"\\", "\u0000;DROP TABLE package", "pkg:<b>/x"), ("\ud800", "1", None)])).encode(),
                 "done", None),
        "bytes": (b'{"spdxVersion":"SPDX-2.3","packages":[{"name":"\xff\xfe\xc0\x80' + b"\xff" * 500 + b'"}]}', "done", None),
        "wrapped": (json.dumps(wrapped(9)).encode(), "too large", "document in a document"),
        "components": (json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [component]}).encode(),
                       "done", None),
        "liar": (json.dumps(sboms.statement(sboms.spdx([("lie", "1", None)]), other["digest"])).encode(),
                 "about something else", "another subject"),
        "nobody": (json.dumps({**sboms.statement(sboms.spdx([("lie", "1", None)]), other["digest"]),
                               "subject": [{"name": "x", "digest": {"sha256": "zz"}}, 7, None]}).encode(),
                   "about something else", "another subject"),
        "subjects": (json.dumps({**sboms.statement(sboms.spdx([]), other["digest"]),
                                 "subject": [{"digest": {"sha256": "%064d" % n}} for n in range(5000)]}).encode(),
                     "too large", "subjects"),
        "twins": (b'{"spdxVersion":"SPDX-2.3","bomFormat":"CycloneDX","specVersion":"1.5"}', "malformed", "several"),
        "html": (b"<html>", "malformed", "no JSON"), "nothing": (b"", "malformed", "no whole JSON"),
    }


def test_hostile_documents(stack):
    pusher = Pusher(stack.registry.url)
    other = pusher.image("h", "other", salt="other")
    expected = {}
    for name, (body, state, reason) in documents(pusher, other).items():
        image = pusher.image("h", f"t-{name}", salt=name)
        sboms.refer(pusher, "h", image, body)
        expected[image["digest"]] = (name, state, reason)
    # Subjects in a circle cannot be: a digest would have to know itself. An SBOM of an SBOM is no image's.
    first = sboms.refer(pusher, "h", other, sboms.spdx([("real", "1", None)]))
    sboms.refer(pusher, "h", first, sboms.spdx([("of-an-sbom", "1", None)]))
    expected[other["digest"]] = ("other", "done", None)
    wait_for(lambda: {row[0] for row in query(stack.database, "SELECT digest_text(about) FROM sbom")} >= set(expected),
             "all documents to be read")
    for about, state, reason in query(stack.database, "SELECT digest_text(about), state, reason FROM sbom"):
        if about in expected:
            name, *told = expected[about]
            assert state == told[0] and (told[1] or "") in (reason or ""), (name, state, reason)
    names = {name for name, in query(stack.database, "SELECT name FROM package_name WHERE images > 0")}
    assert "real" in names and "lie" not in names and "ok" in names and not any(len(n) > 512 for n in names)
    told = stack.reader.json("/api/v1/packages?n=1000")["packages"]
    assert "real" in {p["name"] for p in told} and "lie" not in {p["name"] for p in told}
    assert stack.reader.get("/packages").status_code == 200 and "<script>\u202e" not in stack.reader.get("/packages").text
    assert stack.writer.status()["sboms"]["waiting"] <= 1  # that of no image


def test_a_large_document_delays_no_push(make_stack):
    """30 MiB of envelope: the writer grows by less than 16 MiB, and a push is seen while it is read."""
    stack = make_stack().start()
    pusher = Pusher(stack.registry.url)
    small = pusher.image("h", "small", salt="small")
    sboms.refer(pusher, "h", small, sboms.spdx([("small", "1", None)]))
    wait_for(lambda: query(stack.database, "SELECT count(*) FROM sbom")[0][0] == 1, "the small one")
    before = peak_kib(stack.writer)
    large = pusher.image("h", "large", salt="large")
    packages = [(f"package-{number}", "1" * 100, f"pkg:generic/package-{number}@{'1' * 100}") for number in range(40000)]
    document = sboms.envelope(sboms.statement(sboms.spdx(packages), large["digest"]))
    assert len(json.dumps(document)) > 20 * 1024 * 1024
    sboms.cosign(pusher, "h", large, document, "att", sboms.DSSE)
    wait_for(lambda: query(stack.database, "SELECT EXISTS (SELECT FROM sbom_staged) OR (SELECT count(*) FROM sbom "
                           "WHERE state = 'done') = 2")[0][0], "the large one to be read, or to have been read")
    pusher.image("h", "meanwhile", salt="meanwhile")
    wait_for(lambda: stack.reader.get("/v2/h/tags/list").json()["tags"].count("meanwhile") == 1, "the push to be seen")
    wait_for(lambda: query(stack.database, "SELECT count(*) FROM sbom WHERE state = 'done'")[0][0] == 2, "the large one")
    assert query(stack.database, "SELECT max(packages) FROM sbom")[0][0] == len(packages)
    if "asan" not in Path(f"/proc/{stack.writer.child.pid}/maps").read_text():  # which keeps what was freed
        assert peak_kib(stack.writer) - before < LIMIT_KIB
