# SPDX-License-Identifier: BSD-3-Clause
"""Asks a running pennyline through its control socket: JSON objects, one per line."""

import json
import os
import socket


class Refused(Exception):
    """The program's own words."""


class Control:
    def __init__(self, path, timeout_s=5):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout_s)
        # A path longer than a socket address holds can be reached by its folder's descriptor.
        folder = os.open(os.path.dirname(path), os.O_PATH)
        try:
            self.socket.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
        finally:
            os.close(folder)
        self.lines = self.socket.makefile("r")

    def ask(self, command, **arguments):
        self.socket.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
        reply = json.loads(self.lines.readline())
        if not reply["ok"]:
            raise Refused(reply["error"])
        return reply["result"]

    def close(self):
        self.lines.close()
        self.socket.close()
