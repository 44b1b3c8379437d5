# SPDX-License-Identifier: Apache-2.0
"""Events committed and acknowledged: 32 senders, one event a request, each on a connection that it keeps; beside
pgbench inserting rows of the same size with as many clients. The events are pushes of tags that the registry has,
and the writer works them off meanwhile. And one sender that waits for each answer before it sends the next event, as a
registry does: pulls, which may be committed asynchronously, and pushes."""
import json
import re
import subprocess
import uuid
from pathlib import Path

from harness import query, wait_for
from writer_bench import median, write_requests

SENDERS = 32
EVENTS = {False: 20000, True: 1000}
RATE = 500
RATE_SECONDS = {False: 20, True: 2}
LIMIT_SECONDS = {False: 10, True: 2}
PER_SECOND_MIN = 3000
P99_MAX_MS = 50
RATIO_MIN = 0.6
ONE_SENDER = {False: 3000, True: 200}  # events
ONE_SENDER_RATIO_MIN = {"pull": 2, "push": 0.5}
ONE_SENDER_P99_MAX_MS = 10
SIZE = {"repositories": 20, "tags": 400}


def event(number, tags, action="push"):
    repository, tag, digest, media_type = tags[number % len(tags)]
    url = f"http://registry.example.com/v2/{repository}"
    return {"id": str(uuid.uuid4()), "timestamp": "2026-11-20T08:00:00.123456789Z", "action": action,
            "target": {"mediaType": media_type, "size": 1363, "digest": digest, "length": 1363, "repository": repository,
                       "url": f"{url}/manifests/{digest}", "tag": tag},
            "request": {"id": str(uuid.uuid4()), "addr": "192.0.2.10:51234", "host": "registry.example.com",
                        "method": "PUT" if action == "push" else "GET", "useragent": "docker/24.0.7 go/go1.20.10 UpstreamClient(Docker-Client/24.0.7)"},
            "actor": {"name": "builder"},
            "source": {"addr": "registry:5000", "instanceID": "7c3e2a80-b4f5-4d6e-9c1a-0f2d3e4b5a69"}}


def event_requests(writer, count, tags, action):
    for number in range(count):
        body = json.dumps({"events": [event(number, tags, action)]}).encode()
        head = (f"POST /events HTTP/1.1\r\nHost: 127.0.0.1:{writer.port}\r\nAuthorization: Bearer {writer.token}\r\n"
                "Content-Type: application/vnd.docker.distribution.events.v1+json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        yield head + body


def pgbench_per_second(bench, row_bytes, clients=SENDERS):
    database = bench.postgres.new_database()
    query(database, "CREATE TABLE row_of_an_event (id bigserial PRIMARY KEY, body bytea)")
    script = bench.place / "insert.sql"
    script.write_text(f"INSERT INTO row_of_an_event (body) VALUES (decode('{'7b' * row_bytes}', 'hex'));\n")
    program = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))[-1]
    done = subprocess.run([program, "-n", "-c", str(clients), "-j", str(min(2, clients)), "-M", "prepared", "-T",
                           str(LIMIT_SECONDS[bench.quick]), "-f", script, database],
                          check=True, capture_output=True, text=True)
    return float(re.search(r"tps = ([\d.]+)", done.stdout).group(1))


def row_bytes(database):
    return int(query(database, "SELECT avg(pg_column_size(i)) FROM inbox i")[0][0] or 0)


def send(bench, writer, count, tags, rate=None, senders=SENDERS, action="push"):
    """What the load program says; every event must have been accepted and be in the inbox's books."""
    before = writer.status()["inbox"]["accepted"]
    path = write_requests(bench.place / "events.requests", event_requests(writer, count, tags, action))
    sent = bench.load(writer.port, senders, path, rate)
    if sent["statuses"] != {"202": count} or writer.status()["inbox"]["accepted"] - before != count:
        raise RuntimeError(f"not all of {count} events were accepted: {sent}")
    return sent


def start(bench):
    """A registry whose every tag the writer knows."""
    registry = bench.registry(**SIZE)
    registry.start()
    writer = bench.writer(registry)
    writer.start()
    wait_for(lambda: (writer.status().get("last_scan") or {}).get("complete"), "the first scan", 120)
    database = writer.config_values["database"]["postgres"]["url"]
    tags = query(database, "SELECT r.name, t.name, digest_text(m.digest), m.media_type FROM tag t JOIN repository r "
                           "ON r.id = t.repository_id JOIN manifest m ON m.id = t.manifest_id")
    return registry, writer, database, tags


def measure_one_sender(bench):
    registry, writer, _, tags = start(bench)
    size = len(json.dumps(event(0, tags)))
    for action, least in ONE_SENDER_RATIO_MIN.items():
        rates, limits, p99s = [], [], []
        for _ in range(bench.runs):
            sent = send(bench, writer, ONE_SENDER[bench.quick], tags, senders=1, action=action)
            rates.append(sent["answers"] / sent["seconds"])
            p99s.append(sent["p99_ms"])
            writer.wait_until_settled()
            limits.append(pgbench_per_second(bench, size, clients=1))
        ratio = median(rates) / median(limits)
        bench.report(f"{action} events of one sender", f"{median(rates):.0f} a second beside pgbench's "
                     f"{median(limits):.0f}: ratio {ratio:.2f}", f"at least {least}", ratio >= least)
        bench.report(f"{action} events of one sender, p99", f"{median(p99s):.1f} ms", f"under {ONE_SENDER_P99_MAX_MS} ms",
                     median(p99s) < ONE_SENDER_P99_MAX_MS)
    writer.kill()
    registry.kill()


def measure(bench):
    registry, writer, database, tags = start(bench)
    rates, limits = [], []
    for _ in range(bench.runs):
        sent = send(bench, writer, EVENTS[bench.quick], tags)
        rates.append(sent["answers"] / sent["seconds"])
        size = row_bytes(database) or len(json.dumps(event(0, tags)))
        writer.wait_until_settled()
        limits.append(pgbench_per_second(bench, size))
        print(f"  events: {rates[-1]:.0f} a second; pgbench {limits[-1]:.0f} rows of {size} bytes a second", flush=True)
    bench.report(f"events committed and acknowledged, {SENDERS} senders",
                 f"{median(rates):.0f} a second beside pgbench's {median(limits):.0f}: "
                 f"ratio {median(rates) / median(limits):.2f}", f"over {PER_SECOND_MIN} a second, ratio {RATIO_MIN}",
                 median(rates) > max(PER_SECOND_MIN, RATIO_MIN * median(limits)))
    sent = send(bench, writer, RATE * RATE_SECONDS[bench.quick], tags, RATE)
    bench.report(f"events at {RATE} a second", f"median {sent['p50_ms']:.1f} ms, p99 {sent['p99_ms']:.1f} ms, "
                 f"worst {sent['max_ms']:.1f} ms", f"p99 under {P99_MAX_MS} ms", sent["p99_ms"] < P99_MAX_MS)
    writer.kill()
    registry.kill()
