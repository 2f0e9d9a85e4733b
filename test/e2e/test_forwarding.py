# SPDX-License-Identifier: BSD-3-Clause
"""What is not tested goes through to the bit, in order, both ways; nothing is ever a black hole."""

import os
import time
import unittest

import frames
import netlab
import pennyline
from netlab import GENUINE, RECEIVER

SENDER = os.path.join(os.path.dirname(os.path.abspath(frames.__file__)), "frames.py")


def send_and_capture(lab, driver, source, source_device, target, target_device):
    """What comes out at the target of all that frames.py sends."""
    expected = len(frames.frames(driver))
    path = os.path.join(lab.folder, f"{target.role}.pcap")
    dump = target.start("tcpdump", "-i", target_device, "-Q", "in", "-s", 0, "-U", "-w", path,
                        "ether", "src", ":".join(f"{byte:02x}" for byte in frames.SOURCE_MAC))
    dump.wait_for("listening on")
    source.run(SENDER, source_device, driver)
    deadline = time.monotonic() + netlab.PATIENCE_S
    while len(frames.captured(path)) < expected and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(0.5)  # what comes beside would be wrong too
    dump.stop()
    return frames.captured(path)


class Forwarding(unittest.TestCase):
    def check_bit_exact(self, driver, mode):
        sent = frames.frames(driver)
        with netlab.Path() as lab:
            before = {d: lab.box.counters(d) for d in ("portA", "portB")}
            test = pennyline.Test(lab, [GENUINE[4]], driver, options=["--mode", mode,
                                                                     "--duration", "60"])
            ways = ((lab.upstream, "up0", lab.downstream, "down0"),
                    (lab.downstream, "down0", lab.upstream, "up0"))
            for way in ways:
                came = send_and_capture(lab, driver, *way)
                self.assert_same(sent, came, f"{way[0].role} to {way[2].role}")
            _, summary = test.interrupt()
            self.assertEqual(summary.broken_identities(), [])
            self.assertEqual(summary.totals["dropped"], 0)
            for device in ("portA", "portB"):
                kernel, port = lab.box.counters(device), summary.port(device)
                self.assertEqual(port["tx_packets"],
                                 kernel["tx_packets"] - before[device]["tx_packets"])
                self.assertLessEqual(port["rx_packets"],
                                     kernel["rx_packets"] - before[device]["rx_packets"])
                self.assertGreaterEqual(port["rx_packets"], len(sent))

    def assert_same(self, sent, came, way):
        for number, (a, b) in enumerate(zip(sent, came)):
            if a != b:
                self.fail(f"{way}: frame {number} ({frames.name_of(a)})\n"
                          f"sent {a.hex()[:400]}\ncame {b.hex()[:400]}")
        self.assertEqual(len(came), len(sent), f"{way}: frames lost or added at the end")

    def test_odd_frames_pass_af_xdp_to_the_bit_and_in_order(self):
        self.check_bit_exact("af_xdp", "active")

    def test_odd_frames_pass_af_packet_to_the_bit_and_in_order(self):
        self.check_bit_exact("af_packet", "active")

    def test_odd_frames_pass_mode_passive_af_xdp(self):
        self.check_bit_exact("af_xdp", "passive")

    def test_odd_frames_pass_mode_passive_af_packet(self):
        self.check_bit_exact("af_packet", "passive")

    def check_drops_nothing(self, mode):
        """Real flows of the tested source, and not one packet less."""
        with netlab.Path() as lab:
            test = pennyline.Test(lab, [GENUINE[4]], options=["--mode", mode, "--duration", "60"])
            lab.iperf_server()
            client = lab.iperf(netlab.host(GENUINE[4], 1), RECEIVER[4], 3)
            self.assertEqual(client.wait(20), 0, client.errors())
            _, summary = test.interrupt()
        aggregate = summary.aggregate(GENUINE[4])
        self.assertEqual(summary.totals["dropped"], 0)
        self.assertEqual(aggregate["dropped"], 0)
        self.assertGreater(aggregate["packets"], 1000)
        self.assertEqual(summary.broken_identities(), [])

    def test_mode_off_counts_and_drops_nothing(self):
        self.check_drops_nothing("off")

    def test_mode_passive_on_the_path_drops_nothing(self):
        self.check_drops_nothing("passive")

    def test_an_untested_source_loses_nothing(self):
        with netlab.Path() as lab:
            test = pennyline.Test(lab, ["100.64.0.0/10"], options=["--duration", "60"])
            lab.iperf_server()
            client = lab.iperf(netlab.host(GENUINE[4], 1), RECEIVER[4], 3)
            self.assertEqual(client.wait(20), 0, client.errors())
            code, summary = test.interrupt()
        self.assertEqual(code, pennyline.NOTHING_TESTED)
        self.assertEqual(summary.totals["dropped"], 0)
        self.assertGreater(summary.totals["tx_packets"], 1000)
        self.assertEqual(summary.broken_identities(), [])
