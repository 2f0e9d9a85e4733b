# SPDX-License-Identifier: BSD-3-Clause
"""When nothing could be tested, the reason says why."""

import unittest

import netlab
import pennyline
from netlab import GENUINE, RECEIVER

SEND_UDP = """
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 0))
for _ in range(200):
    s.sendto(b"x" * 1200, (sys.argv[2], 443))
    time.sleep(0.01)
"""


class Untested(unittest.TestCase):
    def expect(self, reason, code, aggregate):
        self.assertEqual(code, pennyline.NOTHING_TESTED)
        self.assertEqual(aggregate["verdict"], "inconclusive")
        self.assertEqual(aggregate["reason"], reason, aggregate)
        self.assertEqual(aggregate["dropped"], 0)

    def test_udp_alone_is_called_no_tcp(self):
        with netlab.Path() as lab:
            test = pennyline.Test(lab, [GENUINE[4]], options=["--duration", "4"])
            lab.sender.start("python3", "-c", SEND_UDP, netlab.host(GENUINE[4], 1), RECEIVER[4])
            code, summary = test.finish(30)
        aggregate = summary.aggregate(GENUINE[4])
        self.expect("no_tcp", code, aggregate)
        self.assertGreater(aggregate["not_tcp"], 50)
        self.assertIn(f"{aggregate['not_tcp']} of other protocols", aggregate["reason_text"])
        self.assertEqual(aggregate["packets"], 0)
        self.assertEqual(summary.broken_identities(), [])

    def test_partial_checksums_of_the_far_end_are_told(self):
        """As veths are made: the sender leaves its checksums to a NIC that it does not have."""
        with netlab.Path() as lab:
            for namespace in (lab.sender, lab.upstream):
                namespace.run("ethtool", "-K", "up0", "tx", "on")
            test = pennyline.Test(lab, [GENUINE[4]], options=["--duration", "5"])
            lab.iperf_server()
            lab.iperf(netlab.host(GENUINE[4], 1), RECEIVER[4], 4)
            code, summary = test.finish(30)
        aggregate = summary.aggregate(GENUINE[4])
        self.expect("checksums", code, aggregate)
        self.assertGreater(aggregate["checksums_wrong"], 0)
        self.assertIn("tx off", aggregate["reason_text"])
        self.assertEqual(summary.broken_identities(), [])
