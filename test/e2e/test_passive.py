# SPDX-License-Identifier: BSD-3-Clause
"""Mode passive on real TCP past a mirror: where the loss is, balancing, and whatever the mirror wraps
its copies in."""

import collections
import math
import os
import shutil
import unittest

import encapsulations
import mirror
import netlab
import pennyline

SEQUENCE_FIELDS = ("ip.src", "tcp.srcport", "tcp.seq_raw", "tcp.len", "tcp.flags")
BELOW = ("tcp.analysis.retransmission or tcp.analysis.fast_retransmission or "
         "tcp.analysis.spurious_retransmission or tcp.analysis.out_of_order")


def replay(path, two_way=False):
    return mirror.replay(pennyline.program("pennyline-replay"), path, two_way)


def watch(prepare, where=("fast", "to-r1"), seconds=2):
    """What a capture of bulk traffic at the mirror comes to, and the capture."""
    with mirror.Mirror(pennyline.program("delay-line")) as lab:
        path = os.path.join(lab.folder, "mirror.pcap")
        prepare(lab)
        dump = lab.capture(*where, path)
        lab.bulk(seconds)
        lab.wait_for_ends()
        dump.finish()
        kept = os.path.join("/tmp", f"{netlab.PREFIX}-{os.getpid()}.pcap")
        shutil.copy(path, kept)
    return replay(kept), kept


class UnequalPaths(mirror.Mirror):
    """One of the two paths takes longer."""

    def build(self):
        super().build()
        self.detour = self.namespace("detour")
        self.detour.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        self.slow.run("ip", "link", "delete", "to-r2")
        self.link(self.slow, "to-r2", self.detour, "first")
        self.link(self.detour, "second", self.r2, "to-slow")
        self.slow.addresses("to-r2", "10.1.5.1/24")
        self.r2.addresses("to-slow", "10.1.5.2/24")
        self.slow.run("ip", "route", "add", "10.1.6.0/24", "via", "10.1.5.2")

    def lengthen(self, ms):
        self.detour.start(pennyline.program("delay-line"), "first", "second", ms, 0, 0) \
            .wait_for("ready")


class Passive(unittest.TestCase):
    def tearDown(self):
        path = os.path.join("/tmp", f"{netlab.PREFIX}-{os.getpid()}.pcap")
        if os.path.exists(path):
            os.remove(path)

    def assert_about(self, rate, truth):
        """Six standard deviations: beyond it in one of 5e8 runs."""
        n = rate["observations"]
        self.assertGreater(n, 500)
        self.assertLess(abs(rate["hits"] - n * truth), 6 * math.sqrt(n * truth * (1 - truth)))

    def findings(self, found):
        return {f["finding"] for f in found["findings"]}

    def test_loss_before_the_mirror_is_upstream(self):
        found, _ = watch(lambda lab: lab.lose_before(60))
        self.assert_about(found["upstream_loss"], 0.06)
        self.assertIn("upstream_loss", self.findings(found))
        self.assertNotIn("per_packet_balancing", self.findings(found))

    def test_loss_after_the_mirror_is_found(self):
        """The interval is wide where the receiver's reports of duplicates are not seen."""
        found, path = watch(lambda lab: lab.lose_after(60))
        self.assert_about(replay(path, two_way=True)["downstream_loss"], 0.06)
        self.assertLess(found["downstream_loss"]["low"], 0.06)
        self.assertIn("downstream_loss", self.findings(found))

    def test_half_of_the_packets_on_another_path_is_balancing(self):
        found, _ = watch(lambda lab: lab.balance(500))
        self.assertIn("per_packet_balancing", self.findings(found))
        self.assertTrue(0.4 < found["share_here"] < 0.6, found["share_here"])
        self.assertNotIn("upstream_loss", self.findings(found))

    def test_packets_held_up_are_neither_lost_nor_balanced(self):
        # Senders wait for what is late by less than a quarter of the round trip (RFC 8985 3.2).
        found, _ = watch(lambda lab: lab.delay(20, held_up_per_mille=50, held_up_ms=3))
        self.assertEqual(self.findings(found), set())
        self.assertGreater(found["reordered"]["hits"], 50)

    def test_two_paths_of_different_delay_are_reordering_where_they_meet_again(self):
        """Seen on one of them: balancing. The identities hold at both places (mirror.replay()). The round
        trip is such that senders wait for what is late (RFC 8985 3.2: a quarter of it)."""
        with UnequalPaths(pennyline.program("delay-line")) as lab:
            places = {"on one path": ("fast", "to-r1"), "behind both": ("r2", "to-receiver")}
            paths = {name: os.path.join(lab.folder, f"{role}.pcap")
                     for name, (role, _) in places.items()}
            lab.delay(20)
            lab.lengthen(3)
            lab.balance(500)
            dumps = [lab.capture(*place, paths[name]) for name, place in places.items()]
            lab.bulk(2)
            lab.wait_for_ends()
            for dump in dumps:
                dump.finish()
            found = {name: replay(path) for name, path in paths.items()}
        one, both = found["on one path"], found["behind both"]
        self.assertIn("per_packet_balancing", self.findings(one))
        self.assertLess(one["share_here"], 0.6)
        self.assertNotIn("per_packet_balancing", self.findings(both))
        self.assertGreater(both["share_here"], 0.99)
        self.assertGreater(both["reordered"]["hits"], 50)
        self.assertLess(both["counters"]["holes_unfilled"], 5)

    def fields(self, path, packet_filter="tcp", names=SEQUENCE_FIELDS):
        """Of the innermost packets, as tshark reads them."""
        options = [word for name in names for word in ("-e", name)]
        text = netlab.run(["tshark", "-r", path, "-Y", packet_filter, "-T", "fields", "-E",
                           "occurrence=l", *options])
        return collections.Counter(text.splitlines())

    def test_every_encapsulation_tells_the_same(self):
        def both(lab):
            lab.lose_before(20)
            lab.lose_after(20)

        plain, path = watch(both, seconds=1)
        self.assertGreater(plain["counters"]["lost_upstream"], 0)
        self.assertGreater(plain["counters"]["repeats"], 0)
        expected = self.fields(path)
        folder = path + ".d"
        os.makedirs(folder, exist_ok=True)
        self.addCleanup(shutil.rmtree, folder)
        for name in encapsulations.WRAPS:
            for slice_bytes in (None, 96):
                with self.subTest(name, slice_bytes=slice_bytes):
                    wrapped = os.path.join(folder, "wrapped.pcap")
                    encapsulations.rewrite(path, wrapped, name, slice_bytes)
                    found = replay(wrapped)
                    for known in ("counters", "upstream_loss", "downstream_loss", "findings"):
                        self.assertEqual(found[known], plain[known], known)
                    if slice_bytes is None:
                        self.assertEqual(self.fields(wrapped), expected)

    def test_tshark_counts_the_same(self):
        found, path = watch(lambda lab: lab.lose_before(20))
        ours, sent = found["counters"], "ip.src == 10.1.1.1 and tcp.len > 1 and "
        below = sum(self.fields(path, f"{sent}({BELOW})").values())
        lost = sum(self.fields(path, f"{sent}tcp.analysis.lost_segment").values())
        self.assertEqual(ours["passed"] - ours["first_time"], below)
        # A hole that is filled in its middle becomes two; there is no such in plain loss.
        self.assertEqual(ours["holes_opened"], lost)


if __name__ == "__main__":
    unittest.main()
