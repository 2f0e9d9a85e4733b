# SPDX-License-Identifier: BSD-3-Clause
"""What sends and counts. Each has trial(rate_pps, seconds) -> (sent, received), highest_pps, and
open_flows(n), which returns how many flows the box under test has seen, or None when nobody can say."""
import json
import os
import random
import re
import subprocess
import tempfile
import time


class Model:
    """A made-up box that takes so many packets a second: proves the search, measures nothing."""

    highest_pps = 148.8e6

    def __init__(self, capacity_pps=60e6, noise=0.002, seed=1):
        self.capacity, self.noise = capacity_pps, noise
        self.random = random.Random(seed)

    def open_flows(self, n):
        return n

    def trial(self, rate_pps, seconds):
        capacity = self.capacity * (1 - self.noise * self.random.random())
        sent = int(rate_pps * seconds)
        return sent, min(sent, int(capacity * seconds))


class Testpmd:
    """testpmd in mode flowgen, which sends UDP of many flows as fast as it can and counts what comes
    back by the same port. It has no pace, so it is for MRR."""

    highest_pps = 1e12

    def __init__(self, command, frame_bytes=64):
        self.command = command
        self.frame_bytes = frame_bytes

    def open_flows(self, n):
        return None

    def trial(self, rate_pps, seconds):
        del rate_pps
        with subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True) as process:
            for line in ("set fwd flowgen", "set txpkts %d" % self.frame_bytes, "start"):
                process.stdin.write(line + "\n")
            process.stdin.flush()
            time.sleep(seconds)
            out, _ = process.communicate("stop\nshow port stats all\nquit\n", timeout=30)
        sent = sum(int(n) for n in re.findall(r"TX-packets: +(\d+)", _last_stats(out)))
        received = sum(int(n) for n in re.findall(r"RX-packets: +(\d+)", _last_stats(out)))
        return sent, received


def _last_stats(text):
    return text[text.rfind("NIC statistics for port 0"):]


class Pktgen:
    """pktgen-dpdk on the sending machine, driven by pktgen.lua: one run of the program a trial."""

    def __init__(self, command, highest_pps, frame_bytes, n_flows):
        self.command, self.highest_pps = command, highest_pps
        self.frame_bytes, self.n_flows = frame_bytes, n_flows

    def _run(self, rate_pps, seconds):
        with tempfile.TemporaryDirectory() as directory:
            out = os.path.join(directory, "result.json")
            environment = dict(os.environ, LAB_RATE_PERCENT="%.4f" % (100 * rate_pps / self.highest_pps),
                               LAB_SECONDS="%g" % seconds, LAB_FRAME_BYTES=str(self.frame_bytes),
                               LAB_FLOWS=str(self.n_flows), LAB_RESULT=out)
            script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pktgen.lua")
            subprocess.run(self.command + ["-f", script], env=environment, check=True,
                           timeout=seconds + 60)
            with open(out, encoding="utf-8") as file:
                return json.load(file)

    def open_flows(self, n):
        """Every flow twice, slowly."""
        self.n_flows = n
        self._run(min(self.highest_pps / 100, n), 2 * max(1.0, n / (self.highest_pps / 100)))
        return None

    def trial(self, rate_pps, seconds):
        result = self._run(rate_pps, seconds)
        return result["sent"], result["received"]
