# SPDX-License-Identifier: BSD-3-Clause
"""The configuration changes while packets go through: by file, with real TCP and blind senders."""

import json
import os
import statistics
import time
import unittest

import netlab
from netlab import GENUINE, RECEIVER, wait_until
from test_service import GENUINE_SLICE, SPOOFED_SLICE, dropped, pennylinectl, served, spoof

NUMBERED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "numbered.py")
MOST_SLICES = 4096
ELSEWHERE = {"name": "elsewhere", "sources": ["192.168.77.0/24"], "mode": "active"}


def write(service, **changes):
    """Puts other objects into the service's file."""
    service.config.update(changes)
    with open(service.config_path, "w") as config:
        json.dump(service.config, config)


def reload(service, *arguments, **changes):
    write(service, **changes)
    return pennylinectl(service, "reload", *arguments)


def of_slice(service, name):
    found = [a for a in service.ask("aggregates")["aggregates"] if a["slice"] == name]
    return found[0] if found else None


def watched(service, name):
    """Segments that a slice of mode passive saw for the first time."""
    found = of_slice(service, name)
    return found["passive"]["counters"]["first_time"] if found else 0


class Changes(unittest.TestCase):
    def test_tests_of_other_slices_go_on_and_those_of_changed_ones_begin_anew(self):
        with served([SPOOFED_SLICE, GENUINE_SLICE]) as (lab, service):
            spoof(lab)
            wait_until("drops", lambda: dropped(service) > 2)
            lab.paced_flows(netlab.host(GENUINE[4], 1), 2, 30, ("--flows", 5))
            text = reload(service, slices=[{**GENUINE_SLICE, "drop_probability": 0.11}, SPOOFED_SLICE,
                                           ELSEWHERE])
            self.assertIn('slice "genuine": drop_probability', text)
            self.assertIn('slice "elsewhere" added', text)
            wait_until("a verdict", lambda: of_slice(service, "genuine")["verdict"] == "closed_loop")
            spoofed = of_slice(service, "spoofed")
            self.assertEqual(spoofed["n_tests"], 1)
            self.assertEqual(of_slice(service, "elsewhere")["state"], "pooled")
            text = reload(service, slices=[SPOOFED_SLICE])
            wait_until("only one", lambda: of_slice(service, "genuine") is None
                       and of_slice(service, "elsewhere") is None)
            self.assertGreaterEqual(of_slice(service, "spoofed")["total"]["packets"],
                                    spoofed["total"]["packets"])
            self.assertEqual([s["slice"] for s in service.ask("slices")["slices"]], ["spoofed"])
            events = [e for e in service.events() if e["event"] == "reconfigured"]
            self.assertEqual([(e["generation_before"], e["generation"]) for e in events],
                             [(1, 2), (2, 3)])
            self.assertIn("root (process", events[0]["by"])
            code, summary = service.stop()
            self.assertEqual(code, 0, service.process.errors())
            self.assertEqual(summary.broken_identities(), [])

    def test_a_bad_file_changes_nothing_and_is_told_with_its_place(self):
        cases = (({"slices": [{**SPOOFED_SLICE, "mode": "activ"}]},
                  r'\$\.slices\[0\]\.mode.*"activ".*active'),
                 ({"slices": [SPOOFED_SLICE], "next_hop": []}, r"did you mean .next_hops"),
                 ({"slices": [{**SPOOFED_SLICE, "seed": 7}]}, "whoever knows it knows"))
        with served() as (lab, service):
            spoof(lab)
            wait_until("drops", lambda: dropped(service) > 0)
            whole = dict(service.config)
            for changes, words in cases:
                service.config = dict(whole)
                with self.assertRaisesRegex(AssertionError, words):
                    reload(service, **changes)
            service.config = dict(whole)
            with self.assertRaisesRegex(AssertionError, "flows_per_lcore 16384 -> 2048 needs a restart"):
                reload(service, instance={**whole["instance"], "flows_per_lcore": 2048},
                       slices=[ELSEWHERE])
            with open(service.config_path, "w") as config:
                config.write("{")
            with self.assertRaisesRegex(AssertionError, "bad JSON"):
                pennylinectl(service, "reload")
            self.assertEqual(of_slice(service, "spoofed")["n_tests"], 1)
            self.assertEqual([s["slice"] for s in service.ask("slices")["slices"]], ["spoofed"])
            refused = [e for e in service.events() if e["event"] == "change_refused"]
            self.assertEqual(len(refused), len(cases) + 2)
            self.assertEqual({e["generation"] for e in refused}, {1})
            service.config = whole
            self.assertIn("Nothing differs", reload(service))
            self.assertEqual(service.stop()[0], 0)

    def test_the_first_slice_that_watches_may_come_at_any_time(self):
        with served() as (lab, service):
            lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 30, ("--flows", 5))
            spoof(lab)
            wait_until("drops", lambda: dropped(service) > 0)
            watching = {**GENUINE_SLICE, "mode": "passive"}
            self.assertIn('slice "genuine" added', reload(service, slices=[SPOOFED_SLICE, watching]))
            wait_until("watched packets",
                       lambda: watched(service, "genuine") > 1000)
            self.assertEqual(of_slice(service, "spoofed")["n_tests"], 1)
            reload(service, slices=[SPOOFED_SLICE])
            wait_until("it is gone", lambda: of_slice(service, "genuine") is None)
            reload(service, slices=[SPOOFED_SLICE, watching])
            wait_until("watched packets",
                       lambda: watched(service, "genuine") > 100)
            code, summary = service.stop()
            self.assertEqual(code, 0, service.process.errors())
            self.assertEqual(summary.broken_identities(), [])

    def test_without_memory_to_watch_with_nothing_changes(self):
        """More than what EAL has left of what was needed at start; without hugepages it takes no more."""
        with served(instance={"flows_per_lcore": 1 << 22}, huge=False, memory_mb=1) as (_, service):
            with self.assertRaisesRegex(AssertionError, 'no memory for mode "passive".*eal.memory_mb'):
                reload(service, slices=[SPOOFED_SLICE, {**GENUINE_SLICE, "mode": "passive"}])
            self.assertEqual([s["slice"] for s in service.ask("slices")["slices"]], ["spoofed"])
            self.assertEqual(service.stop()[0], 0)

    def test_a_dry_run_tells_and_does_nothing(self):
        with served() as (_, service):
            text = reload(service, "--dry-run", slices=[SPOOFED_SLICE, ELSEWHERE])
            self.assertIn("dry run", text)
            self.assertIn('slice "elsewhere" added', text)
            self.assertEqual(len(service.ask("slices")["slices"]), 1)
            self.assertEqual(service.stop()[0], 0)

    def test_what_is_spared_from_now_on_loses_nothing_from_now_on(self):
        with served() as (lab, service):
            spoof(lab)
            wait_until("drops", lambda: dropped(service) > 0)
            text = reload(service, never_drop={"prefixes": [RECEIVER[4]]})
            self.assertIn("takes effect at once", text)
            n_dropped = dropped(service)
            n = service.ask("status")["epoch"]
            wait_until("epochs", lambda: service.ask("status")["epoch"] > n + 100)
            # A drop that a worker made just before it read the rules is told of after.
            self.assertLessEqual(dropped(service) - n_dropped, 1)
            n_dropped = dropped(service)
            time.sleep(1)
            self.assertEqual(dropped(service), n_dropped)
            self.assertEqual(of_slice(service, "spoofed")["n_tests"], 1)
            reload(service, never_drop={})
            wait_until("drops", lambda: dropped(service) > n_dropped)
            self.assertEqual(service.stop()[0], 0)


