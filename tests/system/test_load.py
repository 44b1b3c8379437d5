# SPDX-License-Identifier: Apache-2.0
"""A minute of load on readers that are restarted; tests/soak/reader does it for as long as you like."""
import shutil
import tempfile
from pathlib import Path

import harness
from load import Load

SECONDS = 60


def test_nothing_wrong_is_answered():
    place = Path(tempfile.mkdtemp(prefix="ms-load-", dir="/tmp"))  # short: a socket's path lies in it
    server = harness.Postgres(place / "pg")  # its own: it is restarted
    load = Load(place, server, SECONDS, seed=1, cycle_seconds=24)
    try:
        load.run()
        assert not load.faults, load.faults
        assert load.counts["pushes"] > SECONDS and load.counts["answers compared with history"] > 1000, load.counts
        assert load.counts["database restarts"] > 1 and load.counts["reader restarts"] > 2, load.counts
    finally:
        load.stop()
        server.remove()
        shutil.rmtree(place, ignore_errors=True)
