#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""passive_fixtures.py DELAY_LINE FOLDER: makes the captures of real TCP that test/unit/replay/check_tshark.py
holds against tshark. Each is of two flows of iperf3 past the mirror of tools/lab/mirror.py, both
directions, headers only, over a round-trip time of 5 ms (by the program DELAY_LINE). Needs root; each
run gives other packets of the same kinds."""

import os
import sys

import netlab
from mirror import Capture, Mirror

SNAP_BYTES = 96
ROUND_TRIP_MS = 5


def loss_before(lab):
    lab.lose_before(80)


def loss_after(lab):
    lab.lose_after(80)


def reordered(lab):
    lab.delay(ROUND_TRIP_MS, held_up_per_mille=80, held_up_ms=2)


def balanced(lab):
    lab.balance(500)


KINDS = {"loss-before": (loss_before, "fast", "to-r1"), "loss-after": (loss_after, "fast", "to-r1"),
         "reordered": (reordered, "fast", "to-r1"), "balanced": (balanced, "fast", "to-r1")}


def capture(prepare, role, device, path):
    with Mirror(sys.argv[1]) as lab:
        lab.delay(ROUND_TRIP_MS)
        prepare(lab)
        dump = Capture(getattr(lab, role), device, path, "-s", SNAP_BYTES)
        lab.bulk(1, flows=2, rate="1M")
        lab.wait_for_ends()
        dump.finish()


def main():
    netlab.clean_up_on_exit()
    for name, kind in KINDS.items():
        path = os.path.join(sys.argv[2], f"{name}.pcap")
        capture(*kind, path)
        print(f"{path}: {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
