#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""crowd.py DEVICE FIRST COUNT TIMES PER_SECOND: sends SYNs and UDP datagrams, IPv4 and IPv6, of COUNT sources
from number FIRST on, each TIMES times, to ports 80 and 53. Even sources speak to port 80, those that are
divisible by 3 to port 53 as well."""

import ipaddress
import socket
import struct
import sys
import time

MACS = bytes.fromhex("020000000022") + bytes.fromhex("020000000021")


def source(number, family):
    if family == 4:
        return ipaddress.IPv4Address("203.0.0.0") + number
    return ipaddress.IPv6Address("2001:db8:5::") + number


def keys(number):
    """What a source is counted under: (network, transport, port)."""
    out = [(f"IPv{4 + 2 * (number % 5 == 0)}", "TCP", 80)] if number % 2 == 0 else []
    if number % 3 == 0:
        out.append((f"IPv{4 + 2 * (number % 5 == 0)}", "UDP", 53))
    return out


def frame(number, key, sender_port):
    network, transport, port = key
    if transport == "TCP":
        protocol, payload = 6, struct.pack("!HHIIBBHHH", sender_port, port, number, 0, 0x50, 2, 1024, 0, 0)
    else:
        protocol, payload = 17, struct.pack("!HHHH", sender_port, port, 20, 0) + b"x" * 12
    if network == "IPv4":
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0,
                             source(number, 4).packed, ipaddress.IPv4Address("10.99.0.2").packed)
        kind = 0x0800
    else:
        header = struct.pack("!IHBB16s16s", 6 << 28, len(payload), protocol, 64, source(number, 6).packed,
                             ipaddress.IPv6Address("fd00:99::2").packed)
        kind = 0x86dd
    return (MACS + struct.pack("!H", kind) + header + payload).ljust(60, b"\0")


def main(device, first, count, times, per_second):
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    link.bind((device, 0))
    began, n = time.monotonic(), 0
    for turn in range(times):
        for number in range(first, first + count):
            for key in keys(number):
                # Other ports take other queues.
                link.send(frame(number, key, 1024 + turn * 7919 % 60000))
                n += 1
                early = began + n / per_second - time.monotonic()
                if early > 0:
                    time.sleep(early)
    print(n)


if __name__ == "__main__":
    main(sys.argv[1], *(int(word) for word in sys.argv[2:]))
