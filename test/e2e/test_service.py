# SPDX-License-Identifier: BSD-3-Clause
"""`pennyline run` as a service: signals, commands, its log, a clean stop, bad configurations."""

import contextlib
import glob
import json
import os
import signal
import socket
import subprocess
import time
import unittest

import netlab
import pennyline
from netlab import GENUINE, RECEIVER, SPOOFED, wait_until

SPOOFED_SLICE = {"name": "spoofed", "sources": [SPOOFED[4]], "mode": "active"}
GENUINE_SLICE = {"name": "genuine", "sources": [GENUINE[4]], "mode": "active"}
# A blind sender that keeps an aggregate under test: 400 drops a second would be possible.
BLIND = ("--flows", 10, "--rate", 1000, "--payload", 300, "--handshake")


def wait_for_epochs(service, n=3):
    """An epoch is closed when every worker has read the gate in it, and told what it did before."""
    epoch = service.ask("status")["epoch"]
    wait_until("epochs", lambda: service.ask("status")["epoch"] > epoch + n)


@contextlib.contextmanager
def served(slices=(SPOOFED_SLICE,), **options):
    with netlab.Path() as lab:
        yield lab, pennyline.Service(lab, list(slices), **options)


def spoof(lab, seconds=600):
    return lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], RECEIVER[4], *BLIND,
                     "--duration", seconds)


def dropped(service):
    return sum(a["total"]["dropped"] for a in service.ask("aggregates")["aggregates"])


def packets(service):
    return sum(a["total"]["packets"] for a in service.ask("aggregates")["aggregates"])


class Ending(unittest.TestCase):
    def check_clean_stop(self, number):
        with served([SPOOFED_SLICE, GENUINE_SLICE]) as (lab, service):
            spoof(lab)
            lab.paced_flows(netlab.host(GENUINE[4], 1), 1, 30, ("--flows", 5))
            wait_until("a verdict", lambda: any(a["verdict"] == "closed_loop" for a in
                                                service.ask("aggregates")["aggregates"]))
            wait_until("a pending drop", lambda: dropped(service) > 6)
            code, summary = service.stop(number)
            self.assertEqual(code, 0, service.process.errors())
            self.assertEqual(summary.broken_identities(), [])
            self.assertEqual(summary.aggregate(GENUINE[4])["verdict"], "closed_loop")
            self.assertEqual(summary.aggregate(SPOOFED[4])["verdict"], "inconclusive")
            self.assertEqual(summary.aggregate(SPOOFED[4])["reason"], "stopped")
            self.assertEqual([a["pending"] for a in summary.aggregates], [0, 0])
            self.assertFalse(os.path.exists(service.control_path))
            names = [event["event"] for event in service.events()]
            self.assertEqual((names[0], names[-1]), ("started", "stopped"))
            self.assertIn("stopping", names)
            self.assertIn("verdict", names)
            made, ended = names.count("drop_made"), names.count("drop_ended")
            self.assertEqual(made, summary.totals["dropped"])
            self.assertEqual(ended, made)

    def test_sigterm_ends_tests_then_forwarding_and_all_adds_up(self):
        self.check_clean_stop(signal.SIGTERM)

    def test_sigint_does_the_same(self):
        self.check_clean_stop(signal.SIGINT)

    def test_a_stop_loses_no_packet_of_a_connection_beyond_the_drops(self):
        """Forwarding stops last: up to then every packet went through or was dropped on purpose."""
        with served([GENUINE_SLICE]) as (lab, service):
            flows = lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 5, ("--flows", 5))
            self.assertEqual(flows.wait(netlab.PATIENCE_S), 0, flows.errors())

            def standing():
                before = {d: lab.box.counters(d) for d in ("portA", "portB")}
                time.sleep(1)
                return {d: lab.box.counters(d) for d in before} == before and before
            before = wait_until("the last packet", standing)
            code, summary = service.stop()
        self.assertEqual(code, 0)
        self.assertEqual(summary.port("portB")["tx_packets"], before["portB"]["tx_packets"])
        self.assertEqual(summary.port("portA")["rx_packets"],
                         summary.port("portB")["tx_packets"] + summary.totals["dropped"])


