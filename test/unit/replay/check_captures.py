#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_captures.py PROGRAMS TREE: tools/captures/check.py over the captures of the tree, those of
scenarios.py, and what files may be besides: compressed, cut, of nothing, of noise."""

import gzip
import os
import random
import shutil
import subprocess
import sys
import tempfile

import scenarios

ROUNDS = 8


def damaged(data, random_source):
    """Some bytes behind the file's header are others: lengths, headers and options too."""
    data = bytearray(data)
    for _ in range(random_source.randrange(1, 12)):
        data[random_source.randrange(24, len(data))] = random_source.randrange(256)
    return bytes(data)


def fill(folder, hostile, fixtures):
    random_source = random.Random(1)
    scenarios.write_all(folder)
    shutil.copytree(fixtures, os.path.join(folder, "fixtures"))
    with open(os.path.join(folder, "span_duplicates.pcap"), "rb") as file:
        capture = file.read()
    files = {"in-gzip.pcap.gz": gzip.compress(capture),
             "gzip-that-ends-early.pcap.gz": gzip.compress(capture)[:700],
             "cut-in-a-packet.pcap": capture[:1000], "cut-in-the-header.pcap": capture[:27],
             "nothing.pcap": capture[:24], "noise.pcap": random_source.randbytes(5000),
             "noise-behind-a-header.pcap": capture[:24] + random_source.randbytes(5000)}
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    for i in range(ROUNDS):
        with open(os.path.join(hostile, f"damaged-{i}.pcap"), "wb") as file:
            file.write(damaged(capture, random_source))


def main():
    programs, tree = sys.argv[1:]
    check = [os.path.join(tree, "tools", "captures", "check.py"), "--programs", programs]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as hostile:
        fill(folder, hostile, os.path.join(tree, "test", "fixtures"))
        failed = subprocess.run([*check, "--strict", folder], check=False).returncode
        # Of what is damaged the two may say different things.
        return subprocess.run([*check, hostile], check=False).returncode or failed


if __name__ == "__main__":
    sys.exit(main())
