# SPDX-License-Identifier: Apache-2.0
"""How long does nobody lead? From the signal that ends the leader to the first event that the standby acknowledges:
after SIGKILL the database sees the lock's session end, after SIGTERM the leader lets the lock go. Of both no more than
a figure is wanted: a standby tries for the lock four times a second."""
import json
import signal
import time

import requests

import harness
from harness import wait_for
from writer_bench import median, percentile
from writer_events import event

TAKEOVERS = {False: 10, True: 2}
LIMIT_MS = 2000
POLL_SECONDS = 0.005
GIVE_UP_SECONDS = 60
TAG = ("team/app", "1", "sha256:" + "0" * 64, "application/vnd.oci.image.manifest.v1+json")


def accepts(writer, number):
    try:
        return requests.post(writer.events_url, data=json.dumps({"events": [event(0, [TAG])]}), timeout=GIVE_UP_SECONDS,
                             headers={"Authorization": f"Bearer {writer.token}"}).status_code == 202
    except requests.RequestException:
        return False


def take_over(leader, standby, end):
    """Seconds without a leader; the one that ended stands by again."""
    begin = time.monotonic()
    leader.signal(end)
    while not accepts(standby, begin):
        if time.monotonic() - begin > GIVE_UP_SECONDS:
            raise RuntimeError(f"nobody leads:\n{standby.log()[-3000:]}")
        time.sleep(POLL_SECONDS)
    seconds = time.monotonic() - begin
    leader.child.wait()
    start_standby(leader, standby)
    return seconds


def start_standby(writer, leader):
    writer.launch()
    wait_for(lambda: (writer.status().get("leader") or {}).get("pid") == leader.child.pid, "the standby", GIVE_UP_SECONDS)


def measure(bench):
    registry = bench.registry()
    registry.start()
    first = bench.writer(registry)
    second = bench.writer(registry, first.config_values["database"]["postgres"]["url"])
    first.start()
    start_standby(second, first)
    for end in (signal.SIGKILL, signal.SIGTERM):
        seconds = []
        for _ in range(TAKEOVERS[bench.quick]):
            seconds.append(take_over(first, second, end))
            first, second = second, first
        bench.report(f"taken over after {end.name}, {len(seconds)} times",
                     f"median {median(seconds) * 1000:.0f} ms, worst {percentile(seconds, 1) * 1000:.0f} ms",
                     f"median under {LIMIT_MS} ms", median(seconds) * 1000 < LIMIT_MS)
    for process in (first, second, registry):
        process.kill()
