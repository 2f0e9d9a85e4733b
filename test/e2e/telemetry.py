# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's telemetry socket, without a tool between."""

import json
import socket

REPLY_BYTES = 16384


class Telemetry:
    def __init__(self, prefix):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(10)
        self.socket.connect(f"/var/run/dpdk/{prefix}/dpdk_telemetry.v2")
        self.socket.recv(1024)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, command):
        """What it said; a reply that fills telemetry's room may have been cut."""
        self.socket.send(command.encode())
        reply = self.socket.recv(2 * REPLY_BYTES)
        if len(reply) >= REPLY_BYTES:
            raise AssertionError(f"{command}: {len(reply)} bytes")
        return json.loads(reply)[command.split(",")[0]]

    def walk(self, view, parameters=""):
        """All items of all pages, by their numbers, and how many there are said to be."""
        items, total, at = {}, 0, 0
        while at is not None:
            page = self.ask(f"{view},offset={at}{parameters}")
            total, shown = page["total"], page["items"]
            if len(shown) != page["shown"] or items.keys() & shown.keys():
                raise AssertionError(f"{view},{at}: {page['shown']} shown, {list(shown)}")
            items.update({int(number): item for number, item in shown.items()})
            at = page.get("next")
        return items, total
