# SPDX-License-Identifier: BSD-3-Clause
"""A test that drops, and slices that are only watched, in one process: on the path and on a mirror.

    sender -- upstream -- portA [box] portB -- downstream -- receiver
                  +------- mirror                copies of what goes to portA"""

import time
import unittest

import live_mirror
import netlab
import pennyline
from netlab import GENUINE, MIXED, RECEIVER

PORTS = [{"name": "left", "device": "iface:portA", "driver": "af_xdp", "pair": "right"},
         {"name": "right", "device": "iface:portB", "driver": "af_xdp", "pair": "left"},
         {"name": "mirror", "device": "iface:portM", "driver": "af_xdp", "role": "mirror"}]
ACTIVE = {"name": "tested", "mode": "active", "sources": [GENUINE[4]], "ingress": {"port": "left"}}
WATCHED = {"name": "watched", "mode": "passive", "sources": [MIXED[4]], "ingress": {"port": "left"}}
COPIED = {"name": "copied", "mode": "passive", "sources": [GENUINE[4]],
          "ingress": {"port": "mirror"}}


class MirroredPath(netlab.Path):
    """netlab.Path, and a mirror of what the box gets from the sender's side."""

    def build(self, queues, vlan, tagger):
        super().build(queues, vlan, tagger)
        self.link(self.upstream, "to-mirror", self.box, "portM")

    def start_copies(self):
        live_mirror.copy_packets(self.upstream, "up0", "egress", "to-mirror")


def by_slice(aggregates):
    return {a["slice"]: a for a in aggregates}


class SideBySide(unittest.TestCase):
    def test_a_test_drops_while_other_slices_are_only_watched(self):
        with MirroredPath() as lab:
            service = pennyline.Service(lab, [ACTIVE, WATCHED, COPIED], ports=PORTS)
            before = {d: lab.box.counters(d) for d in ("portA", "portB", "portM")}
            lab.start_copies()
            lab.iperf_server()
            lab.iperf_server(5202)
            clients = [lab.iperf(netlab.host(GENUINE[4], 1), RECEIVER[4], 6),
                       lab.iperf(netlab.host(MIXED[4], 1), RECEIVER[4], 6, port=5202)]
            for client in clients:
                self.assertEqual(client.wait(30), 0, client.errors())
            time.sleep(0.5)
            code, summary = service.stop()
            after = {d: lab.box.counters(d) for d in before}
        found = by_slice(summary.aggregates)
        self.assertEqual(code, 0)
        self.assertEqual(summary.broken_identities(), [])
        self.assertEqual(found["tested"]["verdict"], "closed_loop")
        self.assertGreater(found["tested"]["dropped"], 0)
        self.assertEqual(summary.totals["dropped"], found["tested"]["dropped"])
        for name in ("watched", "copied"):
            self.assertEqual(found[name]["dropped"], 0)
            self.assertGreater(found[name]["passive"]["counters"]["passed"], 1000)
        # What is only watched leaves whole: nothing is missing of what came but the test's drops.
        came = sum(after[d]["rx_packets"] - before[d]["rx_packets"] for d in ("portA", "portB"))
        left = sum(after[d]["tx_packets"] - before[d]["tx_packets"] for d in ("portA", "portB"))
        self.assertEqual(came, left + found["tested"]["dropped"])
        self.assertEqual(after["portM"]["tx_packets"], before["portM"]["tx_packets"])
        self.assertEqual(summary.port("portM")["absorbed_mirror"],
                         summary.port("portM")["rx_packets"])
        # The mirror stands before the box: it saw each packet, and those that were dropped twice.
        self.assertEqual(found["copied"]["packets"], found["tested"]["total"]["packets"])
        # One that stands at the end of a flight may be a probe: then it tells nothing.
        counters = found["copied"]["passive"]["counters"]
        self.assertGreaterEqual(counters["repeats"] + counters["needless"] + counters["unknown"],
                                found["tested"]["retransmitted"])

    def test_loss_seen_on_the_mirror_starts_the_test_on_the_path(self):
        """3 % of some 1,700 segments a second is found in a second or two, and tested once."""
        escalate = {"when": ["upstream_loss"], "test": "tested", "max_per_hour": 1}
        with MirroredPath() as lab:
            service = pennyline.Service(lab, [{**ACTIVE, "start": "manual"},
                                              {**COPIED, "escalate": escalate}], ports=PORTS)
            lab.start_copies()
            lab.lose_before_box(30)
            lab.iperf_server()
            client = lab.iperf(netlab.host(GENUINE[4], 1), RECEIVER[4], 8)
            self.assertEqual(client.wait(30), 0, client.errors())
            code, summary = service.stop()
            events = service.events()
        found = by_slice(summary.aggregates)
        self.assertEqual(code, 0)
        self.assertEqual(summary.broken_identities(), [])
        self.assertEqual(found["tested"]["verdict"], "closed_loop")
        self.assertEqual(found["tested"]["n_tests"], 1)
        escalations = [e for e in events if e["event"] == "escalation"]
        self.assertEqual([(e["slice"], e["escalation"]) for e in escalations],
                         [("copied", {"step": "started", "cause": "upstream_loss",
                                      "test": "tested", "reason": None})])
        names = [(e["event"], e.get("slice")) for e in events]
        steps = [("finding", "copied"), ("test_started", "tested"), ("drop_made", "tested"),
                 ("verdict", "tested"), ("test_ended", "tested")]
        self.assertEqual(sorted(steps, key=names.index), steps)


if __name__ == "__main__":
    unittest.main()
