#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""pennyline-web's REST, metrics and health, held against their description. Argument: the program."""

import json
import os
import re
import threading
import tempfile
import unittest

import jsonschema

import description
import fake_pennyline
from gateway import Gateway, wait_until
from world import PROGRAM, TREE, World, main


class Rest(World):
    def test_description_and_program_name_the_same_routes(self):
        described = {(method.upper(), path, tuple(sorted(
            p["name"] for p in operation.get("parameters", []) if p["in"] == "query")),
            "security" in operation)
            for path, item in description.load()["paths"].items() for method, operation in item.items()}
        routes = {(r["method"], r["path"], tuple(sorted(r["parameters"])), r["token"])
                  for r in self.web.get("/api/v1").json()["routes"]}
        self.assertEqual(described, routes)

    def test_what_comes_is_as_described(self):
        while len(self.server.pennyline.asked) < 3:
            self.web.change("POST", "/api/v1/tests", '{"source": "192.0.2.0/24"}')
        self.assertEqual(description.check_all_gets(self.web, 3, 3), 18)

    def test_errors_are_as_described(self):
        document = description.load()
        schema = document["components"]["schemas"]["Error"]
        for method, path in (("GET", "/api/v1/nothing"), ("POST", "/api/v1/status"),
                             ("GET", "/api/v1/aggregates?count=x"), ("POST", "/api/v1/tests"),
                             ("GET", "/api/v1/aggregates/999999999")):
            reply = self.web.ask(method, path)
            self.assertGreaterEqual(reply.status, 400)
            description.check(document, schema, reply.json())

    def test_the_report_of_one_is_what_the_event_schema_says(self):
        with open(os.path.join(TREE, "conf", "event.schema.json"), encoding="utf-8") as file:
            schema = json.load(file)
        report = self.web.get("/api/v1/aggregates/3").json()["report"]
        jsonschema.Draft202012Validator({"$ref": "#/$defs/aggregate", "$defs": schema["$defs"]}
                                        ).validate(report)

    def test_pages_hold_all_aggregates_once(self):
        seen = []
        while True:
            page = self.web.get(f"/api/v1/aggregates?offset={len(seen)}&count=300").json()
            self.assertEqual(page["total"], World.n_aggregates)
            if not page["aggregates"]:
                break
            seen += [row["aggregate"] for row in page["aggregates"]]
        self.assertEqual(seen, list(range(World.n_aggregates)))

    def test_filters_leave_what_they_say(self):
        rows = self.web.get("/api/v1/aggregates?verdict=closed_loop&slice=transit&count=10000")
        rows = rows.json()["aggregates"]
        for row in rows:
            self.assertEqual((row["verdict"], row["slice"]), ("closed_loop", "transit"))
        rows = self.web.get("/api/v1/aggregates?search=TRANSIT%2010.0.1.0/24&state=idle").json()
        self.assertEqual([row["prefix"] for row in rows["aggregates"]], ["10.0.1.0/24"])

    def test_a_later_page_has_only_what_changed(self):
        first = self.web.get("/api/v1/aggregates?count=10000").json()
        revision = first["revision"]

        def changed():
            page = self.web.get(f"/api/v1/aggregates?count=10000&changed_since={revision}").json()
            return page["total"] and page
        page = wait_until(changed)
        self.assertEqual(page["generation"], first["generation"])
        self.assertLess(page["total"], 200, "quiet aggregates did not change")

    def test_a_test_runs_from_post_to_verdict(self):
        after = self.web.get("/api/v1/events?after=0&count=1000").json()["next"]
        self.hold_tests()
        reply = self.web.change("POST", "/api/v1/tests", '{"aggregate": 4}')
        self.assertEqual(reply.status, 201, reply.body)
        self.refused(self.web.change("POST", "/api/v1/tests", '{"aggregate": 4}'), 409, "running")
        self.server.pennyline.held = False

        def verdict():
            rows = self.web.get("/api/v1/verdicts?count=1").json()["verdicts"]
            return rows and rows[0]["aggregate"] == 4
        wait_until(verdict, "the verdict")
        detail = self.web.get("/api/v1/aggregates/4").json()
        self.assertEqual(detail["report"]["verdict"], "closed_loop")
        self.assertEqual(len(detail["report"]["drops"]), fake_pennyline.N_DROPS)
        wait_until(lambda: self.web.get("/api/v1/aggregates/4").json()["history"][-1]["log10_e"] > 6)
        events = wait_until(lambda: [
            e for e in self.web.get(f"/api/v1/events?after={after}").json()["events"]
            if e["event"] == "verdict" and e["aggregate"] == 4])
        self.assertEqual(len(events), 1)

    def test_the_configuration_in_force_is_shown_by_pages(self):
        page = self.web.get("/api/v1/config?offset=1&count=1").json()
        self.assertEqual([row["slice"]["name"] for row in page["slices"]], ["slice-1"])
        self.assertEqual((page["total"], page["generation"]), (3, 7))
        self.assertEqual(len(self.web.get("/api/v1/config").json()["slices"]), 3)
        self.refused(self.web.get("/api/v1/config?count=101"), 400, "count")

    def test_a_prefix_is_tested_and_who_waits_is_told(self):
        def post(results, **body):
            results.append(self.web.change("POST", "/api/v1/tests", json.dumps(body)))
        results, later = [], []
        reply = self.web.change("POST", "/api/v1/tests",
                                '{"source": "192.0.2.0/24", "label": "why"}')
        self.assertEqual((reply.status, len(reply.json()["tests"])), (202, 1), reply.body)
        number = reply.json()["tests"][0]["test"]
        shown = self.web.get(f"/api/v1/asked-tests/{number}").json()
        self.assertEqual((shown["state"], shown["label"]), ("running", "why"))
        first = len(self.server.pennyline.asked)
        waiting = [threading.Thread(target=post, args=(results,), kwargs={
            "source": f"10.0.{n}.0/24", "wait_s": 60}) for n in range(20)]
        waiting.append(threading.Thread(target=post, args=(later,), kwargs={
            "source": "10.1.0.0/16", "wait_s": 0.5}))
        for thread in waiting:
            thread.start()
        wait_until(lambda: len(self.server.pennyline.asked) == first + 21, "all are asked for")
        waiting[-1].join()
        self.assertEqual(later[0].status, 202)
        self.assertEqual(later[0].json()["tests"][0]["state"], "running")
        self.assertEqual(results, [])
        # They wait, and others are answered meanwhile.
        self.assertEqual(self.web.get("/api/v1/status").status, 200)
        for n in range(first + 1, first + 22):
            self.server.pennyline.end_asked(n)
        for thread in waiting:
            thread.join()
        self.assertEqual([r.status for r in results], [200] * 20)
        for r in results:
            self.assertEqual(r.json()["tests"][0]["state"], "over")
            self.assertIn("drops", r.json()["tests"][0]["report"])
        self.assertEqual(self.web.change("DELETE", f"/api/v1/asked-tests/{number}").status, 200)

    def test_what_is_refused_is_told_at_once_also_to_who_waits(self):
        def post(body):
            return self.web.change("POST", "/api/v1/tests", body)
        self.refused(post('{"source": "busy", "wait_s": 60}'), 409, "which is under way")
        self.refused(post('{"source": "10.0.0.0/8", "wait_s": 601}'), 400, "wait_s")
        self.refused(post('{"source": "10.0.0.0/8", "wait": 1}'), 400, "wait")
        self.refused(post('{"aggregate": 4, "set": {}}'), 400, "set")
        self.refused(post("{}"), 400, "source")
        self.refused(post("[]"), 400, "object")

    def test_slices_are_added_set_and_removed(self):
        body = '{"slice": {"name": "new", "sources": ["10.0.0.0/8"], "mode": "off"}}'
        for method in ("POST", "PUT"):
            reply = self.web.change(method, "/api/v1/slices", body)
            self.assertEqual((reply.status, reply.json()["slice"]), (202, "new"), reply.body)
        reply = self.web.change("DELETE", "/api/v1/slices?name=new&force=true")
        self.assertEqual(reply.status, 202, reply.body)
        self.refused(self.web.change("DELETE", "/api/v1/slices"), 400, "which slice")
        self.refused(self.web.change("DELETE", "/api/v1/slices?name=new&force=1"), 400, "force")

    def test_a_test_may_be_ended(self):
        self.hold_tests()
        self.assertEqual(self.web.change("POST", "/api/v1/tests", '{"aggregate": 5}').status, 201)
        self.assertEqual(self.web.change("DELETE", "/api/v1/tests/5").status, 200)
        self.refused(self.web.change("DELETE", "/api/v1/tests/5"), 409, "nothing to stop")

    def test_what_a_command_answers_is_passed_on_as_it_is(self):
        pennyline = self.server.pennyline
        pennyline.do_test_start = lambda request: {"aggregate": request["aggregate"], "of_another_version": [None, 0.1],
                                                   "started_s": 31536000.000033}
        try:
            reply = self.web.change("POST", "/api/v1/tests", '{"aggregate": 6}')
        finally:
            del pennyline.do_test_start
        self.assertEqual(reply.status, 201, reply.body)
        self.assertEqual(json.loads(reply.body, parse_float=str),
                         {"aggregate": 6, "of_another_version": [None, "0.1"], "started_s": "31536000.000033"})

    def test_the_kill_switch_is_read_and_set(self):
        for on in (True, False):
            reply = self.web.change("PUT", "/api/v1/kill-switch", json.dumps({"on": on}))
            self.assertEqual(reply.json(), {"kill_switch": on})
            wait_until(lambda: self.web.get("/api/v1/kill-switch").json()["kill_switch"] == on)
            wait_until(lambda: self.web.get("/readyz").status == (503 if on else 200))

    def test_the_file_is_read_anew_and_what_is_refused_is_told(self):
        for body in ('{"dry_run": 1}', '[]', '{"dry": true}', '{"dry_run": true, "x": 1}'):
            self.refused(self.web.change("POST", "/api/v1/reload", body), 400, "")
        reply = self.web.change("POST", "/api/v1/reload", '{"dry_run": true}')
        self.assertEqual((reply.status, reply.json()["dry_run"], reply.json()["generation"]), (200, True, 1))
        reply = self.web.change("POST", "/api/v1/reload", "{}")
        self.assertEqual((reply.status, reply.json()["generation"], reply.json()["n_changes"]), (200, 2, 1))
        self.server.pennyline.bad_file = "$.slices[0].mode: found 7"
        self.addCleanup(setattr, self.server.pennyline, "bad_file", None)
        self.refused(self.web.change("POST", "/api/v1/reload", "{}"), 409, "found 7")

    def test_slices_that_come_and_go_are_shown_at_once(self):
        def names():
            return [s["slice"] for s in self.web.get("/api/v1/slices").json()["slices"]]
        pennyline = self.server.pennyline
        wait_until(lambda: "lab" in names())
        for more in (["guest"], []):
            pennyline.more_slices = more
            pennyline.publish("reconfigured", by="root", way="reload", generation_before=1, generation=2, n_changes=1,
                              changes=[], instance="fake")
            wait_until(lambda more=more: ("guest" in names()) == bool(more))
            self.assertEqual('slice="guest"' in self.web.get("/metrics").body.decode(), bool(more))
        self.assertEqual(self.web.get("/api/v1/aggregates?slice=guest").status, 400)

    def test_draining_is_begun_and_shown(self):
        def stay():
            self.server.pennyline.draining = None
            wait_until(lambda: self.web.get("/readyz").status == 200)
        self.addCleanup(stay)
        for body in ('{"timeout_s": -1}', '{"timeout_s": "60"}', '{"seconds": 60}', '[]', '{"timeout_s": 60, "x": 1}'):
            self.refused(self.web.change("POST", "/api/v1/drain", body), 400, "")
        self.assertIsNone(self.server.pennyline.draining)
        for body, limit in (("{}", None), ('{"timeout_s": 60}', 60)):
            reply = self.web.change("POST", "/api/v1/drain", body)
            self.assertEqual(reply.status, 202)
            self.assertEqual(reply.json()["draining"]["ends_within_s"], limit)
        wait_until(lambda: self.web.get("/readyz").status == 503)
        failed = [c["check"] for c in self.web.get("/readyz").json()["checks"] if not c["ok"]]
        self.assertEqual(failed, ["draining"])
        self.assertEqual(self.web.get("/healthz").status, 200)
        self.assertIn("\npennyline_draining 1\n", self.web.get("/metrics").body.decode())

    def test_the_map_comes_in_parts(self):
        prefixes, after = [], 0
        while after is not None:
            part = self.web.get(f"/api/v1/map?count=1100&after={after}").json()
            prefixes += [e["prefix"] for e in part["entries"]]
            after = part["next"]
        self.assertEqual((len(prefixes), len(set(prefixes))), (2500, 2500))
        found = self.web.get("/api/v1/map?ingress=customer&count=10").json()["entries"]
        self.assertEqual({e["ingress"] for e in found}, {"customer"})

    def test_the_map_as_networks_has_each_prefix_with_what_is_known(self):
        reply = self.web.get("/api/v1/map?format=networks").json()
        self.assertEqual(len(reply["networks"]), 2500)
        self.assertEqual(reply["networks"][20], {"prefix": "20.0.20.0/24", "site": "customer", "role": "genuine",
                                                 "tenant": "unexpected", "asn": 64500})
        for wrong in ("?format=csv", "?count=x", "?count=10001"):
            self.assertEqual(self.web.get("/api/v1/map" + wrong).status, 400, wrong)

    def test_why_wants_prefix_and_ingress(self):
        self.assertEqual(self.web.get("/api/v1/map/why?prefix=20.0.0.1").status, 400)
        reply = self.web.get("/api/v1/map/why?prefix=20.0.0.1&ingress=nowhere")
        self.assertEqual(reply.status, 409)
        self.assertIn("is no ingress of the file", json.dumps(reply.json()))

    def test_machines_are_passed_on_with_the_time_they_are_of(self):
        def told():
            return self.web.get("/api/v1/machines").json()
        first = wait_until(told)
        self.assertEqual([m["name"] for m in first["machines"]], ["knock", "many"])
        later = wait_until(lambda: (now := told())["uptime_s"] > first["uptime_s"] and now)
        self.assertGreater(later["machines"][0]["rules"][3], first["machines"][0]["rules"][3])

    def test_events_go_on_from_a_cursor(self):
        for on in ("true", "false"):
            self.web.change("PUT", "/api/v1/kill-switch", '{"on": %s}' % on)
        wait_until(lambda: self.web.get("/api/v1/events?kind=kill_switch").json()["events"])
        everything = self.web.get("/api/v1/events?count=1000").json()["events"]
        cursor, seen = 0, []
        while True:
            page = self.web.get(f"/api/v1/events?after={cursor}&count=2").json()
            seen += [e["cursor"] for e in page["events"]]
            if len(seen) >= len(everything):
                break
            cursor = page["next"]
        self.assertEqual(seen[:len(everything)], [e["cursor"] for e in everything])


