# SPDX-License-Identifier: BSD-3-Clause
"""No frame is cut, merged or doubled in silence: offloads, jumbo frames, the kernel's own ways."""

import json
import os
import signal
import subprocess
import unittest

import netlab
import pennyline
from netlab import GENUINE, RECEIVER, wait_until
from test_owner import received

SLICE = {"name": "genuine", "sources": [GENUINE[4]], "mode": "active"}
PORTS = ("portA", "portB")


def feature(lab, device, name="rx-gro"):
    """Of the kernel, by its own name: "ethtool -k" calls rx-gro otherwise."""
    word = {"rx-gro": "generic-receive-offload"}.get(name, name)
    for line in lab.box.run("ethtool", "-k", device).splitlines():
        if line.strip().startswith(word + ":"):
            return line.split(":")[1].split()[0] == "on"
    raise AssertionError(f"{device} has no {word}")


def turn_on(lab, *names):
    for device in PORTS:
        for name in names:
            lab.box.run("ethtool", "-K", device, name, "on")


class Offloads(unittest.TestCase):
    def check_off_and_back(self, driver):
        with netlab.Path() as lab:
            turn_on(lab, "gro")
            service = pennyline.Service(lab, [SLICE], driver=driver)
            self.assertEqual([feature(lab, device) for device in PORTS], [False, False])
            self.assertRegex(service.process.errors(), "port left: rx-gro.* of interface portA: off while this runs")
            self.assertEqual(service.stop()[0], 0)
            self.assertEqual([feature(lab, device) for device in PORTS], [True, True])

    def test_what_merges_frames_is_off_while_af_packet_runs_and_on_again_after_it(self):
        self.check_off_and_back("af_packet")

    def test_what_merges_frames_is_off_while_af_xdp_runs_and_on_again_after_it(self):
        self.check_off_and_back("af_xdp")

    def test_after_a_crash_the_end_of_the_next_run_puts_it_back(self):
        with netlab.Path() as lab:
            turn_on(lab, "gro")
            service = pennyline.Service(lab, [SLICE], driver="af_packet")
            service.send_signal(signal.SIGKILL)
            service.process.wait(10)
            self.assertFalse(feature(lab, "portA"))
            service = pennyline.Service(lab, [SLICE], driver="af_packet")
            self.assertEqual(service.stop()[0], 0)
            self.assertEqual([feature(lab, device) for device in PORTS], [True, True])

    def test_what_was_off_stays_off(self):
        with netlab.Path() as lab:
            service = pennyline.Service(lab, [SLICE], driver="af_packet")
            self.assertNotIn("off while this runs", service.process.errors())
            self.assertEqual(service.stop()[0], 0)
            self.assertEqual([feature(lab, device) for device in PORTS], [False, False])

    def test_tcp_goes_through_an_interface_that_had_gro_on(self):
        """With it, one of a hundred segments would come whole."""
        with netlab.Path() as lab:
            turn_on(lab, "gro")
            test = pennyline.Test(lab, [GENUINE[4]], "af_packet", options=["--mode", "off", "--duration", "60"])
            server = lab.iperf_server()
            self.assertIsNotNone(server)
            client = lab.iperf(netlab.host(GENUINE[4], 1), RECEIVER[4], 5, 3, "20M")
            self.assertEqual(client.wait(30), 0, client.errors())
            sent = json.loads(client.output())["end"]["sum_sent"]
            self.assertGreater(sent["bits_per_second"], 40e6)
            _, summary = test.interrupt()
            self.assertEqual(summary.totals["lost_cut"], 0)
            self.assertEqual(summary.broken_identities(), [])


class JumboFrames(unittest.TestCase):
    def test_a_frame_that_the_ring_cut_is_a_named_loss_and_suspends_drops(self):
        with netlab.Path() as lab:
            for namespace, devices in ((lab.sender, ("up0",)), (lab.upstream, ("down0", "up0")),
                                       (lab.box, PORTS)):
                for device in devices:
                    namespace.run("ip", "link", "set", device, "mtu", "9000")
            service = pennyline.Service(lab, [SLICE], driver="af_packet")
            n = 40
            lab.sender.run("/usr/bin/python3", "-c", f"""
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 10, 3)  # IP_MTU_DISCOVER: the packet leaves whole, whatever the path's MTU
s.bind(("{netlab.host(GENUINE[4], 1)}", 0))
for size in [4000, 500] * {n}:
    s.sendto(bytes(size), ("{RECEIVER[4]}", 9))
""")
            wait_until("all of them", lambda: received(service) >= 2 * n)
            wait_until("a suspension", lambda: "suspended" in [e["event"] for e in service.events()])
            why = [e["reason"] for e in service.events() if e["event"] == "suspended"]
            self.assertIn("receive ring holds", why[0])
            code, summary = service.stop()
            self.assertEqual(code, 0)
            self.assertEqual(summary.totals["lost_cut"], n)
            self.assertEqual(summary.port("portA")["lost_cut"], n)
            self.assertGreaterEqual(summary.port("portB")["tx_packets"], n)
            self.assertEqual(summary.broken_identities(), [])


