# SPDX-License-Identifier: BSD-3-Clause
"""A thousand aggregates under test at once, and a hundred thousand flows, on one worker.

300 aggregates are genuine (5 connections of the real stack each), 704 are blind (140 flows each). A
genuine aggregate sends 10 segments a second for a minute at least, so it has 30 drops to expect and needs 5:
that it has fewer has a probability of 4e-9. A blind one has as many, and needs 12 at most."""

import collections
import time
import unittest

import live
import netlab
import pennyline
from netlab import RECEIVER

N_GENUINE, GENUINE_FLOWS = 300, 5
GENUINE_FIRST = "198.18.0.1"
# Together 704 addresses; the flows take them in turn.
BLIND_PREFIXES = {"198.19.0.0/23": 512, "198.19.2.0/25": 128, "198.19.2.128/26": 64}
BLIND_FLOWS, BLIND_RATE = 140, 10  # of an address
SLICE = "198.18.0.0/15"
INSTANCE = {"max_aggregates": 4096, "flows_per_lcore": 262144, "max_pending_drops": 16384,
            "max_flow_places": 16384}
# Single flows send once in 14 s here, so their phase ends by its time.
FLOWS_PHASE_MS = 60000 if live.FULL else 10000
# Of traffic; a busy machine needs more of them, and no test waits for their end.
SECONDS = 600


class Scale(unittest.TestCase):
    def start_traffic(self, lab):
        lab.any_source("198.18.0.0/16")
        for prefix, n in BLIND_PREFIXES.items():
            lab.spoof(pennyline.program("pennyline-blind"), prefix, RECEIVER[4], "--flows",
                      n * BLIND_FLOWS, "--rate", n * BLIND_RATE, "--duration", SECONDS,
                      "--payload", 100, "--handshake")
        lab.paced_flows(GENUINE_FIRST, N_GENUINE, SECONDS, ("--flows", GENUINE_FLOWS, "--interval",
                                                           0.5, "--ramp", 3, "--bytes", 500))

    def wait_for_verdicts(self, service, n):
        """Seconds that it took; and the most flows in the table."""
        started, most_flows = time.monotonic(), 0

        def all_done():
            nonlocal most_flows
            status = service.ask("status")
            most_flows = max(most_flows, status["workers"][0]["flows"]["now"])
            return status["n_aggregates"] == n and status["tests"]["done"] == n

        netlab.wait_until("all verdicts", all_done, SECONDS, pause_s=0.2)
        return time.monotonic() - started, most_flows

    def test_each_of_1000_aggregates_of_100000_flows_gets_its_verdict(self):
        n_blind = sum(BLIND_PREFIXES.values())
        with netlab.Path() as lab:
            service = pennyline.Service(
                lab, [{"name": "all", "sources": [SLICE], "mode": "active",
                       "granularity": {"ipv4": 32}}], INSTANCE,
                defaults={"individual_phase_timeout_ms": FLOWS_PHASE_MS}, memory_mb=512)
            self.start_traffic(lab)
            seconds, most_flows = self.wait_for_verdicts(service, N_GENUINE + n_blind)
            code, summary = service.stop()
        self.assertEqual(code, 0)
        self.assertEqual(summary.broken_identities(), [])
        verdicts = {"genuine": collections.Counter(), "blind": collections.Counter()}
        for a in summary.aggregates:
            kind = "genuine" if a["prefix"].startswith("198.18.") else "blind"
            verdicts[kind][a["verdict"]] += 1
        print(f"      {dict(verdicts)}, {most_flows} flows at once, all within {seconds:.0f} s, "
              f"{summary.totals['rx_packets']} packets, lost "
              f"{ {k: v for k, v in summary.totals.items() if k.startswith('lost_')} }")
        self.assertEqual(verdicts, {"genuine": {"closed_loop": N_GENUINE},
                                    "blind": {"not_closed_loop": n_blind}})
        self.assertGreaterEqual(most_flows, 100000)