class Metrics(World):
    def test_the_map_has_labels_that_senders_cannot_make(self):
        text = wait_until(lambda: "pennyline_map_" in (t := self.samples()) and t)
        for line in ("pennyline_map_entries{ingress=\"ams-ix \\\"north\\\"\",grade=\"route\",reality=\"untested\"} 2250",
                     "pennyline_map_entries{ingress=\"customer\",grade=\"unexpected\",reality=\"genuine\"} 125",
                     "pennyline_map_bytes_per_second{ingress=\"customer\",grade=\"unexpected\",reality=\"genuine\"} 12500",
                     "pennyline_map_stray_packets_total{ingress=\"customer\"} 1099511627776",
                     "pennyline_map_diffuse_unexpected{ingress=\"customer\"} 1",
                     "pennyline_map_refused_full_total 3", "pennyline_map_entries_limit 4096",
                     "pennyline_map_expectation_built_timestamp_seconds 1767225600"):
            self.assertIn(f"\n{line}\n", text)
        self.assertNotIn("20.0.", text)

    def test_rules_and_states_of_machines_have_labels_that_are_bounded(self):
        text = wait_until(lambda: "pennyline_machine_" in (t := self.samples()) and t)
        for line in ("pennyline_machine_keys_in_state{machine=\"knock\",state=\"open\"} 10",
                     "pennyline_machine_keys_in_state{machine=\"knock\",state=\"closed\"} 0",
                     # The first 64 states, and 64 to 255 in one; the first 128 rules, and 128 to 1023.
                     f"pennyline_machine_keys_in_state{{machine=\"many\",state=\"(others)\"}} {sum(range(64, 256))}",
                     "pennyline_machine_rule_packets_total{machine=\"many\",rule=\"(others)\"} 896",
                     "pennyline_machine_rule_packets_total{machine=\"many\",rule=\"otherwise\"} 1",
                     "pennyline_machine_events_total{machine=\"knock\",event=\"opened\"} 3",
                     "pennyline_machine_forwards_all{machine=\"many\"} 1"):
            self.assertIn(f"\n{line}\n", text)
        self.assertEqual(text.count("pennyline_machine_rule_packets_total{machine=\"many\""), 130)
        self.assertEqual(text.count("pennyline_machine_keys_in_state{machine=\"many\""), 65)

    def samples(self):
        reply = self.web.get("/metrics")
        self.assertEqual(reply.status, 200)
        return reply.body.decode()

    def test_each_line_is_openmetrics(self):
        text = self.samples()
        self.assertTrue(text.endswith("# EOF\n"))
        types, closed = {}, set()
        current = None
        for line in text.splitlines()[:-1]:
            if line.startswith("# TYPE "):
                current, kind = line.split(" ")[2:]
                self.assertNotIn(current, types, "a family comes in one piece")
                types[current] = kind
            elif line.startswith("# UNIT "):
                name, unit = line.split(" ")[2:]
                self.assertEqual(name, current)
                self.assertTrue(name.endswith("_" + unit))
            elif line.startswith("# HELP "):
                self.assertEqual(line.split(" ")[2], current)
            else:
                match = re.fullmatch(r'(pennyline_[a-z0-9_]+)(\{.*\})? (-?[0-9.e+-]+)', line)
                self.assertIsNotNone(match, line)
                suffixes = {"counter": ["_total"], "info": ["_info"], "gauge": [""],
                            "histogram": ["_bucket", "_count", "_sum"]}[types[current]]
                self.assertIn(match[1], [current + suffix for suffix in suffixes])
                self.assertNotIn((match[1], match[2]), closed, "a sample comes once")
                closed.add((match[1], match[2]))

    def test_labels_are_of_the_configuration_only(self):
        names = set(re.findall(r'[{,]([a-z_]+)="', self.samples()))
        self.assertLessEqual(names, {"slice", "port", "ingress", "grade", "reality", "lcore", "stage", "reason", "verdict", "state", "cause",
                                     "version", "le", "sources", "network", "transport", "machine", "rule", "count", "event"})

    def test_load_of_workers_adds_up(self):
        text = self.samples()
        for lcore in (1, 2):
            def value(name, more=""):
                at = r'pennyline_worker_%s\{lcore="%d"%s\} (\S+)' % (name, lcore, more)
                return [float(n) for n in re.findall(at, text)]
            busy, idle = value("busy_seconds_total")[0], value("idle_seconds_total")[0]
            self.assertAlmostEqual(busy / (busy + idle), 0.25, delta=0.01)
            buckets = value("burst_packets_bucket", ',le="[^"]+"')
            self.assertEqual(len(buckets), 7)
            self.assertEqual(buckets, sorted(buckets))
            self.assertEqual(buckets[-1], value("burst_packets_count")[0])
            self.assertGreater(buckets[-1], buckets[-2], "full bursts")
            self.assertEqual(value("burst_packets_sum"), value("rx_packets_total"))
            self.assertEqual(len(value("stage_seconds_total", ',stage="[a-z_]+"')), 5)
            self.assertEqual(value("stage_packets_total"), [40])

    def test_sums_of_slices_are_those_of_their_aggregates(self):
        text = self.samples()
        dropped = sum(int(n) for n in re.findall(r'slice_dropped_total\{.*\} (\d+)', text))
        rows = self.web.get("/api/v1/aggregates?count=10000").json()["aggregates"]
        self.assertEqual(dropped, sum(row["dropped"] for row in rows))
        by_verdict = sum(int(n) for n in re.findall(r'pennyline_aggregates\{.*\} (\d+)', text))
        self.assertEqual(by_verdict, World.n_aggregates)

    def test_names_are_escaped(self):
        self.assertIn(r'slice="edge <b>&\"quoted\""', self.samples())


    def test_alerts_and_dashboard_name_metrics_that_there_are(self):
        metrics = set(re.findall(r"^(pennyline_\w+)[{ ]", self.samples(), re.M))
        for name in ("prometheus/pennyline.rules.yml", "grafana/pennyline.json"):
            with open(os.path.join(TREE, "conf", name), encoding="utf-8") as file:
                named = set(re.findall(r"\b(pennyline_\w+)", file.read()))
            self.assertGreater(len(named), 10)
            self.assertLessEqual(named, metrics, name)


