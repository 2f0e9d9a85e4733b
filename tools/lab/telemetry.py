# SPDX-License-Identifier: BSD-3-Clause
"""Asks a DPDK program's telemetry socket, as dpdk-telemetry.py does."""
import json
import os
import socket


def _runtime_directory():
    if os.geteuid() == 0:
        return "/var/run/dpdk"
    return os.path.join(os.environ.get("XDG_RUNTIME_DIR", "/tmp"), "dpdk")


class Telemetry:
    def __init__(self, file_prefix):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(5)
        self.socket.connect(os.path.join(_runtime_directory(), file_prefix, "dpdk_telemetry.v2"))
        self.longest = json.loads(self.socket.recv(1024))["max_output_len"]

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.socket.close()

    def ask(self, command):
        """The answer's contents: what stands under the command's own name. One that is as long as
        telemetry's room may have been cut."""
        self.socket.send(command.encode())
        reply = self.socket.recv(self.longest)
        if len(reply) >= self.longest:
            raise OSError(f"{command}: {len(reply)} bytes, all that there is room for")
        return json.loads(reply)[command.split(",")[0]]

    def walk(self, view, parameters=""):
        """All items of all pages of one of pennyline's lists, by their numbers, and how many there
        are said to be."""
        items, total, at = {}, 0, 0
        while at is not None:
            page = self.ask(f"{view},offset={at}{parameters}")
            total, shown = page["total"], page["items"]
            if len(shown) != page["shown"] or items.keys() & shown.keys():
                raise OSError(f"{view},{at}: {page['shown']} shown, {list(shown)}")
            items.update({int(number): item for number, item in shown.items()})
            at = page.get("next")
        return items, total
