#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_sources.py PENNYLINE_REPLAY: sources that `pennyline-replay --sources` counts, beside what
tshark reads from the same capture: IPv4 and IPv6, TCP and UDP, through VLAN tags, IP options, extension
headers and fragments, over three windows."""
import collections
import json
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

REPLAY = sys.argv.pop(1)
WINDOW = 10
BEGAN = 1_700_000_000  # a multiple of 10
N_PACKETS = 6000
PORTS = [22, 53, 80, 443, 8080]


def tcp(port):
    return struct.pack("!HHIIBBHHH", random.randrange(1024, 65536), port, random.getrandbits(32), 0, 0x50, 2,
                       1024, 0, 0)


def udp(port, data=b"x" * 20):
    return struct.pack("!HHHH", random.randrange(1024, 65536), port, 8 + len(data), 0) + data


def ipv4(source, protocol, payload, fragment=0):
    options = b"\x01" * random.choice((0, 0, 4, 12))
    return struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, 20 + len(options) + len(payload),
                       random.getrandbits(16), fragment, 64, protocol, 0, socket.inet_aton(source),
                       socket.inet_aton("198.51.100.9")) + options + payload


def ipv6(source, protocol, payload):
    if random.random() < 0.1:  # the only fragment (RFC 6946)
        payload, protocol = struct.pack("!BBHI", protocol, 0, 0, random.getrandbits(32)) + payload, 44
    if random.random() < 0.2:  # hop-by-hop options
        payload, protocol = struct.pack("!BB6s", protocol, 0, b"\x01\x04\0\0\0\0") + payload, 0
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), protocol, 64,
                       socket.inet_pton(socket.AF_INET6, source),
                       socket.inet_pton(socket.AF_INET6, "2001:db8::9")) + payload


def frame():
    n, port = random.randrange(200), random.choice(PORTS)
    protocol, payload = random.choice(((6, tcp(port)), (17, udp(port)), (17, udp(port)), (1, b"\x08" + b"\0" * 20)))
    if random.random() < 0.5:
        kind, fragment = 0x0800, 0
        if random.random() < 0.1:
            fragment = random.choice((0x2000, 0x0003))  # a first one, and one that tells no port
            if protocol == 17:  # a whole datagram's length stands in the first one
                payload = udp(port, b"y" * 16)
        packet = ipv4(f"203.0.{n % 3}.{n}", protocol, payload, fragment)
    else:
        kind, packet = 0x86dd, ipv6(f"2001:db8:{n % 7:x}::{n:x}", 58 if protocol == 1 else protocol, payload)
    tags = b"".join(struct.pack("!HH", t, random.randrange(1, 4000)) for t in
                    random.choice(((), (), (0x8100,), (0x88a8, 0x8100))))
    return b"\x02\0\0\0\0\1\x02\0\0\0\0\2" + tags + struct.pack("!H", kind) + packet


def write_capture(path):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i in range(N_PACKETS):
            data = frame().ljust(60, b"\0")
            microseconds = i * 3 * WINDOW * 1_000_000 // N_PACKETS
            file.write(struct.pack("<IIII", BEGAN + microseconds // 1_000_000, microseconds % 1_000_000,
                                   len(data), len(data)) + data)


def by_tshark(path):
    """Window -> (network, transport, port) -> sources."""
    fields = ("frame.time_epoch", "ip.src", "ipv6.src", "tcp.dstport", "udp.dstport")
    text = subprocess.run(["tshark", "-r", path, "-o", "ip.defragment:false", "-o", "ipv6.defragment:false",
                           "-T", "fields", "-E", "separator=;", *(word for f in fields for word in ("-e", f))],
                          check=True, capture_output=True, text=True).stdout
    windows = collections.defaultdict(lambda: collections.defaultdict(set))
    for line in text.splitlines():
        time, four, six, of_tcp, of_udp = line.split(";")
        if of_tcp or of_udp:
            key = ("IPv4" if four else "IPv6", "TCP" if of_tcp else "UDP", int(of_tcp or of_udp))
            windows[int(float(time)) // WINDOW][key].add(four or six)
    return windows


def by_replay(path, *options):
    text = subprocess.run([REPLAY, "--sources", "--pcap", path, "--window", str(WINDOW), "--json", *options],
                          check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in text.splitlines()]


@unittest.skipIf(shutil.which("tshark") is None, "no tshark here")
class Sources(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        random.seed(1)
        cls.directory = tempfile.TemporaryDirectory()
        cls.path = cls.directory.name + "/packets.pcap"
        write_capture(cls.path)
        cls.tshark = by_tshark(cls.path)

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def test_each_window_has_the_sources_that_tshark_reads(self):
        lines = by_replay(self.path, "--list")
        self.assertEqual(len(lines), 3)
        for line, (_, expected) in zip(lines, sorted(self.tshark.items())):
            window = line["window"]
            self.assertFalse(window["estimate"])
            counts = {(c["network"], c["transport"], c["port"]): c["sources"] for c in window["counts"]}
            self.assertEqual(counts, {key: len(sources) for key, sources in expected.items()})
            listed = collections.defaultdict(set)
            for item in line["list"]:
                listed[item["network"], item["transport"], item["port"]].add(item["ip"])
            self.assertEqual(dict(listed), dict(expected))

    def test_what_is_new_was_not_in_the_window_before(self):
        lines = by_replay(self.path)
        windows = [expected for _, expected in sorted(self.tshark.items())]
        for i, line in enumerate(lines):
            for c in line["window"]["counts"]:
                key = (c["network"], c["transport"], c["port"])
                self.assertEqual(c["new"], len(windows[i][key] - windows[i - 1][key]) if i else None)

    def test_only_ports_that_are_listed_are_counted_and_the_rest_is_said(self):
        for line in by_replay(self.path, "--ports", "443,22"):
            window = line["window"]
            self.assertEqual({c["port"] for c in window["counts"]}, {22, 443})
            self.assertGreater(window["packets"]["other_port"], 0)

    def test_a_scan_of_a_thousand_ports_is_a_thousand_ports_with_one_source(self):
        path = self.directory.name + "/scan.pcap"
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
            for port in range(1, 1001):
                data = ipv4("203.0.113.5", 6, tcp(port))
                file.write(struct.pack("<IIII", BEGAN, port, len(data), len(data)) + data)
        ports = ",".join(str(port) for port in range(1, 1001))
        window = by_replay(path, "--ports", ports)[0]["window"]
        self.assertEqual([c["sources"] for c in window["counts"]], [1] * 1000)
        self.assertEqual(window["sources_of_all_ports"], 1)
        self.assertAlmostEqual(window["pairs_of_source_and_port"], 1000, delta=3 * 0.0163 * 1000)

    def test_windows_far_apart_are_told_and_those_between_are_not(self):
        path = self.directory.name + "/apart.pcap"
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
            for seconds in (0, 1, 86400, 86401, 86409):
                data = ipv4(f"203.0.113.{seconds % 100}", 6, tcp(80))
                file.write(struct.pack("<IIII", BEGAN + seconds, 0, len(data), len(data)) + data)
        lines = by_replay(path)
        self.assertEqual([line["window"]["counts"][0]["packets"] for line in lines], [2, 3])
        self.assertEqual((lines[-1]["late"], lines[-1]["clock_sets"]), (0, 0))


if __name__ == "__main__":
    unittest.main()
