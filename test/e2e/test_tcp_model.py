# SPDX-License-Identifier: BSD-3-Clause
"""The TCP model of the simulator repairs as late as Linux does: of the same order, in the median.

How late is a matter of the sender's pace here, since the round trip between network namespaces is
next to nothing: the next segment's ACK shows the loss (RFC 8985), or without SACK the third. A model that
waited for its retransmission timeout instead, or did not wait at all, would be off by more."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "studies"))
import verdict_tcp  # noqa: E402

PACE = 20
SECONDS = 5
# Ten flows make some four drops a second, one at a time each.
LEAST_DROPS = 8


class TcpModel(unittest.TestCase):
    def check(self, sack):
        linux = verdict_tcp.real(PACE, sack, SECONDS)
        self.assertGreaterEqual(len(linux), LEAST_DROPS)
        median, _, _ = verdict_tcp.quantiles(linux)
        model = verdict_tcp.simulated(PACE, sack)["median"]
        self.assertGreater(median, model / 2)
        self.assertLess(median, model * 2)

    def test_linux_repairs_as_late_as_the_model(self):
        self.check(sack=True)

    def test_linux_without_sack_repairs_as_late_as_the_model(self):
        self.check(sack=False)
