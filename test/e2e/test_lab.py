# SPDX-License-Identifier: BSD-3-Clause
"""The lab itself, with DPDK's own forwarder in the box: what fails here is not pennyline's."""

import json
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
