# SPDX-License-Identifier: BSD-3-Clause
"""The units under a real systemd: as PID 1 of namespaces of its own, with packets between the box's interfaces."""

import contextlib
import json
import os
import shutil
import subprocess
import time
import unittest

import netlab
import pennyline
from netlab import GENUINE, SPOOFED, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
SLICES = [{"name": "genuine", "sources": [GENUINE[4]], "mode": "active"},
          {"name": "spoofed", "sources": [SPOOFED[4]], "mode": "active"}]
CONFIG = "/etc/pennyline/pennyline.json"
TOKEN = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"


def why_not():
    """In words; None: it can be run here."""
    with open("/proc/filesystems", encoding="utf-8") as file:
        known = file.read().split()
    missing = [name for name in ("overlay", "cgroup2") if name not in known]
    missing += [] if os.access("/lib/systemd/systemd", os.X_OK) else ["systemd"]
    return f"without {', '.join(missing)}" if missing else None


class Machine:
    """systemd in the lab's box, with pennyline installed."""

    def __init__(self, lab, instance=()):
        self.lab = lab
        installed = f"{lab.folder}/installed"
        subprocess.run(["meson", "install", "-C", pennyline.build_directory(), "--no-rebuild", "--quiet", "--destdir", installed],
                       check=True, capture_output=True)
        self.config = {
            "instance": {"max_aggregates": 1024, "flows_per_lcore": 16384, "event_log": "/var/log/pennyline/events.jsonl",
                         "control_group": "pennyline-web", **dict(instance)},
            "eal": {"lcores": "0@0,1@1" if os.cpu_count() > 1 else "0@0,1@0", "memory_mb": 384,
                    "file_prefix": os.path.basename(lab.folder), "extra": ["--no-pci"]},
            "ports": [{"name": "left", "device": "iface:portA", "pair": "right"},
                      {"name": "right", "device": "iface:portB", "pair": "left"}],
            "slices": SLICES}
        os.makedirs(f"{installed}/etc/pennyline")
        with open(f"{installed}{CONFIG}", "w", encoding="utf-8") as file:
            json.dump(self.config, file)
        with open(f"{installed}/etc/pennyline/web.token", "w", encoding="utf-8") as file:
            file.write(TOKEN)
        name = os.path.basename(lab.folder)
        self.process = lab.box.start(os.path.join(HERE, "systemd_box.sh"), lab.folder, name)
        self.process.wait_for(r"init \d+", 30)
        self.init = self.process.output().split()[1]
        wait_until("a manager that answers", lambda: self.run("systemctl", "is-active", "basic.target", check=False) == "active")
        self.run("systemd-sysusers")
        self.run("systemd-tmpfiles", "--create", "--prefix=/run", "--prefix=/var/log/pennyline")

    def command(self, *command):
        return ["nsenter", "--target", self.init, "--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", *command]

    def attempt(self, *command, timeout_s=120):
        """(exit code, all that it said)"""
        done = subprocess.run(self.command(*command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=timeout_s, check=False)
        return done.returncode, done.stdout.strip()

    def run(self, *command, check=True):
        code, text = self.attempt(*command)
        if check and code != 0:
            raise AssertionError(f"{command}: {code} {text}\n{self.journal()}")
        return text

    def journal(self, unit="pennyline"):
        return self.attempt("journalctl", "--no-pager", "--output=cat", "-u", unit)[1][-3000:]

    def property(self, name, unit="pennyline"):
        return self.run("systemctl", "show", "--value", f"--property={name}", unit)

    def path(self, path):
        return f"/proc/{self.init}/root{path}"

    def events(self):
        with open(self.path("/var/log/pennyline/events.jsonl"), encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def names(self):
        return [e["event"] for e in self.events()]

    def write(self, **changes):
        with open(self.path(CONFIG), "w", encoding="utf-8") as file:
            json.dump({**self.config, **changes}, file)

    def await_restart(self, number):
        wait_until(f"restart {number}", lambda: self.property("NRestarts") == str(number) and
                   self.run("systemctl", "is-active", "pennyline", check=False) == "active", 120)


@contextlib.contextmanager
def booted(**options):
    with netlab.Path() as lab:
        machine = Machine(lab, **options)
        try:
            yield lab, machine
        except AssertionError as error:
            raise AssertionError(f"{error}\n{machine.journal()}") from error
        finally:
            machine.process.stop()


def spoof(lab):
    return lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], netlab.RECEIVER[4], "--flows", 10, "--rate", 1000,
                     "--payload", 300, "--handshake", "--duration", 600)


def forwarded(lab):
    return lab.box.counters("portB")["tx_packets"]


def goes_on(lab, n=500):
    before = forwarded(lab)
    wait_until("packets that are forwarded", lambda: forwarded(lab) > before + n)


