# SPDX-License-Identifier: BSD-3-Clause
"""pennyline-info on a pennyline that forwards, that stands still, that is dead, and that cannot be seen."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
import unittest

import netlab
import pennyline
from netlab import GENUINE, RECEIVER, SPOOFED, wait_until
from telemetry import Telemetry

VIEWS = ("ports", "lcores", "slices", "aggregates", "flows", "rings", "memory")
NO_PRIMARY, OTHER_LAYOUT = 3, 4
SLICES = [{"name": "spoofed", "sources": [SPOOFED[4]], "mode": "active"},
          {"name": "genuine", "sources": [GENUINE[4], GENUINE[6]], "mode": "active"},
          {"name": "counted", "sources": ["192.0.2.0/24"], "mode": "off"}]
N_MANY, N_SLICES = 12000, 1024
MANY = {"slices": [{"name": "many", "sources": ["10.64.0.0/18"], "mode": "active",
                    "start": "manual", "granularity": {"ipv4": 32}}],
        "instance": {"max_aggregates": 32768, "flows_per_lcore": 65536}}
# Many with one aggregate each from the start, and one with none yet.
MANY["slices"] += [{"name": f"slice-of-a-customer-{i}", "mode": "off",
                    "sources": [f"100.{64 + i // 256}.{i % 256}.0/24"]}
                   for i in range(N_SLICES - 2)]
MANY["slices"] += [{"name": "silent", "sources": ["192.0.2.0/24"], "mode": "off",
                    "granularity": {"ipv4": 32}}]
# What of a worker moves without packets, too.
MOVING = ("busy_turns", "busy_cycles", "idle_turns", "idle_cycles", "recent", "stage_cycles",
          "sampled_bursts", "sampled_packets", "long_turns", "long_turn_cycles")


@contextlib.contextmanager
def forwarding(slices=(), seconds=60, blind=("--flows", 10, "--rate", 1000), source=SPOOFED[4],
               **options):
    with netlab.Path() as lab:
        service = pennyline.Service(lab, list(slices) or SLICES, driver="af_packet", **options)
        sender = lab.spoof(pennyline.program("pennyline-blind"), source, RECEIVER[4], *blind,
                           "--payload", 300, "--handshake", "--duration", seconds)
        yield lab, service, sender


def prefix_of(service):
    return service.config["eal"]["file_prefix"]


def info(service, *arguments, program="pennyline-info", code=0):
    """What it wrote, on both outputs."""
    path = os.path.join(pennyline.build_directory(), "app", "pennyline-info", program)
    done = subprocess.run([path, "--file-prefix", prefix_of(service), *map(str, arguments)],
                          capture_output=True, text=True, timeout=40, check=False)
    if done.returncode != code:
        raise AssertionError(f"{arguments}: {done.returncode}\n{done.stdout[-800:]}{done.stderr}")
    return done.stdout, done.stderr


def look(service, *arguments):
    return json.loads(info(service, "--json", *arguments)[0])


def without(row, *names):
    return {key: value for key, value in row.items() if key not in names}


def quiet(service):
    """Waits until no counter moves: all tests ended, nothing on the wire."""
    def standing():
        before = service.ask("status")["workers"][0]["counters"]
        time.sleep(0.6)
        status = service.ask("status")
        return (before == status["workers"][0]["counters"] and
                status["tests"]["pooled"] + status["tests"]["flows"] +
                status["tests"]["settling"] <= 1)
    wait_until("standstill", standing)


class Figures(unittest.TestCase):
    def ends_whole(self, service):
        code, summary = service.stop()
        self.assertEqual(code, 0)
        self.assertEqual(summary.broken_identities(), [])

    def test_each_view_says_what_the_control_socket_says(self):
        with forwarding(seconds=4, defaults={"individual_phase_timeout_ms": 1000}) as (
                _, service, sender):
            sender.wait(20)
            quiet(service)
            status = service.ask("status")
            seen = {view: look(service, view) for view in VIEWS}
            self.assertGreater(status["workers"][0]["counters"]["rx_packets"], 1000)
            self.assertEqual(seen["ports"]["ports"],
                             [without(port, "xstats") for port in status["ports"]])
            for ours, theirs in zip(seen["lcores"]["lcores"], status["workers"], strict=True):
                # That a worker stands still the manager alone notices.
                self.assertEqual(without(ours, "load"), without(theirs, "load", "stalled"))
                self.assertEqual(without(ours["load"], *MOVING), without(theirs["load"], *MOVING))
                self.assertEqual(ours["load"].keys(), theirs["load"].keys())
            self.assertEqual(seen["flows"]["flows"],
                             [{"lcore": w["lcore"], **w["flows"]} for w in status["workers"]])
            # Where a slice came from lies not in the shared figures.
            self.assertEqual([without(s, "aggregates", "verdicts") for s in seen["slices"]["slices"]],
                             [without(s, "origin") for s in service.ask("slices")["slices"]])
            self.assertEqual(seen["memory"]["memory"], status["memory"])
            self.assertEqual(seen["rings"]["rings"][0]["ring"], "export_0")
            theirs = service.ask("aggregates")["aggregates"]
            for ours, full in zip(seen["aggregates"]["aggregates"], theirs, strict=True):
                self.assertEqual(ours, {key: full[key] for key in ours})
                self.assertEqual(full.keys() - ours.keys() - {"passive"}, {"total", "flows"})
            box = seen["ports"]["box"]
            self.assertEqual((box["instance"], box["version"], box["kill_switch"], box["alive"]),
                             (status["instance"], status["version"], False, True))
            for view in VIEWS:
                self.assertGreater(len(info(service, view)[0].splitlines()), 1, view)
            self.ends_whole(service)

    def check_list(self, service, n):
        """Each aggregate once; pages and filters."""
        whole = look(service, "aggregates", "--count", 0)
        self.assertEqual(whole["total"], n)
        self.assertEqual([a["aggregate"] for a in whole["aggregates"]], list(range(n)))
        first = service.ask("aggregates", offset=0, count=500)["aggregates"]
        self.assertEqual({a["name"]: a["packets"] for a in first},
                         {a["name"]: a["packets"] for a in whole["aggregates"][:500]})
        page = look(service, "aggregates", "--offset", n - 3, "--count", 50)
        self.assertEqual(page["aggregates"], whole["aggregates"][-3:])
        only = look(service, "aggregates", "--verdict", "closed_loop", "--slice", "many")
        self.assertEqual((only["total"], only["aggregates"]), (0, []))
        only = look(service, "aggregates", "--slice", "many")
        self.assertEqual(only["total"], n - (N_SLICES - 2))
        self.assertEqual(look(service, "slices")["slices"][0]["aggregates"], only["total"])
        self.assertEqual(look(service, "aggregates", "--slice", "silent")["total"], 0)
        self.assertIn("there is no slice \"nobody\"",
                      info(service, "aggregates", "--slice", "nobody", code=2)[1])
        self.assertIn("\"guilty\" is no verdict; give closed_loop, not_closed_loop",
                      info(service, "aggregates", "--verdict", "guilty", code=2)[1])

    def check_telemetry(self, service, n):
        """Each reply is shorter than what telemetry cuts off, and all pages together are whole."""
        with Telemetry(prefix_of(service)) as telemetry:
            slices, total = telemetry.walk("/pennyline/slices")
            self.assertEqual(total, N_SLICES)
            self.assertEqual([slices[i]["slice"] for i in range(N_SLICES)],
                             [s["name"] for s in MANY["slices"]])
            aggregates, total = telemetry.walk("/pennyline/aggregates")
            self.assertEqual((total, sorted(aggregates)), (n, list(range(n))))
            many, total = telemetry.walk("/pennyline/aggregates", ",slice=many")
            self.assertEqual(total, n - (N_SLICES - 2))
            self.assertEqual(many, {i: a for i, a in aggregates.items()
                                    if a["name"].startswith("many ")})
            self.assertEqual(telemetry.ask("/pennyline/aggregates,verdict=closed_loop")["total"], 0)
            for view in (*VIEWS, "status", "verdicts", "reasons"):
                if view != "watch":
                    self.assertIsInstance(telemetry.ask(f"/pennyline/{view}"), dict, view)
            self.assertEqual(telemetry.ask(f"/pennyline/aggregate,{n - 1}")["aggregate"], n - 1)
            for question, words in ((f"aggregate,{n}", f"there are {n}, counted from 0"),
                                    ("aggregates,verdict=guilty", "give closed_loop"),
                                    ("aggregates,slice=nobody", "there is none of that name"),
                                    ("ports,first", "offset \"first\" is no whole number"),
                                    ("memory,1", "it takes no parameter")):
                self.assertIn(words, telemetry.ask(f"/pennyline/{question}"))

    def test_ten_thousand_aggregates_and_a_thousand_slices_are_shown_whole(self):
        with forwarding(MANY["slices"], 4, ("--flows", N_MANY, "--rate", 4000), "10.64.0.0/18",
                        instance=MANY["instance"], memory_mb=512) as (_, service, sender):
            sender.wait(20)
            wait_until("all aggregates", lambda: service.ask("status")["n_aggregates"] >=
                       10000 + N_SLICES - 2)
            quiet(service)
            n = service.ask("status")["n_aggregates"]
            use = look(service, "memory")["memory"]["use"]
            self.assertEqual((use["aggregates"], use["aggregates_most"]), (n, 32768))
            self.check_list(service, n)
            self.check_telemetry(service, n)
            self.ends_whole(service)

    def test_watch_shows_rates_until_it_is_told_to_end(self):
        with forwarding() as (_, service, _):
            wait_until("packets", lambda: service.ask("status")["workers"][0]["counters"]
                       ["rx_packets"] > 500)
            lines = info(service, "--json", "watch", "--interval", 0.3, "--rounds", 3)[0]
            rounds = [json.loads(line) for line in lines.splitlines()]
            self.assertEqual(len(rounds), 3)
            received = [r["lcores"][0]["counters"]["rx_packets"] for r in rounds]
            self.assertEqual(received, sorted(set(received)), "it grows")
            for r in rounds:
                self.assertGreater(r["lcores"][0]["load"]["recent"]["packets_per_second"], 0)
            self.ends_whole(service)

    def test_looking_writes_nothing_and_leaves_nothing(self):
        with forwarding() as (_, service, _):
            def heap_used():
                return subprocess.run(
                    ["dpdk-telemetry.py", "--file-prefix", prefix_of(service)],
                    input="/eal/heap_info,0\n", capture_output=True, text=True, timeout=20,
                    check=True).stdout
            used = re.search(r'"Alloc_size": (\d+)', heap_used())[1]
            path = pennyline.program("pennyline-info")
            with subprocess.Popen([path, "-p", prefix_of(service), "watch", "-i", "0.1"],
                                  stdout=subprocess.PIPE, text=True) as watcher:
                watcher.stdout.readline()
                with open(f"/proc/{watcher.pid}/maps") as maps:
                    pages = [line.split()[1] for line in maps
                             if f"{prefix_of(service)}map_" in line]
                watcher.send_signal(signal.SIGINT)
                watcher.communicate(timeout=20)
            self.assertEqual(watcher.returncode, 0)
            self.assertTrue(pages)
            self.assertEqual(set(pages), {"r--s"})
            for _ in range(5):
                info(service, "rings")
            self.assertEqual(re.search(r'"Alloc_size": (\d+)', heap_used())[1], used)
            self.assertEqual([name for name in os.listdir(f"/var/run/dpdk/{prefix_of(service)}")
                              if name.startswith("mp_socket_")], [])
            self.ends_whole(service)


class Trouble(unittest.TestCase):
    def test_a_stopped_pennyline_is_looked_into(self):
        with forwarding() as (_, service, _):
            wait_until("packets", lambda: service.ask("status")["n_aggregates"] > 0)
            service.send_signal(signal.SIGSTOP)
            try:
                time.sleep(1.2)  # it is late after one second
                for view in (*VIEWS, "watch"):
                    rounds = ("--rounds", 1) if view == "watch" else ()
                    said, warned = info(service, view, *rounds)
                    self.assertGreater(len(said.splitlines()), 1, view)
                    self.assertIn("the manager has written nothing for", warned, view)
                self.assertTrue(look(service, "ports")["box"]["alive"])
            finally:
                service.send_signal(signal.SIGCONT)
            wait_until("going on", lambda: "nothing for" not in info(service, "ports")[1])
            code, summary = service.stop()
            self.assertEqual(code, 0)
            self.assertEqual(summary.broken_identities(), [])

    def test_the_end_of_pennyline_is_told_and_a_new_one_can_start(self):
        with forwarding() as (lab, service, _):
            with subprocess.Popen([pennyline.program("pennyline-info"), "-p", prefix_of(service),
                                   "watch", "-i", "0.2"], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True) as watcher:
                watcher.stdout.readline()
                service.send_signal(signal.SIGKILL)
                _, said = watcher.communicate(timeout=20)
            self.assertEqual(watcher.returncode, NO_PRIMARY)
            self.assertIn("has ended; these are its last figures", said)
            service.process.child.wait(10)
            self.assertIn("has ended", info(service, "ports", code=NO_PRIMARY)[1])
            again = pennyline.Service(lab, SLICES, driver="af_packet")
            look(again, "ports")
            self.assertEqual(again.stop()[0], 0)
            self.assertIn("has ended", info(service, "ports", code=NO_PRIMARY)[1])

    def test_another_layout_is_refused_in_words(self):
        with forwarding() as (_, service, _):
            said = info(service, "ports", program="pennyline-info-other-layout",
                        code=OTHER_LAYOUT)[1]
            self.assertIn("lays its counters out in another way", said)
            self.assertEqual(service.stop()[0], 0)

    def test_what_cannot_be_seen_is_said(self):
        with netlab.Path() as lab:
            service = pennyline.Service(lab, SLICES, driver="af_packet")
            other = {**service.config, "eal": {"file_prefix": "no-such-prefix"}}
            nobody = type("Nobody", (), {"config": other})
            said = info(nobody, "ports", code=NO_PRIMARY)[1]
            self.assertIn("no pennyline runs with file prefix \"no-such-prefix\"", said)
            self.assertIn(f"--file-prefix {prefix_of(service)}", said)
            self.assertEqual(service.stop()[0], 0)

    def test_plain_memory_is_said(self):
        with netlab.Path() as lab:
            service = pennyline.Service(lab, SLICES, driver="af_packet", huge=False)
            said = info(service, "ports", code=1)[1]
            self.assertIn("--no-huge", said)
            self.assertIn("pennylinectl", said)
            self.assertEqual(service.stop()[0], 0)