class Path(unittest.TestCase):
    def test_reloads_lose_no_packet_of_a_connection(self):
        """Connections go on through many reloads, bad files among them: what came in and was not
        dropped on purpose went out."""
        with served([GENUINE_SLICE]) as (lab, service):
            flows = lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 8, ("--flows", 5))
            wait_until("packets", lambda: of_slice(service, "genuine")["total"]["packets"] > 100)
            for i in range(30):
                slices = [GENUINE_SLICE] + [
                    {"name": f"s{k}", "sources": [f"10.{k}.{i}.0/24"], "mode": "active"}
                    for k in range(1, 20 + i)]
                if i % 5 == 4:
                    with self.assertRaises(AssertionError):
                        reload(service, slices=slices + [{"name": "bad"}])
                else:
                    reload(service, slices=slices)
            self.assertEqual(flows.wait(netlab.PATIENCE_S), 0, flows.errors())
            code, summary = service.stop()
            self.assertEqual(code, 0, service.process.errors())
        self.assertEqual(summary.broken_identities(), [])
        self.assertEqual(summary.port("portA")["rx_packets"],
                         summary.port("portB")["tx_packets"] + summary.totals["dropped"])
        self.assertEqual(summary.aggregate(GENUINE[4])["verdict"], "closed_loop")
        self.assertEqual(summary.aggregate(GENUINE[4])["n_tests"], 1)

    def test_thousands_of_slices_change_and_no_packet_is_lost(self):
        def many(shift):
            return [{"name": f"s{k}", "sources": [f"10.{k // 200}.{k % 200 + shift}.0/24"],
                     "mode": "active", "start": "manual"} for k in range(4000)]
        with served([GENUINE_SLICE], instance={"max_aggregates": 16384}, memory_mb=640) as (lab, service):
            flows = lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 8, ("--flows", 5))
            wait_until("packets", lambda: of_slice(service, "genuine")["total"]["packets"] > 100)
            for shift in range(3):
                write(service, slices=[GENUINE_SLICE] + many(shift))
                done = pennylinectl(service, "reload", as_json=True)
                print(f"{done['n_changes']} changes within {1000 * done['took_s']:.0f} ms")
                self.assertGreater(done["n_changes"], 3000)
            self.assertEqual(len(service.ask("slices")["slices"]), 4001)
            self.assertEqual(flows.wait(netlab.PATIENCE_S), 0, flows.errors())
            code, summary = service.stop()
            self.assertEqual(code, 0, service.process.errors())
        self.assertEqual(summary.broken_identities(), [])
        self.assertEqual(summary.port("portA")["rx_packets"],
                         summary.port("portB")["tx_packets"] + summary.totals["dropped"])

    STAYS = {"name": "stays", "sources": ["198.51.100.1/32"], "mode": "active", "start": "manual"}

    def numbered_slices(self, shift):
        """As many as there may be. Those of numbered.py's frames go from hand to hand, come and go; none is dropped from."""
        slices = [{"name": f"s{k}", "sources": [f"10.{k // 256}.{(k + shift) % 256}.0/24"], "mode": "active", "start": "manual"}
                  for k in range(MOST_SLICES - 3)]
        # One leaves when another one comes, so there is a place for both.
        return [*slices, self.STAYS,
                {"name": f"six-{shift % 2}", "sources": ["2001:db8:9::/48"], "mode": "active", "start": "manual",
                 "max_drops_per_flow": 2 + shift % 3}]

    def worker_load(self, service):
        return service.ask("status")["workers"][0]["load"]

    def reload_when_there_is_room(self, service):
        """A slice that left keeps its place for a while, as long as drops of it may be under way."""
        def tried():
            try:
                return pennylinectl(service, "reload", as_json=True)
            except AssertionError as error:
                if "try again in some seconds" not in str(error):
                    raise
                return None
        return wait_until("there is room", tried)

    def reload_times(self, service, n):
        """Of so many reloads in which each slice changes: seconds until in force, milliseconds of the worker's turn that took it
        up."""
        took, turns = [], []
        for shift in range(1, n + 1):
            before = self.worker_load(service)
            write(service, slices=self.numbered_slices(shift))
            done = self.reload_when_there_is_room(service)
            self.assertGreater(done["n_changes"], MOST_SLICES - 10)
            took.append(done["took_s"])
            after = wait_until("the worker follows", lambda: (
                (load := self.worker_load(service))["reload_turns"] > before["reload_turns"]) and load)
            turns.append(1000 * (after["reload_turn_cycles"] - before["reload_turn_cycles"]) / after["tsc_hz"])
        return took, turns

    def test_numbered_frames_pass_reloads_of_all_slices_to_the_bit_and_in_order(self):
        with served([self.STAYS], instance={"max_aggregates": 16384}, memory_mb=640) as (lab, service):
            write(service, slices=self.numbered_slices(0))
            pennylinectl(service, "reload")
            receiver = lab.downstream.start(NUMBERED, "receive", "down0")
            receiver.wait_for("ready")
            sender = lab.upstream.start(NUMBERED, "send", "up0", 4000)
            sender.wait_for("ready")
            took, turns = self.reload_times(service, 10)
            report = {}
            for process in (sender, receiver):
                self.assertEqual(process.stop(), 0, process.errors())
                report.update(json.loads(process.output().splitlines()[-1]))
            print(f"{report['sent']} frames; in force within {1000 * statistics.median(took):.0f} ms (median), "
                  f"{1000 * max(took):.0f} at most; a worker's turn took {1000 * statistics.median(turns):.0f} us (median), "
                  f"{1000 * max(turns):.0f} at most")
            code, summary = service.stop()
            self.assertEqual(code, 0, service.process.errors())
        self.assertEqual(summary.broken_identities(), [])
        self.assertEqual(summary.totals["dropped"], 0)
        self.assertEqual((report["lost"], report["overtaken"], report["changed"], report["beside"]), (0, 0, 0, 0), report)
        self.assertEqual(report["received"], report["sent"])
        # Others may have had the CPU in some of them.
        self.assertLess(statistics.median(turns), 1)


if __name__ == "__main__":
    unittest.main()
