# SPDX-License-Identifier: BSD-3-Clause
"""Several workers, each with a queue of every port: verdicts, budgets and counters over all of them."""

import unittest

import netlab
import pennyline
from netlab import GENUINE, RECEIVER, SPOOFED

# Two worker lcores on one CPU, as a machine of two CPUs needs it.
TWO_WORKERS = "0@0,(1-2)@1"
N_AGGREGATES = 10
SECONDS = 600  # of traffic; no test waits for their end


def two_queues(driver):
    return [{"name": name, "device": f"iface:{device}", "driver": driver, "queues": 2,
             "pair": other} for name, device, other in (("left", "portA", "right"),
                                                        ("right", "portB", "left"))]


class Workers(unittest.TestCase):
    def all_done(self, service, n):
        status = service.ask("status")
        return status if status["tests"]["done"] == n else None

    def check(self, driver):
        """Ten genuine aggregates and ten blind ones of ten flows each, spread over two workers. That all
        100 connections meet one queue has a probability of 2^-99."""
        sources = [f"{netlab.host(GENUINE[4], n)}/32" for n in range(1, N_AGGREGATES + 1)]
        blind = [f"{netlab.host(SPOOFED[4], n)}/32" for n in range(N_AGGREGATES)]
        slices = [{"name": f"s{number}", "sources": [source], "mode": "active"}
                  for number, source in enumerate(sources + blind)]
        with netlab.Path(queues=2) as lab:
            service = pennyline.Service(lab, slices, ports=two_queues(driver), lcores=TWO_WORKERS,
                                        defaults={"individual_phase_timeout_ms": 8000})
            lab.spoof(pennyline.program("pennyline-blind"), f"{SPOOFED[4].split('/')[0]}/28",
                      RECEIVER[4], "--flows", 160, "--rate", 3200, "--duration", SECONDS, "--payload",
                      200, "--handshake", "--duplicates", "2%", "--attack", "duplicates")
            lab.paced_flows(netlab.host(GENUINE[4], 1), N_AGGREGATES, SECONDS,
                            ("--flows", 10, "--interval", 0.2, "--burst", 2))
            status = netlab.wait_until("all verdicts", lambda: self.all_done(service, len(slices)),
                                       SECONDS)
            workers = [worker["counters"] for worker in status["workers"]]
            code, summary = service.stop()
        self.assertEqual(code, 0)
        self.assertEqual(summary.broken_identities(), [])
        self.assertEqual(len(workers), 2)
        for counters in workers:
            self.assertGreater(counters["rx_packets"], 1000, workers)
            self.assertGreater(counters["dropped"], 0, workers)
        for source in sources:
            self.assertEqual(summary.aggregate(source)["verdict"], "closed_loop")
            most = 12 if summary.aggregate(source)["via"] == "aggregate" else 12 + 10 * 6
            self.assertLessEqual(summary.aggregate(source)["dropped"], most)
        for source in blind:
            self.assertEqual(summary.aggregate(source)["verdict"], "not_closed_loop")
            self.assertLessEqual(summary.aggregate(source)["dropped"], 12 + 10 * 6)

    def test_two_workers_share_tests_and_budgets_af_xdp(self):
        self.check("af_xdp")

    def test_two_workers_share_tests_and_budgets_af_packet(self):
        self.check("af_packet")
