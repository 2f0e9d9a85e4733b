#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A stand-in for pennyline's control socket: many aggregates, numbers that move, tests that go on.

What it says has the form of conf/summary.schema.json and conf/event.schema.json; a test holds it
against them. It decides nothing: a test that is begun takes its drops one by one, all come back (or
none, for an odd number), and ends in a verdict.
"""

import argparse
import json
import math
import os
import re
import signal
import socket
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.join(HERE, "..", "..")
N_DROPS = 6


def counter_names(kind):
    """The names of a list of counters, as the tree has them."""
    with open(os.path.join(TREE, "lib", "stats", "counters.h"), encoding="utf-8") as header:
        text = header.read()
    body = text.split(f"#define {kind}(X)", 1)[1].split("\n\n", 1)[0]
    return re.findall(r'X\(\w+,\s*"(\w+)"', body)


def machine_counters():
    with open(os.path.join(TREE, "lib", "machine", "machine.h"), encoding="utf-8") as header:
        body = header.read().split("#define MACHINE_COUNTERS(X)", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"X\((\w+),", body)


AGGREGATE_COUNTERS = counter_names("AGGREGATE_COUNTERS")
WORKER_COUNTERS = counter_names("WORKER_COUNTERS")
MACHINE_COUNTERS = machine_counters()
N_MAP_ENTRIES = 2500
SLICES = ["edge <b>&\"quoted\"", "transit", "lab"]
FLOW = {"source": "192.0.2.7", "source_port": 40000, "destination": "198.51.100.9",
        "destination_port": 443, "ingress": 0}


def load(packets, now):
    """Of a worker that is busy for a quarter of its time, with bursts of four packets and full ones."""
    bursts = {"1": 0, "2": 0, "4": packets % 64 // 4, "8": 0, "16": 0, "32": 0, "64": packets // 64}
    return {"tsc_hz": 10 ** 9, "packets": packets, "busy_turns": sum(bursts.values()),
            "busy_cycles": int(now * 10 ** 9) // 4, "idle_turns": 10 ** 6,
            "idle_cycles": int(now * 10 ** 9) * 3 // 4, "bursts": sum(bursts.values()),
            "bursts_by_packets": bursts,
            "stage_cycles": {"receive": 400, "parse_classify": 900, "stages": 0, "lookup_engine": 2000,
                             "transmit": 700},
            "sampled_bursts": 10, "sampled_packets": 40, "long_turns": 3, "long_turn_cycles": 4 * 10 ** 6,
            "reload_turns": 1, "reload_turn_cycles": 7000, "longest_reload_turn_cycles": 7000,
            "recent": {"seconds": 1.0, "packets_per_second": 8000.0, "busy_share": 0.25,
                       "cycles_per_packet": 120.5, "packets_per_burst": 4.0,
                       "stage_cycles_per_packet": {"receive": 10.0, "parse_classify": 22.5, "stages": 0.0,
                                                   "lookup_engine": 50.0, "transmit": 17.5}}}


def counted(name, of_slice, listed):
    """An item of sources that are counted: no window has ended yet."""
    return {"name": name, "slice": of_slice, "window_s": 60, "windows": 0, "short_windows": 1, "late": 0,
            "clock_sets": 0, "listed": listed, "window": None}


def window(number, ended, counts, estimate=False):
    """counts: (network, transport, port, sources, new, packets)..."""
    keys = ("network", "transport", "port", "sources", "new", "packets")
    text = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(ended))
    return {"number": number, "began": text, "ended": text, "ended_unix_s": float(ended), "short": False,
            "estimate": estimate, "standard_error": 0.01625 if estimate else None,
            "sources_of_all_ports": 9, "pairs_of_source_and_port": 11,
            "packets": {"counted": 100, "other_port": 0}, "counts": [dict(zip(keys, c)) for c in counts]}


class Aggregate:
    def __init__(self, number):
        self.number = number
        self.slice = SLICES[number % len(SLICES)]
        self.prefix = f"10.{number // 256 % 256}.{number % 256}.0/24"
        self.changed = 0.5
        self.n_tests = 0
        self.started = self.verdict_at = self.ended = None
        self.state, self.verdict, self.reason = "idle", "undecided", "running"
        self.drops = []
        if number % 3 == 0:
            self.finish_in_the_past()

    def finish_in_the_past(self):
        self.n_tests = 1
        self.started, self.verdict_at, self.ended = 0.6, 0.6 + self.number * 1e-4, 4.0
        self.state, self.reason = "done", "evidence"
        self.drops = [self.drop(i, 0.7 + i / 10) for i in range(N_DROPS)]
        self.verdict = "closed_loop" if self.is_genuine() else "not_closed_loop"

    def is_genuine(self):
        return self.number % 2 == 0

    def drop(self, i, at):
        genuine = self.is_genuine()
        return {"flow": dict(FLOW, source_port=40000 + i), "seq": 1000 + 1448 * i, "len": 1448,
                "seconds": at, "time": "2026-01-01T00:00:00.000Z",
                "state": "retransmitted" if genuine else "expired", "void_reason": None,
                "latency_ms": 210.5 + 10 * i if genuine else None, "individual": False}

    def counters(self, now):
        # Always more than those that stand still, so that their order by packets never changes.
        moving = 2000 + int((now - 0.5) * 100) if self.number < 100 else 1000
        counters = dict.fromkeys(AGGREGATE_COUNTERS, 0)
        came_back = sum(d["state"] == "retransmitted" for d in self.drops)
        counters.update(packets=moving, bytes=moving * 1500, segments=moving - moving // 10,
                        in_order=moving - moving // 10 - came_back, droppable=moving // 2,
                        repairs=came_back, flows_seen=7, dropped=len(self.drops),
                        retransmitted=came_back, expired=len(self.drops) - came_back)
        return counters

    def report(self, now, with_drops=False):
        n = len(self.drops)
        came_back = sum(d["state"] == "retransmitted" for d in self.drops)
        counters = self.counters(now)
        share = came_back / n if self.state == "done" and self.verdict == "closed_loop" else None
        report = {
            "aggregate": self.number, "name": f"{self.slice} {self.prefix}", "slice": self.slice,
            "prefix": self.prefix, "state": self.state, "rule": "anytime", "verdict": self.verdict,
            "provisional": False, "mixed": False, "repaired_share": share,
            "via": "aggregate" if self.verdict != "undecided" else "none", "reason": self.reason,
            "reason_text": "the evidence reached its threshold",
            "anytime": {"log10_e": 1.25 * came_back - 0.4 * (n - came_back),
                        "log10_e_pooled": 1.25 * came_back, "log10_e_joint": 0.0,
                        "log10_f": 0.9 * (n - came_back) - 0.3 * came_back,
                        "outcome": self.verdict},
            "penny": {"f_dup": 0.01, "p_closed": 0.5, "p_open": 0.5, "posterior": 0.5,
                      "outcome": "undecided"},
            "started_s": self.started, "verdict_s": self.verdict_at, "ended_s": self.ended,
            "first_seen_s": 0.5, "last_seen_s": now if self.number < 100 else 2.0,
            "n_tests": self.n_tests, "total": counters,
            "flows": {"seen": 7, "tested": n, "repaired": came_back, "closed_loop": 0,
                      "by_outcome": dict.fromkeys(("undecided", "closed_loop", "not_closed_loop",
                                                   "duplicates_exceeded", "inconclusive"), 0),
                      "individual": []},
            **counters, "pending": 0}
        if with_drops:
            report["drops"] = self.drops
        return report


class Refused(Exception):
    """Words for the client."""


class Pennyline:
    def __init__(self, n_aggregates):
        self.began = time.monotonic()
        self.lock = threading.RLock()
        self.aggregates = [Aggregate(i) for i in range(n_aggregates)]
        self.kill_switch = False
        self.draining = None
        self.generation = 1
        self.more_slices = []
        self.bad_file = None
        self.held = False  # no test goes on
        self.watchers = []
        self.n_asked = {}
        self.silent_about = set()  # commands that are heard and not answered
        self.turns_away = False    # whoever connects from now on
        self.counted = [counted("all", None, True), counted("of", "lab", False)]
        self.asked = {}            # tests of a prefix by number: {"state", ...}

    def now(self):
        return time.monotonic() - self.began + 10

    def publish(self, kind, aggregate=None, **details):
        event = {"time": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
                 "monotonic_s": self.now(), "event": kind}
        if aggregate is not None:
            event.update({key: aggregate.report(0)[key]
                          for key in ("aggregate", "name", "slice", "prefix")})
        event.update(details)
        for watcher in list(self.watchers):
            try:
                watcher.sendall(json.dumps(event).encode() + b"\n")
            except OSError:
                self.watchers.remove(watcher)

    def step(self):
        """One drop of each test that is on."""
        with self.lock:
            for a in [a for a in self.aggregates if a.state == "pooled" and not self.held]:
                a.changed = self.now()
                drop = a.drop(len(a.drops), round(self.now(), 3))
                a.drops.append(drop)
                self.publish("drop_ended", a, drop=drop)
                if len(a.drops) < N_DROPS:
                    continue
                a.state, a.reason = "done", "evidence"
                a.verdict = "closed_loop" if a.is_genuine() else "not_closed_loop"
                a.verdict_at = a.ended = self.now()
                self.publish("verdict", a, report=a.report(self.now()))
                self.publish("test_ended", a, report=a.report(self.now()))

    def worker(self, i):
        now = self.now()
        packets = int(now * 8000 * (i + 1) - 1500 * math.cos(now))
        counters = dict.fromkeys(WORKER_COUNTERS, 0)
        counters.update(rx_packets=packets, tx_packets=packets - 6, dropped=6,
                        rx_bytes=packets * 1500, tx_bytes=packets * 1500, untested=packets // 2,
                        slice_packets=packets - packets // 2)
        return {"worker": i, "lcore": i + 1, "counters": counters,
                "packet_reasons": {"tcp": packets // 3, "not_tcp": 12},
                "load": load(packets, now), "stalled": None,
                "flows": {"now": 700, "most": 65536, "admissions": {"admitted": 900, "refused": 1},
                          "evicted_syn_only": 0, "evicted_idle": 0, "aged": 190, "removed": 10}}

    def port(self, name):
        now = self.now()
        packets = int(now * (16000 if name == "west" else 7000) - 2500 * math.cos(now))
        return {"name": name, "device": f"net_{name}", "driver": "fake", "role": "forward",
                "link_up": True, "trouble": None, "rx_queues": 2, "tx_queues": 2, "rx_packets": packets,
                "tx_packets": packets - 12, "forwarded": packets - 12, "dropped": 12,
                "lost_tx_full": 0, "lost_no_headroom": 0, "lost_cut": 0, "absorbed_mirror": 0,
                "dropped_by_stage": 0, "answered": 0, "generated": 0,
                "device_counters": {"rx_packets": packets, "rx_bytes": packets * 1500,
                                    "tx_packets": packets - 12, "tx_bytes": packets * 1500,
                                    "missed": 0, "no_buffer": 0, "rx_errors": 0, "tx_errors": 0},
                "xstats": {}}

    def do_status(self, _):
        states = dict.fromkeys(("idle", "pooled", "flows", "settling", "done"), 0)
        for a in self.aggregates:
            states[a.state] += 1
        return {"version": "0.1.0", "instance": "fake", "uptime_s": self.now(),
                "kill_switch": self.kill_switch, "suspended": None, "draining": self.draining, "tracking_shed": False,
                "epoch": int(self.now() * 100), "n_aggregates": len(self.aggregates),
                "max_aggregates": 65536, "aggregates_full": False,
                "tests": states,
                "drop_budget": {"max_per_hour": 1000, "made": 12,
                                "made_by": {"slice": 12, "command": 0, "escalation": 0},
                                "reserved": 5, "left": 983, "awaited": False, "next_s": 3000.0},
                "workers": [self.worker(0), self.worker(1)],
                "ports": [self.port("west"), self.port("east")], "memory": {}}

    def do_slices(self, _):
        parameters = {"rule": "anytime", "drop_probability": 0.05, "alpha": 1e-6, "beta": 1e-4,
                      "max_drops_per_aggregate": 12, "max_drops_per_flow": 6,
                      "max_individual_flows": 10, "retransmission_timeout_ms": 3000,
                      "retest_interval_ms": 0}
        found = [{"slice": name, "mode": "active", "start": "manual", "sources": ["10.0.0.0/8"],
                  "n_sources": 1, "destinations": ["0.0.0.0/0", "::/0"], "n_destinations": 2,
                  "granularity_ipv4": 24, "granularity_ipv6": 0, "parameters": parameters}
                 for name in SLICES + self.more_slices]
        return {"total": len(found), "offset": 0, "slices": found}

    def do_aggregates(self, request):
        now = self.now()
        since = now - request.get("changed_within_ms", math.inf) / 1e3
        found = [a for a in self.aggregates[request.get("from", 0):]
                 if a.number < 100 or a.changed >= since]
        offset, count = request.get("offset", 0), request.get("count", 100)
        return {"total": len(found), "offset": offset,
                "aggregates": [a.report(now) for a in found[offset:offset + count]]}

    def do_machines(self, _):
        now = self.now()
        n = int(now * 100)
        counters = dict.fromkeys(MACHINE_COUNTERS, 0)
        counters.update(packets=n, dropped=n // 2, counts={"knocks": n // 4}, events={"opened": 3})
        rules = [n // 4, 0, n // 4, n - 2 * (n // 4)]
        many = dict(counters, counts={}, events={})
        return {"uptime_s": now, "machines": [
            {"name": "knock", "forwards_all": False, "keys": 12, "max_keys": 65536,
             "states": {"closed": 0, "one": 2, "open": 10}, "rules": rules, "counters": counters},
            {"name": "many", "forwards_all": True, "keys": 300, "max_keys": 300,
             "states": {f"s{i}": i for i in range(256)}, "rules": [1] * 1025, "counters": many}]}

    def map_entry(self, i):
        ingress, grade = ("customer", "unexpected") if i % 10 == 0 else ("ams-ix", "route")
        rates = {"10_s": 1.5, "5_min": 1.25, "1_h": 1.0}
        return {"ingress": ingress, "prefix": f"20.{i // 256}.{i % 256}.0/24", "packets": 10 * i, "bytes": 1000 * i,
                "payload_segments": i, "packets_per_s": rates, "bits_per_s": rates, "first_seen_s": 1.0,
                "first_seen": "2026-01-01T00:00:00.000Z", "last_seen_s": 2.0,
                "last_seen": "2026-01-01T00:00:01.000Z", "presence": "active", "grade": grade, "rpki": "not_found",
                "origin_as": None if i % 7 == 0 else 64500 + i % 5, "route": None, "addresses": 3,
                "destinations": {"own": 1.0}, "dominant": None,
                "reality": {"state": "genuine" if i % 20 == 0 else "untested"}}

    def do_map(self, request):
        found = [self.map_entry(i) for i in range(request.get("after", 0), N_MAP_ENTRIES)]
        count = request.get("count", 100)
        if "ingress" in request:
            found = [e for e in found if e["ingress"] == request["ingress"]]
        after = request.get("after", 0) + count
        return {"entries": found[:count], "next": after if after < N_MAP_ENTRIES else None}

    def do_map_summary(self, _):
        def stand(grade, reality, n):
            return {"grade": grade, "reality": reality, "entries": n, "packets_per_s": n / 2, "bits_per_s": 800.0 * n}
        return {"most_entries": 4096, "counters": {"entries": N_MAP_ENTRIES, "admitted": 2500, "refused_full": 3},
                "expectation": {"built_s": 1767225600, "routes": 900000, "accepts": 0, "vrps": 0}, "ingresses": [
                    {"name": "ams-ix \"north\"", "named": True, "relation": "peer", "entries": 2250, "unexpected": 0,
                     "stray_packets": 7, "stray_bytes": 700, "diffuse": False,
                     "standing": [stand("route", "untested", 2250)]},
                    {"name": "customer", "named": True, "relation": "customer", "entries": 250, "unexpected": 250,
                     "stray_packets": 1 << 40, "stray_bytes": 1 << 50, "diffuse": True,
                     "standing": [stand("unexpected", "untested", 125), stand("unexpected", "genuine", 125)]}]}

    def do_map_why(self, request):
        if request["ingress"] != "customer":
            raise Refused(f"map why: \"{request['ingress']}\" is no ingress of the file that is in force")
        return {"prefix": request["prefix"], "ingress": "customer", "grade": "unexpected", "reason": "",
                "routes": []}

    def find(self, request):
        wanted = request["aggregate"]
        for a in self.aggregates:
            if wanted in (a.number, a.prefix, a.slice):
                return a
        raise Refused(f"aggregate {wanted}: there are {len(self.aggregates)}, counted from 0")

    def do_aggregate(self, request):
        return self.find(request).report(self.now(), with_drops=True)

    def do_test_start(self, request):
        a = self.find(request)
        if a.state == "pooled":
            raise Refused("a test of it is running; stop that one first")
        a.drops, a.state, a.verdict, a.reason = [], "pooled", "undecided", "running"
        a.n_tests += 1
        a.started, a.verdict_at, a.ended, a.changed = self.now(), None, None, self.now()
        self.publish("test_started", a)
        return {"aggregate": a.number, "test": "started"}

    def do_test_stop(self, request):
        a = self.find(request)
        if a.state != "pooled":
            raise Refused("no test of it is running; there is nothing to stop")
        a.state, a.verdict, a.reason = "done", "inconclusive", "stopped"
        a.verdict_at = a.ended = a.changed = self.now()
        self.publish("verdict", a, report=a.report(self.now()))
        return {"aggregate": a.number, "test": "stopped"}

    def do_test(self, request):
        sources = request["source"]
        tests = []
        for source in [sources] if isinstance(sources, str) else sources:
            if source == "busy":
                raise Refused("test: busy: the test of slice \"edge\", which is under way")
            number = len(self.asked) + 1
            self.asked[number] = {"test": number, "state": "running", "slice": f"test-{number}",
                                  "source": source, "label": request.get("label"), "reason": None,
                                  "report": None}
            tests.append({"test": number, "slice": f"test-{number}", "source": source,
                          "kept_by": []})
        return {"tests": tests}

    def end_asked(self, number):
        """It is over: whoever watches hears of it."""
        with self.lock:
            a = self.aggregates[0]
            self.asked[number].update(state="over", report=a.report(self.now(), with_drops=True))
            self.publish("test_ended", a, report=a.report(self.now()), slice=f"test-{number}")

    def do_test_show(self, request):
        if request["test"] not in self.asked:
            raise Refused(f"test show: test {request['test']}: none of that number is known")
        return self.asked[request["test"]]

    def do_test_end(self, request):
        self.do_test_show(request)
        self.end_asked(request["test"])
        return {"test": request["test"], "state": "over"}

    def do_config_show(self, request):
        slices = [{"origin": "file", "slice": {"name": f"slice-{n}"}} for n in range(3)]
        return {"config": {"instance": {"name": "fake"}}, "total": len(slices), "generation": 7,
                "slices": slices[request["offset"]:request["offset"] + request["count"]],
                "in_force_since": "2026-01-01T00:00:00Z", "file": None, "file_read": "2026-01-01T00:00:00Z"}

    def do_slice_add(self, request):
        return {"slice": request["slice"]["name"], "state": "accepted"}

    do_slice_set = do_slice_add

    def do_slice_remove(self, request):
        return {"slice": request["name"], "state": "accepted"}

    def do_kill_switch(self, request):
        self.kill_switch = request["on"]
        self.publish("kill_switch", switch="on" if self.kill_switch else "off")
        return {"kill_switch": self.kill_switch}

    def do_reload(self, request):
        changes = [{"change": "slice \"x\" added", "class": "traffic"}]
        if self.bad_file is not None:
            raise Refused(f"nothing is changed: {self.bad_file}")
        dry_run = request.get("dry_run", False)
        before, self.generation = self.generation, self.generation + (not dry_run)
        return {"dry_run": dry_run, "generation_before": before, "generation": self.generation, "took_s": 0.01,
                "n_changes": len(changes), "changes": changes}

    def do_sources(self, request):
        items = [dict(item) for item in self.counted]
        items = items[request["item"]:request["item"] + 1] if "item" in request else items
        for item in items:
            if "known" in request:
                item["window_known"] = item["window"] is not None and item["window"]["ended"] == request["known"]
                item["window"] = None if item["window_known"] else item["window"]
        return {"sources": items, "total": len(self.counted)}

    def do_sources_list(self, request):
        if request["name"] not in [item["name"] for item in self.counted if item["listed"]]:
            raise Refused(f"sources list: the sources of \"{request['name']}\" are not named")
        listed = [{"ip": f"198.18.{n // 256}.{n % 256}", "network": "IPv4", "transport": "TCP",
                   "port": 80 if n % 7 else None} for n in range(2500)]
        page = listed[request["offset"]:request["offset"] + request["count"]]
        return {"name": request["name"], "slice": None, "total": len(listed), "offset": request["offset"],
                "complete": True, "list": page}

    def do_drain(self, request):
        self.draining = {"for_s": 0.0, "ends_within_s": request.get("timeout_s"), "quiet_s": 0.0}
        self.publish("draining", timeout_s=request.get("timeout_s"), instance="fake")
        return {"draining": self.draining}

    def answer(self, line):
        request = json.loads(line)
        name = request["command"]
        method = getattr(self, "do_" + name.replace(" ", "_").replace("-", "_"), None)
        with self.lock:
            self.n_asked[name] = self.n_asked.get(name, 0) + 1
            try:
                if method is None:
                    raise Refused(f"{name}: no such command")
                return {"ok": True, "result": method(request)}
            except Refused as error:
                return {"ok": False, "error": str(error)}

    def serve_client(self, client):
        with client, client.makefile("rb") as lines:
            if self.turns_away:
                client.sendall(b'{"ok": false, "error": "16 clients are connected", "turned_away": true}\n')
                return
            for line in lines:
                if b'"watch"' in line:
                    client.sendall(b'{"ok": true, "result": {"watching": true}}\n')
                    self.watchers.append(client)
                    while client.recv(4096):
                        pass
                    return
                answer = self.answer(line)
                if json.loads(line)["command"] not in self.silent_about:
                    client.sendall(json.dumps(answer).encode() + b"\n")


class Server:
    """Listens in a thread until stop()."""

    def __init__(self, path, n_aggregates, step_s=0.3):
        self.pennyline = Pennyline(n_aggregates)
        self.path, self.step_s = path, step_s
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(16)
        self.clients = []
        self.stopped = threading.Event()
        for target in (self.accept, self.play):
            threading.Thread(target=target, daemon=True).start()

    def accept(self):
        while not self.stopped.is_set():
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.clients.append(client)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            self.pennyline.serve_client(client)
        except OSError:
            pass

    def play(self):
        while not self.stopped.wait(self.step_s):
            self.pennyline.step()

    def stop(self):
        self.stopped.set()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for client in self.clients:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        os.unlink(self.path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("socket")
    parser.add_argument("--aggregates", type=int, default=10000)
    options = parser.parse_args()
    server = Server(options.socket, options.aggregates)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.stop()


if __name__ == "__main__":
    main()
