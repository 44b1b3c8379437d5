# SPDX-License-Identifier: Apache-2.0
"""Full scans: beside a replay of the very same requests, and their peak memory.

The requests are taken from the registry's access log, in one scan that is not measured; for the scans that
are, and for the replays, the registry writes none. A scan's time is that of the whole `metastore-writer
--scan`, from its start to its exit, into a database that has the schema. In the scan that is not measured
PostgreSQL logs each statement: that scan tells what an image (any manifest that is stored) costs.
"""
import os
import re
import subprocess
import time
from pathlib import Path

import harness
from harness import query
from writer_bench import CONNECTIONS, median, write_requests

RATIO_MAX = 1.25
SMALL_RATIO_MAX = 1.5
MEMORY_MAX_MIB = 64
GROWTH_MAX_MIB = 8
STATEMENTS_MAX = 12  # an image
WAL_MAX_KIB = 6
LINE = re.compile(r'"(HEAD|GET) (\S+) HTTP/1\.1" (\d+)')
BY_TAG = re.compile(r"/v2/(.+)/manifests/([^:]+)$")
ACCEPT = ", ".join(["application/vnd.oci.image.index.v1+json",
                    "application/vnd.docker.distribution.manifest.list.v2+json",
                    "application/vnd.oci.image.manifest.v1+json",
                    "application/vnd.docker.distribution.manifest.v2+json",
                    "application/vnd.docker.distribution.manifest.v1+prettyjws"])
PROBES = 2  # requests before the scan begins, whether the registry is there
SCAN_SECONDS_MAX = 900
OWN_RECORD = {"scan", "state"}  # tables that hold the scan's own record


# --- scans ---

def new_writer(bench, registry):
    writer = bench.writer(registry)
    writer.write_config()
    subprocess.run([harness.BUILD / "writer/metastore-writer", "--config", writer.config_path, "--migrate"],
                   check=True, capture_output=True)
    return writer


def scan(writer):
    """(seconds, requests) of one --scan."""
    begin = time.monotonic()
    writer.launch("--scan")
    status = writer.child.wait()
    seconds = time.monotonic() - begin
    if status != 0:
        raise RuntimeError(f"the scan failed:\n{writer.log()[-3000:]}")
    return seconds, int(re.findall(r"scan complete.* requests=(\d+)", writer.log())[-1])


def rows_written(database):
    """Rows inserted, updated or deleted since the database was made, by table."""
    harness.wait_for(lambda: not query(database, "SELECT FROM pg_stat_activity WHERE datname = current_database()"
                                                 " AND pid <> pg_backend_pid()"), "sessions to end")
    return dict(query(database, "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables"))


# --- replay ---

def known_digests(database):
    rows = query(database, "SELECT r.name, t.name, digest_text(m.digest) FROM tag t "
                           "JOIN repository r ON r.id = t.repository_id JOIN manifest m ON m.id = t.manifest_id")
    return {(repository, tag): digest for repository, tag, digest in rows}


def as_request(match, registry, digests):
    method, path, status = match.groups()
    tag = BY_TAG.match(path)
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{registry.port}", "User-Agent: bench"]
    if "/manifests/" in path:
        lines.append("Accept: " + ACCEPT)
    if tag and status == "304":
        lines.append(f'If-None-Match: "{digests[tag.groups()]}"')
    return "\r\n".join([*lines, "", ""]).encode()


class Cost:
    """What a scan costs an image, between its beginning and report()."""

    STATEMENT = re.compile(rb"LOG:  (?:execute|statement)")

    def __init__(self, bench, database):
        self.database = database
        self.log_path = Path(bench.postgres.directory) / "cluster/log"
        name = database.rsplit("/", 1)[1]
        for setting in ("log_statement = 'all'", "log_parameter_max_length = 0"):
            query(database, f"ALTER DATABASE {name} SET {setting}")
        self.log_bytes = self.log_path.stat().st_size
        self.wal = self.position()

    def position(self):
        return int(query(self.database, "SELECT pg_current_wal_insert_lsn() - '0/0'")[0][0])

    def report(self, bench, what, n_requests, has_limits):
        wal_kib = (self.position() - self.wal) / 1024
        with open(self.log_path, "rb") as log:
            log.seek(self.log_bytes)
            n_statements = len(self.STATEMENT.findall(log.read()))
        n, = query(self.database, "SELECT count(*) FROM manifest WHERE raw IS NOT NULL")[0]
        costs = f"{n_requests / n:.2f} requests, {n_statements / n:.2f} statements, {wal_kib / n:.2f} KiB of WAL"
        if has_limits:
            bench.report(f"{what}, an image of {n}", costs, f"at most {STATEMENTS_MAX} statements, {WAL_MAX_KIB} KiB",
                         n_statements / n <= STATEMENTS_MAX and wal_kib / n <= WAL_MAX_KIB)
        else:
            print(f"  {what}, an image of {n}: {costs}", flush=True)


