# SPDX-License-Identifier: BSD-3-Clause
"""The lab itself, with DPDK's own forwarder in the box: what fails here is not pennyline's. And the kit
for the other lab, that of 100G, in small."""

import json
import os
import subprocess
import tempfile
import time
import unittest

import live
import netlab
import pennyline
from netlab import GENUINE, RECEIVER


def start_testpmd(lab, driver, queues):
    devices = [("portA", 0), ("portB", 1)]
    if driver == "af_xdp":
        vdevs = [f"net_af_xdp{n},iface={device}" for device, n in devices]
    else:
        vdevs = [f"net_af_packet{n},iface={device},qpairs={queues}" for device, n in devices]
    forwarder = lab.box.start(
        "dpdk-testpmd", "--lcores", "0@0,1@0", "--in-memory", "--no-pci", "-m", 256, "--vdev",
        vdevs[0], "--vdev", vdevs[1], "--", "--forward-mode=io", "--auto-start",
        f"--rxq={queues}", f"--txq={queues}", "--stats-period=1")
    forwarder.wait_for("Port statistics", 30)
    return forwarder


@unittest.skipUnless(live.FULL, "the lab's own test: with --full")
class LabItself(unittest.TestCase):
    def check(self, driver, family, queues=1, vlan=None, before=0, after=0):
        tagger = pennyline.program("vlan-tagger")
        with netlab.Path(queues, vlan, tagger) as lab:
            if before:
                lab.lose_before_box(before)
            if after:
                lab.lose_after_box(after)
            start_testpmd(lab, driver, queues)
            at_start = [lab.box.counters(device) for device in ("portA", "portB")]
            lab.iperf_server()
            client = lab.iperf(netlab.host(GENUINE[family], 1), RECEIVER[family], 4)
            self.assertEqual(client.wait(20), 0, client.output())
            time.sleep(0.2)
            at_end = [lab.box.counters(device) for device in ("portA", "portB")]
            lost = [before and lab.upstream.lost(), after and lab.downstream.lost()]
            sent = json.loads(client.output())["end"]["sum_sent"]
        self.assertGreater(sent["bits_per_second"], 15e6)
        # What came in by one port left by the other.
        for entry, leaving in ((0, 1), (1, 0)):
            self.assertEqual(at_end[entry]["rx_packets"] - at_start[entry]["rx_packets"],
                             at_end[leaving]["tx_packets"] - at_start[leaving]["tx_packets"])
        # About 7,000 segments are sent, so losses of 20 per mille are seen for certain.
        self.assertEqual([n > 0 for n in lost], [before > 0, after > 0])
        if before or after:
            self.assertGreater(sent["retransmits"], 0)

    def test_af_xdp_passes_real_tcp_with_loss_on_both_sides(self):
        self.check("af_xdp", 6, before=20, after=20)

    def test_af_xdp_passes_real_tcp_in_a_vlan(self):
        self.check("af_xdp", 4, vlan=100)

    def test_af_packet_passes_real_tcp_by_two_queues(self):
        self.check("af_packet", 4, queues=2)


class LabOf100GInSmall(unittest.TestCase):
    def test_every_measure_runs_to_its_end_and_is_in_the_report(self):
        small = os.path.join(netlab.TREE, "tools", "lab100g", "small.py")
        with tempfile.TemporaryDirectory() as directory:
            out = os.path.join(directory, "small.jsonl")
            done = subprocess.run([small, "--build", pennyline.build_directory(), "--out", out,
                                   "--repeats", "1", "--trial-seconds", "0.05", "--sessions",
                                   "4032"], capture_output=True, text=True, timeout=170,
                                  check=False)
            self.assertEqual(done.returncode, 0, done.stdout[-1500:] + done.stderr[-1500:])
            with open(out, encoding="utf-8") as file:
                records = [json.loads(line) for line in file]
            self.assertTrue(os.path.getsize(os.path.join(directory, "small.svg")) > 0)
        trials = [r for r in records if r["what"] == "trial"]
        # Flows were opened before any trial, all of them, and none was lost sight of.
        self.assertEqual({r["known"] for r in trials if r["flows"] == 1008}, {1008})
        self.assertEqual({r["known"] for r in trials if r["flows"] == 4032}, {4032})
        for r in trials:
            self.assertGreater(r["sent"], 0)
            self.assertLessEqual(r["received"], r["sent"])
            self.assertLessEqual(r["sent"], 1.01 * r["rate"] * r["elapsed"] + 64)
            self.assertLessEqual(r["latency_us"]["p50"], r["latency_us"]["p99"])
        self.assertEqual({r["frame_bytes"] for r in records if r["what"] == "mrr"},
                         {"64", "imix", "1518"})
        for words in ("MRR", "NDR", "PDR", "4032", "p99.9", "these figures mean nothing"):
            self.assertIn(words, done.stdout)
