# SPDX-License-Identifier: BSD-3-Clause
"""What sends and counts, on the machine that the kit runs on. Each has
    highest_pps                   of the line at this size
    trial(rate_pps, seconds)      -> (sent, received)
    elapsed                       seconds that the last trial's sending took
    open_flows(pps)               sends of every flow, so that the box knows it
    latencies()                   of the last trial, microseconds; {} when the sender does not measure
    close()"""
import json
import mmap
import os
import random
import struct
import subprocess
import sys
import tempfile
import time

import latency

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "test", "bench"))
from path import meter  # noqa: E402
from path.lab import Telemetry  # noqa: E402

FILE_PREFIX = "pennyline-lab-sender"


class SenderFailed(Exception):
    """In words."""


class Model:
    """A made-up box that takes so many packets a second: proves the search, measures nothing."""

    def __init__(self, highest_pps, capacity_pps=60e6, noise=0.002, seed=1):
        self.highest_pps, self.capacity, self.noise = highest_pps, capacity_pps, noise
        self.random, self.elapsed = random.Random(seed), 0.0

    def trial(self, rate_pps, seconds):
        self.elapsed = seconds
        capacity = self.capacity * (1 - self.noise * self.random.random())
        sent = int(rate_pps * seconds)
        return sent, min(sent, int(capacity * seconds))

    def open_flows(self, pps):
        pass

    def latencies(self):
        return {}

    def close(self):
        pass


class LabFile:
    """The file by which the preloaded source is driven (test/bench/source/lab.h)."""

    RATE_BYTES = 64

    def __init__(self, path, n_queues):
        self.n_queues = n_queues
        self.queue_bytes = self.RATE_BYTES + 8 * latency.N_RANGES
        with open(path, "w+b") as file:
            file.truncate(64 * self.queue_bytes)
            self.memory = mmap.mmap(file.fileno(), 0)

    def set_rate(self, pps):
        for q in range(self.n_queues):
            struct.pack_into("<Q", self.memory, q * self.queue_bytes, int(pps / self.n_queues))

    def counts(self):
        """Latencies by range, of all queues together."""
        layout = struct.Struct("<%dQ" % latency.N_RANGES)
        per_queue = [layout.unpack_from(self.memory, q * self.queue_bytes + self.RATE_BYTES)
                     for q in range(self.n_queues)]
        return [sum(each) for each in zip(*per_queue)]


