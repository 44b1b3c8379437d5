#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the images of the quickstart (examples.py, products.py) below DIRECTORY, and lists of them:

    write_images.py DIRECTORY [BUSYBOX]

DIRECTORY/push.list      SOURCE, REPOSITORY:TAG a line: what to copy whereto, in this order
DIRECTORY/pulled.list    REPOSITORY, TAG, digest, media type a line
"""
import sys
from pathlib import Path

from examples import example_images, make_root
from make_images import write_images
from products import product_images


def main():
    directory = Path(sys.argv[1]).absolute()
    busybox = Path(sys.argv[2] if len(sys.argv) > 2 else "/bin/busybox").read_bytes()
    images = [*product_images(make_root(busybox)), *example_images(busybox)]
    lines = ["\t".join(line) + "\n" for line in write_images(directory, images)]
    (directory / "push.list").write_text("".join(lines))
    last = {(repository, tag): manifest for repository, tag, manifest in images}
    (directory / "pulled.list").write_text("".join(
        f"{repository}\t{tag}\t{manifest.digest}\t{manifest.media_type}\n"
        for (repository, tag), manifest in last.items() if "sha256-" not in tag))


if __name__ == "__main__":
    main()