class Draining(unittest.TestCase):
    def test_tests_end_packets_go_on_and_silence_ends_it(self):
        with served([SPOOFED_SLICE, GENUINE_SLICE]) as (lab, service):
            blind = spoof(lab)
            flows = lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 8, ("--flows", 5))
            wait_until("drops", lambda: dropped(service) >= 8)
            text = pennylinectl(service, "drain", "--timeout", "300")
            self.assertIn("All tests end", text)
            status = service.ask("status")
            self.assertLess(status["draining"]["ends_within_s"], 300)
            with self.assertRaisesRegex(Exception, "the box is draining"):
                service.ask("test start", aggregate="genuine")
            wait_for_epochs(service)
            n_dropped, n_packets = dropped(service), packets(service)
            wait_until("packets that go on", lambda: packets(service) > n_packets + 3000)
            self.assertEqual(dropped(service), n_dropped)
            self.assertEqual(flows.wait(netlab.PATIENCE_S), 0, flows.errors())
            blind.stop()
            self.assertEqual(service.process.wait(60), 0, service.process.errors())
            summary = pennyline.Summary(service.process.output())
            self.assertEqual(summary.broken_identities(), [])
            self.assertEqual(summary.aggregate(SPOOFED[4])["reason"], "stopped")
            self.assertEqual([a["pending"] for a in summary.aggregates], [0, 0])
            names = [event["event"] for event in service.events()]
            self.assertLess(names.index("draining"), names.index("stopping"))
            self.assertEqual(names[-1], "stopped")
            self.assertIn("no packet came for 10 s", service.process.errors())

    def test_its_timeout_ends_it_while_packets_come(self):
        with served() as (lab, service):
            spoof(lab)
            wait_until("drops", lambda: dropped(service) >= 3)
            pennylinectl(service, "drain", "--timeout", "600")
            n_packets = packets(service)
            wait_until("packets that go on", lambda: packets(service) > n_packets + 3000)
            pennylinectl(service, "drain", "--timeout", "1")
            self.assertEqual(service.process.wait(60), 0, service.process.errors())
            self.assertEqual(pennyline.Summary(service.process.output()).broken_identities(), [])


class Manager:
    """The service manager's end of sd_notify(3)."""

    def __init__(self, lab):
        self.path = f"{lab.folder}/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(30)

    def heard(self):
        return self.socket.recv(4096).decode()

    def silence(self, seconds):
        """What waits is taken; then nothing may come for so long."""
        self.socket.settimeout(seconds)
        deadline = time.monotonic() + 10 * seconds
        while time.monotonic() < deadline:
            try:
                self.heard()
            except TimeoutError:
                return True
        return False


class Systemd(unittest.TestCase):
    def test_it_tells_when_it_forwards_that_it_lives_and_that_it_stops(self):
        with netlab.Path() as lab:
            manager = Manager(lab)
            service = pennyline.Service(lab, [SPOOFED_SLICE], by=(
                "env", f"NOTIFY_SOCKET={manager.path}", "WATCHDOG_USEC=400000"))
            self.assertIn("READY=1", manager.heard())
            for _ in range(3):
                self.assertEqual(manager.heard(), "WATCHDOG=1")
            service.send_signal(signal.SIGSTOP)
            self.assertTrue(manager.silence(2), "one that hangs is not alive")
            service.send_signal(signal.SIGCONT)
            manager.socket.settimeout(30)
            self.assertEqual(manager.heard(), "WATCHDOG=1")
            code, _ = service.stop()
            self.assertEqual(code, 0)
            manager.socket.settimeout(1)
            words = []
            with contextlib.suppress(TimeoutError):
                while True:
                    words.append(manager.heard())
            self.assertIn("STOPPING=1", words)


