# SPDX-License-Identifier: BSD-3-Clause
"""More than there is room for: of flows, of questions, of frames that nobody should send."""

import contextlib
import json
import random
import signal
import socket
import tempfile
import threading
import time

import devices
import fault
import frames
import hostile
import netlab
import pennyline
from control import Control
from fault import expect, wait_until
from telemetry import Telemetry

N_FRAMES = 1_000_000


@fault.fault()
def new_flows_only(seen):
    """A flood in which each packet is a new flow, beside genuine senders: these get their verdict all the same."""
    with fault.path(traffic=False) as (lab, service):
        fault.genuine(lab)
        lab.spoof(pennyline.program("pennyline-blind"), netlab.SPOOFED[4], netlab.RECEIVER[4], "--attack", "tuple-flood", "--rate",
                  20000, "--payload", 60, "--duration", 600)
        wait_until("a verdict on genuine senders",
                   lambda: verdict_of(service, "genuine") == "closed_loop", 120)
        fault.goes_on(lab, 20000)
        flows = service.ask("status")["workers"][0]["flows"]
        seen.append(f"genuine: closed_loop; {flows['now']} flows of {flows['most']}, {flows['admissions']}")
        fault.stop(seen, service)


@fault.fault()
def table_full_at_start(seen):
    """The flood is there before the first packet of a genuine sender, and the table of 1,024 flows is full of it."""
    with fault.path(traffic=False, instance={"flows_per_lcore": 1024}) as (lab, service):
        lab.spoof(pennyline.program("pennyline-blind"), netlab.SPOOFED[4], netlab.RECEIVER[4], "--attack", "tuple-flood", "--rate",
                  5000, "--payload", 60, "--duration", 600)
        wait_until("a full table", lambda: service.ask("status")["workers"][0]["flows"]["admissions"].get("refused", 1) and
                   service.ask("status")["workers"][0]["flows"]["now"] > 900)
        probe = fault.Probe(lab)
        fault.genuine(lab)
        fault.goes_on(lab, 30000)
        report = probe.end()
        seen.append(f"{fault.told(report)}; genuine: {verdict_of(service, 'genuine')}")
        expect(report["sent"] - report["received"] <= report["sent"] // 100, fault.told(report))
        fault.stop(seen, service)


def verdict_of(service, name):
    return {a["slice"]: a["verdict"] for a in service.ask("aggregates")["aggregates"]}[name]


class Askers:
    """So many threads that ask on and on, each in its own way, until they are told to end."""

    def __init__(self):
        self.stopping, self.threads, self.n = threading.Event(), [], {}

    def start(self, name, ask, n=4):
        def run():
            while not self.stopping.is_set():
                with contextlib.suppress(OSError, ValueError, KeyError, Exception):
                    ask()
                    self.n[name] = self.n.get(name, 0) + 1
        for _ in range(n):
            self.threads.append(threading.Thread(target=run, daemon=True))
            self.threads[-1].start()

    def end(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)


def memory_kb(pid, name="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int([line for line in file if line.startswith(name)][0].split()[1])


@fault.fault()
def flooded_with_questions(seen):
    """Telemetry, the control socket and pennyline-web are asked at once by twelve clients, for 10 s, with garbage between: no
    packet notices."""
    with fault.path() as (lab, service), fault.gateway(service, "--max-connections-per-address", "0") as web:
        pid, askers = service.process.child.pid, Askers()
        before_kb = memory_kb(pid)
        prefix = service.config["eal"]["file_prefix"]

        def ask_control():
            with contextlib.closing(Control(service.control_path)) as control:
                for command in ("status", "aggregates", "slices", "verdicts"):
                    control.ask(command)

        def throw_at_control():
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(service.control_path)
                s.sendall(random.randbytes(70000))

        def ask_telemetry():
            with Telemetry(prefix) as telemetry:
                for view in ("status", "aggregates", "lcores", "memory"):
                    telemetry.ask(f"/pennyline/{view}")

        probe = fault.Probe(lab)
        for name, ask in (("control", ask_control), ("garbage", throw_at_control), ("telemetry", ask_telemetry),
                          ("web", lambda: web.get("/api/v1/aggregates?count=1000"))):
            askers.start(name, ask, 3)
        time.sleep(10)
        askers.end()
        report = probe.end()
        wait_until("health", lambda: web.get("/healthz").status == 200)
        grown_kb = memory_kb(pid) - before_kb
        seen.append(f"answered: {dict(sorted(askers.n.items()))}; {fault.told(report)}; {grown_kb} KiB more than before")
        expect(set(askers.n) >= {"control", "telemetry", "web"}, f"somebody got no answer: {askers.n}")
        expect(report["sent"] == report["received"] and report["reordered"] == 0, fault.told(report))
        expect(grown_kb < 65536, f"{grown_kb} KiB were taken for it")
        expect(service.ask("status")["kill_switch"] is False, "garbage switched it")
        fault.stop(seen, service)


def mutants(n):
    """Frames of every kind that the parser's tests know, changed, cut and repeated; the same ones each time."""
    chance = random.Random(1)
    seeds = [*(odd.frame for odd in frames.odd_frames()), *(odd.frame for odd in hostile.hostile_tunnels()),
             *hostile.cut_frames(), *hostile.wrapped_conversation()]
    for number in range(n):
        frame = bytearray(seeds[number % len(seeds)])
        for _ in range(chance.randrange(1, 4)):
            frame[chance.randrange(len(frame))] = chance.randrange(256)
        yield bytes(frame[:chance.randrange(1, len(frame) + 1)] if chance.random() < 0.1 else frame)


@fault.fault()
def hostile_frames(seen):
    """A million frames that went wrong on their way, in a test that drops: each is forwarded or counted under a name."""
    with tempfile.TemporaryDirectory(prefix="pl-faults-") as folder:
        service = devices.Service(folder, mutants(N_FRAMES), slices=[{"name": "s", "sources": ["0.0.0.0/0"], "mode": "active"}])
        try:
            service.wait_until_received(N_FRAMES)
        finally:
            code, summary = service.stop()
        expect(code == 0, f"exit code {code}: {service.process.errors()[-1000:]}")
        expect(summary.broken_identities() == [], f"{summary.broken_identities()}")
        expect(summary.totals["rx_packets"] == N_FRAMES, f"{summary.totals['rx_packets']} came in")
        named = sum(summary.whole["packet_reasons"].values())
        expect(named == N_FRAMES, f"{named} have a name")
        reasons = {name: n for name, n in summary.whole["packet_reasons"].items() if n}
        seen.append(f"{N_FRAMES} frames, {summary.totals['tx_packets']} forwarded, {summary.totals['dropped']} dropped on "
                    f"purpose, {len(reasons)} kinds of headers")
        seen.append(f"{json.dumps(dict(sorted(reasons.items(), key=lambda item: -item[1])[:4]))}")


@contextlib.contextmanager
def slow_worker(service):
    """It has the CPU for half of the time."""
    from test_stalls import thread_stopped, worker
    is_over, tid = threading.Event(), worker(service)

    def run():
        while not is_over.is_set():
            with thread_stopped(service, tid):
                time.sleep(0.04)
            time.sleep(0.04)
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@fault.fault(in_ci=True)
def overloaded(seen):
    """More comes than the receive queue takes, since it has 64 places and the worker's CPU is taken away for 40 ms out of 80:
    tests are suspended, then flows are not tracked any more, forwarding goes on; when it is over, all is as before."""
    ports = [{"name": "left", "device": "iface:portA", "pair": "right", "rx_descriptors": 64},
             {"name": "right", "device": "iface:portB", "pair": "left"}]
    with fault.path(traffic=False, ports=ports) as (lab, service):
        fault.genuine(lab)
        wait_until("drops", lambda: fault.dropped(service) > 0)
        flood = fault.spoofed(lab, "--attack", "tuple-flood", rate=10000)
        with slow_worker(service):
            wait_until("shedding", lambda: "tracking_shed" in fault.names(service))
            n, began = fault.forwarded(lab), time.monotonic()
            fault.goes_on(lab, 10000)
            rate = (fault.forwarded(lab) - n) / (time.monotonic() - began)
            n_dropped = fault.dropped(service)
            time.sleep(1)
            expect(fault.dropped(service) == n_dropped, "it drops while it cannot keep up")
            status = service.ask("status")
        flood.stop(signal.SIGTERM)
        wait_until("tracking again", lambda: "tracking_resumed" in fault.names(service), 120)
        wait_until("drops are allowed again", lambda: service.ask("status")["suspended"] is None)
        wait_until("a verdict on genuine senders", lambda: verdict_of(service, "genuine") == "closed_loop")
        shed = sum(w["counters"]["tracking_shed"] for w in status["workers"])
        seen.append(f"{rate:.0f} packets a second went on, {shed} were not tracked; afterwards genuine: closed_loop")
        fault.stop(seen, service)
