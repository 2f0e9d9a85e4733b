# SPDX-License-Identifier: BSD-3-Clause
"""Sources that are counted while packets pass, over two workers: beside nftables' dynamic sets, and at the end of
a window."""

import collections
import json
import os
import time
import unittest

import crowd
import netlab
import pennyline
from test_reload import reload

WINDOW_S = 10
CROWD = os.path.join(os.path.dirname(os.path.abspath(crowd.__file__)), "crowd.py")
# What nftables holds of what came by IPv4: a set for each transport and port. Of IPv6 it cannot be asked here: at the
# netdev hook it takes what follows the header from bytes that AF_PACKET's ring leaves elsewhere.
KEYS = (("IPv4", "TCP", 80), ("IPv4", "UDP", 53))


def set_of(key):
    return "_".join(str(word) for word in key).lower()


def sets():
    lines = ["table netdev seen {"]
    for key in KEYS:
        lines.append(f"set {set_of(key)} {{ type ipv4_addr; flags dynamic; size 65536; }}")
    lines.append("chain came { type filter hook ingress device down0 priority 0;")
    for key in KEYS:
        lines.append(f"ip saddr 203.0.0.0/8 {key[1].lower()} dport {key[2]} add @{set_of(key)} {{ ip saddr }}")
    return "\n".join([*lines, "}", "}"]) + "\n"


def expected_of(first, count):
    out = collections.Counter()
    for number in range(first, first + count):
        out.update(crowd.keys(number))
    return out