class NeverDrop(unittest.TestCase):
    def test_what_is_spared_is_forwarded_whole_while_a_test_beside_it_drops(self):
        with served([GENUINE_SLICE, SPOOFED_SLICE], never_drop={"prefixes": [GENUINE[4]]}) as (
                lab, service):
            spoof(lab)
            flows = lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 5, ("--flows", 5))
            self.assertEqual(flows.wait(netlab.PATIENCE_S), 0, flows.errors())
            wait_until("drops beside it", lambda: dropped(service) >= 3)
            code, summary = service.stop()
        self.assertEqual(code, 0)
        self.assertEqual(summary.broken_identities(), [])
        spared = summary.aggregate(GENUINE[4])
        self.assertGreater(spared["total"]["in_order"], 100)
        self.assertEqual((spared["total"]["dropped"], spared["total"]["droppable"]), (0, 0))
        self.assertGreater(spared["total"]["spared"], 100)
        self.assertEqual((spared["verdict"], spared["reason"]), ("inconclusive", "protected"))


class PortsOfASlice(unittest.TestCase):
    def test_one_service_is_tested_and_the_one_beside_it_is_not(self):
        service_slice = {**GENUINE_SLICE, "ports": {"destination": ["8082-8083"]}}
        rest = {**GENUINE_SLICE, "name": "rest", "mode": "off"}
        with served([service_slice, rest]) as (lab, service):
            flows = [lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 5, ("--flows", 5), port=port)
                     for port in (8081, 8082)]
            for senders in flows:
                self.assertEqual(senders.wait(netlab.PATIENCE_S), 0, senders.errors())
            wait_until("a verdict", lambda: any(a["verdict"] == "closed_loop" for a in
                                                service.ask("aggregates", slice="genuine")["aggregates"]))
            code, summary = service.stop()
            drops = [e["drop"]["flow"] for e in service.events() if e["event"] == "drop_made"]
        self.assertEqual(code, 0)
        self.assertEqual(summary.broken_identities(), [])
        self.assertEqual({flow["destination_port"] for flow in drops}, {8082})
        by_slice = {a["slice"]: a["total"] for a in summary.aggregates}
        self.assertGreater(by_slice["genuine"]["packets"], 100)
        self.assertGreater(by_slice["rest"]["packets"], 100)
        self.assertEqual(by_slice["rest"]["dropped"], 0)


class KeepForwarding(unittest.TestCase):
    def test_a_test_that_has_ended_forwards_on_when_asked_to(self):
        with netlab.Path() as lab:
            test = pennyline.Test(lab, [GENUINE[4]], options=["--keep-forwarding", "--duration", "60"])
            lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 60, ("--flows", 5))
            test.process.wait_for("the test has ended; packets are forwarded until", 60)
            before = lab.box.counters("portB")["tx_packets"]
            wait_until("packets that go on", lambda: lab.box.counters("portB")["tx_packets"] > before + 100)
            code, summary = test.interrupt()
            self.assertEqual(summary.aggregate(GENUINE[4])["verdict"], "closed_loop")
            self.assertEqual(code, pennyline.CLOSED_LOOP)
            self.assertEqual(summary.broken_identities(), [])


class BrokenLink(unittest.TestCase):
    def test_no_drop_is_made_while_a_link_is_down(self):
        """What comes in cannot leave: whether a segment comes back would say nothing."""
        with served() as (lab, service):
            spoof(lab)
            wait_until("drops", lambda: dropped(service) >= 3)
            lab.downstream.run("ip", "link", "set", "down0", "down")
            status = wait_until("suspended", lambda: service.ask("status")["suspended"])
            self.assertIn("link", status)
            wait_for_epochs(service)
            n_dropped, n_packets = dropped(service), packets(service)
            wait_until("packets", lambda: packets(service) > n_packets + 2000)
            self.assertEqual(dropped(service), n_dropped)
            lab.downstream.run("ip", "link", "set", "down0", "up")
            wait_until("resumed", lambda: not service.ask("status")["suspended"])
            wait_until("drops again", lambda: dropped(service) > n_dropped)


