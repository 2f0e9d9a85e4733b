# SPDX-License-Identifier: BSD-3-Clause
"""A responder in the path: kernels connect to addresses that nobody has, blind senders do not."""

import json
import pickle
import random
import socket
import struct
import tempfile
import time
import unittest

import devices
import frames
import netlab
import pennyline

DARK = {4: "10.98.0.0/24", 6: "fd00:98::/64"}
LIVE = "10.98.0.9"
SLICE = {"name": "rest", "sources": ["192.0.2.0/24"], "mode": "off"}

# What becomes of a connection: "reset", "held", or "none" when nobody answers.
CONNECT = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
with socket.socket(family, socket.SOCK_STREAM) as s:
    s.settimeout(float(sys.argv[4]))
    s.bind((sys.argv[1], 0))
    word = "none"
    try:
        s.connect((sys.argv[2], int(sys.argv[3])))
        word = "held"
        s.recv(10)
    except ConnectionResetError:
        word = "reset"
    except OSError:  # a timeout, or a router's word that nobody is there
        pass
    print(word)
"""


def dark(number, family=4):
    return netlab.host(DARK[family], number)


def segment(source, destination, port, sequence, acknowledgement, flags):
    """An IPv4 packet for a raw socket."""
    source, destination = map(socket.inet_aton, (source, destination))
    tcp = struct.pack("!HHIIBBHHH", 1024 + port, 80, sequence, acknowledgement, 5 << 4, flags, 1024, 0, 0)
    pseudo = source + destination + struct.pack("!HH", 6, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", frames.checksum(pseudo + tcp)) + tcp[18:]
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, source, destination) + tcp


# What follows runs in the sender's namespace, blind: it never reads an answer.
BLIND = """
import pickle, socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as s, open(sys.argv[1], "rb") as f:
    for destination, packet in pickle.load(f):
        s.sendto(packet, (destination, 0))