class Sources(unittest.TestCase):
    def window(self, service, name="all"):
        return next(s for s in service.ask("sources")["sources"] if s["name"] == name)["window"]

    def begin_window(self, service):
        """Waits until a window has just begun, however long the start took: its number."""
        while not 0.1 < time.time() % WINDOW_S < 1:
            time.sleep(0.05)
        return next(s for s in service.ask("sources")["sources"] if s["name"] == "all")["windows"] + 1

    def await_window(self, service, number):
        netlab.wait_until(f"window {number}",
                          lambda: (self.window(service) or {"number": 0})["number"] >= number,
                          3 * WINDOW_S)
        window = self.window(service)
        self.assertEqual(window["number"], number)
        return window

    def counts(self, window):
        return {(c["network"], c["transport"], c["port"]): c["sources"] for c in window["counts"]}

    def by_nftables(self, lab):
        out = {}
        for key in KEYS:
            text = lab.downstream.run("nft", "-j", "list", "set", "netdev", "seen", set_of(key))
            out[key] = len(json.loads(text)["nftables"][-1]["set"].get("elem", []))
        return out

    def start(self, lab):
        with open(f"{lab.folder}/sets.nft", "w") as file:
            file.write(sets())
        lab.downstream.run("nft", "-f", f"{lab.folder}/sets.nft")
        ports = [{"name": n, "device": f"iface:{d}", "driver": "af_packet", "pair": p, "queues": 2}
                 for n, d, p in (("left", "portA", "right"), ("right", "portB", "left"))]
        slices = [{"name": "s", "mode": "off", "sources": ["203.0.0.0/9"]},
                  {"name": "t", "mode": "off", "sources": ["2001:db8:5::/48"]}]
        common = {"window_s": WINDOW_S, "arrives_by": ["left"]}
        return pennyline.Service(lab, slices, ports=ports, lcores="0@0,1@0,2@1", sources=[
            {"name": "all", "list": True, **common},
            {"name": "sketch", "exact": 0, **common},
            {"name": "of", "slices": ["s", "t"], "ports": [80], **common}])

    def test_two_workers_count_a_source_once_as_nftables_does_and_a_boundary_loses_none(self):
        with netlab.Path(queues=2) as lab:
            service = self.start(lab)
            number = self.begin_window(service)
            lab.upstream.run(CROWD, "up0", 0, 1500, 3, 2500)
            window = self.await_window(service, number)
            expected = expected_of(0, 1500)
            self.assertFalse(window["estimate"])
            self.assertEqual(self.counts(window), dict(expected))
            self.assertEqual(self.by_nftables(lab), {key: expected[key] for key in KEYS})
            self.assertEqual(window["packets"]["counted"], 3 * sum(expected.values()))
            sketched = self.window(service, "sketch")
            self.assertTrue(sketched["estimate"])
            for key, n in self.counts(sketched).items():
                self.assertAlmostEqual(n, expected[key], delta=1 + 4 * 0.01625 * expected[key])
            self.check_slices(service, expected)
            self.check_list(service, window)
            self.check_boundary(lab, service, number)
            code, summary = service.stop()
            self.assertEqual((code, summary.broken_identities()), (0, []))

    def check_slices(self, service, expected):
        of = {s["slice"]: s["window"] for s in service.ask("sources")["sources"] if s["name"] == "of"}
        self.assertEqual(self.counts(of["s"]), {k: n for k, n in expected.items() if k == ("IPv4", "TCP", 80)})
        self.assertEqual(self.counts(of["t"]), {k: n for k, n in expected.items() if k == ("IPv6", "TCP", 80)})

    def check_list(self, service, window):
        total = sum(c["sources"] for c in window["counts"])
        pages = [service.ask("sources list", name="all", offset=offset, count=500)
                 for offset in range(0, total, 500)]
        items = [tuple(item.values()) for page in pages for item in page["list"]]
        self.assertEqual((len(items), len(set(items)), pages[0]["total"]), (total, total, total))

    def check_boundary(self, lab, service, number):
        """Sources that never came before, on both sides of the end of a window."""
        while time.time() % WINDOW_S < WINDOW_S - 2:
            time.sleep(0.05)
        seen = {}
        sent = int(lab.upstream.run(CROWD, "up0", 100000, 2400, 1, 500))

        def all_told():
            window = self.window(service)
            seen[window["number"]] = window
            return sum(w["packets"]["counted"] for n, w in seen.items() if n > number) >= sent

        netlab.wait_until("both windows", all_told, 4 * WINDOW_S)
        ended = [w for n, w in seen.items() if n > number and w["packets"]["counted"] > 0]
        self.assertEqual(len(ended), 2)
        self.assertEqual(sum(w["packets"]["counted"] for w in ended), sent)
        self.assertEqual(sum(c["sources"] for w in ended for c in w["counts"]), sent)

    def test_a_reload_changes_what_is_counted_and_what_stays_goes_on_in_its_window(self):
        with netlab.Path(queues=2) as lab:
            service = self.start(lab)
            number = self.begin_window(service)
            lab.upstream.run(CROWD, "up0", 0, 300, 2, 2000)
            common = {"window_s": WINDOW_S, "arrives_by": ["left"]}
            text = reload(service, sources=[{"name": "more", "slices": ["t"], "ports": [80, 53], **common},
                                            {"name": "all", "list": True, **common},
                                            {"name": "sketch", "exact": 0, "precision": 10, **common}])
            for words in ('counted sources "of" removed', 'counted sources "more" added',
                          'counted sources "sketch": precision 12 -> 10'):
                self.assertIn(words, text)
            sources = service.ask("sources")["sources"]
            self.assertEqual([s["name"] for s in sources], ["more", "all", "sketch"])
            self.assertEqual([s["windows"] for s in sources if s["name"] != "all"], [0, 0])
            lab.upstream.run(CROWD, "up0", 300, 300, 2, 2000)
            window = self.await_window(service, number)
            self.assertEqual(self.counts(window), dict(expected_of(0, 600)))
            # Nobody may ask for the impossible, and what is counted stays as it is.
            with self.assertRaisesRegex(AssertionError, "no memory to count sources"):
                reload(service, sources=[{"name": "all", "exact": 1 << 24, **common}])
            self.assertEqual([s["name"] for s in service.ask("sources")["sources"]], ["more", "all", "sketch"])
            reload(service, sources=[])
            self.assertEqual(service.ask("sources")["sources"], [])
            code, summary = service.stop()
            self.assertEqual((code, summary.broken_identities()), (0, []))
