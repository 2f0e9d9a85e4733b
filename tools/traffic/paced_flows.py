#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Many long connections of the real TCP stack, each sending a segment or a few now and then.

Source addresses may be any that the namespace takes for its own (a local route for the prefix is
enough), so one process is thousands of senders."""

import argparse
import contextlib
import heapq
import ipaddress
import random
import resource
import selectors
import socket
import sys
import time

BACKLOG = 4096
READ_BYTES = 1 << 16
LINGER_S = 0.2


def addresses(text, count):
    """`count` addresses from the first on."""
    first = ipaddress.ip_address(text)
    return [str(first + number) for number in range(count)]


def raise_file_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Sink:
    """Takes connections and throws away what they bring."""

    def __init__(self, options):
        family = socket.AF_INET6 if ":" in options.address else socket.AF_INET
        self.poll = selectors.DefaultSelector()
        self.listener = socket.create_server((options.address, options.port), family=family,
                                             backlog=BACKLOG)
        self.listener.setblocking(False)
        self.poll.register(self.listener, selectors.EVENT_READ)
        self.ends = time.monotonic() + options.duration

    def accept(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, _ = self.listener.accept()
                connection.setblocking(False)
                self.poll.register(connection, selectors.EVENT_READ)

    def read(self, connection):
        try:
            ended = not connection.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            ended = True
        if ended:
            self.poll.unregister(connection)
            connection.close()

    def run(self):
        print("ready", flush=True)
        while time.monotonic() < self.ends:
            for key, _ in self.poll.select(0.2):
                if key.fileobj is self.listener:
                    self.accept()
                else:
                    self.read(key.fileobj)


class Senders:
    """`flows` connections of each source; every one sends a burst each interval."""

    def __init__(self, options):
        self.options = options
        self.piece = b"p" * (options.bytes * options.burst)
        self.sent = self.waited = self.lost = 0
        self.due = []
        rng = random.Random(options.seed)
        start = time.monotonic() + 0.1
        connections = [(source, number) for source in addresses(options.source, options.sources)
                       for number in range(options.flows)]
        for order, (source, _) in enumerate(connections):
            # Connections begin one after the other, so that no queue of SYNs overflows.
            begin = start + options.ramp * order / len(connections)
            self.due.append((begin + rng.random() * options.interval, order, source, None))
        heapq.heapify(self.due)

    def connect(self, source):
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION,
                              self.options.congestion.encode())
        connection.bind((source, 0))
        connection.setblocking(False)
        connection.connect_ex((self.options.address, self.options.port))
        return connection

    def send(self, connection):
        try:
            self.sent += connection.send(self.piece) // self.options.bytes
        except BlockingIOError:
            self.waited += 1  # not connected yet, or its window is full
        except OSError:
            self.lost += 1
            connection.close()
            return False
        return True

    def run(self):
        ends = time.monotonic() + self.options.duration
        while self.due and time.monotonic() < ends:
            when, order, source, connection = heapq.heappop(self.due)
            wait = when - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            if connection is None:
                connection = self.connect(source)
            if connection is not None and self.send(connection):
                heapq.heappush(self.due, (when + self.options.interval, order, source, connection))
        print(f"segments={self.sent} waited={self.waited} lost={self.lost}", flush=True)
        time.sleep(LINGER_S)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=("sink", "senders"))
    parser.add_argument("--address", required=True, help="of the sink")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--duration", type=float, default=30, help="seconds (30)")
    parser.add_argument("--source", help="first source address")
    parser.add_argument("--sources", type=int, default=1, help="so many addresses from it on (1)")
    parser.add_argument("--flows", type=int, default=3, help="connections of each source (3)")
    parser.add_argument("--interval", type=float, default=0.05,
                        help="seconds between two bursts of a connection (0.05)")
    parser.add_argument("--bytes", type=int, default=1200, help="payload of a segment (1200)")
    parser.add_argument("--burst", type=int, default=1, help="segments at once (1)")
    parser.add_argument("--ramp", type=float, default=1, help="all are begun within so long (1 s)")
    parser.add_argument("--congestion", default="cubic")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    raise_file_limit()
    role = Sink(options) if options.role == "sink" else Senders(options)
    with contextlib.suppress(KeyboardInterrupt):
        role.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
