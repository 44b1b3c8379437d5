# SPDX-License-Identifier: Apache-2.0
"""How soon does a reader show what was pushed? From the registry's answer to the PUT of the manifest to the first
answer of a reader that names its digest under its tag."""
import http.client
import json
import random
import time

import requests

from images import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, Pusher
from writer_bench import median, percentile

POLL_SECONDS = 0.002
GIVE_UP_SECONDS = 20
PUSHES = {False: 200, True: 10}
LARGE = {False: 50000, True: 1000}
LARGE_PUSHES = {False: 20, True: 3}


class Watcher:
    """Pushes, and asks a reader until it shows the push."""

    def __init__(self, registry, reader):
        self.pusher = Pusher(registry.url)
        self.connection = http.client.HTTPConnection("127.0.0.1", reader.port, timeout=GIVE_UP_SECONDS)

    def _shows(self, repository, tag, digest):
        self.connection.request("GET", f"/index/dynamic?repository={repository}&tag={tag}")
        results = json.loads(self.connection.getresponse().read())["Results"]
        return any(image["Digest"] == digest for found in results for image in found["Images"])

    def push(self, repository, tag):
        """Seconds until a new image is seen; one that is not seen in time counts for as long as was waited."""
        config = {"os": "linux", "architecture": "amd64", "salt": f"{repository}:{tag} {time.time()}"}
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST,
                 "config": self.pusher.blob(repository, config, OCI_CONFIG),
                 "layers": [self.pusher.blob(repository, b"layer", OCI_LAYER)]}
        digest = self.pusher.manifest(repository, value, OCI_MANIFEST, tag)["digest"]
        begin = time.monotonic()
        while not self._shows(repository, tag, digest) and time.monotonic() - begin < GIVE_UP_SECONDS:
            time.sleep(POLL_SECONDS)
        return time.monotonic() - begin


def start_stack(bench, **size):
    registry = bench.registry(**size)
    writer = bench.writer(registry)
    registry.events_url, registry.token = writer.events_url, writer.token
    registry.start()
    writer.start()
    reader = bench.reader(writer.config_values["database"]["postgres"]["url"], registry)
    reader.start()
    return registry, writer, reader


def stop_stack(stack):
    registry, writer, reader = stack
    for process in (reader, writer, registry):
        process.kill()


def scans(writer):
    return writer.status()["scan"]["running"]


def keep_scanning(writer):
    if not scans(writer):
        requests.post(writer.url + "/scan", headers={"Authorization": f"Bearer {writer.token}"}, timeout=10)


def report(bench, what, seconds, limits):
    """`limits`: milliseconds by name of a statistic."""
    found = {"median": median(seconds), "p99": percentile(seconds, 0.99), "worst": max(seconds)}
    values = ", ".join(f"{name} {value * 1000:.0f} ms" for name, value in found.items())
    bench.report(f"push seen by a reader{what}, {len(seconds)} pushes", values,
                 ", ".join(f"{name} under {limit} ms" for name, limit in limits.items()),
                 all(found[name] * 1000 < limit for name, limit in limits.items()))


def measure_quiet(bench):
    stack = start_stack(bench)
    stack[1].wait_until_settled()
    watcher = Watcher(stack[0], stack[2])
    seconds = [watcher.push(f"bench/app-{number % 10}", f"v{number}") for number in range(PUSHES[bench.quick])]
    stop_stack(stack)
    report(bench, "", seconds, {"median": 100, "p99": 500})


def measure_scanning(bench):
    """Into repositories that the running scan visits; it begins anew when it has ended."""
    stack = start_stack(bench, **bench.size)
    registry, writer, reader = stack
    watcher = Watcher(registry, reader)
    names = requests.get(registry.url + "/v2/_catalog?n=1000", timeout=30).json()["repositories"]
    chance = random.Random(1)
    seconds = []
    for number in range(PUSHES[bench.quick]):
        keep_scanning(writer)
        seconds.append(watcher.push(chance.choice(names), f"pushed-{number}"))
    stop_stack(stack)
    report(bench, " while a full scan runs", seconds, {"p99": 1000})


def measure_large(bench):
    """Into the one large repository of a registry, during the first scan."""
    stack = start_stack(bench, repositories=1, tags=1, largest=LARGE[bench.quick])
    registry, writer, reader = stack
    watcher = Watcher(registry, reader)
    seconds = []
    for number in range(LARGE_PUSHES[bench.quick]):
        time.sleep(0 if bench.quick else 0.5)  # the scan must get on, too
        seconds.append(watcher.push("large/one", f"pushed-{number}"))
    if not bench.quick and not scans(writer):
        raise RuntimeError("the scan ended too early")
    stop_stack(stack)
    report(bench, f" into a repository of {LARGE[bench.quick]} tags that is being scanned", seconds, {"worst": 1000})


def measure(bench):
    measure_quiet(bench)
    measure_scanning(bench)
    measure_large(bench)