"""


class OverFiles(unittest.TestCase):
    def test_counters_stay_with_the_name_of_their_responder_through_reloads(self):
        # Below a second's worth of answers to the one prefix that asks.
        asked = {"first": ("192.0.2.0/24", 3), "second": ("198.51.100.0/24", 5)}
        sent = []
        for prefix, n in asked.values():
            destination = prefix.replace(".0/24", ".7")
            sent += [frames.ethernet(0x0800, segment("203.0.113.1", destination, port, 1000, 0, 0x02)) for port in range(n)]
        responders = [{"name": name, "acl": [f"permit {prefix}"]} for name, (prefix, _) in asked.items()]
        with tempfile.TemporaryDirectory(prefix="pl-responders-") as folder:
            box = devices.Service(folder, sent, responders=responders, slices=[SLICE])
            box.wait_until_received(len(sent))
            with open(box.path("config.json")) as file:
                config = json.load(file)
            for now in (["first", "second"], ["second"], ["second", "third"], ["first", "third", "second"]):
                config["responders"] = [next((r for r in responders if r["name"] == name),
                                             {"name": name, "acl": ["permit 192.0.2.99/32"]}) for name in now]
                with open(box.path("config.json"), "w") as file:
                    json.dump(config, file)
                box.ask("reload")
                said = {r["responder"]: r["counters"]["answered"] for r in box.ask("responders")["responders"]}
                self.assertEqual([*said], now)
                self.assertEqual(said["second"], 5)
                self.assertEqual(said.get("third", 0), 0)
            code, summary = box.stop()
            self.assertEqual(code, 0, box.process.errors())
            self.assertEqual(summary.broken_identities(), [])


class Responder(unittest.TestCase):
    def start(self, lab, **more):
        for family, gateway in ((4, "10.0.{}.2"), (6, "fd00:{}::2")):
            lab.sender.route(DARK[family], gateway.format(1), "up0")
            lab.upstream.route(DARK[family], gateway.format(2), "up0")
        return pennyline.Service(lab, [SLICE], driver="af_packet", responders=[{
            "name": "dark", "port": "left",
            "acl": [f"deny {LIVE}", *(f"permit {prefix}" for prefix in DARK.values())], **more}])

    def finish(self, box):
        code, summary = box.stop()
        self.assertEqual(code, 0, box.process.errors())
        self.assertEqual(summary.broken_identities(), [])
        return summary

    @staticmethod
    def connect(lab, source, destination, port=80, patience_s=5):
        return lab.sender.run("python3", "-c", CONNECT, source, destination, port, patience_s).strip()

    def test_kernels_connect_and_are_witnesses_of_their_prefix(self):
        with netlab.Path() as lab:
            capture = f"{lab.folder}/answers.pcap"
            box = self.start(lab)
            tshark = lab.sender.start("tshark", "-q", "-i", "up0", "-w", capture, "-f", "tcp")
            tshark.wait_for("Capturing on")
            for family in (4, 6):
                for number in range(1, 5):
                    self.assertEqual(self.connect(lab, netlab.host(netlab.GENUINE[family], number),
                                                  dark(number, family)), "reset")
            self.assertEqual(self.connect(lab, netlab.host(netlab.GENUINE[4], 1), LIVE, patience_s=1),
                             "none")
            said = box.ask("responders")
            sources = {row["prefix"]: row for row in said["sources"]}
            for prefix in (netlab.GENUINE[4], "2001:db8:100::/48"):
                self.assertEqual(sources[prefix]["witnesses"], 4)
                self.assertTrue(sources[prefix]["genuine"])
            counters = said["responders"][0]["counters"]
            self.assertEqual((counters["answered"], counters["right"], counters["wrong"]), (8, 8, 0))
            time.sleep(0.5)
            tshark.stop()
            summary = self.finish(box)
            # A RST each, and a SYN+ACK each; the ACKs were eaten by the RSTs.
            self.assertEqual(summary.totals["answered"], 16)
            self.assertEqual(summary.totals["generated"], 16)
            bad = netlab.run(["tshark", "-r", capture, "-o", "tcp.check_checksum:TRUE",
                              "-o", "ip.check_checksum:TRUE", "-Y",
                              "tcp.checksum.status == 0 or ip.checksum.status == 0"])
            self.assertEqual(bad, "")

    def test_blind_senders_are_no_witnesses_however_they_try(self):
        with netlab.Path() as lab:
            box = self.start(lab)
            draw = random.Random(7)
            packets = []
            for number in range(20000):
                source = netlab.host(netlab.SPOOFED[4], number % 250 + 1)
                destination = dark(number % 200 + 10)
                if number % 10 == 0:  # a SYN, whose sender knows what a RST would bear
                    packets.append((destination, segment(source, destination, number % 97, 1000, 0, 0x02)))
                    packets.append((destination, segment(source, destination, number % 97, 1001, 0, 0x04)))
                    packets.append((destination, segment(source, destination, number % 97, 1000, 1001, 0x12)))
                guess = draw.getrandbits(32) if number % 2 else 1001
                packets.append((destination, segment(source, destination, number % 97, 1001, guess, 0x10)))
            self.send_blindly(lab, packets)
            said = box.ask("responders")
            row, = [r for r in said["sources"] if r["prefix"] == netlab.SPOOFED[4]]
            counters = said["responders"][0]["counters"]
            self.assertEqual(row["witnesses"], 0)
            self.assertFalse(row["genuine"])
            self.assertEqual(counters["right"], 0)
            self.assertGreater(counters["wrong"], 10000)
            # At most a second's worth for the prefix, and its rate since.
            self.assertGreater(counters["limited_prefix"], 0)
            self.assertGreater(counters["silent_flags"], 0)
            self.finish(box)

    def send_blindly(self, lab, packets):
        path = f"{lab.folder}/packets"
        with open(path, "wb") as file:
            pickle.dump(packets, file)
        lab.sender.run("python3", "-c", BLIND, path)
        time.sleep(0.5)

    def test_nothing_is_answered_with_the_kill_switch_on_and_a_hold_holds(self):
        with netlab.Path() as lab:
            box = self.start(lab, after_ack="hold", tcp_ports=[80])
            source = netlab.host(netlab.GENUINE[4], 1)
            self.assertEqual(self.connect(lab, source, dark(7), patience_s=1), "held")
            self.assertEqual(self.connect(lab, source, dark(7), port=81, patience_s=1), "none")
            box.ask("kill-switch", on=True)
            time.sleep(0.2)
            self.assertEqual(self.connect(lab, source, dark(8), patience_s=1), "none")
            box.ask("kill-switch", on=False)
            time.sleep(0.2)
            self.assertEqual(self.connect(lab, source, dark(8), patience_s=1), "held")
            self.finish(box)


if __name__ == "__main__":
    unittest.main()
