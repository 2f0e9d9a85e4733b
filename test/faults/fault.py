# SPDX-License-Identifier: BSD-3-Clause
"""What faults are made of: a path with traffic, pennyline in it, and what was seen."""

import contextlib
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TREE, "test", "e2e"), os.path.join(TREE, "tools", "lab")]
sys.path.append(os.path.join(TREE, "test", "web"))
import netlab  # noqa: E402
import pennyline  # noqa: E402
from gateway import Gateway  # noqa: E402
from netlab import GENUINE, MIXED, RECEIVER, SPOOFED  # noqa: E402

SLICES = [{"name": "genuine", "sources": [GENUINE[4]], "mode": "active"},
          {"name": "spoofed", "sources": [SPOOFED[4]], "mode": "active"}]
# What is of no slice goes through all the same: it shows interruptions.
PROBED = netlab.host(MIXED[4], 1)
NUMBERED = os.path.join(TREE, "test", "e2e", "numbered.py")
PATIENCE_S = 60

FAULTS = {}


class Skipped(Exception):
    """It cannot be inflicted here; the words say why."""


class Fault:
    def __init__(self, run, in_ci):
        self.run, self.in_ci = run, in_ci
        self.name = run.__name__
        self.what = " ".join(run.__doc__.split())


def fault(in_ci=False):
    """A function of this name inflicts it, and raises when what was promised is not kept. It is given a list, to which
    it adds what was seen. `in_ci`: in each run of the end-to-end tests, too."""
    def register(run):
        FAULTS[run.__name__] = Fault(run, in_ci)
        return run
    return register


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def wait_until(what, condition, timeout_s=PATIENCE_S):
    """The first true value of condition(), and it is an error when none comes."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(0.02)
    return value


class Probe:
    """Numbered packets through the path, from its begin to its end."""

    def __init__(self, lab, rate=200):
        program = os.path.join(TREE, "tools", "traffic", "probe.py")
        self.receiver = lab.receiver.start(program, "receive", "--address", RECEIVER[4])
        self.receiver.wait_for("ready")
        self.sender = lab.sender.start(program, "send", "--address", RECEIVER[4], "--source", PROBED, "--rate", rate)
        self.sender.wait_for("ready")

    def end(self):
        """{"sent", "received", "reordered", "repeated", "longest_interruption_s"}"""
        report = {}
        for process in (self.sender, self.receiver):
            code = process.stop()
            expect(code == 0, f"the probe ended with {code}: {process.errors()}")
            report.update(json.loads(process.output().splitlines()[-1]))
        return report


def told(report):
    lost = report["sent"] - report["received"]
    return f"{lost} of {report['sent']} probes lost, {report['reordered']} out of order, " \
        f"longest interruption {report['longest_interruption_s']:.2f} s"


def forwarded(lab, device="portB"):
    """By the kernel's counters, which need no pennyline to be read."""
    return lab.box.counters(device)["tx_packets"]


def goes_on(lab, n=200):
    """Packets leave the box from now on."""
    before = forwarded(lab)
    wait_until("packets that are forwarded", lambda: forwarded(lab) > before + n)


def genuine(lab, seconds=600, flows=10):
    return lab.paced_flows(netlab.host(GENUINE[4], 1), 4, seconds, ("--flows", flows))


def spoofed(lab, *options, seconds=600, rate=1000):
    return lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], RECEIVER[4], "--flows", 10, "--rate", rate,
                     "--payload", 300, "--handshake", "--duration", seconds, *options)


@contextlib.contextmanager
def path(slices=None, traffic=True, **options):
    """(lab, service) with both kinds of senders on their way."""
    with netlab.Path() as lab:
        os.chmod(lab.folder, 0o755)
        service = pennyline.Service(lab, SLICES if slices is None else slices, **options)
        if traffic:
            genuine(lab)
            spoofed(lab)
            goes_on(lab)
        yield lab, service


@contextlib.contextmanager
def gateway(service, *arguments):
    web = Gateway(pennyline.program("pennyline-web"), service.control_path, *arguments)
    try:
        web.wait_complete()
        yield web
    finally:
        web.close()


def start_again(lab, service, timeout_s=30):
    """As the service manager does: the same configuration, and whatever the last one left."""
    again = object.__new__(pennyline.Service)
    again.__dict__.update(service.__dict__)
    again.process = lab.box.start(pennyline.program("pennyline"), "run", "--json", "--config", service.config_path)
    again.process.wait_for("forwarding", timeout_s)
    return again


def names(service):
    return [e["event"] for e in service.events() if "event" in e]


def dropped(service):
    return sum(a["total"]["dropped"] for a in service.ask("aggregates", count=1000)["aggregates"])


def stop(seen, service):
    """A clean end at which all adds up. Returns the summary."""
    code, summary = service.stop()
    expect(code == 0, f"exit code {code}: {service.process.errors()[-2000:]}")
    broken = summary.broken_identities()
    expect(broken == [], f"counters: {broken}")
    called = {a["slice"]: a["verdict"] for a in summary.aggregates}
    expect(called.get("spoofed") != "closed_loop", f"spoofed senders were called genuine: {called}")
    expect(called.get("genuine") != "not_closed_loop", f"genuine senders were called spoofed: {called}")
    seen.append(f"{summary.totals['rx_packets']} packets reconcile")
    return summary
