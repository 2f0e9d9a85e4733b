# SPDX-License-Identifier: BSD-3-Clause
"""Starts the program under test in a lab's box, and reads what it says at its end."""

import json
import os
import signal

import netlab
from control import Control

# Exit codes of `pennyline test`.
CLOSED_LOOP, NOT_CLOSED_LOOP, DUPLICATES_EXCEEDED, INCONCLUSIVE, NOTHING_TESTED = 0, 10, 11, 12, 13
ERROR, USAGE = 1, 2
EXIT_CODES = {"closed_loop": CLOSED_LOOP, "not_closed_loop": NOT_CLOSED_LOOP,
              "duplicates_exceeded": DUPLICATES_EXCEEDED, "inconclusive": INCONCLUSIVE}

# A port's packets that came in and did not go on, each under its reason.
LOSS_PREFIXES = ("lost_", "absorbed_", "dropped_by_", "answered")


def build_directory():
    return os.environ.get("PENNYLINE_BUILD", os.path.join(netlab.TREE, "build", "gcc"))


def program(name):
    folder = "tools/traffic" if name in ("pennyline-blind", "vlan-tagger", "delay-line") else f"app/{name}"
    return os.path.join(build_directory(), folder, name)


class Summary:
    """The JSON of `pennyline test --json`."""

    def __init__(self, text):
        self.whole = json.loads(text)
        self.aggregates = self.whole["aggregates"]
        self.ports = self.whole["ports"]
        self.totals = self.whole["totals"]

    def aggregate(self, prefix):
        found = [a for a in self.aggregates if prefix in (a.get("prefix"), a.get("source"))]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} aggregates for {prefix}: {self.whole}")
        return found[0]

    def port(self, device):
        """The port on that interface."""
        found = [p for p in self.ports if device in json.dumps(p)]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} ports for {device}: {self.ports}")
        return found[0]

    def broken_identities(self):
        """What does not add up, in words; empty when all does."""
        broken = []
        for a in self.aggregates:
            ended = a["retransmitted"] + a["expired"] + a["void"] + a["pending"]
            if a["dropped"] != ended:
                broken.append(f"{a['prefix']}: K={a['dropped']} but R+N+V+P={ended}")
        losses = sum(value for name, value in self.totals.items()
                     if name.startswith(LOSS_PREFIXES))
        gone = self.totals["tx_packets"] + self.totals["dropped"] + losses
        came = self.totals["rx_packets"] + self.totals["generated"]
        if came != gone:
            broken.append(f"rx+generated={came} but forwarded+dropped+lost={gone}")
        for way in ("rx_packets", "tx_packets"):
            ports = sum(p[way] for p in self.ports)
            if ports != self.totals[way]:
                broken.append(f"{way}: {ports} by the ports, {self.totals[way]} in total")
        for p in self.ports:
            device = p["device_counters"]
            for way in ("rx_packets", "tx_packets"):
                if device[way] != p[way]:
                    broken.append(f"{p['name']}: {way} {p[way]} by the workers, {device[way]} "
                                  "by the device")
            away = (p["forwarded"] + p["dropped"] + p["lost_no_headroom"] + p["lost_cut"] +
                    p["absorbed_mirror"] + p["dropped_by_stage"] + p["answered"])
            if p["rx_packets"] + p["generated"] != away:
                broken.append(f"{p['name']}: rx={p['rx_packets']}, generated={p['generated']}, "
                              f"but {away} went on")
        if not self.whole["reconciled"]:
            broken.append(f"not reconciled: {self.whole['broken']} {self.whole['problems']}")
        # Of all tests of an aggregate, not of its last one.
        dropped = sum(a["total"]["dropped"] for a in self.aggregates) + self.whole["drops_of_gone"]
        dropped += sum(u["total"]["dropped_packets"] for a in self.aggregates for u in a.get("units", {}).values())
        if dropped != self.totals["dropped"]:
            broken.append(f"dropped: {dropped} by aggregates, {self.totals['dropped']} in total")
        return broken


class Test:
    """One `pennyline test` in a lab's box."""

    def __init__(self, lab, sources, driver="af_xdp", queues=1, options=()):
        self.lab = lab
        # Workers keep off the main lcore; more queues than lcores share one.
        self.process = lab.box.start(
            program("pennyline"), "test", "--in", "portA", "--out", "portB", "--driver", driver,
            "--queues", queues, "--source", ",".join(sources), "--json", *options,
            "--", "--lcores", ",".join(f"{n}@{n % os.cpu_count()}" for n in range(queues + 1)),
            "--no-pci", "--in-memory", "--file-prefix", os.path.basename(lab.folder))
        self.process.wait_for("forwarding", 30)

    def finish(self, timeout_s=60):
        """(exit code, Summary) once it ends by itself."""
        code = self.process.wait(timeout_s)
        return code, self.summary()

    def interrupt(self):
        """(exit code, Summary) after SIGINT."""
        code = self.process.stop()
        return code, self.summary()

    def summary(self):
        try:
            return Summary(self.process.output())
        except (ValueError, KeyError) as error:
            raise AssertionError(f"no summary ({error!r}):\n{self.process.output()[-2000:]}"
                                 f"{self.process.errors()[-4000:]}") from None


class Service:
    """One `pennyline run` in a lab's box."""

    def __init__(self, lab, slices, instance=(), driver="af_xdp", ports=None, defaults=(),
                 lcores="0@0,1@1", memory_mb=384, huge=True, by=(),
                 never_drop=(), extra=(), **lists):
        """`by`: a command that runs it, as setpriv; `extra`: arguments for EAL; `lists`: further ones of the configuration."""
        self.lab = lab
        self.control_path = f"{lab.folder}/control.sock"
        self.log_path = f"{lab.folder}/events.jsonl"
        self.config = {
            "instance": {"control_socket": self.control_path, "event_log": self.log_path,
                         "max_aggregates": 1024, "flows_per_lcore": 16384,
                         "max_pending_drops": 4096, "max_flow_places": 1024, **dict(instance)},
            "eal": {"lcores": lcores, "huge": huge, "memory_mb": memory_mb,
                    "file_prefix": os.path.basename(lab.folder), "extra": ["--no-pci", *extra]},
            "defaults": dict(defaults),
            "never_drop": dict(never_drop),
            "ports": ports or [
                {"name": "left", "device": "iface:portA", "driver": driver, "pair": "right"},
                {"name": "right", "device": "iface:portB", "driver": driver, "pair": "left"}],
            "slices": slices, **lists,
        }
        self.config_path = f"{lab.folder}/config.json"
        with open(self.config_path, "w") as config:
            json.dump(self.config, config, indent=2)
        self.process = lab.box.start(*by, program("pennyline"), "run", "--json", "--config",
                                     self.config_path)
        self.process.wait_for("forwarding", 30)

    def ask(self, command, **arguments):
        control = Control(self.control_path)
        try:
            return control.ask(command, **arguments)
        finally:
            control.close()

    def send_signal(self, number):
        """To pennyline itself: it replaced the shell's `ip netns exec`."""
        self.process.child.send_signal(number)

    def events(self, path=None):
        with open(path or self.log_path) as lines:
            return [json.loads(line) for line in lines]

    def stop(self, number=signal.SIGTERM):
        """(exit code, Summary)"""
        code = self.process.stop(number)
        return code, self.summary()

    def summary(self):
        try:
            return Summary(self.process.output())
        except (ValueError, KeyError) as error:
            raise AssertionError(f"no summary ({error!r}):\n{self.process.output()[-2000:]}"
                                 f"{self.process.errors()[-4000:]}") from None
