# SPDX-License-Identifier: Apache-2.0
"""Icons that labels hold as data URIs: in the index as they are or as links, what the links lead to, and labels that mean
harm."""
import base64
import hashlib

import pytest

from harness import Reader, wait_for
from images import Pusher
from test_flatpak import Flatpak

ICON_64, ICON_128 = "org.freedesktop.appstream.icon-64", "org.freedesktop.appstream.icon-128"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
APP = "org.example.Iconic"
MEBIBYTE = 1 << 20


def data_uri(data, media_type="image/png"):
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def link_of(value):
    return "/index/icons/" + hashlib.sha256(value.encode()).hexdigest()


# Repository: labels. Those of HOSTILE are never linked.
GOOD = {
    "apps/png": {ICON_64: data_uri(PNG), ICON_128: data_uri(SVG, "image/svg+xml"), "org.flatpak.ref": f"app/{APP}/x86_64/stable",
                 "org.flatpak.metadata": f"[Application]\nname={APP}\n", "other": data_uri(b"other"),
                 "org.freedesktop.appstream.appdata": f'<components><component type="desktop"><id>{APP}</id></component></components>'},
    "apps/largest": {ICON_128: data_uri(b"m" * MEBIBYTE, "image/jpeg"), 'quo"te': '},{"Labels":{"'},
}
HOSTILE = {
    "hostile/base64": {ICON_64: "data:image/png;base64,!!!!", ICON_128: "data:image/png;base64,AAA"},
    "hostile/html": {ICON_64: data_uri(b"<script>alert(1)</script>", "text/html"), ICON_128: "data:text/html,<script>alert(1)</script>"},
    "hostile/huge": {ICON_64: data_uri(b"h" * (MEBIBYTE + 1)), ICON_128: "data:image/png;base64,"},
    "hostile/text": {ICON_64: "data:", ICON_128: '"' + data_uri(b"quoted")},
    "hostile/url": {ICON_64: "https://example.com/icon.png", ICON_128: "javascript:alert(1)"},
}
LABELS = GOOD | HOSTILE


@pytest.fixture(scope="module")
def linking(module_stack):
    """A reader that links, beside the stack's own, which does not."""
    pusher = Pusher(module_stack.registry.url)
    for name, labels in LABELS.items():
        pusher.image(name, "latest", labels=labels, annotations={ICON_64: data_uri(b"an annotation")})
    child = pusher.image("apps/list", labels={ICON_64: data_uri(PNG)})
    pusher.index("apps/list", "latest", children=[child | {"platform": {"os": "linux", "architecture": "amd64"}}])
    module_stack.writer.wait_until_settled()
    reader = Reader(module_stack.directory, module_stack.database, module_stack.registry.url, name="linking", index={"icons": "link"})
    reader.start()
    generation = module_stack.writer.status()["generation"]
    for each in (reader, module_stack.reader):
        wait_for(lambda each=each: each.json("/api/v1/status")["generation"] >= generation, "the reader to catch up")
    yield reader
    assert reader.terminate() == 0
    assert "Sanitizer" not in reader.log() and "runtime error" not in reader.log(), reader.log()[-4000:]


def labels_of(reader, path):
    found = {}
    for repository in reader.json(path)["Results"]:
        for image in repository["Images"] + [i for each in repository["Lists"] for i in each["Images"]]:
            found[repository["Name"]] = image["Labels"]
            assert repository["Name"] == "apps/list" or image["Annotations"] == {ICON_64: data_uri(b"an annotation")}
    return found


@pytest.mark.parametrize("path", ["/index/static", "/index/dynamic", "/apps/index/static", "/apps/index/dynamic?tag=latest",
                                  "/hostile/index/static", f"/index/static?label:{ICON_64}:exists=1", "/index/static?repository=apps/list"])
def test_icons_are_inline_or_linked(module_stack, linking, path):
    inline, linked = labels_of(module_stack.reader, path), labels_of(linking, path)
    assert inline and inline.keys() == linked.keys()
    for name, labels in inline.items():
        expected = LABELS.get(name, {ICON_64: data_uri(PNG)})
        assert labels == expected
        if name not in HOSTILE:
            expected = {k: link_of(v) if k in (ICON_64, ICON_128) else v for k, v in expected.items()}
        assert linked[name] == expected, name


@pytest.mark.parametrize("value, media_type, data", [
    (GOOD["apps/png"][ICON_64], "image/png", PNG), (GOOD["apps/png"][ICON_128], "image/svg+xml", SVG),
    (GOOD["apps/largest"][ICON_128], "image/jpeg", b"m" * MEBIBYTE)], ids=["png", "svg", "largest"])
def test_a_link_leads_to_the_icon(module_stack, linking, value, media_type, data):
    for reader in (linking, module_stack.reader):  # which may have linked before its configuration was changed
        answer = reader.get(link_of(value))
        assert answer.status_code == 200 and answer.content == data
        assert answer.headers["Content-Type"] == media_type
        assert answer.headers["Cache-Control"] == "max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        tag = answer.headers["ETag"]
        assert tag.startswith('"')
        again = reader.get(link_of(value), headers={"If-None-Match": tag})
        assert again.status_code == 304 and not again.content
        assert again.headers["ETag"] == tag and again.headers["Cache-Control"] == answer.headers["Cache-Control"]
        assert answer.headers["X-Metastore-Generation"]


def test_nothing_else_is_served(linking):
    good = link_of(GOOD["apps/png"][ICON_64])
    for labels in HOSTILE.values():
        for value in labels.values():
            assert linking.get(link_of(value)).status_code == 404, value[:40]
    for value in (GOOD["apps/png"]["other"], data_uri(b"an annotation"), ""):
        assert linking.get(link_of(value)).status_code == 404
    for path in (good[:-1], good + "0", good.upper().replace("/INDEX/ICONS", "/index/icons"), "/index/icons/x", "/index/icons/"):
        answer = linking.get(path)
        assert answer.status_code == 404 and answer.headers.get("Cache-Control") in (None, "no-cache"), path
    assert linking.get(good + "?x=1").status_code == 400


def test_flatpak_fetches_them(module_stack, linking, tmp_path):
    for name, reader in (("linked", linking), ("inline", module_stack.reader)):
        flatpak = Flatpak(tmp_path / name, module_stack.registry.url)
        flatpak("remote-add", name, f"oci+{reader.url}/apps")
        flatpak("update", "--appstream", name)
        icons = tmp_path / name / "data" / "flatpak" / "appstream" / name / "x86_64" / "icons"
        assert (icons / "64x64" / f"{APP}.png").read_bytes() == PNG
        assert name == "inline" or (icons / "128x128" / f"{APP}.png").read_bytes() == SVG  # no other data URIs than of PNG
