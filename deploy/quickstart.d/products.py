# SPDX-License-Identifier: Apache-2.0
"""The registry of a company that does not exist: base images, services built on them, and what
became of them over time. Called by write_images.py.

The kinds that a registry can hold are in examples.py; here there is enough of the ordinary ones to
make lists, search and statistics worth looking at. What an image is told to contain it does not
contain: each layer is busybox, or a file that names the layer.
"""
import json

from make_images import (Blob, OCI_CONFIG, make_artifact, make_attestation, make_image, make_index,
                         make_layer)

OCI = "org.opencontainers.image."
SPDX = "https://spdx.dev/Document"
SLSA = "https://slsa.dev/provenance/v1"
COMPANY = "Example Shop"
TWO = ("linux/amd64", "linux/arm64/v8")
MANY = (*TWO, "linux/arm/v7", "linux/ppc64le", "linux/s390x", "linux/riscv64")
OF_DEBIAN = [("base-files", "12.4"), ("bash", "5.2.15"), ("libc6", "2.36-9"), ("libssl3", "3.0.14"),
             ("openssl", "3.0.14"), ("tzdata", "2024a"), ("zlib1g", "1.2.13")]


class Stack:
    """Layers, and how each came to be: what an image is built on."""

    def __init__(self, layers=(), history=()):
        self.layers, self.history = tuple(layers), tuple(history)

    def add(self, instruction, layer=None):
        layer = layer or make_layer({f"usr/share/layers/{len(self.layers)}":
                                     (instruction + "\n").encode() * 64})
        return Stack((*self.layers, layer), (*self.history, instruction))


def build(stack, platforms, labels, created, run, packages=()):
    """An index of an image for each platform, as BuildKit makes it; with an SBOM if there are packages."""
    children = []
    for platform in platforms:
        image = make_image(list(stack.layers), platform, labels=labels, created=created, run=run,
                           instructions=stack.history)
        children.append((image, platform))
        if packages:
            children.append(make_attestation(image, SPDX, spdx(labels[OCI + "title"], packages)))
            children.append(make_attestation(image, SLSA, {"buildDefinition": {"buildType": "example"}}))
    return make_index(children, {name: value for name, value in labels.items()
                                 if name in (OCI + "title", OCI + "description", OCI + "version")})


def spdx(name, packages):
    return {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": name, "dataLicense": "CC0-1.0",
            "documentNamespace": f"https://sbom.example.com/{name}",
            "creationInfo": {"created": "2025-01-01T00:00:00Z", "creators": ["Tool: example"]},
            "packages": [{"SPDXID": f"SPDXRef-{package}", "name": package, "versionInfo": version,
                          "downloadLocation": "NOASSERTION", "externalRefs": [{
                              "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": f"pkg:deb/debian/{package}@{version}"}]}
                         for package, version in packages]}


def sign(manifest):
    """What cosign 2 pushes beside an image."""
    payload = Blob("application/vnd.dev.cosign.simplesigning.v1+json", json.dumps(
        {"critical": {"type": "cosign container image signature",
                      "image": {"docker-manifest-digest": manifest.digest}}, "optional": None}).encode())
    config = Blob(OCI_CONFIG, b'{"architecture":"","os":"","config":{},"rootfs":{"type":"layers","diff_ids":[]}}')
    return manifest.digest.replace(":", "-") + ".sig", make_artifact(None, [payload], config=config)


def about(title, description, version, **labels):
    return {OCI + "title": title, OCI + "description": description, OCI + "version": version,
            OCI + "vendor": COMPANY, **{f"com.example.{name}": value for name, value in labels.items()}}


def base_images(root):
    """Yields the images, then returns the stacks that others are built on (by `yield from`)."""
    stacks = {}
    for name, title, releases in (
            ("debian", "Debian", (("11", "2024-03-11"), ("12", "2024-05-13"), ("12", "2025-02-24"),
                                  ("13", "2025-08-12"))),
            ("alpine", "Alpine Linux", (("3.19", "2024-01-27"), ("3.20", "2024-05-22"),
                                        ("3.21", "2024-12-05")))):
        for release, day in releases:
            stack = Stack([root], [f"ADD {name}-{release}.tar /"]).add(f"RUN touch /etc/{name}-release-{day}")
            previous = stacks.get((name, release))
            stacks[name, release] = stack
            stacks[name, release, "first"] = previous or stack
            index = build(stack, MANY, about(title, f"{title} {release}, the base of our images", release),
                          f"{day}T00:00:00Z", {"Cmd": ["bash" if name == "debian" else "sh"]},
                          OF_DEBIAN if name == "debian" else ())
            yield f"library/{name}", release, index
            yield f"library/{name}", "latest", index
    return stacks


