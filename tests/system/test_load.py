# SPDX-License-Identifier: Apache-2.0
"""Load on readers that are restarted; tests/soak/reader does it for as long as you like, and looks at times, too."""
import shutil
import tempfile
from pathlib import Path

import harness
from load import Load

GOALS = {"pushes": 60, "answers": 3000, "database restarts": 2, "reader restarts": 3, "worker restarts": 1}


def test_nothing_wrong_is_answered():
    place = Path(tempfile.mkdtemp(prefix="ms-load-", dir="/tmp"))  # short: a socket's path lies in it
    server = harness.Postgres(place / "pg")  # its own: it is restarted
    load = Load(place, server, 0, seed=1, cycle_seconds=24, stale_seconds=harness.WAIT_SECONDS, goals=GOALS)
    try:
        load.run()
        assert not load.faults, load.faults
        assert load.counts["answers compared with history"] > 300, load.counts
        # A busy machine may keep a reader from looking at its database for three seconds, but not most of the time.
        assert load.counts["marked stale though nothing was wrong"] < load.counts["answers"] / 2, load.counts
    finally:
        load.stop()
        server.remove()
        shutil.rmtree(place, ignore_errors=True)
