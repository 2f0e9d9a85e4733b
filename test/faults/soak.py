#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Hours of mixed load, with a disturbance every some seconds: memory stays flat, counters exact, verdicts right.

Genuine and blind senders, one that repeats, a flood of new flows and a mirror; tests are begun again and again, sources
are counted, a state machine keeps each pair of hosts, and the map what comes in where. Beside that the configuration is
reloaded, links flap, the kill switch is turned, the log is rotated, what the map expects is built anew, and
pennyline-web is killed and started anew. It needs root, and the machine stays as it is. The last line is "N passed, N
failed"."""

import argparse
import collections
import contextlib
import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import fault  # noqa: E402
import netlab  # noqa: E402
import pennyline  # noqa: E402
import test_map  # noqa: E402
from control import Refused  # noqa: E402
from fault import expect, wait_until  # noqa: E402
from fault_floods import memory_kb  # noqa: E402
from netlab import GENUINE, MIXED, RECEIVER  # noqa: E402

# What the allocator keeps back is not a leak; what grows for an hour is.
MOST_GROWN_KB = 8192
WARM_ROUNDS = 2
SLICES = [{"name": "genuine", "sources": [GENUINE[4]], "mode": "active"},
          {"name": "spoofed", "sources": ["203.0.113.0/26"], "mode": "active"},
          {"name": "repeating", "sources": ["203.0.113.64/26"], "mode": "active"},
          {"name": "flood", "sources": ["203.0.113.128/25"], "granularity": {"ipv4": 32}, "mode": "active"},
          {"name": "watched", "sources": [MIXED[4]], "ingress": {"port": "mirror"}, "mode": "passive"}]
# More pairs of hosts come than there are places.
MACHINE = {"name": "pairs", "lookup": ["ip.source", "ip.destination"], "states": ["new", "known"], "registers": ["n"],
           "max_keys": 64, "rules": [
               {"state": "new", "do": "forward", "next": "known", "idle_ms": 1000, "update": ["n = 1"]},
               {"state": "known", "do": "forward", "update": ["n = n + 1"]}]}
ROUTES = [(GENUINE[4], 64500), ("203.0.113.0/24", 64501)]
NEVER = {"genuine": "not_closed_loop", "spoofed": "closed_loop", "repeating": "closed_loop", "flood": "closed_loop"}


