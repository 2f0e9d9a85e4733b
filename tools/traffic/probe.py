#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Numbered UDP packets at a steady pace, and what of them arrived: the path's interruptions, seen from its end.

An interruption is the time between two packets that arrived, by the sender's clock at their sending: how late the
receiver was scheduled makes no difference."""

import argparse
import json
import signal
import socket
import struct
import sys
import time

PACKET = struct.Struct("!QQ")  # number, nanoseconds of CLOCK_MONOTONIC at its sending
BUFFER_BYTES = 8 << 20


def udp(address):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    return s


def send(options):
    """Until SIGTERM or SIGINT, then tells how many there were."""
    stopped = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.append(True))
    s = udp(options.address)
    s.bind((options.source, 0))
    n, due = 0, time.monotonic()
    print("ready", flush=True)
    while not stopped:
        s.sendto(PACKET.pack(n, time.monotonic_ns()).ljust(options.bytes, b"\0"), (options.address, options.port))
        n += 1
        due += 1 / options.rate
        # One that was not scheduled sends on from now; it has no backlog.
        due = max(due, time.monotonic() - 0.1)
        time.sleep(max(0, due - time.monotonic()))
    print(json.dumps({"sent": n}))


def receive(options):
    """Until SIGTERM or SIGINT, then tells what came, and the packets on both sides of the longest interruption."""
    stopped = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.append(True))
    s = udp(options.address)
    s.bind((options.address, options.port))
    s.settimeout(0.1)
    received = reordered = repeated = 0
    longest_ns, last, seen_ns, seen = 0, -1, None, set()
    print("ready", flush=True)
    while True:
        try:
            number, sent_ns = PACKET.unpack_from(s.recv(2048))
        except TimeoutError:
            if stopped:
                break
            continue
        if number in seen:
            repeated += 1
            continue
        seen.add(number)
        received += 1
        if number < last:
            reordered += 1
            continue
        if seen_ns is not None:
            longest_ns = max(longest_ns, sent_ns - seen_ns)
        last, seen_ns = number, sent_ns
    print(json.dumps({"received": received, "reordered": reordered, "repeated": repeated, "last": last,
                      "longest_interruption_s": longest_ns / 1e9}))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    for run in (send, receive):
        command = commands.add_parser(run.__name__, help=run.__doc__)
        command.set_defaults(run=run)
        command.add_argument("--address", required=True, help="of the receiver")
        command.add_argument("--port", type=int, default=7007)
        if run is send:
            command.add_argument("--source", required=True, help="address of the sender")
            command.add_argument("--rate", type=float, default=200, help="packets a second (200)")
            command.add_argument("--bytes", type=int, default=64, help="of a packet's payload (64)")
    options = parser.parse_args()
    options.run(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
