# SPDX-License-Identifier: BSD-3-Clause
"""One owner of each interface: a second start is refused and harms nobody; what is taken away is noticed."""

import contextlib
import json
import os
import signal
import subprocess
import unittest

import netlab
import pennyline
from netlab import RECEIVER, SPOOFED, wait_until

SLICE = {"name": "spoofed", "sources": [SPOOFED[4]], "mode": "off"}
RATE = 1000


@contextlib.contextmanager
def forwarding(driver="af_xdp", **options):
    """A running appliance, and traffic through it."""
    with netlab.Path() as lab:
        service = pennyline.Service(lab, [SLICE], driver=driver, **options)
        lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], RECEIVER[4], "--flows", 10, "--rate", RATE,
                  "--payload", 300, "--duration", 120)
        wait_until("traffic", lambda: received(service) > RATE / 2)
        yield lab, service


def received(service, port="left"):
    return {p["name"]: p["rx_packets"] for p in service.ask("status")["ports"]}[port]


def sent(service):
    return {p["name"]: p["tx_packets"] for p in service.ask("status")["ports"]}["right"]


NO_INTERFACE = [{"name": "left", "device": "net_null0"}]


def second(lab, command="run", arguments=None, ports=None, **changes):
    """(exit code, what it said) of another one; `changes` are those of the configuration."""
    with open(f"{lab.folder}/config.json") as file:
        config = json.load(file)
    config["eal"]["file_prefix"] += "-second"
    config["instance"]["control_socket"] += "-second"
    config["instance"]["event_log"] += "-second"
    config["ports"] = ports or config["ports"]
    for path, value in changes.items():
        section, key = path.split("__")
        config[section][key] = value
    path = f"{lab.folder}/second.json"
    with open(path, "w") as file:
        json.dump(config, file)
    done = subprocess.run(lab.box.command(pennyline.program("pennyline"), command,
                                          *(arguments or ("--config", path))), capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


class SecondStart(unittest.TestCase):
    def check(self, service, code, text, words):
        """It was refused in these words, and the first one goes on."""
        self.assertEqual(code, pennyline.ERROR, text)
        self.assertIn(words, text)
        n_received, n_sent = received(service), sent(service)
        wait_until("packets that keep flowing", lambda: received(service) > n_received + RATE and
                   sent(service) > n_sent + RATE)

    def check_same_interface(self, driver):
        with forwarding(driver) as (lab, service):
            pid = service.process.child.pid
            for command in ("run", "test"):
                with self.subTest(command=command):
                    arguments = ("--in", "portA", "--mode", "passive", "--source", SPOOFED[4], "--duration", "2",
                                 "--", "--file-prefix", os.path.basename(lab.folder) + "-second") \
                        if command == "test" else None
                    code, text = second(lab, command, arguments)
                    self.check(service, code, text, f"belongs to another pennyline, process {pid}")
            code, text = second(lab, "check")
            self.check(service, code, text, f"process {pid}")
            code, summary = service.stop()
            self.assertEqual(code, 0)
            self.assertEqual(summary.broken_identities(), [])

    def test_on_the_same_interface_by_af_xdp(self):
        self.check_same_interface("af_xdp")

    def test_on_the_same_interface_by_af_packet(self):
        self.check_same_interface("af_packet")

    def test_with_the_same_file_prefix(self):
        with forwarding() as (lab, service):
            prefix = service.config["eal"]["file_prefix"]
            for command in ("run", "check"):
                code, text = second(lab, command, ports=NO_INTERFACE, eal__file_prefix=prefix)
                self.check(service, code, text, f"with the file prefix \"{prefix}\"")

    def test_with_the_same_control_socket(self):
        with forwarding() as (lab, service):
            for command in ("run", "check"):
                code, text = second(lab, command, ports=NO_INTERFACE,
                                                 instance__control_socket=service.control_path)
                self.check(service, code, text, "another process answers there")
                self.assertEqual(text.count("control socket"), 1, text)
                self.assertNotIn("EAL", text, "refused before anything is touched")


def xdp_program(lab, device):
    link = json.loads(lab.box.run("ip", "-d", "-json", "link", "show", device))[0]
    return link.get("xdp", {}).get("prog", {}).get("id", 0)


def forget_claims(lab):
    inode = int(lab.box.run("stat", "-L", "-c", "%i", "/proc/self/ns/net"))
    for port in ("portA", "portB"):
        os.unlink(f"/run/pennyline/devices/net-{inode}-{port}")


class Rights(unittest.TestCase):
    def test_without_them_it_says_what_is_missing_in_words_of_its_own(self):
        with netlab.Path() as lab:
            done = subprocess.run(lab.box.command(
                "setpriv", "--no-new-privs", "--bounding-set=-all", pennyline.program("pennyline"), "test", "--in",
                "portA", "--out", "portB", "--source", SPOOFED[4]), capture_output=True, text=True, timeout=60,
                check=False)
            self.assertEqual(done.returncode, pennyline.ERROR, done.stderr)
            self.assertIn("need CAP_NET_RAW", done.stderr)
            self.assertIn("run it as root", done.stderr)
            self.assertNotIn("EAL", done.stderr)


class XdpProgram(unittest.TestCase):
    def test_one_of_somebody_else_is_refused_and_stays(self):
        """Another AF_XDP program of the machine stands for all: it was left behind by one that was killed, of which
        nothing is written down."""
        with netlab.Path() as lab:
            service = pennyline.Service(lab, [SLICE])
            service.send_signal(signal.SIGKILL)
            service.process.wait(10)
            program = xdp_program(lab, "portA")
            self.assertNotEqual(program, 0)
            forget_claims(lab)
            code, text = second(lab)
            self.assertEqual(code, pennyline.ERROR, text)
            self.assertIn(f"has an XDP program of somebody else already, number {program}", text)
            self.assertNotIn("EAL", text)
            self.assertEqual(xdp_program(lab, "portA"), program)
            code, text = second(lab, "check")
            self.assertIn("XDP program of somebody else", text)

    def test_what_a_killed_one_left_is_taken_over(self):
        with netlab.Path() as lab:
            service = pennyline.Service(lab, [SLICE])
            service.send_signal(signal.SIGKILL)
            service.process.wait(10)
            self.assertNotEqual(xdp_program(lab, "portA"), 0)
            service = pennyline.Service(lab, [SLICE])
            lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], RECEIVER[4], "--rate", RATE,
                      "--duration", 20)
            wait_until("traffic", lambda: received(service) > RATE / 2)
            self.assertEqual(service.stop()[0], 0)
            self.assertEqual(xdp_program(lab, "portA"), 0)

    def test_what_a_killed_one_left_is_out_of_the_way_of_af_packet(self):
        with netlab.Path() as lab:
            service = pennyline.Service(lab, [SLICE])
            service.send_signal(signal.SIGKILL)
            service.process.wait(10)
            self.assertNotEqual(xdp_program(lab, "portA"), 0)
            service = pennyline.Service(lab, [SLICE], driver="af_packet")
            self.assertEqual(xdp_program(lab, "portA"), 0)
            lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], RECEIVER[4], "--rate", RATE,
                      "--duration", 20)
            wait_until("traffic", lambda: received(service) > RATE / 2)
            self.assertEqual(service.stop()[0], 0)

    def test_ours_gone_while_running_is_told_and_taken_again(self):
        with forwarding() as (lab, service):
            self.assertNotEqual(xdp_program(lab, "portA"), 0)
            lab.box.run("ip", "link", "set", "portA", "xdp", "off")
            wait_until("an event", lambda: "port_recovered" in [e["event"] for e in service.events()])
            trouble = [e for e in service.events() if e["event"] == "port_trouble"]
            self.assertEqual([e["port"] for e in trouble], ["left"])
            self.assertIn("taken away", trouble[0]["trouble"])
            self.assertIn("suspended", [e["event"] for e in service.events()])
            n_sent = sent(service)
            wait_until("packets again", lambda: sent(service) > n_sent + RATE)
            self.assertIsNone(service.ask("status")["ports"][0]["trouble"])
            code, summary = service.stop()
            self.assertEqual(code, 0)
            self.assertEqual(summary.broken_identities(), [])
            self.assertEqual(xdp_program(lab, "portA"), 0)