class Soak:
    def __init__(self, lab, seconds):
        self.lab, self.seconds = lab, seconds
        self.done, self.verdicts, self.senders = collections.Counter(), collections.Counter(), []
        self.mirror = lab.namespace("mirror")
        lab.link(self.mirror, "tap0", lab.box, "portM")
        ports = [{"name": "left", "device": "iface:portA", "pair": "right"},
                 {"name": "right", "device": "iface:portB", "pair": "left"},
                 {"name": "mirror", "device": "iface:portM", "role": "mirror"}]
        test_map.expect(lab.folder, ROUTES)
        self.service = pennyline.Service(
            lab, SLICES, ports=ports, instance={"max_aggregates": 2048}, machines=[MACHINE], ingresses=test_map.INGRESSES,
            sources=[{"name": "all", "window_s": 10, "arrives_by": ["left"], "list": True}],
            map={"entries": 1000, "expectation": f"{lab.folder}/expected", "own": [RECEIVER[4]]})
        self.pid = self.service.process.child.pid
        self.web = self.start_web()

    def start_web(self):
        return fault.Gateway(pennyline.program("pennyline-web"), self.service.control_path)

    def load(self):
        blind = pennyline.program("pennyline-blind")
        senders = [fault.genuine(self.lab, int(self.seconds) + 600, 20)]
        forever = ("--duration", int(self.seconds) + 600)
        for source, options in (("203.0.113.0/26", ("--rate", 800, "--handshake", "--flows", 20)),
                                ("203.0.113.64/26", ("--rate", 400, "--attack", "duplicates", "--duplicates", "10%")),
                                ("203.0.113.128/25", ("--rate", 2000, "--attack", "tuple-flood", "--payload", 60))):
            senders.append(self.lab.spoof(blind, source, RECEIVER[4], *options, *forever))
        senders.append(self.mirror.start(
            blind, "--interface", "tap0", "--source", MIXED[4], "--destination", RECEIVER[4], "--rate", 500,
            "--handshake", *forever))
        fault.goes_on(self.lab, 2000)
        self.senders = senders

    def test_again(self):
        """By command, whatever has ended; what is refused is under way."""
        for a in self.service.ask("aggregates", count=1000)["aggregates"]:
            if a["slice"] in ("genuine", "spoofed", "repeating") and a["state"] == "done":
                with contextlib.suppress(Refused):
                    self.service.ask("test start", aggregate=a["aggregate"])
                    self.done["tests begun again"] += 1

    def reload(self):
        """Another number of drops each time: the tests of that slice end, the others go on."""
        with open(self.service.config_path, encoding="utf-8") as file:
            config = json.load(file)
        config["slices"][1]["max_drops_per_aggregate"] = 12 + self.done["reloads"] % 2
        with open(self.service.config_path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        done = subprocess.run([pennyline.program("pennylinectl"), "--socket", self.service.control_path, "reload"],
                              capture_output=True, text=True, timeout=60, check=False)
        if "no such command" in done.stderr:
            return
        expect(done.returncode == 0, f"reload: {done.stderr}")
        self.done["reloads"] += 1

    def flap(self):
        for way in ("down", "up"):
            self.lab.downstream.run("ip", "link", "set", "down0", way)
            time.sleep(0.3)
        self.lab.downstream.neighbour("10.0.2.1", netlab.mac(0x21), "down0")
        self.lab.downstream.route(GENUINE[4], "10.0.2.1", "down0")
        self.done["link flaps"] += 1

    def turn_kill_switch(self):
        self.service.ask("kill-switch", on=True)
        time.sleep(0.5)
        self.service.ask("kill-switch", on=False)
        self.done["turns of the kill switch"] += 1

    def rotate(self):
        os.replace(self.service.log_path, self.service.log_path + ".1")
        self.service.send_signal(signal.SIGHUP)
        wait_until("a new log", lambda: os.path.exists(self.service.log_path))
        self.note_verdicts(self.service.log_path + ".1")
        self.done["rotations"] += 1

    def restart_web(self):
        self.web.kill()
        self.web = self.start_web()
        self.done["restarts of pennyline-web"] += 1

    def expect_other_routes(self):
        """Where the routes of the blind senders lead is another place each time."""
        self.done["files of routes"] += 1
        n = self.events_of("expectation_loaded")
        test_map.expect(self.lab.folder, [ROUTES[0], (ROUTES[1][0], 64500 + self.done["files of routes"] % 2)])
        wait_until("the file of routes", lambda: self.events_of("expectation_loaded") > n)

    def events_of(self, name):
        return sum(e["event"] == name for e in self.service.events())

    def check_senders(self):
        for sender in self.senders:
            expect(sender.running(), f"{' '.join(sender.command)} has ended: {sender.errors()}")

    def check_stages(self):
        """What each of them counted adds up."""
        counters = self.service.ask("map summary")["counters"]
        expect(counters["packets"] == sum(counters[k] for k in ("mapped", "stray", "no_ip", "no_place")), f"map: {counters}")
        expect(counters["entries"] == counters["admitted"] - counters["left"], f"map: {counters}")
        machine = self.service.ask("machines")["machines"][0]
        expect(machine["keys"] <= MACHINE["max_keys"], f"machine: {machine}")
        window = self.service.ask("sources")["sources"][0]["window"]
        if window is not None:
            self.done["windows of sources"] = window["number"]

    def note_verdicts(self, path):
        for event in self.service.events(path):
            if event["event"] == "verdict":
                name, verdict = event["slice"], event["report"]["verdict"]
                self.verdicts[f"{name} {verdict}"] += 1
                expect(NEVER.get(name) != verdict, f"{name} was called {verdict}: {event}")

    def run(self):
        began, rounds = time.monotonic(), []
        turns = [self.flap, self.turn_kill_switch, self.reload, self.restart_web, self.rotate, self.expect_other_routes]
        n, least_kb = 0, None
        while time.monotonic() - began < self.seconds:
            turns[n % len(turns)]()
            n += 1
            wait_until("drops that are allowed", lambda: self.service.ask("status")["suspended"] is None)
            before = fault.forwarded(self.lab)
            until = time.monotonic() + 6
            while time.monotonic() < until:
                self.test_again()
                time.sleep(1)
                # What is built anew stands beside what it replaces for some seconds: that is not growth.
                least_kb = min(least_kb or memory_kb(self.pid), memory_kb(self.pid))
            expect(fault.forwarded(self.lab) > before, "nothing is forwarded any more")
            if n % len(turns) == 0:
                self.check_senders()
                self.check_stages()
                rounds.append(least_kb)
                print(f"{time.monotonic() - began:6.0f} s  {least_kb} KiB  {dict(self.done)}", flush=True)
                least_kb = None
        return rounds[min(WARM_ROUNDS, len(rounds) - 1)], rounds[-1]

    def end(self, warm_kb, last_kb):
        seen = []
        self.web.close()
        summary = fault.stop(seen, self.service)
        self.note_verdicts(self.service.log_path)
        print(f"memory     {warm_kb} KiB when warm, {last_kb} KiB at the end, each the least of a round")
        print(f"packets    {summary.totals['rx_packets']} received, {summary.totals['dropped']} dropped on purpose; all reconcile")
        print(f"done       {json.dumps(self.done)}")
        print(f"verdicts   {json.dumps(dict(sorted(self.verdicts.items())))}")
        expect(last_kb - warm_kb < MOST_GROWN_KB, f"memory grew by {last_kb - warm_kb} KiB")
        for expected in ("genuine closed_loop", "spoofed not_closed_loop", "repeating not_closed_loop"):
            expect(self.verdicts[expected] > 0, f"there was never a verdict {expected}")


def main():
    parser = argparse.ArgumentParser(prog="tools/soak.sh", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="how long (60)")
    parser.add_argument("--build", default=os.path.join(fault.TREE, "build", "gcc"), help="the build directory (build/gcc)")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("it makes network namespaces: run it as root\n0 passed, 1 failed")
        return 1
    os.environ["PENNYLINE_BUILD"] = os.path.abspath(options.build)
    netlab.remove_stale()
    netlab.clean_up_on_exit()
    failed = 0
    try:
        with netlab.Path() as lab:
            soak = Soak(lab, options.minutes * 60)
            soak.load()
            soak.end(*soak.run())
    except (AssertionError, RuntimeError, OSError) as error:
        print(f"failed: {error}")
        failed = 1
    print(f"{1 - failed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
