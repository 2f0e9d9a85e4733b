# SPDX-License-Identifier: BSD-3-Clause
"""The map in a box in the path: what comes in where a route leads, and where none does; another file of
what is expected while it runs, and one that is broken."""

import contextlib
import json
import os
import subprocess
import unittest

import netlab
import pennyline
from netlab import GENUINE, RECEIVER, SPOOFED, wait_until

INGRESSES = [
    {"name": "here", "port": "left", "relation": "peer", "neighbors": [64500]},
    {"name": "elsewhere", "port": "left", "vlan": 7, "relation": "peer", "neighbors": [64501]},
]


def route(prefix, neighbor):
    """As bgpdump -m writes one. Each prefix is of an AS of its own."""
    origin = 64510 if prefix == GENUINE[4] else 64511
    return (f"TABLE_DUMP2|1700000000|B|192.0.2.1|{neighbor}|{prefix}|{neighbor} {origin}|IGP|192.0.2.1|"
            "0|0||NAG||\n")


def expect(folder, routes):
    """Builds the file, which takes the place of the one before."""
    config, table = os.path.join(folder, "ingresses.json"), os.path.join(folder, "routes.txt")
    ports = [{"name": "left", "device": "net_null0", "role": "mirror"}]
    with open(config, "w", encoding="utf-8") as file:
        json.dump({"ports": ports, "ingresses": INGRESSES}, file)
    with open(table, "w", encoding="utf-8") as file:
        file.writelines(route(*r) for r in routes)
    subprocess.run([pennyline.program("pennyline-map"), "build", "--config", config, "--routes", table,
                    "--expectation", os.path.join(folder, "expected")], check=True,
                   capture_output=True)


@contextlib.contextmanager
def mapped():
    with netlab.Path() as lab:
        expect(lab.folder, [(GENUINE[4], 64500), (SPOOFED[4], 64501)])
        yield lab, pennyline.Service(
            lab, [{"name": "all", "mode": "off"}], ingresses=INGRESSES,
            map={"entries": 1000, "expectation": os.path.join(lab.folder, "expected"),
                 "own": [RECEIVER[4]]})


def entries(service, **what):
    return {(e["ingress"], e["prefix"]): e for e in service.ask("map", **what)["entries"]}


def names(service):
    return [event["event"] for event in service.events()]


class Map(unittest.TestCase):
    def grade(self, service, prefix):
        return entries(service).get(("here", prefix), {}).get("grade")

    def check_sums(self, service):
        counters = service.ask("map summary")["counters"]
        self.assertEqual(counters["packets"], counters["mapped"] + counters["stray"] +
                         counters["no_ip"] + counters["no_place"])
        self.assertEqual(counters["entries"], counters["admitted"] - counters["left"])

    def test_what_no_route_leads_to_is_unexpected_until_a_route_does(self):
        with mapped() as (lab, service):
            wait_until("the file", lambda: "expectation_loaded" in names(service))
            lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], RECEIVER[4], "--flows", 4,
                      "--rate", 200, "--payload", 300, "--handshake", "--duration", 600)
            lab.paced_flows(netlab.host(GENUINE[4], 1), 1, 60, ("--flows", 5))
            wait_until("both", lambda: self.grade(service, GENUINE[4]) == "route" and
                       self.grade(service, SPOOFED[4]) == "unexpected")
            self.assertEqual({k[1] for k in entries(service, unexpected=True)}, {SPOOFED[4]})
            why = service.ask("map why", prefix=SPOOFED[4], ingress="here")
            self.assertEqual(why["longest_route"]["from"][0]["ingress"], "elsewhere")
            with open(os.path.join(lab.folder, "expected"), "wb") as file:
                file.write(b"cut")
            wait_until("a refusal", lambda: "expectation_refused" in names(service))
            self.assertEqual(self.grade(service, SPOOFED[4]), "unexpected")
            os.unlink(os.path.join(lab.folder, "expected"))
            expect(lab.folder, [(GENUINE[4], 64500), (SPOOFED[4], 64500)])
            wait_until("another grade", lambda: self.grade(service, SPOOFED[4]) == "route", 60)
            wait_until("packets", lambda: entries(service)[("here", GENUINE[4])]["packets"] > 100, 60)
            where = entries(service)[("here", GENUINE[4])]["destinations"]
            self.assertEqual(set(where), {"own"})
            self.check_sums(service)
            code, summary = service.stop()
            self.assertEqual(code, 0, service.process.errors())
            self.assertEqual(summary.broken_identities(), [])
            self.assertEqual(summary.totals["dropped"], 0)

    def test_files_that_took_each_others_place_leave_no_memory_behind(self):
        """Each one takes tens of megabytes, and lies beside the last one until no worker looks at that any more."""
        with mapped() as (lab, service):
            def resident_kib():
                with open(f"/proc/{service.process.child.pid}/status") as file:
                    return int(next(line for line in file if line.startswith("VmRSS:")).split()[1])

            wait_until("the file", lambda: "expectation_loaded" in names(service))
            before = resident_kib()
            for number in range(2, 7):
                expect(lab.folder, [(GENUINE[4], 64500), (SPOOFED[4], 64500 + number % 2)])
                wait_until("another file", lambda n=number: names(service).count("expectation_loaded") == n)
            wait_until("memory that is given back", lambda: resident_kib() - before < 12 * 1024)
            self.assertEqual(service.stop()[0], 0)


if __name__ == "__main__":
    unittest.main()
