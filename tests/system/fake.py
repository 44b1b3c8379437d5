# SPDX-License-Identifier: Apache-2.0
"""tests/support/fake_registry.py as a process of a system test: content and faults on command."""
import subprocess

import requests

from harness import SUPPORT, WAIT_SECONDS, Process


class FakeRegistry(Process):
    def __init__(self, directory):
        super().__init__(directory, "fake")
        self.url = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen([SUPPORT / "fake_registry.py"], stdin=subprocess.PIPE,
                                          stdout=subprocess.PIPE, stderr=log, text=True)
        port = self.child.stdout.readline().split()[0]
        self.url = f"http://127.0.0.1:{port}"
        return self

    def stop(self):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait()

    def do(self, **command):
        """See the head of fake_registry.py for what a command may hold."""
        done = requests.post(self.url + "/_control", json=command, timeout=WAIT_SECONDS)
        assert done.status_code == 200, done.text
        return done.json()

    def fault(self, path, kind, **members):
        self.do(fault={"path": path, "kind": kind, **members})

    def hits(self):
        """How many requests met a fault, by fault."""
        return requests.get(self.url + "/_control", timeout=WAIT_SECONDS).json()["faults"]

    def put(self, repository, tag, **image):
        return self.do(image={"repository": repository, "tag": tag, **image})["digest"]

    def asked(self):
        """What it was asked since the last forget_requests, in order: kind, method, path …"""
        return requests.get(self.url + "/_control", timeout=WAIT_SECONDS).json()["log"]
