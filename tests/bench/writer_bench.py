# SPDX-License-Identifier: Apache-2.0
"""What the figures of tests/bench/writer share: processes, generated registries, the load program, the report."""
import json
import statistics
import subprocess

import harness

SIZES = {  # of the generated registry; the issue's, and a smoke test's
    False: {"repositories": 150, "tags": 10000},
    True: {"repositories": 10, "tags": 200},
}
CONNECTIONS = 32  # towards the registry
SHARES = ["--indexes", "0.11", "--platforms", "6"]  # 10,000 tags: 16,900 manifests, 14,400 configurations


class Registry(harness.Registry):
    """With an access log, when the requests are to be known."""

    logs_requests = False

    def config(self):
        config = super().config()
        config["log"]["accesslog"]["disabled"] = not self.logs_requests
        return config


class Bench:
    """Owns every process of a run, and ends it."""

    def __init__(self, place, options):
        self.place = place
        self.quick = options.quick
        self.runs = 1 if options.quick else options.runs
        self.load_program = options.build / "tests/bench/bench_load"
        self.size = SIZES[options.quick]
        self.postgres = harness.Postgres(place / "pg", fsync="on")
        self.processes = []
        self.is_met = True
        self._count = 0

    def close(self):
        for process in self.processes:
            process.kill()
        self.postgres.remove()

    def place_for(self, what):
        self._count += 1
        place = self.place / f"{self._count}-{what}"
        place.mkdir()
        return place

    def _keep(self, process):
        self.processes.append(process)
        return process

    def registry(self, events_url=None, token=None, **size):
        """Not started. `size`: options of generate_registry; none: empty."""
        place = self.place_for("registry")
        if size:
            words = [word for key, value in size.items() for word in (f"--{key}", str(value))]
            made = subprocess.run([harness.SUPPORT / "generate_registry", place / "storage", *words, *SHARES],
                                  check=True, capture_output=True, text=True)
            print("registry:", made.stdout.strip(), flush=True)
        return self._keep(Registry(place, events_url, token, storage=place / "storage"))

    def writer(self, of, database=None):
        """Not started, for a registry, on a database of its own or on another writer's."""
        return self._keep(harness.Writer(self.place_for("writer"), database or self.postgres.new_database(), of.url,
                                         log={"level": "info"}, registry={"concurrency": CONNECTIONS}))

    def reader(self, database, registry):
        return self._keep(harness.Reader(self.place_for("reader"), database, registry.url))

    def load(self, port, connections, path, rate=None):
        """Sends a file of requests; what the load program says of it."""
        words = [self.load_program, port, connections, path] + ([rate] if rate else [])
        done = subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)

    def report(self, what, value, limit, is_met):
        """One line: the figure, beside its limit, and whether it is met."""
        self.is_met = self.is_met and is_met
        print(f"{'met   ' if is_met else 'MISSED'} | {what} | {value} | {limit}", flush=True)


def write_requests(path, requests):
    """A file for the load program, of requests as bytes."""
    with open(path, "wb") as out:
        for request in requests:
            out.write(b"%d\n%b" % (len(request), request))
    return path


def median(values):
    return statistics.median(values)


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
