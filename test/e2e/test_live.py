# SPDX-License-Identifier: BSD-3-Clause
"""Verdicts on the traffic of real TCP stacks and of blind senders, live."""

import itertools
import unittest

import live
import pennyline
from live import Scenario

# Blind senders repeat at once or never: that they are waited for as long as by default is tested once.
IMPATIENT = {"flows_phase_ms": 3000, "patience_ms": 1000}

ONE_OF_EACH_KIND = [
    Scenario("genuine_ipv4", "genuine"),
    Scenario("genuine_ipv6_bbr", "genuine", family=6, congestion="bbr"),
    Scenario("genuine_in_a_vlan", "genuine", vlan=100),
    Scenario("genuine_reno_without_sack", "genuine", congestion="reno", sack=False),
    Scenario("genuine_lossy_before_the_box", "genuine", loss_before=30),
    Scenario("genuine_lossy_after_the_box", "genuine", loss_after=30),
    Scenario("genuine_short_connections", "short"),
    Scenario("genuine_af_packet_two_queues", "genuine", driver="af_packet", queues=2),
    Scenario("genuine_two_queues", "genuine", queues=2),
    Scenario("genuine_ipv6_two_queues_lossy_without_sack", "genuine", family=6, queues=2,
             congestion="reno", sack=False, loss_after=30),
    Scenario("genuine_vlan_two_queues_bbr", "genuine", queues=2, vlan=100, congestion="bbr"),
    Scenario("genuine_by_rule_penny", "genuine", rule="penny"),
    Scenario("spoofed_ipv4", "spoofed", "not_closed_loop"),
    Scenario("spoofed_ipv6_in_a_vlan_af_packet", "spoofed", "not_closed_loop", family=6, vlan=100,
             driver="af_packet", **IMPATIENT),
    Scenario("spoofed_with_duplicates", "spoofed", "not_closed_loop", duplicates="0.1", **IMPATIENT),
    Scenario("spoofed_by_rule_penny", "spoofed", "not_closed_loop", rule="penny", **IMPATIENT),
    Scenario("mixed", "mixed", mixed=True, queues=2),
]


def every_combination():
    """Every family, congestion control, SACK or not, and loss, on every driver."""
    losses = [(0, 0)] + [(n, 0) for n in (10, 30, 60)] + [(0, n) for n in (10, 30, 60)]
    paths = [("af_xdp", 1, None), ("af_xdp", 2, None), ("af_packet", 1, None), ("af_packet", 2, 100)]
    for family, congestion, sack, (before, after) in itertools.product(
            (4, 6), ("cubic", "reno", "bbr"), (True, False), losses):
        # The drivers take turns, so that each meets every kind.
        driver, queues, vlan = paths[(before // 10 + after // 10 + sack + family // 2) % 4]
        yield Scenario(
            f"genuine_v{family}_{congestion}_{'sack' if sack else 'nosack'}_"
            f"before{before}_after{after}_{driver}{queues}{'_vlan' if vlan else ''}",
            "genuine", family=family, congestion=congestion, sack=sack, loss_before=before,
            loss_after=after, driver=driver, queues=queues, vlan=vlan)
    for family, (driver, queues, vlan), ratio in itertools.product(
            (4, 6), paths, ("0", "0.05", "0.1", "0.149")):
        yield Scenario(f"spoofed_v{family}_{driver}{queues}_duplicates{ratio}", "spoofed",
                       "not_closed_loop", family=family, driver=driver, queues=queues, vlan=vlan,
                       duplicates=ratio, flows_phase_ms=5000)
    for family, (driver, queues, vlan) in itertools.product((4, 6), paths):
        yield Scenario(f"mixed_v{family}_{driver}{queues}", "mixed", family=family, driver=driver,
                       queues=queues, vlan=vlan, mixed=True)


class Live(unittest.TestCase):
    def check(self, scenario):
        code, summary, kernel = live.play(scenario)
        aggregate = summary.aggregate(scenario.sources())
        self.assertEqual(aggregate["verdict"], scenario.verdict, aggregate)
        self.assertEqual(code, pennyline.EXIT_CODES[scenario.verdict])
        self.assertEqual(aggregate["pending"], 0, "the test ended before its drops did")
        self.assertEqual(summary.broken_identities(), [])
        if scenario.mixed:
            self.assertTrue(aggregate["mixed"], aggregate)
        for device, counters in kernel.items():
            # Nobody else sends there; what came before the start is the kernel's alone.
            self.assertEqual(summary.port(device)["tx_packets"], counters["tx_packets"])
            self.assertLessEqual(summary.port(device)["rx_packets"], counters["rx_packets"])


def add_cases():
    scenarios = list(ONE_OF_EACH_KIND)
    if live.FULL:
        scenarios += every_combination()
    for scenario in scenarios:
        def case(self, scenario=scenario):
            self.check(scenario)

        setattr(Live, f"test_{scenario.name}", case)


add_cases()
