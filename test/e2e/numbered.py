#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Frames that differ from each other and are numbered: what is lost on their way, changed, or overtaken.

numbered.py send|receive DEVICE [RATE], in the namespace that it runs in, until SIGTERM or SIGINT. A frame is made of its
number alone, so who receives one knows each of its bytes."""

import json
import random
import signal
import socket
import struct
import sys
import time

import frames

BURST = 32
BUFFER_BYTES = 64 << 20
QUIET_S = 1.0  # without a frame, after it was told to end
SO_RCVBUFFORCE, SOL_PACKET, PACKET_STATISTICS = 33, 263, 6
BYTES = random.Random(1).randbytes(4096)


def payload(number):
    """8 to 1207 bytes, the number first."""
    return struct.pack("!Q", number) + BYTES[number % 2048:number % 2048 + number * 7919 % 1200]


def udp(number):
    data = payload(number)
    return struct.pack("!HHHH", 5000 + number % 16, 53, 8 + len(data), 0) + data


def tcp(number):
    data = payload(number)
    return struct.pack("!HHIIBBHHH", 1024 + number % 64, 443, number & 0xFFFFFFFF, 1, 5 << 4, 0x18, 1024, 0, 0) + data


# Where the addresses are those of slices, test_reload.py says so.
KINDS = (
    lambda n: frames.ethernet(0x0800, frames.ipv4(17, udp(n))),
    lambda n: frames.ethernet(0x0800, frames.ipv4(6, tcp(n), source=bytes([10, 0, n >> 3 & 255, 9]))),
    lambda n: frames.ethernet(0x86DD, frames.ipv6(6, tcp(n))),
    lambda n: frames.ethernet(0x0800, frames.ipv4(6, payload(n), source=bytes([10, 1, 2, 3]), fragment=185)),
    lambda n: frames.ethernet(0x0800, frames.ipv4(6, tcp(n), source=frames.TESTED)),
    lambda n: frames.ethernet(0x88B5, payload(n)),
    lambda n: frames.ethernet(0x0800, frames.ipv4(6, tcp(n), source=bytes([10, 3, n >> 3 & 255, 9]))),
    lambda n: frames.ethernet(0x0800, frames.ipv4(17, udp(n), source=bytes([10, 2, n >> 3 & 255, 9]))),
)


def frame(number):
    return KINDS[number % len(KINDS)](number)


def number_of(got):
    """Of a frame as it was sent; None: it was not."""
    offsets = (42, 54, 74, 34, 54, 14, 54, 42)
    for kind, at in enumerate(offsets):
        if len(got) >= at + 8:
            number = struct.unpack_from("!Q", got, at)[0]
            if number % len(KINDS) == kind and number < 1 << 40 and frame(number) == got:
                return number
    return None


def stopping():
    stopped = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.append(True))
    return stopped


def send(device, rate):
    stopped = stopping()
    n, began = 0, time.monotonic()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((device, 0))
        print("ready", flush=True)
        while not stopped:
            for _ in range(BURST):
                s.send(frame(n))
                n += 1
            ahead = n / rate - (time.monotonic() - began)
            if ahead > 0:
                time.sleep(ahead)
    print(json.dumps({"sent": n}))


def receive(device):
    """"lost" are those before the last that came; "beside": what the socket itself had no room for."""
    stopped = stopping()
    expected = overtaken = changed = 0
    missing, first_changed = set(), None
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as s:
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        s.bind((device, 3))
        s.settimeout(0.1)
        print("ready", flush=True)
        seen_s = time.monotonic()
        while not stopped or time.monotonic() - seen_s < QUIET_S:
            try:
                got, address = s.recvfrom(2048)
            except TimeoutError:
                continue
            if address[2] == socket.PACKET_OUTGOING or got[6:12] != frames.SOURCE_MAC:
                continue
            seen_s = time.monotonic()
            if got == frame(expected):
                expected += 1
                continue
            number = number_of(got)
            if number is None:
                changed += 1
                first_changed = first_changed or got.hex()
            elif number > expected:
                missing.update(range(expected, number))
                expected = number + 1
            else:
                overtaken += 1
                missing.discard(number)
        beside = struct.unpack("II", s.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
    print(json.dumps({"received": expected - len(missing), "lost": len(missing), "overtaken": overtaken, "changed": changed,
                      "first_changed": first_changed, "beside": beside}))


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2], float(sys.argv[3]))
    else:
        receive(sys.argv[2])
