# SPDX-License-Identifier: BSD-3-Clause
"""One live test as a row: what traffic, over what path, and what must come out."""

import contextlib
import dataclasses
import os

import netlab
import pennyline
from netlab import GENUINE, MIXED, RECEIVER, SPOOFED

FULL = bool(os.environ.get("PENNYLINE_FULL"))

# Segments per second of all real senders together, and of all blind ones.
FLOWS, FLOW_RATE = 5, "4M"
BLIND_RATE = 1700


@dataclasses.dataclass
class Scenario:
    """The defaults are the plainest path: one queue of AF_XDP, IPv4, no loss, cubic."""

    name: str
    traffic: str  # a key of TRAFFIC
    verdict: str = "closed_loop"
    family: int = 4
    driver: str = "af_xdp"
    queues: int = 1
    vlan: int = None
    congestion: str = "cubic"
    sack: bool = True
    loss_before: int = 0  # per mille
    loss_after: int = 0
    duplicates: str = "0"
    attack: str = "duplicates"
    rule: str = "anytime"
    mixed: bool = False
    seconds: int = 40  # the test's limit
    flows_phase_ms: int = 60000  # single flows end by themselves within half of that
    patience_ms: int = 3000  # for a repeat, and before a flow without its SYN is tested

    def sources(self):
        return {"genuine": GENUINE, "short": GENUINE, "spoofed": SPOOFED,
                "mixed": MIXED}[self.traffic][self.family]


def start_genuine(lab, scenario, prefix):
    lab.iperf_server()
    lab.iperf(netlab.host(prefix, 1), RECEIVER[scenario.family], scenario.seconds, FLOWS,
              FLOW_RATE, congestion=scenario.congestion)


def start_blind(lab, scenario, prefix):
    lab.spoof(pennyline.program("pennyline-blind"), prefix, RECEIVER[scenario.family],
              "--attack", scenario.attack, "--duplicates", scenario.duplicates, "--flows", 10,
              "--rate", BLIND_RATE, "--duration", scenario.seconds, "--payload", 1000)


def start_short(lab, scenario, prefix):
    lab.short_flows([netlab.host(prefix, n) for n in range(1, 11)], scenario.seconds)


def start_mixed(lab, scenario, prefix):
    """Mostly blind, from the first packet on, and a few real senders (3 % of the segments).

    The verdict may not come before the blind part shows: for `mixed`, 7 drops must have expired
    beside 5 that came back. A flow has one drop pending, for 3 s when it is blind: seven blind flows
    have had theirs in the first two seconds, when real senders have seldom had five. These have 1.2
    drops a second, of which 5 are needed: within 30 s that fails with less than 1e-10."""
    base = prefix.split("/")[0]
    upper = f"{base}8000/113" if ":" in base else f"{base.rsplit('.', 1)[0]}.128/25"
    lab.spoof(pennyline.program("pennyline-blind"), upper, RECEIVER[scenario.family], "--attack",
              scenario.attack, "--duplicates", scenario.duplicates, "--flows", 7, "--rate", 800,
              "--duration", scenario.seconds, "--payload", 1000, "--handshake")
    lab.paced_flows(netlab.host(prefix, 1), 1, scenario.seconds,
                    ("--flows", 5, "--interval", 0.2, "--ramp", 0.2))


TRAFFIC = {"genuine": start_genuine, "spoofed": start_blind, "short": start_short,
           "mixed": start_mixed}


@contextlib.contextmanager
def path(scenario):
    """The scenario's lab, with its losses."""
    with netlab.Path(scenario.queues, scenario.vlan, pennyline.program("vlan-tagger")) as lab:
        lab.sack(scenario.sack)
        if scenario.loss_before:
            lab.lose_before_box(scenario.loss_before)
        if scenario.loss_after:
            lab.lose_after_box(scenario.loss_after)
        yield lab


def play(scenario):
    """(exit code, Summary, the kernel's counters of both ports) of the whole scenario."""
    with path(scenario) as lab:
        test = pennyline.Test(lab, [scenario.sources()], scenario.driver, scenario.queues,
                              ["--rule", scenario.rule, "--duration", str(scenario.seconds - 5),
                               "--set", f"individual_phase_timeout_ms={scenario.flows_phase_ms}",
                               "--set", f"retransmission_timeout_ms={scenario.patience_ms}",
                               "--set", f"admission_grace_ms={scenario.patience_ms}"])
        TRAFFIC[scenario.traffic](lab, scenario, scenario.sources())
        code, summary = test.finish(scenario.seconds + 20)
        kernel = {device: lab.box.counters(device) for device in ("portA", "portB")}
        return code, summary, kernel