class FullRing(unittest.TestCase):
    """DPDK's drivers do not ask for what found it full. A stopped process takes nothing."""

    def check(self, driver, n_descriptors):
        ports = [{"name": "left", "device": "iface:portA", "driver": driver, "pair": "right", "rx_descriptors": n_descriptors},
                 {"name": "right", "device": "iface:portB", "driver": driver, "pair": "left"}]
        with netlab.Path() as lab:
            service = pennyline.Service(lab, [SLICE], ports=ports)
            lab.spoof(pennyline.program("pennyline-blind"), GENUINE[4], RECEIVER[4], "--flows", 10, "--rate", 4000,
                      "--payload", 100, "--duration", 60)
            wait_until("traffic", lambda: received(service) > 1000)
            n_missed = self.missed(service)
            service.send_signal(signal.SIGSTOP)
            before = lab.box.counters("portA")["rx_packets"]
            wait_until("more than the ring holds", lambda: lab.box.counters("portA")["rx_packets"] > before + 5000)
            service.send_signal(signal.SIGCONT)
            wait_until("what was missed", lambda: self.missed(service) > n_missed + 1000)
            wait_until("a suspension", lambda: "receive queue full" in
                       [e.get("reason") for e in service.events() if e["event"] == "suspended"])
            code, summary = service.stop()
            self.assertEqual(code, 0)
            self.assertEqual(summary.broken_identities(), [])
            return lab.box.counters("portA"), summary.port("portA")

    def test_of_af_packet_it_is_counted_and_suspends_drops(self):
        self.check("af_packet", 2048)

    def test_of_af_xdp_it_is_counted_and_suspends_drops_however_short_the_ring_is(self):
        """With fewer places than buffers wait, it is the ring that is full, else there is no buffer."""
        for n_descriptors in (64, 2048):
            kernel, port = self.check("af_xdp", n_descriptors)
            # The kernel counts what is lost as dropped. What waited when the process ended is neither.
            self.assertLess(abs(kernel["rx_dropped"] - port["device_counters"]["missed"]), 200)

    def missed(self, service):
        return service.ask("status")["ports"][0]["device_counters"]["missed"]


class SecondPath(unittest.TestCase):
    """By AF_PACKET the kernel sends each frame on as well: what is dropped arrives nevertheless."""

    def configuration(self, lab, **port):
        config = {"eal": {"file_prefix": os.path.basename(lab.folder), "extra": ["--no-pci"], "memory_mb": 256,
                          "lcores": "0@0,1@1"},
                  "instance": {"control_socket": f"{lab.folder}/control.sock", "max_aggregates": 64,
                               "flows_per_lcore": 1024},
                  "ports": [{"name": "left", "device": "iface:portA", "pair": "right", **port},
                            {"name": "right", "device": "iface:portB", "pair": "left", **port}],
                  "slices": [SLICE]}
        if "device" in port:
            del config["ports"][1]
        if port.get("role") == "mirror":
            config["slices"] = [{**SLICE, "mode": "passive"}]
            for one in config["ports"]:
                del one["pair"]
        path = f"{lab.folder}/config.json"
        with open(path, "w") as file:
            json.dump(config, file)
        return path

    def run_it(self, lab, command, path):
        done = subprocess.run(lab.box.command(pennyline.program("pennyline"), command, "--config", path),
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def check_refused(self, lab, *words, **port):
        path = self.configuration(lab, **(port or {"driver": "af_packet"}))
        for command in ("run", "check"):
            with self.subTest(command=command):
                code, text = self.run_it(lab, command, path)
                self.assertEqual(code, pennyline.ERROR, text)
                for word in words:
                    self.assertIn(word, text)

    def check_accepted(self, lab, **port):
        process = lab.box.start(pennyline.program("pennyline"), "run", "--config", self.configuration(lab, **port))
        process.wait_for("forwarding", 30)
        process.stop()

    def test_a_port_of_a_bridge_is_refused_unless_it_is_a_mirror_or_by_af_xdp(self):
        with netlab.Path() as lab:
            lab.box.run("ip", "link", "add", "br0", "type", "bridge")
            for device in PORTS:
                lab.box.run("ip", "link", "set", device, "master", "br0")
            self.check_refused(lab, "interface portA is a port of br0", "ip link set portA nomaster")
            self.check_refused(lab, "interface portA is a port of br0", device="net_af_packet7,iface=portA", pair=None)
            self.check_accepted(lab, driver="af_packet", role="mirror")
            self.check_accepted(lab, driver="af_xdp")
            for device in PORTS:
                lab.box.run("ip", "link", "set", device, "nomaster")
            self.check_accepted(lab, driver="af_packet")

    def test_a_port_that_the_kernel_forwards_from_is_refused(self):
        with netlab.Path() as lab:
            lab.box.sysctl("net.ipv4.conf.portB.forwarding", 1)
            self.check_refused(lab, "interface portB is routed: the kernel forwards",
                               "sysctl net/ipv4/conf/portB/forwarding=0")
            lab.box.sysctl("net.ipv4.conf.portB.forwarding", 0)
            self.check_accepted(lab, driver="af_packet")

    def test_a_port_with_a_macvlan_on_it_is_refused(self):
        with netlab.Path() as lab:
            lab.box.run("ip", "link", "add", "link", "portA", "name", "guest0", "type", "macvlan")
            self.check_refused(lab, "interface portA carries guest0", "ip link delete guest0")
            lab.box.run("ip", "link", "delete", "guest0")
            self.check_accepted(lab, driver="af_packet")