class KillSwitch(unittest.TestCase):
    def check(self, turn_on, turn_off):
        with served() as (lab, service):
            spoof(lab)
            wait_until("drops", lambda: dropped(service) >= 3)
            turn_on(service)
            wait_until("the kill switch", lambda: service.ask("status")["kill_switch"])
            wait_for_epochs(service)
            n_dropped, n_packets = dropped(service), packets(service)
            wait_until("forwarding that goes on", lambda: packets(service) > n_packets + 2000)
            self.assertEqual(dropped(service), n_dropped)
            turn_off(service)
            wait_until("drops again", lambda: dropped(service) > n_dropped)
            code, summary = service.stop()
            events = [event["event"] for event in service.events()]
        self.assertEqual(code, 0)
        self.assertEqual(summary.broken_identities(), [])
        self.assertEqual(events.count("kill_switch"), 2)

    def test_by_signal_no_drop_until_it_is_off(self):
        self.check(lambda service: service.send_signal(signal.SIGUSR1),
                   lambda service: service.send_signal(signal.SIGUSR2))

    def test_by_command_no_drop_until_it_is_off(self):
        def turn(word):
            return lambda service: pennylinectl(service, "kill-switch", word)

        self.check(turn("on"), turn("off"))

    def test_on_from_the_start(self):
        with served(instance={"kill_switch": True}) as (lab, service):
            spoof(lab)
            wait_until("packets", lambda: packets(service) > 2000)
            self.assertEqual(dropped(service), 0)
            self.assertEqual(service.stop()[1].totals["dropped"], 0)


def pennylinectl(service, *arguments, as_json=False):
    done = subprocess.run([pennyline.program("pennylinectl"), "--socket", service.control_path,
                           *(("--json",) if as_json else ()), *arguments], capture_output=True,
                          text=True, timeout=20, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.returncode} {done.stderr}")
    return json.loads(done.stdout) if as_json else done.stdout