class Testpmd:
    """testpmd with the synthetic source of tools/bench preloaded: TCP connections that begin with a
    SYN and go on in order, at a given pace, each segment with the time of its sending. It forwards
    them from port 0, a net_null, to port 1, which leads to the box; what comes back by port 1 or
    a third port is counted and thrown away."""

    def __init__(self, eal_arguments, source, highest_pps, frame_bytes, n_flows, n_queues=1,
                 drain_seconds=0.5):
        if n_flows % n_queues != 0:
            raise SenderFailed("%d flows cannot be shared by %d queues" % (n_flows, n_queues))
        self.highest_pps, self.drain_seconds = highest_pps, drain_seconds
        self.last, self.elapsed = {}, 0.0
        self.directory = tempfile.TemporaryDirectory(prefix="lab100g-")
        self.lab = LabFile(self._path("lab"), n_queues)
        self.n_queues = n_queues
        with open(self._path("log"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                self._command(eal_arguments, frame_bytes), stdin=subprocess.PIPE, stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(os.environ, **self._environment(source, frame_bytes, n_flows)))
        try:
            self.telemetry = self._connect()
        except SenderFailed:
            self.close()
            raise

    def _path(self, name):
        return os.path.join(self.directory.name, name)

    def _environment(self, source, frame_bytes, n_flows):
        result = {"LD_PRELOAD": os.path.abspath(source), "BENCH_METER": self._path("meter"),
                  "BENCH_LAB": self._path("lab"), "BENCH_FLOWS": str(n_flows // self.n_queues),
                  "BENCH_QUEUES": str(self.n_queues), "BENCH_SYN_ROUNDS": "2"}
        if frame_bytes == "imix":
            result["BENCH_IMIX"] = "1"
        return result

    def _command(self, eal_arguments, frame_bytes):
        size = 1514 if frame_bytes == "imix" else int(frame_bytes) - 4
        n = str(self.n_queues)
        return (["dpdk-testpmd", "--file-prefix=" + FILE_PREFIX, "--vdev=net_null0,size=%d" % size] +
                eal_arguments + ["--", "--forward-mode=io", "--port-topology=chained", "--auto-start",
                                 "--rxq=" + n, "--txq=" + n, "--nb-cores=" + n])

    def _words(self):
        with open(self._path("log"), encoding="utf-8", errors="replace") as log:
            return " / ".join(log.read().strip().split("\n")[-8:])

    def _connect(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise SenderFailed("testpmd ended: " + self._words())
            reading = meter.read(self._path("meter"))
            if reading:
                telemetry = Telemetry(FILE_PREFIX)
                self.ports = [p for p in telemetry.ask("/ethdev/list") if p != 0]
                return telemetry
            time.sleep(0.1)
        raise SenderFailed("testpmd does not forward: " + self._words())

    def _counts(self):
        each = [self.telemetry.ask("/ethdev/stats,%d" % port) for port in self.ports]
        return each[0]["opackets"], sum(port["ipackets"] for port in each)

    def _check(self):
        if self.process.poll() is not None:
            raise SenderFailed("testpmd ended meanwhile: " + self._words())

    def trial(self, rate_pps, seconds):
        before, latencies_before = self._counts(), self.lab.counts()
        start = time.monotonic()
        self.lab.set_rate(rate_pps)
        time.sleep(seconds)
        self.lab.set_rate(0)
        self.elapsed = time.monotonic() - start
        time.sleep(self.drain_seconds)
        self._check()
        after = self._counts()
        counts = [b - a for a, b in zip(latencies_before, self.lab.counts())]
        self.last = latency.percentiles(counts, meter.read(self._path("meter")).tsc_hz)
        return after[0] - before[0], after[1] - before[1]

    def _rounds(self):
        return min(meter.read(self._path("meter"), q).rounds for q in range(self.n_queues))

    def open_flows(self, pps):
        """Three rounds: SYNs, the same again, and data."""
        wanted = self._rounds() + 3
        self.lab.set_rate(pps)
        while self._rounds() < wanted:
            time.sleep(0.05)
            self._check()
        self.lab.set_rate(0)
        time.sleep(self.drain_seconds)

    def latencies(self):
        return self.last

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.directory.cleanup()


class Pktgen:
    """pktgen-dpdk, driven by pktgen.lua: one run of the program a trial. Its ranges make packets of
    many flows, but no connections: each segment of a flow repeats the same bytes."""

    def __init__(self, command, highest_pps, frame_bytes, n_flows):
        if frame_bytes == "imix":
            raise SenderFailed("pktgen's ranges have one size; take --sender testpmd for IMIX")
        self.command, self.highest_pps = command, highest_pps
        self.frame_bytes, self.n_flows, self.elapsed = frame_bytes, n_flows, 0.0

    def trial(self, rate_pps, seconds):
        self.elapsed = seconds
        with tempfile.TemporaryDirectory() as directory:
            out = os.path.join(directory, "result.json")
            environment = dict(os.environ, LAB_SECONDS="%g" % seconds, LAB_RESULT=out,
                               LAB_RATE_PERCENT="%.4f" % (100 * rate_pps / self.highest_pps),
                               LAB_FRAME_BYTES=str(self.frame_bytes), LAB_FLOWS=str(self.n_flows))
            subprocess.run(self.command + ["-f", os.path.join(HERE, "pktgen.lua")], env=environment,
                           check=True, timeout=seconds + 60, stdin=subprocess.DEVNULL)
            with open(out, encoding="utf-8") as file:
                result = json.load(file)
        return result["sent"], result["received"]

    def open_flows(self, pps):
        """Every flow twice."""
        self.trial(pps, max(1.0, 2 * self.n_flows / pps))

    def latencies(self):
        return {}

    def close(self):
        pass