def free_hugepages_mb():
    with open("/proc/meminfo") as file:
        figures = dict(line.split(":", 1) for line in file)
    return int(figures["HugePages_Free"]) * int(figures["Hugepagesize"].split()[0]) // 1024


class Restart(unittest.TestCase):
    def check(self, end, leaves_pages):
        """Of all pages that are free, more than half are needed: with those of the first run beside it, the second
        would not have enough."""
        memory_mb = free_hugepages_mb() * 6 // 10
        if memory_mb < 300:
            self.skipTest("fewer than 500 MiB of hugepages are free")
        with netlab.Path() as lab:
            service = pennyline.Service(lab, [SLICE], memory_mb=memory_mb)
            end(service)
            if leaves_pages:
                self.assertLess(free_hugepages_mb(), memory_mb, "EAL left its pages behind")
            _, text = second(lab, "check", eal__file_prefix=service.config["eal"]["file_prefix"])
            self.assertNotIn("hugepages are needed", text)
            service = pennyline.Service(lab, [SLICE], memory_mb=memory_mb)
            self.assertNotIn("hugepages are needed", service.process.errors())
            self.assertEqual(service.stop()[0], 0)

    def test_after_a_clean_end_it_finds_its_own_hugepages(self):
        """DPDK 22.11 leaves its pages behind then, too, and 25.11 does not."""
        self.check(lambda service: service.stop(), False)

    def test_after_a_crash_it_finds_its_own_hugepages(self):
        def kill(service):
            service.send_signal(signal.SIGKILL)
            service.process.wait(10)
        self.check(kill, True)