class Commands(unittest.TestCase):
    def test_pennylinectl_asks_and_commands(self):
        manual = {**SPOOFED_SLICE, "start": "manual"}
        with served([manual]) as (lab, service):
            watcher = netlab.Process([pennyline.program("pennylinectl"), "--socket",
                                      service.control_path, "--json", "watch"],
                                     f"{lab.folder}/watch")
            lab.processes.append(watcher)
            spoof(lab)
            wait_until("packets", lambda: packets(service) > 500)
            self.assertEqual(dropped(service), 0, "a manual test began by itself")
            status = pennylinectl(service, "status", as_json=True)
            self.assertEqual(len(status["workers"]), 1)
            self.assertEqual([port["name"] for port in status["ports"]], ["left", "right"])
            pennylinectl(service, "test", "start", "spoofed")
            wait_until("drops", lambda: dropped(service) > 0)
            rows = pennylinectl(service, "aggregates", as_json=True)
            self.assertEqual([row["slice"] for row in rows], ["spoofed"])
            self.assertIn("spoofed", pennylinectl(service, "aggregates"))
            self.assertIn(SPOOFED[4], pennylinectl(service, "aggregate", "spoofed"))
            pennylinectl(service, "test", "stop", "spoofed")
            wait_until("the test's end", lambda: service.ask("aggregates")["aggregates"][0]
                       ["state"] == "done")
            n_dropped, n_packets = dropped(service), packets(service)
            wait_until("packets", lambda: packets(service) > n_packets + 500)
            self.assertEqual(dropped(service), n_dropped)
            for word in ("test_started", "drop_made", "verdict"):
                self.assertIn(f'"{word}"', watcher.output())
            with self.assertRaisesRegex(AssertionError, "nobody"):
                pennylinectl(service, "test", "start", "nobody")
            self.assertEqual(service.stop()[0], 0)

    def test_the_socket_is_for_its_owner_alone(self):
        with served() as (_, service):
            self.assertEqual(os.stat(service.control_path).st_mode & 0o777, 0o600)

    def test_who_may_only_read_asks_and_changes_nothing(self):
        """Also by a group that is not its own one."""
        def ask_as(*arguments):
            return subprocess.run(["setpriv", "--reuid", "nobody", "--regid", "65000", "--groups", "nogroup",
                                   pennyline.program("pennylinectl"), "--socket", service.control_path, *arguments],
                                  capture_output=True, text=True, timeout=20, check=False)
        with served(instance={"control_read_group": "nogroup", "privacy": "hash"}) as (lab, service):
            os.chmod(lab.folder, 0o755)
            status = ask_as("--json", "status")
            self.assertEqual(status.returncode, 0, status.stderr)
            self.assertFalse(json.loads(status.stdout)["kill_switch"])
            refused = ask_as("kill-switch", "on")
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("who may only read", refused.stderr)
            self.assertFalse(service.ask("status")["kill_switch"])
            service.ask("kill-switch", on=True)
            told = [e for e in service.events() if e["event"] == "command"]
            self.assertEqual([(e["command"], e["user"], e["process"], e["before"], e["after"]) for e in told],
                             [("kill-switch", 0, os.getpid(), {"kill_switch": False}, {"kill_switch": True})])
            service.ask("kill-switch", on=False)
            spoof(lab)
            wait_until("drops", lambda: dropped(service) > 0)
            flow = wait_until("a drop that is told", lambda: [e["drop"]["flow"] for e in service.events()
                                                             if e["event"] == "drop_made"])[0]
            self.assertRegex(flow["source"], "^#[0-9a-f]{16}$")
            self.assertEqual(service.stop()[0], 0)

    def test_sighup_opens_the_log_anew_after_rotation(self):
        with served() as (_, service):
            rotated = service.log_path + ".1"
            os.rename(service.log_path, rotated)
            service.ask("kill-switch", on=True)
            wait_until("the old file", lambda: "kill_switch" in
                       [event["event"] for event in service.events(rotated)])
            n_old = len(service.events(rotated))
            service.send_signal(signal.SIGHUP)
            wait_until("a new file", lambda: os.path.exists(service.log_path))
            service.ask("kill-switch", on=False)
            wait_until("an event in it", lambda: service.events())
            code, _ = service.stop()
            self.assertEqual(code, 0)
            self.assertEqual(len(service.events(rotated)), n_old)
            self.assertEqual(service.events()[-1]["event"], "stopped")


