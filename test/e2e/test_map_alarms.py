# SPDX-License-Identifier: BSD-3-Clause
"""Tests and alarms of the map: what enters where no route leads is tested by itself, and is an alarm when it is genuine."""

import contextlib
import json
import subprocess
import unittest

import netlab
import pennyline
from netlab import GENUINE, RECEIVER, SPOOFED, wait_until

ELSEWHERE = {"name": "elsewhere", "sources": ["10.99.0.0/16"], "mode": "active"}
INGRESSES = [{"name": "customer", "port": "left", "relation": "customer", "neighbors": [64501]},
             {"name": "peer", "port": "right", "relation": "peer", "neighbors": [64502]}]
BLIND = ("--flows", 10, "--rate", 1000, "--payload", 300, "--handshake")


def route(prefix, neighbor):
    """As bgpdump -m has it."""
    return f"TABLE_DUMP2|1735689600|B|192.0.2.9|{neighbor}|{prefix}|{neighbor} {neighbor + 100}|IGP|192.0.2.9|0|0||NAG||\n"


@contextlib.contextmanager
def served(**settings):
    with netlab.Path() as lab:
        table, expected, named = (f"{lab.folder}/{name}" for name in ("table", "expected", "named.json"))
        with open(table, "w", encoding="utf-8") as file:
            # Who is behind `customer` announces something else.
            file.write(route(GENUINE[4], 64502) + route(SPOOFED[4], 64502) + route("10.77.0.0/16", 64501))
        with open(named, "w", encoding="utf-8") as file:
            json.dump({"ports": [{"name": "left", "device": "iface:a", "pair": "right"},
                                 {"name": "right", "device": "iface:b", "pair": "left"}], "ingresses": INGRESSES}, file)
        subprocess.run([pennyline.program("pennyline-map"), "build", "-c", named, "-e", expected, "--routes", table],
                       check=True, stdout=subprocess.DEVNULL)
        box = {"entries": 4096, "expectation": expected, "alarms": True, "tests": True, "least_bits_per_s": 1000,
               **settings}
        service = pennyline.Service(lab, [ELSEWHERE], ingresses=INGRESSES, map=box)
        yield lab, service


def alarms(service):
    return [e for e in service.events() if e["event"] == "ingress_alarm"]


def reality(service, prefix):
    return {e["reality"]["state"] if isinstance(e["reality"], dict) else e["reality"]
            for e in service.ask("map", count=500)["entries"] if e["prefix"] == prefix and e["grade"] == "unexpected"}


class TestsAndAlarms(unittest.TestCase):
    def check_whole(self, service):
        code, summary = service.stop()
        self.assertEqual(code, 0, service.process.errors())
        self.assertEqual(summary.broken_identities(), [])

    def test_what_is_genuine_where_no_route_leads_is_exactly_one_alarm(self):
        with served() as (lab, service):
            service.ask("map restore", alarms=[])
            lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 120, ("--flows", 5))
            wait_until("the alarm", lambda: alarms(service), 90)
            alarm = alarms(service)[0]
            self.assertEqual((alarm["kind"], alarm["prefix"], alarm["ingress"], alarm["state"]),
                             ("unexpected_genuine", GENUINE[4], "customer", "raised"))
            self.assertEqual(reality(service, GENUINE[4]), {"genuine"})
            shown = service.ask("map alarms")["alarms"]
            self.assertEqual([a["id"] for a in shown], [alarm["id"]])
            service.ask("map acknowledge", id=alarm["id"])
            wait_until("it is acknowledged", lambda: len(alarms(service)) == 2)
            service.ask("map accept", prefix=GENUINE[4], ingress="customer", hours=1)
            wait_until("it is accepted", lambda: len(alarms(service)) == 3)
            self.assertEqual([a["state"] for a in alarms(service)], ["raised", "acknowledged", "accepted"])
            self.assertEqual({a["id"] for a in alarms(service)}, {alarm["id"]})
            self.check_whole(service)

    def test_the_same_spoofed_is_none(self):
        with served() as (lab, service):
            service.ask("map restore", alarms=[])
            lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], RECEIVER[4], *BLIND, "--duration", 120)
            wait_until("its verdict", lambda: reality(service, SPOOFED[4]) & {"spoofed", "inconclusive"}, 110)
            self.assertEqual(alarms(service), [])
            self.check_whole(service)

    def test_a_test_by_command_is_of_the_entry_whose_packets_it_had(self):
        with served(tests=False) as (lab, service):
            service.ask("map restore", alarms=[])
            lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 90, ("--flows", 5))
            wait_until("its entry", lambda: reality(service, GENUINE[4]) == {"untested"}, 60)
            # A part of its packets says nothing of it.
            service.ask("test", source=GENUINE[4], ingress="customer", destination=RECEIVER[4] + "/32", label="part")
            wait_until("the part's verdict", lambda: service.ask("test show", test=1)["state"] == "over", 60)
            self.assertEqual(service.ask("test show", test=1)["report"]["verdict"], "closed_loop")
            self.assertEqual(reality(service, GENUINE[4]), {"untested"})
            service.ask("test", source=GENUINE[4], ingress="customer", label="whole")
            wait_until("the verdict", lambda: reality(service, GENUINE[4]) == {"genuine"}, 60)
            wait_until("the alarm", lambda: alarms(service), 30)
            self.assertEqual([(a["kind"], a["state"]) for a in alarms(service)], [("unexpected_genuine", "raised")])
            self.check_whole(service)

    def test_with_tests_off_nothing_is_dropped_and_the_queue_is_shown(self):
        with served(tests=False) as (lab, service):
            service.ask("map restore", alarms=[])
            lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 60, ("--flows", 5))
            wait_until("it waits", lambda: [e for e in service.ask("map queue")["waiting"] if e["prefix"] == GENUINE[4]], 60)
            queue = wait_until("its refusal", lambda: (q := service.ask("map queue"))["refused"]["off"] > 0 and q)
            self.assertEqual((queue["on"], sum(queue["begun"].values())), (False, 0))
            self.assertEqual(alarms(service), [])
            self.check_whole(service)


if __name__ == "__main__":
    unittest.main()
