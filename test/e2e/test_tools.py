# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's own tools on a pennyline that forwards: they attach, see it, and leave it as it was."""

import contextlib
import json
import os
import re
import subprocess
import time
import unittest

import netlab
import pennyline
from netlab import RECEIVER, SPOOFED
from telemetry import Telemetry

VIEWS = ("status", "slices", "verdicts", "ports", "lcores", "flows", "reasons", "memory", "rings",
             "aggregates", "sources")
SLICES = [{"name": "spoofed", "sources": [SPOOFED[4]], "mode": "active"}]

@contextlib.contextmanager
def forwarding(seconds=60):
    with netlab.Path() as lab:
        service = pennyline.Service(lab, SLICES, driver="af_packet")
        lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], RECEIVER[4], "--flows", 10,
                  "--rate", 1000, "--payload", 300, "--handshake", "--duration", seconds)
        yield lab, service, service.config["eal"]["file_prefix"]


class StockTools(unittest.TestCase):
    def run_tool(self, *arguments, **options):
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=40, check=False,
                              **options)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stdout[-800:]}{done.stderr[-800:]}")
        return done.stdout

    def ends_whole(self, service):
        code, summary = service.stop()
        self.assertEqual(code, 0)
        self.assertEqual(summary.broken_identities(), [])

    def check_load(self, lcore):
        load = lcore["load"]
        self.assertGreater(load["packets"], 0)
        self.assertEqual(sum(load["bursts_by_packets"].values()), load["bursts"])
        self.assertGreaterEqual(load["packets"], load["bursts"])
        self.assertLessEqual(load["busy_turns"], load["bursts"])
        self.assertGreater(load["idle_cycles"], 0)
        # Telemetry has no real numbers.
        self.assertTrue(0 <= float(load["recent"]["busy_share"]) <= 1, load["recent"])

    def check_help(self, views):
        """Telemetry lists each endpoint, and says what it is for."""
        known = [name for name in views["/"] if name.startswith("/pennyline/")]
        self.assertEqual(sorted(known), sorted(f"/pennyline/{view}" for view in
                                               (*VIEWS, "aggregate", "machine", "machines", "map", "worker")))
        self.assertIn("busy share", views["/help"]["/pennyline/lcores"])

    def test_telemetry_shows_every_view(self):
        with forwarding() as (_, service, prefix):
            asked = "".join(f"/pennyline/{view}\n" for view in VIEWS)
            asked += "/\n/help,/pennyline/lcores\n"
            said = self.run_tool("dpdk-telemetry.py", "--file-prefix", prefix, input=asked)
            decoder, views, at = json.JSONDecoder(), {}, said.find("{")
            while at >= 0:
                value, end = decoder.raw_decode(said, at)
                views.update(value)
                at = said.find("{", end)
            for view in VIEWS:
                self.assertIsInstance(views[f"/pennyline/{view}"], dict, view)
            self.check_help(views)
            self.check_load(views["/pennyline/lcores"]["items"]["0"])
            self.assertEqual(views["/pennyline/ports"]["items"]["0"]["name"], "left")
            self.ends_whole(service)

    def test_proc_info_reads_counters_pools_and_rings(self):
        with forwarding(seconds=2) as (_, service, prefix):
            def proc_info(what):
                return self.run_tool("dpdk-proc-info", "--file-prefix", prefix, "--no-pci", "--",
                                     "-p", "3", what)
            before = -1
            while (port := service.ask("status")["ports"][0])["rx_packets"] != before:
                before = port["rx_packets"]
                time.sleep(1)
            self.assertGreater(before, 1000)
            # Port 0 comes first; what came in meanwhile is neighbours' discovery at most.
            received = int(re.search(r"RX-packets: +(\d+)", proc_info("--stats"))[1])
            self.assertIn(received - before, range(5))
            received = int(re.search(r"rx_good_packets: (\d+)", proc_info("--xstats"))[1])
            self.assertIn(received - before, range(5))
            pool = service.ask("status")["memory"]["pools"][0]
            said = proc_info("--show-mempool=" + pool["pool"])
            self.assertRegex(said, rf"Size {pool['buffers']}\b")
            ring = proc_info("--show-ring=export_0")
            with Telemetry(prefix) as telemetry:
                capacity = telemetry.ask("/pennyline/rings")["export_0"]["capacity"]
            self.assertIn("export_0", ring)
            self.assertRegex(ring, rf"\b{capacity}\b")
            self.ends_whole(service)

    def test_dumpcap_captures_what_comes_in(self):
        with forwarding() as (lab, service, prefix):
            path = os.path.join(lab.folder, "captured.pcapng")
            self.run_tool("dpdk-dumpcap", f"--file-prefix={prefix}", "-i", "0", "-c", "50", "-q",
                          "-a", "duration:20", "-w", path)
            sent = self.run_tool("tcpdump", "-nr", path, f"tcp and src net {SPOOFED[4]} and "
                                 f"dst host {RECEIVER[4]}")
            # Of fifty, some may be of others: neighbours' discovery.
            self.assertGreaterEqual(sent.count("length 300"), 40)
            self.ends_whole(service)