class Telemetry(unittest.TestCase):
    def test_dpdk_telemetry_answers(self):
        with served() as (lab, service):
            spoof(lab)
            wait_until("packets", lambda: packets(service) > 500)
            prefix = service.config["eal"]["file_prefix"]
            done = subprocess.run(["dpdk-telemetry.py", "--file-prefix", prefix],
                                  input="/pennyline/status\n/pennyline/aggregates\n",
                                  capture_output=True, text=True, timeout=20, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn('"/pennyline/status"', done.stdout)
            self.assertIn('"spoofed"', done.stdout)


class BadConfiguration(unittest.TestCase):
    def write(self, lab, **changes):
        config = {"eal": {"file_prefix": os.path.basename(lab.folder), "extra": ["--no-pci"],
                          "memory_mb": 256},
                  "instance": {"control_socket": f"{lab.folder}/control.sock"},
                  "ports": [{"name": "left", "device": "iface:portA"}],
                  "slices": [SPOOFED_SLICE], **changes}
        path = f"{lab.folder}/config.json"
        with open(path, "w") as out:
            json.dump(config, out)
        return path

    def run_it(self, lab, command, path):
        done = subprocess.run(lab.box.command(pennyline.program("pennyline"), command, "--config",
                                              path), capture_output=True, text=True, timeout=60,
                              check=False)
        return done.returncode, done.stdout + done.stderr

    def left_behind(self, lab):
        """Memory and sockets; EAL's own runtime folder stays after any start of any program."""
        prefix = os.path.basename(lab.folder)
        return (glob.glob(f"/dev/hugepages/*{prefix}*") + glob.glob(f"{lab.folder}/*.sock") +
                glob.glob(f"/run/dpdk/{prefix}/*telemetry*"))

    def test_it_is_refused_with_the_place_and_leaves_nothing_behind(self):
        with netlab.Path() as lab:
            # An interface may come; a file that is refused stays so, and systemd must not try again.
            for changes, words, expected in (
                    ({"slices": [{**SPOOFED_SLICE, "drop_probability": 7}]},
                     ("$.slices[0].drop_probability", "7"), pennyline.USAGE),
                    ({"slices": [{**SPOOFED_SLICE, "colour": "red"}]}, ("$.slices[0]", "colour"),
                     pennyline.USAGE),
                    ({"ports": [{"name": "left", "device": "iface:portA", "pair": "up"}]},
                     ("$.ports[0].pair", "up"), pennyline.USAGE),
                    ({"ports": [{"name": "left", "device": "iface:nodev"}]}, ("nodev",),
                     pennyline.ERROR)):
                with self.subTest(words=words):
                    code, text = self.run_it(lab, "run", self.write(lab, **changes))
                    self.assertEqual(code, expected, text)
                    for word in words:
                        self.assertIn(word, text)
                    self.assertEqual(self.left_behind(lab), [])

    @unittest.skipIf(os.cpu_count() < 2, "needs two CPUs")
    def test_check_asks_for_a_cpu_that_is_outside_of_its_affinity(self):
        """As isolcpus takes the workers' CPUs out of everybody's: they may be had all the same."""
        with netlab.Path() as lab:
            path = self.write(lab, eal={"lcores": "0@0,1@1", "memory_mb": 256, "extra": ["--no-pci"],
                                        "file_prefix": os.path.basename(lab.folder)})
            done = subprocess.run(lab.box.command("taskset", "-c", "0", pennyline.program("pennyline"), "check",
                                                  "--config", path), capture_output=True, text=True, timeout=60,
                                  check=False)
            self.assertNotIn("is not allowed", done.stdout)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_check_says_what_is_wrong_and_what_is_not(self):
        with netlab.Path() as lab:
            code, text = self.run_it(lab, "check", self.write(lab, slices=[{"name": "x"}]))
            self.assertEqual(code, pennyline.ERROR, text)
            self.assertIn("$.slices[0]", text)
            code, text = self.run_it(lab, "check", self.write(
                lab, ports=[{"name": "left", "device": "iface:nodev"}]))
            self.assertEqual(code, pennyline.ERROR, text)
            self.assertIn("nodev", text)
            for changes, words in (
                    ({"instance": {"control_group": "no-such-group"}}, "there is no such group"),
                    ({"eal": {"lcores": "0-1", "main_lcore": 5}}, "the main lcore, eal.main_lcore"),
                    ({"eal": {"memory_mb": 1048576}}, "1048576 MiB of memory are needed"),
                    ({"eal": {"extra": ["--no-pci", "--no-such-option"]}}, "eal.extra: --no-pci --no-such-option"),
                    ({"instance": {"event_log": lab.folder}}, "it is a directory; name a file in it"),
                    ({"instance": {"control_socket": f"{lab.folder}/config.json/socket"}}, "config.json/socket"),
                    ({"ports": [{"name": "left", "device": "iface:portA", "mtu": 9000}]},
                     "AF_XDP takes 3542 at most"),
                    ({"ports": [{"name": "left", "device": "iface:portA", "mtu": 2000,
                                 "driver": "af_packet"}]}, "AF_PACKET takes 1500 at most")):
                code, text = self.run_it(lab, "check", self.write(lab, **changes))
                self.assertEqual(code, pennyline.ERROR, text)
                self.assertIn(words, text)
            _, text = self.run_it(lab, "check", self.write(lab))
            self.assertNotIn("blocks", text, "a port that is up is no problem")
            self.assertEqual(self.left_behind(lab), [])
