# SPDX-License-Identifier: Apache-2.0
"""The samples for proxies as they stand, but for their ports, on a machine with Debian's packages: a check by the proxies themselves."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import ROOT, WAIT_SECONDS, free_port

NGINX = ROOT / "deploy" / "nginx"
HAPROXY = ROOT / "deploy" / "haproxy"
CACHE = Path("/var/cache/nginx-metastore")
DEFAULT_SITE = Path("/etc/nginx/sites-available/default")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="they are for root")


@pytest.fixture
def check_nginx(tmp_path):
    """Checks sites; nginx makes the folders of their caches even then."""
    was_there, port = CACHE.exists(), free_port()

    def check(*sites):
        text = "\n".join(sites)
        for place in ("", "[::]:"):
            assert f"listen {place}80 default_server;" in text
            listen = f"listen {place}{port} default_server;"
            text = text.replace(f"listen {place}80 default_server;", listen if place == "" or Path("/proc/net/if_inet6").exists() else "")
        (tmp_path / "nginx.conf").write_text(f"events {{}}\npid {tmp_path}/pid;\nhttp {{\n{text}\n}}\n")
        return subprocess.run([shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-t", "-e", "stderr", "-c", tmp_path / "nginx.conf"],
                              capture_output=True, text=True, timeout=WAIT_SECONDS)

    yield check
    if not was_there and CACHE.exists():
        CACHE.rmdir()


def test_nginx_accepts_its_sample(check_nginx):
    done = check_nginx((NGINX / "metastore.conf").read_text())
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not DEFAULT_SITE.exists(), reason="not Debian's nginx")
def test_the_site_that_debian_brings_does_not_answer_instead(check_nginx):
    """Whoever forgets to remove it is told."""
    done = check_nginx((NGINX / "metastore.conf").read_text(), DEFAULT_SITE.read_text())
    assert done.returncode != 0 and "duplicate default server" in done.stderr


def test_haproxy_accepts_its_sample():
    done = subprocess.run([shutil.which("haproxy", path="/usr/sbin:/usr/bin"), "-c", "-f", HAPROXY / "haproxy.cfg"],
                          capture_output=True, text=True, timeout=WAIT_SECONDS)
    assert done.returncode == 0, done.stderr
    rights = re.findall(r"^    (user|group|chroot) ", (HAPROXY / "haproxy.cfg").read_text(), re.MULTILINE)
    assert rights == ["user", "group", "chroot"], "it must not stay root"
