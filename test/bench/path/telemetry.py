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
        """The answer's contents: what stands under the command's own name."""
        self.socket.send(command.encode())
        return json.loads(self.socket.recv(self.longest))[command.split(",")[0]]