class Health(World):
    """What the stand-in says of itself is changed for a while."""

    n_aggregates = 10

    def twist(self, change):
        tell = fake_pennyline.Pennyline.do_status

        def do_status(request):
            status = tell(self.server.pennyline, request)
            change(status)
            return status
        self.server.pennyline.do_status = do_status

    def tearDown(self):
        del self.server.pennyline.do_status
        wait_until(lambda: self.web.get("/readyz").status == 200)

    def failed(self, path):
        reply = self.web.get(path)
        failed = {check["check"] for check in reply.json()["checks"] if not check["ok"]}
        self.assertEqual(reply.status, 503 if failed else 200)
        return failed

    def test_a_worker_that_hangs_is_no_health(self):
        self.twist(lambda status: status.update(epoch=7))
        wait_until(lambda: self.failed("/healthz") == {"epochs"})

    def test_a_worker_that_hangs_is_told_by_its_lcore(self):
        self.twist(lambda status: status["workers"][1].update(stalled="held by a debugger"))
        wait_until(lambda: self.failed("/healthz") == {"worker"})
        self.assertIn("lcore 2 has not been through its loop: its thread is held by a debugger",
                      self.web.get("/healthz").body.decode())

    def test_the_first_who_asks_hears_that_a_worker_hangs(self):
        """However seldom a probe comes: nobody asked while the epoch still went on."""
        self.twist(lambda status: status.update(epoch=8))
        asked = self.server.pennyline.n_asked["status"]
        # Half a second apart at least.
        wait_until(lambda: self.server.pennyline.n_asked["status"] >= asked + 8)
        self.assertEqual(self.failed("/healthz"), {"epochs"})

    def test_packets_that_go_nowhere_are_no_health(self):
        def swallow(status):
            status["workers"][1]["counters"]["tx_packets"] -= 200000
        self.twist(swallow)
        for path in ("/healthz", "/readyz"):
            wait_until(lambda: self.failed(path) == {"worker"})

    def test_a_port_that_brings_no_packets_is_no_health(self):
        def deafen(status):
            status["ports"][1]["trouble"] = "its XDP program was taken away"
        self.twist(deafen)
        for path in ("/healthz", "/readyz"):
            wait_until(lambda: self.failed(path) == {"port"})

    def test_a_link_that_is_down_or_a_suspension_is_healthy_and_not_ready(self):
        def change(status):
            status["suspended"] = "the box lost packets"
            status["ports"][0]["link_up"] = False
        self.twist(change)
        wait_until(lambda: self.failed("/readyz") == {"link", "suspended"})
        wait_until(lambda: self.failed("/healthz") == set())


