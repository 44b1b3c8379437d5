# SPDX-License-Identifier: Apache-2.0
"""What the pages, and the parts of the API that were made for them, are tested with."""
from harness import wait_for
from images import Pusher

EVIL = "\"><script>alert('x')</script>\u202egpj & <b>"
NAME = "team/deep/portal"
LABELS = {"org.opencontainers.image.title": "An app", "org.opencontainers.image.vendor": EVIL,
          "link": "https://example.com/a?b=c&d", "trap": "javascript:alert(1)"}
VERSIONS = ["1.2", "1.9", "1.10", "2.0-rc1", "2.0"]


class Filled:
    def __init__(self, stack):
        self.stack, self.reader = stack, stack.reader
        pusher = Pusher(stack.registry.url)
        self.images = {version: pusher.image(NAME, version, labels=dict(LABELS, version=version), salt=version)
                       for version in VERSIONS}
        self.arm = pusher.image(NAME, architecture="arm64", salt="arm")
        self.index = pusher.index(NAME, "multi", children=[self.images["2.0"], self.arm])
        pusher.image(NAME, "latest", labels=dict(LABELS, version="1.9"), salt="1.9")
        pusher.image(NAME, "latest", labels=dict(LABELS, version="2.0"), salt="2.0")  # moved
        pusher.image("team/other", "1.0", labels=LABELS, salt="other")
        pusher.image("alone", "1.0", salt="alone")
        stack.writer.wait_until_settled()
        wait_for(lambda: self.reader.get("/api/v1/repositories/alone").status_code == 200, "the reader to see all of it")


def get(filled, path, status=200, headers=None):
    answer = filled.reader.get(path, headers=headers or {})
    assert answer.status_code == status, answer.text[:1000]
    return answer