# name, title, description, base, versions (oldest first), command, port
RUNTIMES = (
    ("python", "Python", "Python is an interpreted, interactive, object-oriented language", "debian 12 first",
     ("3.9.19", "3.10.14", "3.11.9", "3.12.4", "3.13.0"), ["python3"], None),
    ("node", "Node.js", "Node.js is a JavaScript runtime for servers and tools", "debian 12",
     ("18.20.4", "20.15.1", "22.4.0"), ["node"], None),
    ("nginx", "nginx", "Web server, reverse proxy and load balancer", "alpine 3.20",
     ("1.25.5", "1.26.1", "1.27.0"), ["nginx", "-g", "daemon off;"], "80/tcp"),
    ("postgres", "PostgreSQL", "The object-relational database", "debian 12",
     ("14.12", "15.7", "16.3", "17.0"), ["postgres"], "5432/tcp"),
    ("redis", "Redis", "Keeps data structures in memory: database, cache, message broker", "debian 12 first",
     ("7.2.5", "7.4.0"), ["redis-server"], "6379/tcp"),
)

# repository, title, description, runtime it is built on, versions, labels, signed
SERVICES = (
    ("team/api", "Shop API", "What the apps and pages of the shop talk to", "python",
     ("1.8.0", "1.9.0", "1.9.1", "1.10.0", "1.11.0", "1.12.0"), {"team": "web", "tier": "backend"}, True),
    ("team/worker", "Shop worker", "Sends mails and invoices, one after another", "python",
     ("1.8.0", "1.10.0", "1.12.0"), {"team": "web", "tier": "backend"}, True),
    ("team/cart", "Cart", "Remembers what customers are about to buy", "node",
     ("0.9.0", "0.10.0"), {"team": "web", "tier": "backend"}, False),
    ("data/etl", "Nightly load", "Loads the orders of the day into the warehouse", "python",
     ("2025-01-06", "2025-01-07", "2025-01-08"), {"team": "data", "tier": "batch"}, False),
    ("data/notebook", "Notebook", "Jupyter with everything that the data team wants", "python",
     ("2024.4", "2025.1"), {"team": "data", "tier": "tool"}, False),
    ("data/warehouse", "Warehouse", "PostgreSQL with the extensions of the warehouse", "postgres",
     ("16.3-2", "17.0-1"), {"team": "data", "tier": "backend"}, True),
    ("ops/gateway", "Gateway", "nginx with the rules of the company", "nginx",
     ("2024.11", "2025.2"), {"team": "operations", "tier": "frontend"}, True),
    ("ops/prober", "Prober", "Asks every service every minute how it is", "node",
     ("3.1.0",), {"team": "operations", "tier": "tool"}, False),
    ("ops/mirror/quay/proxy", "Proxy", "A copy of somebody else's image", "nginx",
     ("2.4",), {"team": "operations", "origin": "quay.io"}, False),
)


def runtime_images(stacks):
    on = {}
    for name, title, description, base, versions, command, port in RUNTIMES:
        for number, version in enumerate(versions):
            stack = stacks[tuple(base.split(" "))].add(f"RUN install {name} {version}").add(f"COPY entrypoint-{name} /")
            index = build(stack, TWO, about(title, description, version), f"2024-{number + 6:02}-03T07:00:00Z",
                          {"Cmd": command, "Env": ["PATH=/bin", f"{name.upper()}_VERSION={version}"],
                           **({"ExposedPorts": {port: {}}} if port else {})},
                          [*OF_DEBIAN, (name, version)] if base.startswith("debian") else ())
            major = version.split(".")[0]
            for tag in dict.fromkeys((version, version.rsplit(".", 1)[0], major, "latest")):
                yield f"library/{name}", tag, index
            on[name] = stack
    return on


def service_images(on):
    for repository, title, description, runtime, versions, labels, is_signed in SERVICES:
        for number, version in enumerate(versions):
            stack = (on[runtime].add("COPY requirements /app/").add("RUN install the requirements")
                     .add(f"COPY . /app/ # {repository} {version}"))
            index = build(stack, TWO, about(title, description, version, **labels),
                          f"2025-{number + 1:02}-14T15:30:00Z",
                          {"Entrypoint": ["/app/start"], "User": "1000", "WorkingDir": "/app"},
                          [*OF_DEBIAN, (runtime, "1"), ("log4j-core", "2.14.1" if number == 0 else "2.17.1")])
            yield repository, version, index
            yield repository, "latest", index
            if is_signed:
                yield (repository, *sign(index))


def product_images(root):
    """(repository, tag, manifest) in the order of pushing: tags move as time goes on."""
    stacks = yield from base_images(root)
    on = yield from runtime_images(stacks)
    yield from service_images(on)
