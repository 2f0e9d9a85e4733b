# SPDX-License-Identifier: BSD-3-Clause
"""The service over capture files instead of ports: what goes in, what comes out, bit by bit."""

import json
import os
import struct
import subprocess
import tempfile
import time
import unittest

import devices
import frames
import netlab
import pennyline

HOP_MAC = "02:00:00:00:0a:01"
OWN_MAC = "02:00:00:00:0a:02"


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def tested_frames(n_flows, n_segments):
    """In-order segments of several flows of the tested prefix, interleaved."""
    packets = []
    for number in range(n_segments):
        for flow in range(n_flows):
            header = struct.pack("!HHIIBBHHH", 40000 + flow, 443, 1000 + 100 * number, 1, 5 << 4,
                                 0x10, 1024, 0, 0)
            packets.append(frames.ethernet(0x0800, frames.ipv4(6, header + b"d" * 100,
                                                               frames.TESTED)))
    return packets


class Devices(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pl-devices-")
        self.addCleanup(self.folder.cleanup)

    def finish(self, service):
        code, summary = service.stop()
        self.assertEqual(code, 0, service.process.errors())
        self.assertEqual(summary.broken_identities(), [])
        self.assertTrue(summary.whole["reconciled"], summary.whole["problems"])
        return summary

    def slice(self, **more):
        return {"name": "tested", "sources": ["198.51.100.0/24"], "mode": "off", **more}

    def test_every_frame_passes_to_the_bit_and_in_order(self):
        sent = frames.frames()
        service = devices.Service(self.folder.name, sent, slices=[self.slice()])
        came = service.wait_for_frames(len(sent))
        for number, (a, b) in enumerate(zip(sent, came)):
            self.assertEqual(a, b, f"frame {number}: {frames.name_of(a)}")
        summary = self.finish(service)
        self.assertEqual(len(came), len(sent))
        self.assertEqual(summary.totals["rx_packets"], len(sent))
        self.assertEqual(sum(summary.whole["packet_reasons"].values()), len(sent))

    def test_out_same_sends_all_back_by_the_port_that_it_came_in_by(self):
        sent = frames.frames()
        name = os.path.join(self.folder.name, "{}.pcap").format
        devices.write_capture(name("in"), sent)
        done = subprocess.run(
            [pennyline.program("pennyline"), "test", "--no-huge", "--mode", "off", "--json",
             "--in", f"net_pcap0,rx_pcap={name('in')},tx_pcap={name('out')}", "--out", "same",
             "--source", "198.51.100.0/24", "--duration", "2", "--lcores",
             "0@0,1@1" if os.cpu_count() > 1 else "0@0,1@0", "--", "--no-pci", "--in-memory"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        summary = pennyline.Summary(done.stdout)
        self.assertEqual(summary.broken_identities(), [])
        self.assertEqual(len(summary.ports), 1)
        self.assertEqual(frames.captured(name("out")), sent)

    def test_a_next_hop_gets_its_address_and_tag_and_nobody_else(self):
        sent = tested_frames(2, 20)
        other = [frame for frame in frames.frames() if frames.TESTED not in frame]
        hop = {"name": "hop", "port": "right", "destination_mac": HOP_MAC, "source_mac": OWN_MAC,
               "vlan": 100}
        service = devices.Service(self.folder.name, sent + other, next_hops=[hop],
                          slices=[self.slice(next_hops=["hop"])])
        came = service.wait_for_frames(len(sent) + len(other))
        self.finish(service)
        head = mac_bytes(HOP_MAC) + mac_bytes(OWN_MAC) + bytes.fromhex("81000064")
        self.assertEqual(came, [head + frame[12:] for frame in sent] + other)

    def test_flows_share_next_hops_and_each_keeps_its_own(self):
        sent = tested_frames(64, 5)
        hops = [{"name": f"hop{n}", "port": "right", "destination_mac": f"02:00:00:00:0b:0{n}"}
                for n in range(4)]
        service = devices.Service(self.folder.name, sent, next_hops=hops,
                          slices=[self.slice(next_hops=[hop["name"] for hop in hops])])
        came = service.wait_for_frames(len(sent))
        self.finish(service)
        hops_of = {}
        for frame in came:
            hops_of.setdefault(frame[34:36], set()).add(frame[:6])
        self.assertEqual(len(hops_of), 64)
        self.assertTrue(all(len(hops) == 1 for hops in hops_of.values()))
        self.assertEqual(len(set.union(*hops_of.values())), 4)

    def watch_mirror(self, sent):
        """Totals, and the aggregate that the packets inside belong to."""
        service = devices.Service(self.folder.name, sent, port={"role": "mirror"},
                                  slices=[self.slice(mode="passive")])
        service.wait_until_received(len(sent))
        summary = self.finish(service)
        self.assertEqual(summary.totals["absorbed_mirror"], len(sent))
        self.assertEqual(summary.totals["tx_packets"], 0)
        self.assertEqual(frames.captured(service.path("back.pcap")), [])
        return summary.aggregate("198.51.100.0/24")

    def test_a_mirror_is_watched_and_nothing_of_it_leaves(self):
        sent = tested_frames(4, 50)
        aggregate = self.watch_mirror(sent)
        self.assertEqual(aggregate["packets"], len(sent))
        self.assertEqual(aggregate["bytes"], sum(map(len, sent)))

    def test_what_a_mirror_wraps_in_erspan_is_looked_at_inside(self):
        erspan = struct.pack("!HHI HHI", 0x1000, 0x88BE, 1, 0x1000, 1, 0)
        sent = [frames.ethernet(0x0800, frames.ipv4(47, erspan + frame))
                for frame in tested_frames(4, 50)]
        self.assertEqual(self.watch_mirror(sent)["packets"], len(sent))

    def test_descriptors_that_a_host_may_cut_are_told_as_a_bound(self):
        """As of virtio, whose driver takes what the host has, and says nothing."""
        path = os.path.join(self.folder.name, "driver.json")
        with open(os.path.join(netlab.TREE, "drivers-cfg", "pcap.json")) as known, open(path, "w") as file:
            json.dump({**json.load(known), "host_sets_queues": True}, file)
        service = devices.Service(self.folder.name, [], port={"driver_config": path}, slices=[self.slice()])
        self.finish(service)
        said = service.process.errors()
        self.assertRegex(said, r"port left: .* of at most \d+\+\d+ descriptors \(receive\+transmit; the host decides\)")
        self.assertRegex(said, r"port right: .* of \d+\+\d+ descriptors \(receive\+transmit\)")

    def test_signals_turn_the_kill_switch_and_the_log_tells(self):
        service = devices.Service(self.folder.name, frames.frames()[:10], slices=[self.slice()])
        for name in ("USR1", "USR2"):
            subprocess.run(["kill", f"-{name}", str(service.process.child.pid)], check=True)
            time.sleep(0.3)
        os.rename(service.path("events"), service.path("rotated"))
        subprocess.run(["kill", "-HUP", str(service.process.child.pid)], check=True)
        time.sleep(0.3)
        self.finish(service)
        with open(service.path("rotated")) as log:
            lines = [json.loads(line) for line in log]
        self.assertEqual([line["switch"] for line in lines if line["event"] == "kill_switch"],
                         ["on", "off"])
        self.assertEqual([line["event"] for line in service.events()][-1], "stopped")

    def check(self, **config):
        """Exit code and lines of `pennyline check`."""
        path = os.path.join(self.folder.name, "config.json")
        with open(path, "w") as file:
            json.dump({"eal": {"lcores": "0@0,1@0", "huge": False}, "slices": [self.slice()],
                       **config}, file)
        done = subprocess.run([pennyline.program("pennyline"), "check", "--config", path],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        return done.returncode, done.stdout + done.stderr

    def test_check_lets_a_good_configuration_pass(self):
        ports = [{"name": "a", "device": "net_null0"}]
        code, words = self.check(ports=ports)
        self.assertEqual(code, 0, words)
        self.assertIn("nothing stands in the way", words)

    def test_check_names_what_stands_in_the_way(self):
        ports = [{"name": "a", "device": "nodev0"}, {"name": "b", "device": "0000:ff:1f.7"}]
        code, words = self.check(ports=ports, eal={"lcores": "0@0,1@1000"},
                                 instance={"event_log": "/nonexistent/events"})
        self.assertEqual(code, 1, words)
        for what in ("nodev0", "0000:ff:1f.7", "CPU 1000", "/nonexistent/events"):
            self.assertIn(what, words)

    def test_check_names_the_place_of_a_bad_value(self):
        code, words = self.check(ports=[{"name": "a", "device": "net_null0", "queues": 0}])
        self.assertEqual(code, 1, words)
        self.assertIn("$.ports[0].queues", words)
