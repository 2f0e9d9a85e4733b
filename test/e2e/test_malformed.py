# SPDX-License-Identifier: BSD-3-Clause
"""A malformed packet is forwarded, or taken in by a mirror port, under a name: in replays and live, with
every packet accounted for."""

import collections
import json
import os
import subprocess
import tempfile
import unittest

import devices
import frames
import hostile
import pennyline

SOURCE = "198.51.100.0/24"
# What does not depend on when a packet was read.
EXACT = ("passed", "first_time", "payload_bytes", "holes_opened")


def replay(folder, packets, mode):
    path = os.path.join(folder, "replayed.pcap")
    devices.write_capture(path, packets)
    done = subprocess.run([pennyline.program("pennyline-replay"), f"--pcap={path}", f"--mode={mode}",
                           f"--source={SOURCE}", "--json"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout)


def reasons_of_replay(folder, packets, mode):
    return replay(folder, packets, mode)["capture"]["packet_reasons"]


def reasons_of(summary):
    return {name: n for name, n in summary.whole["packet_reasons"].items() if n}


class Malformed(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pl-malformed-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.odd = [*frames.odd_frames(), *hostile.hostile_tunnels()]
        self.all = [*(odd.frame for odd in self.odd), *hostile.cut_frames()]

    def finish(self, service, sent):
        """Its end, with each packet in exactly one reason."""
        code, summary = service.stop()
        self.assertEqual(code, 0, service.process.errors())
        self.assertEqual(summary.broken_identities(), [])
        self.assertEqual(summary.totals["rx_packets"], len(sent))
        self.assertEqual(summary.totals["dropped"], 0)
        self.assertEqual(sum(summary.whole["packet_reasons"].values()), len(sent))
        return summary

    def start(self, sent, mode, **port):
        return devices.Service(self.folder, sent, port=port,
                               slices=[{"name": "s", "sources": [SOURCE], "mode": mode}])

    def test_each_is_counted_under_its_name(self):
        for mode in ("active", "passive"):
            expected = collections.Counter(odd.counted(mode == "passive") for odd in self.odd)
            if reasons_of_replay(self.folder, [odd.frame for odd in self.odd], mode) == expected:
                continue
            for odd in self.odd:  # which one
                with self.subTest(odd.name, mode=mode):
                    self.assertEqual(reasons_of_replay(self.folder, [odd.frame], mode),
                                     {odd.counted(mode == "passive"): 1})

    def test_beside_a_test_that_drops_all_pass_to_the_bit(self):
        service = self.start(self.all, "active")
        self.assertEqual(service.wait_for_frames(len(self.all)), self.all)
        summary = self.finish(service, self.all)
        self.assertEqual(reasons_of(summary), reasons_of_replay(self.folder, self.all, "active"))

    def test_on_a_mirror_all_are_counted_and_none_leaves(self):
        sent = self.all + hostile.wrapped_conversation()
        service = self.start(sent, "passive", role="mirror")
        service.wait_until_received(len(sent))
        summary = self.finish(service, sent)
        replayed = replay(self.folder, sent, "passive")
        self.assertEqual(summary.totals["absorbed_mirror"], len(sent))
        self.assertEqual(summary.totals["tx_packets"], 0)
        self.assertEqual(reasons_of(summary), replayed["capture"]["packet_reasons"])
        self.assert_same_counters(summary, replayed)

    def test_what_is_watched_on_the_path_passes_to_the_bit_tunnels_and_all(self):
        sent = hostile.wrapped_conversation()
        service = self.start(sent, "passive", decapsulate=True)
        self.assertEqual(service.wait_for_frames(len(sent)), sent)
        summary = self.finish(service, sent)
        self.assertEqual(reasons_of(summary), {"tcp": len(sent)})
        self.assert_same_counters(summary, replay(self.folder, sent, "passive"))

    def assert_same_counters(self, summary, replayed):
        live, there = (whole["aggregates"][0]["passive"]["counters"]
                       for whole in (summary.whole, replayed))
        self.assertEqual({name: live[name] for name in EXACT}, {name: there[name] for name in EXACT})
        self.assertGreater(live["holes_opened"], 10)


if __name__ == "__main__":
    unittest.main()
