# SPDX-License-Identifier: BSD-3-Clause
"""The page in Chromium over a pennyline that forwards real TCP and spoofed segments.

The genuine aggregate sends 200 segments a second for as long as its test may last (a minute), so it has 600
drops to expect and needs 6; what the blind one repeats it repeats by no knowledge, so it is called genuine
with a probability below 1e-6."""

import os
import shutil
import subprocess
import sys
import unittest

import netlab
import pennyline
from netlab import GENUINE, RECEIVER, SPOOFED

BROWSER = os.path.join(netlab.TREE, "test", "browser")
sys.path.append(os.path.join(netlab.TREE, "test", "web"))
from gateway import TOKEN, Gateway  # noqa: E402

SECONDS = 240
# Many small aggregates beside the two that are tested: real senders in the first /16, blind ones in the second.
MANY = "198.18.0.0/15"
SLICES = [{"name": "genuine", "sources": [GENUINE[4]], "mode": "active", "start": "manual"},
          {"name": "spoofed", "sources": [SPOOFED[4]], "mode": "active", "start": "manual",
           "fallback_to_individual": False},
          {"name": "edge", "sources": [MANY], "mode": "active", "granularity": {"ipv4": 32},
           "individual_phase_timeout_ms": 10000}]


@unittest.skipUnless(shutil.which("node") and os.path.isdir(os.path.join(BROWSER, "node_modules")),
                     "node and test/browser/node_modules are needed: npm ci --prefix test/browser")
class Page(unittest.TestCase):
    def test_the_page_shows_and_steers_a_real_run(self):
        folder = os.path.abspath(os.path.join(netlab.TREE, "build", "page"))
        os.makedirs(folder, exist_ok=True)
        with netlab.Path() as lab:
            service = pennyline.Service(lab, SLICES, {"name": "pop-1"})
            lab.any_source("198.18.0.0/16")
            lab.paced_flows(netlab.host(GENUINE[4], 1), 1, SECONDS, ("--flows", 10))
            lab.paced_flows("198.18.0.1", 18, SECONDS, ("--flows", 5, "--interval", 0.2), port=8082)
            blind = pennyline.program("pennyline-blind")
            lab.spoof(blind, SPOOFED[4], RECEIVER[4], "--flows", 10, "--rate", 500, "--payload", 300,
                      "--handshake", "--duration", SECONDS)
            lab.spoof(blind, "198.19.0.0/29", RECEIVER[4], "--flows", 80, "--rate", 200,
                      "--handshake", "--duration", SECONDS)
            web = Gateway(pennyline.program("pennyline-web"), service.control_path)
            self.addCleanup(web.kill)
            web.wait_complete()
            run = subprocess.run(
                ["node", os.path.join(BROWSER, "live.mjs"), f"http://127.0.0.1:{web.port}/", TOKEN,
                 folder], timeout=200, check=False, capture_output=True, text=True)
            web.close()
            code, summary = service.stop()
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertEqual(code, 0)
        self.assertEqual(summary.broken_identities(), [])
