#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Short HTTP-like connections of the real TCP stack: each asks once, is answered once, and ends.

The server's answers are the larger part. A request names the answer's size on one line.
"""

import argparse
import asyncio
import contextlib
import random
import sys

REQUEST_PADDING = b"x" * 400  # what headers and cookies take
CHUNK = b"r" * 16384


async def answer(reader, writer):
    """One connection at the server."""
    with contextlib.suppress(ConnectionError, ValueError, asyncio.IncompleteReadError,
                             asyncio.TimeoutError):
        request = await asyncio.wait_for(reader.readuntil(b"\n"), 30)
        left = int(request.split()[1])
        while left > 0:
            writer.write(CHUNK[:left])
            await writer.drain()
            left -= len(CHUNK)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def serve(options):
    servers = [await asyncio.start_server(answer, address, options.port, backlog=512)
               for address in options.address.split(",")]
    print("ready", flush=True)
    await asyncio.sleep(options.duration)
    for server in servers:
        server.close()


async def ask(address, port, size):
    """One connection at the client. True when the whole answer came."""
    reader, writer = await asyncio.open_connection(address, port)
    try:
        writer.write(b"GET %d " % size + REQUEST_PADDING + b"\n")
        received = 0
        while data := await reader.read(65536):
            received += len(data)
        return received == size
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


class Client:
    """Keeps to the rate, and to so many connections at once."""

    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.addresses = options.address.split(",")
        self.done = self.failed = 0
        self.places = asyncio.Semaphore(options.concurrency)

    async def one(self, address, size):
        try:
            whole = await asyncio.wait_for(ask(address, self.options.port, size), 30)
        except (OSError, asyncio.TimeoutError):
            whole = False
        finally:
            self.places.release()
        self.done += whole
        self.failed += not whole

    async def run(self):
        loop, options, tasks = asyncio.get_running_loop(), self.options, set()
        started, made = loop.time(), 0
        while loop.time() - started < options.duration:
            await self.places.acquire()
            size = 1024 * self.random.randint(options.min_kb, options.max_kb)
            task = asyncio.create_task(self.one(self.random.choice(self.addresses), size))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            made += 1
            await asyncio.sleep(max(0, started + made / options.rate - loop.time()))
        if tasks:
            await asyncio.wait(tasks, timeout=options.linger)
        print(f"connections={made} whole={self.done} failed={self.failed}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=("server", "client"))
    parser.add_argument("--address", required=True,
                        help="of the server; several with commas, a client takes them at random")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--duration", type=float, default=30, help="seconds (30)")
    parser.add_argument("--concurrency", type=int, default=50, help="connections at once (50)")
    parser.add_argument("--rate", type=float, default=40, help="new connections per second (40)")
    parser.add_argument("--min-kb", type=int, default=4, help="smallest answer (4 KB)")
    parser.add_argument("--max-kb", type=int, default=200, help="largest answer (200 KB)")
    parser.add_argument("--linger", type=float, default=5, help="wait so long for the last (5 s)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    role = serve(options) if options.role == "server" else Client(options).run()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(role)
    return 0


if __name__ == "__main__":
    sys.exit(main())
