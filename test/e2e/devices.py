# SPDX-License-Identifier: BSD-3-Clause
"""The service between capture files instead of ports: DPDK's pcap driver brings each packet once."""

import contextlib
import json
import os
import struct
import time

import frames
import netlab
import pennyline
from control import Control


def write_capture(path, packets):
    with open(path, "wb") as capture:
        capture.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for packet in packets:
            capture.write(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)


class Service:
    """`pennyline run` between two capture files for each port."""

    def __init__(self, folder, packets, port=(), **config):
        """`port`: what else is to be said of the one where packets come in. A mirror stands alone."""
        self.folder = folder
        write_capture(self.path("in.pcap"), packets)
        write_capture(self.path("nothing.pcap"), [])
        left = {"name": "left", "device": self.device(0, "in", "back"), **dict(port)}
        ports = [left]
        if left.get("role") != "mirror":
            left.setdefault("pair", "right")
            ports.append({"name": "right", "device": self.device(1, "nothing", "out"), "pair": "left"})
        whole = {"instance": {"control_socket": self.path("control"), "max_aggregates": 64,
                              "flows_per_lcore": 1024, "event_log": self.path("events")},
                 "eal": {"lcores": "0@0,1@1" if os.cpu_count() > 1 else "0@0,1@0", "huge": False,
                         # EAL would refuse the second beside plain memory.
                         "memory_mb": 256, "extra": ["--no-shconf", "--in-memory"],
                         "file_prefix": os.path.basename(folder)},
                 "ports": ports, **config}
        with open(self.path("config.json"), "w") as file:
            json.dump(whole, file)
        self.process = netlab.Process([pennyline.program("pennyline"), "run", "--config",
                                       self.path("config.json"), "--json"], self.path("run"))
        self.process.wait_for("forwarding", 30)

    def path(self, name):
        return os.path.join(self.folder, name)

    def device(self, number, source, target):
        return (f"net_pcap{number},rx_pcap={self.path(source + '.pcap')},"
                f"tx_pcap={self.path(target + '.pcap')}")

    def wait_until_received(self, n):
        """Until so many packets came in and went on, wherever that is."""
        deadline = time.monotonic() + netlab.PATIENCE_S
        with contextlib.closing(Control(self.path("control"))) as control:
            while time.monotonic() < deadline:
                workers = control.ask("status")["workers"]
                if sum(w["counters"]["rx_packets"] for w in workers) >= n:
                    break
                time.sleep(0.05)

    def wait_for_frames(self, n, name="out"):
        deadline = time.monotonic() + netlab.PATIENCE_S
        while len(frames.captured(self.path(name + ".pcap"))) < n:
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        time.sleep(0.2)  # what comes beside would be wrong too
        return frames.captured(self.path(name + ".pcap"))

    def ask(self, command, **arguments):
        with contextlib.closing(Control(self.path("control"))) as control:
            return control.ask(command, **arguments)

    def stop(self):
        """(exit code, Summary)"""
        code = self.process.stop()
        return code, pennyline.Summary(self.process.output())

    def events(self):
        with open(self.path("events")) as log:
            return [json.loads(line) for line in log]
