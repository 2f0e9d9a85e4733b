# SPDX-License-Identifier: BSD-3-Clause
"""Tests of any prefix, and slices, while `pennyline run` serves: with real TCP."""

import contextlib
import json
import subprocess
import time
import unittest

import netlab
import pennyline
from netlab import GENUINE, RECEIVER, SPOOFED, wait_until

ELSEWHERE = {"name": "elsewhere", "sources": ["10.99.0.0/16"], "mode": "active"}
BLIND = ("--flows", 10, "--rate", 1000, "--payload", 300, "--handshake")


@contextlib.contextmanager
def served(slices=(ELSEWHERE,), **options):
    with netlab.Path() as lab:
        yield lab, pennyline.Service(lab, list(slices), **options)


def ctl(service, *arguments, code=0):
    """What pennylinectl prints; its exit code is `code`."""
    done = subprocess.run([pennyline.program("pennylinectl"), "--socket", service.control_path,
                           *map(str, arguments)], capture_output=True, text=True, timeout=120,
                          check=False)
    if done.returncode != code:
        raise AssertionError(f"{arguments}: exit code {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def slices(service):
    return {s["slice"] for s in service.ask("slices")["slices"]}


def genuine_flows(lab, seconds=60, flows=5):
    return lab.paced_flows(netlab.host(GENUINE[4], 1), 4, seconds, ("--flows", flows))


class Tests(unittest.TestCase):
    def check_whole(self, service):
        code, summary = service.stop()
        self.assertEqual(code, 0, service.process.errors())
        self.assertEqual(summary.broken_identities(), [])
        return summary

    def test_a_prefix_that_no_slice_names_is_tested_and_its_slice_goes(self):
        with served() as (lab, service):
            genuine_flows(lab)
            shown = json.loads(ctl(service, "test", GENUINE[4], "--label", "ticket 4711", "--wait",
                                   "--json"))
            self.assertEqual([s["report"]["verdict"] for s in shown], ["closed_loop"])
            self.assertEqual(shown[0]["report"]["label"], "ticket 4711")
            self.assertEqual(len(shown[0]["report"]["drops"]), shown[0]["report"]["dropped"])
            wait_until("its slice is gone", lambda: slices(service) == {"elsewhere"})
            # What it found stays in the answer and in the events.
            again = json.loads(ctl(service, "test", "show", shown[0]["test"], "--json"))
            self.assertEqual(again["state"], "over")
            self.assertEqual(again["report"]["verdict"], "closed_loop")
            events = [e for e in service.events() if e.get("slice") == shown[0]["slice"]]
            self.assertTrue({"test_started", "drop_made", "verdict", "test_ended"} <=
                            {e["event"] for e in events})
            self.assertTrue(all(e["label"] == "ticket 4711" for e in events
                                if e["event"] in ("test_started", "drop_made", "verdict")))
            self.check_whole(service)

    def test_spoofed_senders_are_not_called_genuine(self):
        with served() as (lab, service):
            lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], RECEIVER[4], *BLIND,
                      "--duration", 60)
            text = ctl(service, "test", SPOOFED[4], "--wait", "--set", "max_duration_ms=30000",
                       code=pennyline.NOT_CLOSED_LOOP)
            self.assertIn("not_closed_loop", text)
            self.check_whole(service)

    def test_a_prefix_of_a_slice_is_tested_beside_the_rest_of_it(self):
        wide = {"name": "wide", "sources": ["0.0.0.0/0"], "mode": "active", "start": "manual"}
        with served([wide]) as (lab, service):
            genuine_flows(lab)
            service.ask("test start", aggregate="wide")
            text = ctl(service, "test", GENUINE[4], "--wait", code=1)
            self.assertIn("busy: the test of slice \"wide\", which is under way", text)
            wait_until("its verdict", lambda: service.ask("status")["tests"]["done"] == 1)
            self.assertIn("closed_loop", ctl(service, "test", GENUINE[4], "--wait"))
            self.check_whole(service)

    def test_with_force_the_other_test_ends_reconfigured(self):
        wide = {"name": "wide", "sources": ["0.0.0.0/0"], "mode": "active", "start": "manual"}
        with served([wide]) as (lab, service):
            blind = lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], RECEIVER[4], *BLIND,
                              "--duration", 60)
            service.ask("test start", aggregate="wide")
            wait_until("drops", lambda: service.ask("status")["drop_budget"]["made"] > 0)
            genuine_flows(lab)
            self.assertIn("closed_loop", ctl(service, "test", GENUINE[4], "--wait", "--force"))
            ended = [e for e in service.events()
                     if e["event"] == "verdict" and e["slice"] == "wide"]
            self.assertEqual([e["report"]["reason"] for e in ended], ["reconfigured"])
            del blind
            self.check_whole(service)

    def test_the_same_prefix_as_a_slice_is_tested_by_its_halves(self):
        named = {"name": "named", "sources": [GENUINE[4]], "mode": "active", "start": "manual"}
        with served([named]) as (lab, service):
            genuine_flows(lab)
            shown = json.loads(ctl(service, "test", GENUINE[4], "--wait", "--json"))
            self.assertEqual(shown[0]["report"]["verdict"], "closed_loop")
            self.assertEqual(shown[0]["report"]["prefix"], GENUINE[4])
            self.assertEqual(slices(service) - {"test-1"}, {"named"})
            # At once again, while the slice of the first one may still be there.
            again = json.loads(ctl(service, "test", GENUINE[4], "--wait", "--json"))
            self.assertEqual(again[0]["report"]["verdict"], "closed_loop")
            self.check_whole(service)

    def test_a_second_test_of_the_same_prefix_is_busy_while_the_first_runs(self):
        named = {"name": "named", "sources": [GENUINE[4]], "mode": "active", "start": "manual"}
        with served([named]) as (lab, service):
            for prefix in (GENUINE[4], SPOOFED[4]):  # one that a slice names, and one that none does
                ctl(service, "test", prefix)
                wait_until("it is under way", lambda: "test-" in "".join(slices(service)))
                self.assertIn("busy: ", ctl(service, "test", prefix, code=pennyline.ERROR))
                number = max(int(name[5:]) for name in slices(service) if name.startswith("test-"))
                ctl(service, "test", "stop", f"test-{number}")
                wait_until("it is over", lambda: not any(name.startswith("test-") for name in slices(service)))
            del lab
            self.check_whole(service)

    def test_who_waits_is_told_what_other_slices_keep_and_of_the_kill_switch(self):
        named = {"name": "named", "sources": [GENUINE[4]], "mode": "active", "start": "manual"}
        half = {"name": "half", "sources": ["198.51.100.128/25"], "mode": "off"}
        with served([named, half]) as (lab, service):
            genuine_flows(lab)
            said = ctl(service, "test", GENUINE[4], "--wait")
            self.assertIn("what these slices name stays theirs: half", said)
            ctl(service, "kill-switch", "on")
            said = ctl(service, "test", GENUINE[4], "--wait", "--set", "max_duration_ms=1000", code=pennyline.NOTHING_TESTED)
            self.assertIn("warning: the kill switch is on", said)
            self.check_whole(service)

    def test_a_box_without_slices_forwards_and_tests_by_command(self):
        with served([]) as (lab, service):
            genuine_flows(lab)
            self.assertIn("closed_loop", ctl(service, "test", GENUINE[4], "--wait"))
            self.check_whole(service)

    def test_it_takes_no_longer_than_a_slice_of_the_file(self):
        with served([{"name": "named", "sources": [GENUINE[4]], "mode": "active",
                      "start": "manual"}]) as (lab, service):
            lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 60, ("--flows", 5))
            wait_until("traffic", lambda: service.ask("aggregates")["aggregates"][0]["segments"] > 100)
            begun = time.monotonic()
            service.ask("test start", aggregate="named")
            wait_until("done", lambda: service.ask("status")["tests"]["done"] == 1)
            of_file = time.monotonic() - begun
            begun = time.monotonic()
            ctl(service, "test", GENUINE[4], "--wait")
            self.assertLess(time.monotonic() - begun, of_file + 2)
            print(f"a slice of the file: {of_file:.2f} s, a test of the prefix: "
                  f"{time.monotonic() - begun:.2f} s")
            self.check_whole(service)

    def test_a_thousand_at_once_are_survived(self):
        with served() as (lab, service):
            genuine_flows(lab)
            control = pennyline.Control(service.control_path)
            refused = []
            for n in range(1000):
                try:
                    control.ask("test", source=f"10.{n // 250}.{n % 250}.0/24",
                                set={"max_duration_ms": 10000})
                except Exception as error:  # of the client: it says what the server said
                    refused.append(str(error))
            control.close()
            self.assertEqual(len(refused), 1000 - 64)
            self.assertIn("no more than 64 tests by command may be under way", refused[0])
            wait_until("all are over", lambda: slices(service) == {"elsewhere"}, 60)
            self.assertIn("closed_loop", ctl(service, "test", GENUINE[4], "--wait"))
            self.check_whole(service)


