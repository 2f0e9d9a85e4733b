# SPDX-License-Identifier: BSD-3-Clause
"""pktgen.lua, as the kit starts it, beside a stand-in for pktgen's API."""
import os
import shutil
import sys
import tempfile
import unittest

import senders

HERE = os.path.dirname(os.path.abspath(__file__))
LUA = shutil.which("lua5.4") or shutil.which("lua")
LADDER = [64512, 258048, 1032192, 4128768, 16515072]


class Script(unittest.TestCase):
    def run_script(self, flows=64512, rate=30e6, seconds=2.5, sent=1000, lost=0, deep=False):
        with tempfile.TemporaryDirectory() as directory:
            calls = os.path.join(directory, "calls")
            os.environ.update(LUA_PATH=os.path.join(HERE, "stub", "?.lua"), STUB_CALLS=calls,
                              STUB_SENT=str(sent), STUB_LOST=str(lost))
            os.environ.pop("STUB_DEEP", None)
            if deep:
                os.environ["STUB_DEEP"] = "1"
            # The kit adds "-f SCRIPT", as pktgen takes it.
            starter = os.path.join(directory, "pktgen")
            with open(starter, "w", encoding="ascii") as file:
                file.write('#!/bin/sh\nexec %s "$2"\n' % LUA)
            os.chmod(starter, 0o755)
            result = senders.Pktgen([starter], 120e6, "64", flows).trial(rate, seconds)
            with open(calls, encoding="ascii") as file:
                return result, file.read().splitlines()

    def range_of(self, calls, name):
        return {words[2]: words[3] for words in (line.split() for line in calls)
                if words[0] == "range." + name}

    def test_counts_come_from_the_right_ports(self):
        for deep in (False, True):
            result, _ = self.run_script(sent=123456, lost=56, deep=deep)
            self.assertEqual(result, (123456, 123400))

    def test_it_sets_up_sends_for_the_time_and_counts_after_it(self):
        _, calls = self.run_script()
        names = [line.split()[0] for line in calls if not line.startswith("range.")]
        self.assertEqual(names, ["stop", "clear", "set", "set", "set_range", "start", "delay", "stop",
                                 "delay", "portStats", "quit"])
        self.assertIn("set 0 rate 25.0", calls)
        self.assertIn("delay 2500", calls)
        self.assertIn("range.ip_proto 0 tcp", calls)
        self.assertLess(calls.index("set_range 0 on"), calls.index("start 0"))

    def test_there_are_as_many_flows_as_asked_for(self):
        for flows in LADDER:
            _, calls = self.run_script(flows=flows)
            ports, ips = self.range_of(calls, "src_port"), self.range_of(calls, "src_ip")
            n_ports = int(ports["max"]) - int(ports["min"]) + 1
            last = [int(part) for part in ips["max"].split(".")]
            n_ips = (last[1] << 16 | last[2] << 8 | last[3]) + 1
            self.assertEqual((ports["inc"], ips["inc"]), ("1", "0.0.0.1"))
            a, b = n_ports, n_ips
            while b:
                a, b = b, a % b
            self.assertEqual(n_ports * n_ips // a, flows)
            self.assertLessEqual(int(ports["max"]), 65535)


if __name__ == "__main__":
    if LUA is None:
        sys.exit(77)  # skipped
    unittest.main()