class ComingAndGoing(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pennyline-fake-")
        self.control = os.path.join(self.folder.name, "control.sock")

    def tearDown(self):
        self.folder.cleanup()

    def test_pennyline_may_come_later_go_and_come_back(self):
        web = Gateway(PROGRAM, self.control)
        self.addCleanup(web.kill)
        self.assertEqual(web.get("/healthz").status, 503)
        self.assertIn("is pennyline running?", web.get("/api/v1/status").json()["trouble"])
        server = fake_pennyline.Server(self.control, 30)
        web.wait_complete()
        wait_until(lambda: web.get("/readyz").status == 200)
        server.stop()
        wait_until(lambda: not web.get("/api/v1/status").json()["connected"])
        self.assertEqual(web.get("/api/v1/aggregates?count=1").json()["total"], 30)
        self.assertEqual(web.get("/healthz").status, 503)
        self.assertEqual(web.change("POST", "/api/v1/tests", '{"aggregate": 1}').status, 502)
        generation = web.get("/api/v1/aggregates").json()["generation"]
        server = fake_pennyline.Server(self.control, 20)
        wait_until(lambda: web.get("/api/v1/aggregates").json()["total"] == 20)
        self.assertGreater(web.get("/api/v1/aggregates").json()["generation"], generation)
        web.close()
        server.stop()


if __name__ == "__main__":
    main()