class Slices(unittest.TestCase):
    def test_a_slice_is_added_set_and_removed_while_packets_pass(self):
        with served() as (lab, service):
            flows = genuine_flows(lab, seconds=15)
            self.assertIn("in force", ctl(service, "slice", "add", "new", "--source", GENUINE[4]))
            wait_until("its verdict", lambda: any(
                a["slice"] == "new" and a["verdict"] == "closed_loop"
                for a in service.ask("aggregates")["aggregates"]))
            self.assertIn("from: run time", ctl(service, "slice", "show", "new"))
            self.assertIn("in force", ctl(service, "slice", "set", "new", "--source", GENUINE[4],
                                          "--set", "start=manual"))
            self.assertIn("there is one of that name already",
                          ctl(service, "slice", "add", "new", "--source", "10.1.0.0/16", code=1))
            self.assertIn("gone", ctl(service, "slice", "remove", "new"))
            self.assertEqual(slices(service), {"elsewhere"})
            self.assertEqual(flows.wait(netlab.PATIENCE_S), 0, flows.errors())
            code, summary = service.stop()
            self.assertEqual((code, summary.broken_identities()), (0, []))

    def test_what_is_in_force_is_shown_with_where_it_came_from(self):
        with served() as (_, service):
            self.assertIn("nothing differs", ctl(service, "config", "diff"))
            for name, source in (("added", "10.1.0.0/16"), ("named", "10.2.0.0/16")):
                ctl(service, "slice", "add", name, "--source", source, "--set", "start=manual")
            config = json.loads(ctl(service, "config", "show"))
            self.assertEqual([s["name"] for s in config["slices"]], ["elsewhere", "added", "named"])
            self.assertIn("drop_probability", config["defaults"])
            words = ctl(service, "config", "show", "--origin")
            self.assertIn(f"file {service.config_path}, read at 20", words)
            self.assertIn("slice elsewhere: from file\nslice added: from run time\n", words)
            whole = json.loads(ctl(service, "config", "show", "--json"))
            self.assertEqual((whole["generation"], whole["total"]), (3, 3))
            self.assertLess(whole["file_read"], whole["in_force_since"])
            # The file names one of them by now, another size of a table, and another mode.
            service.config["slices"] = [{**ELSEWHERE, "mode": "off"},
                                        {"name": "named", "sources": ["10.2.0.0/16"], "mode": "off"}]
            service.config["instance"]["flows_per_lcore"] = 2048
            with open(service.config_path, "w", encoding="utf-8") as file:
                json.dump(service.config, file)
            words = ctl(service, "config", "diff")
            self.assertIn("flows_per_lcore 16384 -> 2048 needs a restart", words)
            self.assertIn('slice "elsewhere": mode "active" -> "off"', words)
            self.assertIn('slice "added" (added at run time)\n', words)
            self.assertRegex(words, r'slice "named" \(added at run time\): .*the file wins')
            with open(service.config_path, "w", encoding="utf-8") as file:
                file.write("{")
            self.assertIn("bad JSON", ctl(service, "config", "diff", code=1))
            self.assertEqual(json.loads(ctl(service, "config", "show")), config)
            self.assertEqual(service.stop()[0], 0)

    def test_slices_survive_a_restart_and_the_file_wins(self):
        with netlab.Path() as lab:
            instance = {"state_directory": f"{lab.folder}/state"}
            service = pennyline.Service(lab, [ELSEWHERE], instance)
            for name, source in (("kept", "10.1.0.0/16"), ("named", "10.2.0.0/16"),
                                 ("gone", "10.3.0.0/16")):
                ctl(service, "slice", "add", name, "--source", source, "--set", "start=manual")
            ctl(service, "slice", "remove", "gone")
            wait_until("the file", lambda: set(json.load(open(
                f"{lab.folder}/state/slices.json"))["slices"]) == {"kept", "named"})
            service.process.child.kill()
            service.process.child.wait()
            # The file names one of them by now.
            named = {"name": "named", "sources": ["10.9.0.0/16"], "mode": "off"}
            service = pennyline.Service(lab, [ELSEWHERE, named], instance)
            wait_until("the slices", lambda: slices(service) == {"elsewhere", "named", "kept"})
            self.assertIn("10.9.0.0/16", ctl(service, "slice", "show", "named"))
            self.assertIn("from: file", ctl(service, "slice", "show", "named"))
            self.assertIn("from: run time", ctl(service, "slice", "show", "kept"))
            refused = [e for e in service.events() if e["event"] == "slice_refused"]
            self.assertEqual([e["slice"] for e in refused], ["named"])
            self.assertIn("the file wins", refused[0]["reason"])
            restored = [e for e in service.events() if e["event"] == "reconfigured"]
            self.assertIn("the last run", restored[-1]["by"])
            code, summary = service.stop()
            self.assertEqual((code, summary.broken_identities()), (0, []))