@unittest.skipIf(why_not(), why_not())
class Systemd(unittest.TestCase):
    def test_it_is_started_reloaded_and_stopped_and_started_anew_when_it_hangs_or_dies(self):
        with booted(instance={"state_directory": "/var/lib/pennyline"}) as (lab, machine):
            spoof(lab)
            machine.run("systemctl", "start", "pennyline")
            n = forwarded(lab)
            self.assertEqual(machine.run("systemctl", "is-active", "pennyline"), "active")
            wait_until("packets, since it is started", lambda: forwarded(lab) > n)
            with self.subTest("reload"):
                machine.write(slices=[*SLICES, {"name": "third", "sources": ["203.0.113.0/26"], "mode": "off"}])
                machine.run("systemctl", "reload", "pennyline")
                self.assertEqual(machine.names().count("reconfigured"), 1)
            with self.subTest("reload of a file that is refused"):
                machine.write(slices=[{**SLICES[0], "drop_probability": 7}])
                code, text = machine.attempt("systemctl", "reload", "pennyline")
                self.assertNotEqual(code, 0, text)
                self.assertIn("$.slices[0].drop_probability", machine.journal())
                self.assertEqual(machine.run("systemctl", "is-active", "pennyline"), "active")
                goes_on(lab)
                machine.write()
            with self.subTest("slices of run time are kept"):
                machine.run("pennylinectl", "slice", "add", "guests", "--source", "192.0.2.0/24", "--set", "mode=off")
                wait_until("the slice", lambda: "slice_set" in machine.names())
                self.assertTrue(os.path.exists(machine.path("/var/lib/pennyline/slices.json")))
            with self.subTest("killed"):
                machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "pennyline")
                machine.await_restart(1)
                goes_on(lab)
                self.assertIn("guests", machine.run("pennylinectl", "slice", "show", "guests"))
            with self.subTest("hanging"):
                began = time.monotonic()
                machine.run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", "pennyline")
                machine.await_restart(2)
                self.assertGreater(time.monotonic() - began, 8, "before its watchdog")
                goes_on(lab)
            with self.subTest("log rotation"):
                log = machine.path("/var/log/pennyline/events.jsonl")
                os.replace(log, log + ".1")
                machine.run("systemctl", "kill", "--signal", "HUP", "pennyline")
                wait_until("a new log", lambda: os.path.exists(log))
            with self.subTest("stop"):
                machine.run("systemctl", "stop", "pennyline")
                self.assertEqual(machine.names()[-1], "stopped")
                self.assertEqual((machine.property("Result"), machine.property("ExecMainStatus")), ("success", "0"))

    def test_who_was_drained_or_whose_file_is_bad_stays_down(self):
        with booted() as (lab, machine):
            spoof(lab)
            machine.run("systemctl", "start", "pennyline")
            machine.run("pennylinectl", "drain", "--timeout", "1")
            wait_until("its end", lambda: machine.run("systemctl", "is-active", "pennyline", check=False) == "inactive")
            self.assertEqual((machine.property("Result"), machine.property("NRestarts")), ("success", "0"))
            machine.write(slices=[{**SLICES[0], "drop_probability": 7}])
            code, _ = machine.attempt("systemctl", "start", "pennyline")
            self.assertNotEqual(code, 0)
            self.assertEqual((machine.property("ExecMainStatus"), machine.property("NRestarts")), (str(pennyline.USAGE), "0"))
            self.assertIn("$.slices[0].drop_probability", machine.journal())

    @unittest.skipUnless(shutil.which("curl"), "without curl")
    def test_pennyline_web_and_the_map_serve_behind_their_sandboxes(self):
        with booted() as (lab, machine):
            spoof(lab)
            machine.run("systemctl", "start", "pennyline", "pennyline-web", "pennyline-map")
            answer = wait_until("health", lambda: machine.attempt("curl", "-sf", "http://127.0.0.1:9464/healthz")[1])
            self.assertIn("ok", answer)
            machine.run("curl", "-sSf", "-H", f"Authorization: Bearer {TOKEN}", "-d", "{}", "http://127.0.0.1:9464/api/v1/reload")
            machine.run("systemctl", "kill", "--signal=KILL", "pennyline-web")
            wait_until("another one", lambda: machine.property("NRestarts", "pennyline-web") == "1")
            wait_until("the map's store", lambda: os.path.exists(machine.path("/var/lib/pennyline-map/map.db")))
            self.assertEqual((machine.run("systemctl", "is-active", "pennyline-map"), machine.property("NRestarts", "pennyline-map")),
                             ("active", "0"))
            goes_on(lab)


if __name__ == "__main__":
    unittest.main()
