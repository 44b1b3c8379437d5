# SPDX-License-Identifier: Apache-2.0
"""The images of the quickstart: small, but each of a kind that a real registry holds.

Called by write_images.py and by tests. The busybox of the machine stands in for every
architecture: what matters here is what the manifests say.
"""
import json

from make_images import (Blob, fallback_tag, make_artifact, make_attestation, make_fallback_index,
                         make_image, make_index, make_layer)

OCI = "org.opencontainers.image."
APPLETS = ["cat", "cp", "date", "df", "du", "echo", "env", "find", "grep", "gzip", "head", "httpd",
           "ls", "mkdir", "mv", "ps", "rm", "sed", "sh", "sleep", "sort", "tail", "tar", "wget"]
PATH = "PATH=/bin"
FLATPAK_REF = "runtime/org.test.Platform/x86_64/master"
FLATPAK_METADATA = "[Runtime]\nname=org.test.Platform\nruntime=org.test.Platform/x86_64/master\n" \
                   "sdk=org.test.Sdk/x86_64/master\n"


def make_root(busybox, docker=False):
    files = {"bin/busybox": busybox, "etc/passwd": b"root:x:0:0:root:/:/bin/sh\n"}
    files.update({f"bin/{applet}": "busybox" for applet in APPLETS})
    return make_layer(files, docker)


def busybox_images(root):
    """An index of two platforms and an attestation, with several tags; an older image."""
    def image(platform, version):
        return make_image([root], platform, run={"Cmd": ["sh"], "Env": [PATH]},
                          labels={**about, OCI + "version": version})
    about = {OCI + "title": "BusyBox", OCI + "url": "https://busybox.net",
             OCI + "description": "The Swiss army knife of embedded Linux: many tools in one"}
    amd64, arm64 = image("linux/amd64", "1.35.0"), image("linux/arm64/v8", "1.35.0")
    provenance = make_attestation(amd64, "https://slsa.dev/provenance/v0.2",
                                  {"builder": {"id": "metastore quickstart"}})
    index = make_index([(amd64, "linux/amd64"), (arm64, "linux/arm64/v8"), provenance],
                       {**about, OCI + "licenses": "GPL-2.0-only"})
    yield "library/busybox", "1.34", image("linux/amd64", "1.34.1")
    for tag in ("1.35.0", "1.35", "latest"):
        yield "library/busybox", tag, index


def web_images(root):
    """Two versions with labels and annotations; the later has an SBOM that refers to it."""
    def image(version, created, revision):
        page = make_layer({"www/index.html": f"<h1>Web shop {version}</h1>\n".encode()})
        return make_image(
            [root, page], created=created,
            labels={"com.example.team": "web", "com.example.tier": "frontend",
                    OCI + "title": "Web shop", OCI + "version": version,
                    OCI + "description": "The pages of the shop, served by busybox httpd"},
            annotations={OCI + "source": "https://git.example.com/team/web",
                         OCI + "revision": revision},
            run={"Cmd": ["httpd", "-f", "-p", "8080", "-h", "/www"], "Env": [PATH],
                 "ExposedPorts": {"8080/tcp": {}}, "User": "1000", "WorkingDir": "/www"})
    old = image("1.0", "2024-03-01T09:30:00Z", "5d41402abc4b2a76b9719d911017c592aa1b2c3d")
    new = image("1.1", "2024-04-15T16:05:00Z", "7b52009b64fd0a2a49e6d8a939753077792b0554")
    document = {"spdxVersion": "SPDX-2.3", "name": "team/web:1.1", "packages": [{"name": "busybox"}]}
    sbom = Blob("application/spdx+json", json.dumps(document).encode())
    artifact = make_artifact("application/spdx+json", [sbom], subject=new,
                             annotations={OCI + "description": "SBOM of the web shop"})
    yield "team/web", "1.0", old
    yield "team/web", "1.1", new
    yield "team/web", "latest", new
    yield "team/web", fallback_tag(new), make_fallback_index([artifact])


def db_images(root):
    about = {"com.example.team": "data", "io.k8s.display-name": "Database",
             "io.k8s.description": "Keeps the orders of the shop", "com.example.tier": "backend"}
    run = {"Entrypoint": ["/bin/sh", "-c"], "Cmd": ["sleep 1d"], "Env": [PATH, "DATA=/data"],
           "Volumes": {"/data": {}}, "StopSignal": "SIGINT"}
    index = make_index([(make_image([root], platform, labels=about, run=run), platform)
                        for platform in ("linux/amd64", "linux/arm64/v8", "linux/arm/v7")])
    yield "team/db", "15", index
    yield "team/db", "stable", index


def tool_images(root):
    """Docker's own formats: single images of schema 2."""
    labels = {"org.label-schema.name": "Backup", "com.example.team": "operations",
              "org.label-schema.description": "Copies volumes to a safe place, every night"}
    image = make_image([root], labels=labels, docker=True,
                       run={"Cmd": ["tar", "-c", "/data"], "Env": [PATH]})
    yield "tools/backup", "2.0", image
    yield "tools/backup", "latest", image
    yield "library/hello", "latest", make_image(
        [root], labels={"name": "hello", "description": "Says hello"}, docker=True,
        run={"Cmd": ["echo", "hello"], "Env": [PATH]})


def chart_images():
    """A Helm chart: an artifact known by the type of its configuration."""
    chart = {"apiVersion": "v2", "name": "shop", "version": "0.3.0",
             "description": "The whole shop"}
    archive = make_layer({"shop/Chart.yaml": json.dumps(chart).encode()})
    content = Blob("application/vnd.cncf.helm.chart.content.v1.tar+gzip", archive.data)
    config = Blob("application/vnd.cncf.helm.config.v1+json", json.dumps(chart).encode())
    yield "charts/shop", "0.3.0", make_artifact(None, [content], config=config, annotations={
        OCI + "title": "shop", OCI + "description": chart["description"]})


def flatpak_images():
    layer = make_layer({"metadata": FLATPAK_METADATA.encode(), "files/share/hello": b"hello\n"})
    labels = {"org.flatpak.ref": FLATPAK_REF, "org.flatpak.metadata": FLATPAK_METADATA,
              "org.flatpak.installed-size": "4096",
              "org.flatpak.download-size": str(len(layer.data)),
              OCI + "title": "Test platform"}
    yield "flatpak/org.test.platform", "latest", make_image([layer], labels=labels)


def example_images(busybox):
    """(repository, tag, manifest) in the order of pushing."""
    root = make_root(busybox)
    return [*busybox_images(root), *web_images(root), *db_images(root),
            *tool_images(make_root(busybox, docker=True)), *chart_images(), *flatpak_images()]
