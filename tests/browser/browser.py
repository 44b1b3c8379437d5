# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium for tests: pages of a folder, of a server or of a quickstart, by theme, contrast and width."""
import contextlib
import fcntl
import functools
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.append(str(ROOT / "tests/system"))

from harness import free_port  # noqa: E402 the stack of the system tests

BUILD = Path(os.environ.get("METASTORE_BUILD", ROOT / "build-tests"))
START_SECONDS = 1200
# What the readers send with every page.
POLICY = ("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
          "form-action 'self'; frame-ancestors 'none'; base-uri 'none'")


def installed(name, *command):
    """The path of a file below node_modules, where npm's command brings it if it is not there. One process at a time
    looks and brings: npm begins with taking away what is there, and a file that is there may not be whole yet."""
    script = HERE / "node_modules" / name
    folder = os.open(HERE, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if not script.exists():
            assert shutil.which("npm"), f"npm is missing: it brings {name}"
            subprocess.run(["npm", *command, "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    finally:
        os.close(folder)
    return script


class Pages(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def preview():
    """Writes the pages with made-up content and serves them; gives (their folder, the address)."""
    folder = tempfile.mkdtemp(prefix="ms-preview-")
    subprocess.run([BUILD / "tests/browser/preview", folder], check=True)
    handler = functools.partial(Pages, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Path(folder), f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    shutil.rmtree(folder)


@contextlib.contextmanager
def quickstart(build=None):
    """The address of a quickstart of our own, once its content can be seen; with the programs of `build`, if given."""
    directory = tempfile.mkdtemp(prefix="ms-quickstart-", dir="/var/tmp")
    Path(directory).chmod(0o755)
    child = subprocess.Popen([ROOT / "deploy/quickstart", "--dir", f"{directory}/quickstart", "--port", "0",
                              *(["--build", build] if build else [])], stdout=subprocess.DEVNULL)
    try:
        addresses, end = Path(directory, "quickstart/addresses"), time.monotonic() + START_SECONDS
        while not addresses.exists():
            assert child.poll() is None and time.monotonic() < end, "the quickstart did not start"
            time.sleep(0.5)
        yield addresses.read_text().partition("front=")[2].partition("\n")[0]
    finally:
        child.terminate()
        child.wait()
        shutil.rmtree(directory, ignore_errors=True)


class Browser:
    def __init__(self, javascript=True):
        self._profile = tempfile.mkdtemp(prefix="ms-chromium-")
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--hide-scrollbars", f"--user-data-dir={self._profile}"):
            options.add_argument(flag)
        if not javascript:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver", port=free_port()), options=options)
        self.driver.set_page_load_timeout(300)  # for hangs alone
        self.driver.set_script_timeout(300)

    def close(self):
        self.driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def look(self, width=1280, height=1080, theme="light", contrast="no-preference", forced="none"):
        """What the system prefers, and how large the window is."""
        self.command("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": theme},
                               {"name": "prefers-contrast", "value": contrast},
                               {"name": "forced-colors", "value": forced}])
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                     mobile=False)

    def open(self, url):
        self.driver.get(url)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def picture(self, path, whole=False):
        parameters = {"format": "png"}
        if whole:
            parameters["captureBeyondViewport"] = True
            size = self.command("Page.getLayoutMetrics")["cssContentSize"]
            parameters["clip"] = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000),
                                  "scale": 1}
        import base64
        Path(path).write_bytes(base64.b64decode(self.command("Page.captureScreenshot", **parameters)["data"]))

    def complaints(self):
        """What the console got since the last call, but for what a page is refused on purpose."""
        return [entry for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
