#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_preflight.py PENNYLINE-BLIND: what --check says of interface, route, source and next hop, and
where --routed sends: in a network namespace of this process alone, which goes with it."""

import ctypes
import os
import socket
import subprocess
import sys
import unittest

CLONE_NEWNET = 0x40000000
SKIPPED = 77
ALL_PROTOCOLS = socket.htons(3)

# left is this host's; right, with the next hop 192.0.2.1 (2001:db8::1), is there as a MAC address only.
WORLD = """
link add left type veth peer name right
link set lo up
link set left address 02:00:00:00:01:01 up
link set right address 02:00:00:00:01:02 up
addr add 192.0.2.9/24 dev left
addr add 2001:db8::9/64 dev left nodad
route add default via 192.0.2.1
route add default via 2001:db8::1
neigh add 192.0.2.1 lladdr 02:00:00:00:01:02 dev left
neigh add 2001:db8::1 lladdr 02:00:00:00:01:02 dev left
link add idle type veth peer name other
"""


def blind(*arguments, source="203.0.113.0/24", to="198.51.100.1"):
    return subprocess.run([BLIND, "--source", source, "--destination", to, *arguments], capture_output=True,
                          text=True, timeout=60, check=False)


class Check(unittest.TestCase):
    def expect(self, done, code, *lines):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for line in lines:
            self.assertIn(line, done.stdout)

    def test_all_is_well(self):
        self.expect(blind("--check", "-i", "left", "--destination-mac", "02:00:00:00:01:02"), 0,
                    "good    left is up", "good    the route to 198.51.100.1 is by left, over 192.0.2.1",
                    "good    the source 203.0.113.0/24 is foreign",
                    "good    the next hop's MAC address is 02:00:00:00:01:02", "nothing stands in the way")

    def test_the_same_of_ipv6(self):
        done = blind("--check", "-i", "left", "--destination-mac", "02:00:00:00:01:02",
                     source="2001:db8:5::/48", to="2001:db8:6::1")
        self.expect(done, 0, "over 2001:db8::1", "nothing stands in the way")

    def test_another_mac_is_told_with_the_right_one(self):
        self.expect(blind("--check", "-i", "left"), 1,
                    "blocks  the next hop's MAC address is 02:00:00:00:01:02, and frames go to "
                    "02:00:00:00:00:02: give --destination-mac 02:00:00:00:01:02, or --routed",
                    "1 problem to solve first")

    def test_a_next_hop_that_is_not_there_is_told(self):
        self.expect(blind("--check", "-i", "left", to="192.0.2.77"), 1,
                    "good    192.0.2.77 is on the link of left",
                    "blocks  the next hop does not say its MAC address")

    def test_interfaces_that_cannot_send_are_told(self):
        self.expect(blind("--check", "-i", "nowhere"), 1, "blocks  there is no interface nowhere here")
        self.expect(blind("--check", "-i", "idle"), 1, "blocks  idle is down: ip link set idle up",
                    "advice  the kernel's route to 198.51.100.1 is by left, and frames are sent by idle")
        self.expect(blind("--check", "-i", "lo"), 1, "blocks  lo is no Ethernet interface")

    def test_a_source_that_is_not_foreign_is_told(self):
        self.expect(blind("--check", "--routed", source="192.0.2.8/31"), 1,
                    "blocks  the source 192.0.2.8/31 has 192.0.2.9, of left")
        self.expect(blind("--check", "--routed", source="192.0.2.64/26"), 0,
                    "advice  the source 192.0.2.64/26 is on the link of left")

    def test_this_host_is_no_destination(self):
        self.expect(blind("--check", "-i", "left", to="192.0.2.9"), 1,
                    "blocks  192.0.2.9 is an address of this host")
        done = blind("--routed", to="192.0.2.9")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no way to 192.0.2.9: it is an address of this host", done.stderr)

    def test_nothing_is_sent_by_check(self):
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, ALL_PROTOCOLS) as tap:
            tap.bind(("right", 0))
            blind("--check", "--routed", "--segments", "50")
            tap.setblocking(False)
            with self.assertRaises(BlockingIOError):
                while True:
                    self.assertNotIn(bytes([203, 0, 113]), tap.recv(2048))

    def test_routed_frames_go_to_the_next_hop_of_the_kernel(self):
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, ALL_PROTOCOLS) as tap:
            tap.bind(("right", 0))
            tap.settimeout(10)
            done = blind("--routed", "--segments", "1", "--fin", "--flows", "1")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("packets=2 ", done.stdout)
            frame = tap.recv(2048)
            while bytes([203, 0, 113]) not in frame:
                frame = tap.recv(2048)
            self.assertEqual(frame[:12], bytes([2, 0, 0, 0, 1, 2, 2, 0, 0, 0, 1, 1]))

    def test_options_that_exclude_each_other_are_refused(self):
        for arguments in (("--routed", "-i", "left"), ("--routed", "--destination-mac", "02:00:00:00:00:01"),
                          ("--check", "-w", "/dev/null"), ("--routed", "-w", "/dev/null"), ("--check",)):
            self.assertEqual(blind(*arguments).returncode, 2, arguments)


def enter_world():
    if os.geteuid() != 0 or ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        print("skipped: no network namespace without root")
        sys.exit(SKIPPED)
    for line in WORLD.strip().splitlines():
        family = ["-6"] if "2001:" in line else []
        subprocess.run(["ip", *family, *line.split()], check=True)


if __name__ == "__main__":
    BLIND = sys.argv.pop()
    enter_world()
    unittest.main()
