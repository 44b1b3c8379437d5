# SPDX-License-Identifier: Apache-2.0
"""reader.admin_listen: health and metrics at an address of their own."""
import subprocess

import requests

from harness import BUILD, WAIT_SECONDS, free_port, wait_for


def test_health_and_metrics_move_to_an_address_of_their_own(postgres, make_reader):
    admin = f"127.0.0.1:{free_port()}"
    reader = make_reader(postgres.new_database(empty=True), reader={"admin_listen": admin, "workers": 2})

    def get(path):
        return requests.get(f"http://{admin}{path}", timeout=WAIT_SECONDS)

    wait_for(lambda: get("/healthz").status_code == 200, "health to be told")
    assert "metastore_http_requests_total" in get("/metrics").text
    assert get("/readyz").status_code == 503  # no schema yet
    assert get("/v1/_ping").status_code == get("/").status_code == 404
    for path in ("/healthz", "/readyz", "/metrics"):
        assert reader.get(path).status_code == 404
    assert reader.get("/v1/_ping").status_code == 200
    done = subprocess.run([str(BUILD / "reader" / "metastore-reader"), "--config", str(reader.config_path), "--healthcheck"],
                          capture_output=True, text=True, timeout=WAIT_SECONDS)
    assert done.returncode == 0, done.stderr
