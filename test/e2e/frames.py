#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Frames that a box must forward as they are: not IP, not TCP, not whole, not tested.

frames.py DEVICE [DRIVER] sends them, in order, from the namespace that it runs in."""

import random
import socket
import struct
import sys
import time
import typing

SOURCE_MAC = bytes.fromhex("020000000f01")
NEXT_MAC = bytes.fromhex("020000000f02")
TESTED = bytes([198, 51, 100, 1])
OTHER = bytes([10, 1, 2, 3])
RECEIVER = bytes([10, 99, 0, 2])
OTHER6 = bytes.fromhex("20010db8000900000000000000000001")
RECEIVER6 = bytes.fromhex("fd000099000000000000000000000002")

# What the kernel's packet sockets, as DPDK's af_packet driver opens them, cannot hand on: fragments
# are put together (PACKET_FANOUT_FLAG_DEFRAG), and a tag's own EtherType is lost with the tag.
CHANGED_BY_DRIVER = {"af_packet": ("first fragment", "later fragment", "service tag"),
                     "af_xdp": ()}


def ethernet(kind, payload, destination=NEXT_MAC):
    return (destination + SOURCE_MAC + struct.pack("!H", kind) + payload).ljust(60, b"\0")


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[:len(data) // 2 * 2]))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(protocol, payload, source=OTHER, fragment=0, length=None, first=0x45, ttl=64):
    length = 20 + len(payload) if length is None else length
    header = struct.pack("!BBHHHBBH4s4s", first, 0, length, 7, fragment, ttl, protocol, 0, source,
                         RECEIVER)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6(following, payload, length=None):
    length = len(payload) if length is None else length
    return struct.pack("!IHBB", 6 << 28, length, following, 64) + OTHER6 + RECEIVER6 + payload


def tcp(flags, payload=b"", offset=5):
    return struct.pack("!HHIIBBHHH", 40000, 443, 1000, 1, offset << 4, flags, 1024, 0, 0) + payload


class Odd(typing.NamedTuple):
    """A frame, and the name under which it is counted: on the path, and of a mirror, where frames may
    be cut and come in tunnels (empty: the same)."""

    name: str
    reason: str
    frame: bytes
    in_mirror: str = ""

    def counted(self, is_mirror):
        return self.in_mirror if is_mirror and self.in_mirror else self.reason


def odd_frames():
    udp = struct.pack("!HHHH", 5000, 5001, 28, 0) + b"u" * 20
    arp = struct.pack("!HHBBH6s4s6s4s", 1, 0x800, 6, 4, 1, SOURCE_MAC, OTHER, bytes(6), RECEIVER)
    whole = ipv4(6, tcp(0x18, b"d" * 500))
    yield Odd("ARP request", "not_ip", ethernet(0x0806, arp, b"\xff" * 6))
    yield Odd("LLDP", "not_ip",
              ethernet(0x88CC, b"\x02\x07\x04" + SOURCE_MAC + b"\x04\x02\x05a\0\0",
                       bytes.fromhex("0180c200000e")))
    yield Odd("spanning tree, 802.3", "not_ip",
              ethernet(38, b"\x42\x42\x03" + bytes(35), bytes.fromhex("0180c2000000")))
    yield Odd("pause frame", "not_ip", ethernet(0x8808, b"\0\1\0\0", bytes.fromhex("0180c2000001")))
    yield Odd("unknown EtherType", "not_ip", ethernet(0x88B5, b"experimental"))
    yield Odd("UDP", "udp", ethernet(0x0800, ipv4(17, udp)))
    yield Odd("UDP of a tested source", "udp", ethernet(0x0800, ipv4(17, udp, TESTED)))
    yield Odd("UDP length below its header", "bad_udp_length",
              ethernet(0x0800, ipv4(17, struct.pack("!HHHH", 5000, 5001, 7, 0) + b"u" * 20)))
    yield Odd("half a UDP header", "truncated_udp", ethernet(0x0800, ipv4(17, udp[:4])))
    yield Odd("ICMP", "not_tcp", ethernet(0x0800, ipv4(1, b"\x08\0\0\0\0\1\0\1ping")))
    yield Odd("GRE", "not_tcp", ethernet(0x0800, ipv4(47, b"\0\0\x08\0" + whole)), "tcp")
    yield Odd("first fragment", "ipv4_fragment",
              ethernet(0x0800, ipv4(6, tcp(0x18, b"f" * 76), TESTED, 0x2000)))
    yield Odd("later fragment", "ipv4_fragment", ethernet(0x0800, ipv4(6, b"g" * 96, TESTED, 0x000C)))
    yield Odd("TCP of no slice", "tcp", ethernet(0x0800, whole))
    yield Odd("SYN of no slice", "tcp", ethernet(0x0800, ipv4(6, tcp(2))))
    yield Odd("SYN of a tested source", "tcp", ethernet(0x0800, ipv4(6, tcp(2), TESTED)))
    yield Odd("RST of a tested source", "tcp", ethernet(0x0800, ipv4(6, tcp(4), TESTED)))
    yield Odd("pure ACK of a tested source", "tcp", ethernet(0x0800, ipv4(6, tcp(0x10), TESTED)))
    yield Odd("all flags at once", "tcp", ethernet(0x0800, ipv4(6, tcp(0x3F, b"xmas"), TESTED)))
    yield Odd("data offset below five", "bad_tcp_header_length",
              ethernet(0x0800, ipv4(6, tcp(0x18, b"x" * 9, 4), TESTED)))
    yield Odd("data offset beyond the end", "bad_tcp_header_length",
              ethernet(0x0800, ipv4(6, tcp(0x18, b"", 15), TESTED)))
    yield Odd("header length below five", "bad_ipv4_header_length",
              ethernet(0x0800, ipv4(6, tcp(0x18), TESTED, first=0x44)))
    yield Odd("header length beyond the end", "truncated_ipv4",
              ethernet(0x0800, ipv4(6, b"", TESTED, first=0x4F)))
    yield Odd("total length beyond the end", "bad_ipv4_total_length",
              ethernet(0x0800, ipv4(6, tcp(0x18), TESTED, length=1400)), "tcp")
    yield Odd("total length below the header", "bad_ipv4_total_length",
              ethernet(0x0800, ipv4(6, tcp(0x18), TESTED, length=12)))
    yield Odd("IP version 5", "bad_ipv4_version",
              ethernet(0x0800, ipv4(6, tcp(0x18), TESTED, first=0x55)))
    yield Odd("cut in the IP header", "bad_ipv4_total_length",
              ethernet(0x0800, whole[:11]), "bad_tcp_header_length")
    yield Odd("time to live of zero", "udp", ethernet(0x0800, ipv4(17, udp, ttl=0)))
    yield Odd("UDP over IPv6", "udp", ethernet(0x86DD, ipv6(17, udp)))
    yield Odd("hop-by-hop options", "udp", ethernet(0x86DD, ipv6(0, b"\x11\0\1\4\0\0\0\0" + udp)))
    yield Odd("IPv6 fragment", "ipv6_fragment",
              ethernet(0x86DD, ipv6(44, b"\x06\0\0\1\0\0\0\x09" + tcp(0x18, b"h" * 64))))
    yield Odd("endless extension headers", "too_many_ipv6_extensions",
              ethernet(0x86DD, ipv6(60, b"\x3c\0\1\4\0\0\0\0" * 40)))
    yield Odd("IPv6 length beyond the end", "bad_ipv6_payload_length",
              ethernet(0x86DD, ipv6(6, tcp(0x18), 1400)), "tcp")
    yield Odd("no next header", "not_tcp", ethernet(0x86DD, ipv6(59, b"")))
    yield Odd("VLAN tag", "tcp", ethernet(0x8100, struct.pack("!HH", 0x6064, 0x0800) + whole))
    yield Odd("priority tag", "tcp", ethernet(0x8100, struct.pack("!HH", 0xE000, 0x0800) + whole))
    yield Odd("two tags", "tcp", ethernet(0x8100, struct.pack("!HHHH", 5, 0x8100, 6, 0x0800) + whole))
    yield Odd("service tag", "tcp",
              ethernet(0x88A8, struct.pack("!HHHH", 5, 0x8100, 6, 0x0800) + whole))
    yield Odd("tag and nothing else", "bad_ipv4_version", ethernet(0x8100, b"\0\5\x08\0"))
    yield Odd("MPLS", "tcp", ethernet(0x8847, b"\0\1\x01\x40" + whole))
    yield Odd("PPPoE", "not_ip",
              ethernet(0x8864, struct.pack("!HHHH", 0x1100, 1, len(whole) + 2, 0x21) + whole), "tcp")
    yield Odd("padding after a short packet", "tcp", ethernet(0x0800, ipv4(6, tcp(2)) + b"\xa5" * 30))
    yield Odd("longest frame", "not_ip", ethernet(0x88B5, b"L" * 1500))


def frames(driver="af_xdp"):
    """All frames that a driver can hand on, each different: those above, and random ones."""
    rng = random.Random(20240804)
    listed = [odd.frame for odd in odd_frames() if odd.name not in CHANGED_BY_DRIVER[driver]]
    for number in range(300):
        body = struct.pack("!I", number) + rng.randbytes(rng.randrange(46, 1400))
        kind = rng.choice((0x0800, 0x86DD, 0x88B5, 0x8847, 0x0806))
        listed.append(ethernet(kind, body))
    return listed


def captured(path):
    """The frames of a pcap file, as tcpdump shows them (its own tags put back)."""
    with open(path, "rb") as capture:
        data = capture.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at, found = 24, []
    while at + 16 <= len(data):
        length = struct.unpack_from(order + "I", data, at + 8)[0]
        found.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return found


def name_of(frame):
    return next((odd.name for odd in odd_frames() if odd.frame == frame), frame.hex()[:200])


def main():
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((sys.argv[1], 0))
        for frame in frames(*sys.argv[2:]):
            wire.send(frame)
            time.sleep(0.0005)


if __name__ == "__main__":
    main()
