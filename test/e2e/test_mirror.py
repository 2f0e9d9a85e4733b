# SPDX-License-Identifier: BSD-3-Clause
"""Mode passive live: mirrors of every kind at once, and beside a test that drops."""

import os
import unittest

import live_mirror
import mirror
import netlab
import pennyline

# What does not depend on when a packet was read.
EXACT = ("passed", "first_time", "payload_bytes", "holes_opened")
# In one of them, the kernel brings all copies to the box.
MOST_PLAYS = 10


def passive_of(summary):
    """What each slice found, by its name."""
    return {a["slice"]: a["passive"] for a in summary.aggregates if "passive" in a}


class Mirror(unittest.TestCase):
    def assert_silent(self, lab, summary, devices, before):
        """Not one packet left by a mirror port, by our count, the device's and the kernel's."""
        for device in devices:
            port = summary.port(f"iface:{device}")
            self.assertEqual(port["tx_packets"], 0)
            self.assertEqual(port["device_counters"]["tx_packets"], 0)
            self.assertEqual(port["absorbed_mirror"], port["rx_packets"])
            self.assertEqual(lab.box.counters(device)["tx_packets"], before[device]["tx_packets"])

    def read_all(self, lab, service, n_sent):
        """Waits until every slice has had all copies. False when some will never come."""
        def counted():
            return [a["packets"] for a in service.ask("aggregates")["aggregates"] if a["slice"] != "back"]

        def lost():
            return lab.lost_copies() or any(
                p["device_counters"]["missed"] for p in service.ask("status")["ports"])

        netlab.wait_until("copies to be read", lambda: min(counted()) >= n_sent or lost())
        return not lost()

    def play(self):
        """One play of every kind of mirror: (exit code, summary, what the capture comes to, what pennylinectl says),
        or None when the machine was too busy to bring all copies to the box."""
        slices = live_mirror.slices()
        slices[0]["report_flows"] = 3
        back = {"name": "back", "mode": "passive", "sources": ["10.1.6.0/24"],
                "ingress": {"port": "plain"}}
        with live_mirror.LiveMirror() as lab:
            path = os.path.join(lab.folder, "mirror.pcap")
            before = {p["name"]: lab.box.counters(p["name"]) for p in live_mirror.ports()}
            service = pennyline.Service(lab, [*slices, back], ports=live_mirror.ports())
            lab.start_copies()
            lab.lose_before(30)
            dump = lab.capture("fast", "to-r1", path)
            lab.bulk(3, rate="600K")
            lab.wait_for_ends()
            self.assertEqual(dump.finish(), 0)
            replayed = mirror.replay(pennyline.program("pennyline-replay"), path)
            if not self.read_all(lab, service, replayed["volume"]["packets"]):
                return None
            words = netlab.run([pennyline.program("pennylinectl"), "--socket", service.control_path,
                                "aggregate", "plain"])
            code, summary = service.stop()
            self.assert_silent(lab, summary, before, before)
        return code, summary, replayed["counters"], words

    def test_every_kind_of_mirror_tells_the_same_live(self):
        plays = (self.play() for _ in range(MOST_PLAYS))
        code, summary, replayed, words = next(filter(None, plays))
        found = passive_of(summary)
        self.assertEqual(code, 0)
        self.assertEqual(summary.broken_identities(), [])
        self.assertEqual(summary.totals["dropped"] + summary.totals["tx_packets"], 0)
        self.assertGreater(replayed["holes_opened"], 5)
        for s in live_mirror.slices():
            with self.subTest(s["name"]):
                counters = found[s["name"]]["counters"]
                self.assertEqual({name: counters[name] for name in EXACT},
                                 {name: replayed[name] for name in EXACT})
        # iperf3's five for data, and one for control, end by FIN; told are the first three.
        ended = found["plain"]["ended_flows"]
        self.assertEqual([(f["start"], f["end"], f["two_way"]) for f in ended],
                         [("syn", "fin", True)] * 3)
        self.assertRegex(words, r"\n6 flows finished; loss before here \d+\.\d\d % ")
        self.assertEqual(words.count(" > 10.1.6.2:5201  syn    fin "), 3, words)
        self.assertEqual(found["back"]["counters"]["flows_two_way"],
                         found["plain"]["counters"]["flows_two_way"])
        self.assertGreater(found["plain"]["counters"]["flows_two_way"], 0)
        self.assertGreater(found["plain"]["round_trip"]["to_destination_samples"], 0)

    def test_mirrors_that_sample_are_told_or_found_out(self):
        """One packet in ten to a port that is told so, one in fifty to one that is not."""
        ports = [{**p, "sampling": 10} if p["name"] == "plain" else p for p in live_mirror.ports()]
        slices = [{"name": name, "mode": "passive", "sources": ["10.1.1.0/24"],
                   "ingress": {"port": name}} for name in ("plain", "vxlan")]
        with live_mirror.LiveMirror() as lab:
            service = pennyline.Service(lab, slices, ports=ports)
            live_mirror.sample_packets(lab.fast, "to-r1", {"to-plain": 10, "to-vxlan": 50})
            before = lab.fast.counters("to-r1")["rx_packets"]
            lab.bulk(3, flows=1, rate="12M")
            lab.wait_for_ends()
            n_sent = lab.fast.counters("to-r1")["rx_packets"] - before
            netlab.wait_until("the finding", lambda: any(e["event"] == "finding" for e in service.events()))
            code, summary = service.stop()
        told, found_out = (passive_of(summary)[name] for name in ("plain", "vxlan"))
        self.assertEqual(code, 0)
        self.assertEqual(summary.broken_identities(), [])
        self.assertGreater(n_sent, 2000)
        self.assertEqual(told["sampling"], {"rate": 0.1, "source": "configured"})
        # Whichever packet of ten was the first one.
        self.assertLess(abs(told["volume"]["packets"] - n_sent), 20)
        self.assertEqual(told["findings"], [])
        self.assertEqual(found_out["sampling"]["source"], "estimated")
        # Of segments that are equally long; the handshake and the end are not.
        self.assertTrue(0.015 < found_out["sampling"]["rate"] < 0.025, found_out["sampling"])
        self.assertEqual([f["finding"] for f in found_out["findings"]], ["sampling_suspected"])
        for sampled in (told, found_out):
            self.assertIsNone(sampled["upstream_loss"]["estimate"])
            self.assertIsNone(sampled["downstream_loss"]["estimate"])

    def watch_once(self, lab, *options):
        """`pennyline test --mode passive` on the mirror, running."""
        process = lab.box.start(
            pennyline.program("pennyline"), "test", "--in", "plain", "--mode", "passive", "--source",
            "10.1.1.0/24", "--json", *options, "--", "--lcores", "0@0,1@1", "--no-pci", "--in-memory",
            "--file-prefix", os.path.basename(lab.folder))
        process.wait_for("forwarding", 30)
        return process

    def test_watching_ends_by_itself(self):
        """iperf3 makes a flow for control and one for data, each ended by FIN."""
        with live_mirror.LiveMirror() as lab:
            lab.start_copies()
            for stop, options in (("flows_finished", ("--set", "min_flows_to_finish=2")),
                                  ("flows_seen", ("--set", "max_flows=2")),
                                  ("duration", ("--duration", 1))):
                with self.subTest(stop):
                    process = self.watch_once(lab, *options)
                    lab.bulk(1, flows=1)
                    self.assertEqual(process.wait(20), 0, process.errors())
                    summary = pennyline.Summary(process.output())
                    self.assertEqual(summary.aggregates[0]["passive"]["stop"], stop)
                    self.assertEqual(summary.broken_identities(), [])

    def test_a_report_stands_still_when_watching_has_ended(self):
        slices = [{**live_mirror.slices()[0], "max_flows": 2, "watch_grace_ms": 100}]
        with live_mirror.LiveMirror() as lab:
            service = pennyline.Service(lab, slices, ports=live_mirror.ports())
            lab.start_copies()
            lab.bulk(1, flows=1)
            netlab.wait_until("the end of watching", lambda: any(
                e["event"] == "watch_ended" for e in service.events()))
            first = service.ask("aggregates")["aggregates"][0]
            lab.bulk(1, flows=1)
            code, summary = service.stop()
            events = [e for e in service.events() if e["event"] == "watch_ended"]
        last = summary.aggregates[0]
        self.assertEqual(code, 0)
        self.assertEqual([e["reason"] for e in events], ["flows_seen"])
        self.assertEqual(last["passive"]["counters"], first["passive"]["counters"])
        self.assertEqual(last["passive"]["stop"], "flows_seen")
        self.assertGreater(last["total"]["packets"], first["total"]["packets"])
        self.assertEqual(summary.broken_identities(), [])


if __name__ == "__main__":
    unittest.main()