def record_scan(bench, registry, writer, name, what):
    """Scans, and keeps the requests in a file."""
    database = writer.config_values["database"]["postgres"]["url"]
    position = os.path.getsize(registry.log_path)
    cost = Cost(bench, database)
    _, n_requests = scan(writer)
    cost.report(bench, f"{name} scan{what}", n_requests, name == "first")
    digests = known_digests(database)
    with open(registry.log_path, errors="replace") as log:
        log.seek(position)
        requests = [as_request(match, registry, digests) for match in filter(None, map(LINE.search, log))]
    return write_requests(bench.place / f"{name}.requests", requests)


def record_scans(bench, registry, what):
    registry.logs_requests = True
    registry.start()
    writer = new_writer(bench, registry)
    files = [record_scan(bench, registry, writer, name, what) for name in ("first", "second")]
    registry.kill()
    registry.logs_requests = False
    registry.start()
    return files


# --- figures ---

class Pair:
    """A kind of scan beside its replay."""

    def __init__(self, what, requests_path):
        self.what = what
        self.path = requests_path
        self.seconds, self.limits = [], []

    def measure(self, bench, registry, writer):
        seconds, n_requests = scan(writer)
        replay = bench.load(registry.port, CONNECTIONS, self.path)
        if abs(replay["answers"] - n_requests) > PROBES + n_requests / 100:
            raise RuntimeError(f"the scan sent {n_requests} requests, the replay {replay['answers']}")
        self.seconds.append(seconds)
        self.limits.append(replay["seconds"])
        print(f"  {self.what}: {seconds:.2f} s; replay of its {replay['answers']} requests {replay['seconds']:.2f} s; "
              f"ratio {seconds / replay['seconds']:.2f}", flush=True)

    def report(self, bench, ratio_max):
        seconds, limit = median(self.seconds), median(self.limits)
        bench.report(self.what, f"{seconds:.2f} s beside {limit:.2f} s: ratio {seconds / limit:.2f}",
                     f"at most {ratio_max} x the replay", seconds / limit <= ratio_max)


def measure_pairs(bench, registry, ratio_max, what):
    pairs = [Pair(f"{kind} scan{what}", path) for kind, path in
             zip(("first", "second"), record_scans(bench, registry, what))]
    written = {}
    for _ in range(bench.runs):
        writer = new_writer(bench, registry)
        database = writer.config_values["database"]["postgres"]["url"]
        pairs[0].measure(bench, registry, writer)
        before = rows_written(database)
        pairs[1].measure(bench, registry, writer)
        after = rows_written(database)
        written.update({table: after[table] - before[table] for table in after if after[table] != before[table]})
    registry.kill()
    for pair in pairs:
        pair.report(bench, ratio_max)
    bench.report(f"rows written by the second scan{what}", ", ".join(f"{n} in {table}" for table, n in written.items()),
                 "its own record", set(written) <= OWN_RECORD)


def measure_scans(bench):
    measure_pairs(bench, bench.registry(**bench.size), RATIO_MAX, "")


def measure_small(bench):
    n = 20 if bench.quick else 3000
    measure_pairs(bench, bench.registry(repositories=n, tags=2 * n), SMALL_RATIO_MAX, f", {n} repositories of two tags")


def peak_of_first_scan(bench, registry):
    """MiB, of a writer that goes on running."""
    writer = bench.writer(registry)
    writer.start()
    harness.wait_for(lambda: (writer.status().get("last_scan") or {}).get("complete"), "the scan", SCAN_SECONDS_MAX, 0.2)
    status = Path(f"/proc/{writer.child.pid}/status").read_text()
    writer.kill()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024


def measure_memory(bench):
    n_repositories, n_tags = bench.size["repositories"], bench.size["tags"]
    largest = 500 if bench.quick else 50000
    sizes = {
        f"{n_repositories} repositories, {n_tags} tags": bench.size,
        "10 x the repositories": {"repositories": 10 * n_repositories, "tags": n_tags},
        f"one repository of {largest} tags": {"repositories": 1, "tags": 1, "largest": largest},
    }
    base = None
    for what, size in sizes.items():
        registry = bench.registry(**size)
        registry.start()
        peak_mib = peak_of_first_scan(bench, registry)
        registry.kill()
        base = base or peak_mib
        bench.report(f"peak memory of a first scan, {what}", f"{peak_mib:.1f} MiB",
                     f"under {MEMORY_MAX_MIB} MiB, at most {GROWTH_MAX_MIB} MiB above the first",
                     peak_mib < min(MEMORY_MAX_MIB, base + GROWTH_MAX_MIB))
