# SPDX-License-Identifier: BSD-3-Clause
"""Reads what the preloaded source (test/bench/source/source.h) writes, one line for each queue."""
import struct
import time
from dataclasses import dataclass

LINE = struct.Struct("<8Q")


@dataclass
class Reading:
    tsc: int
    cpu_ns: int
    packets: int
    polls: int
    rounds: int
    tsc_hz: int
    known: int


@dataclass
class Window:
    """What one queue's thread did between two readings."""
    cycles_per_packet: float  # TSC cycles while the thread ran
    mpps: float               # by those cycles: as if nobody else had used the core
    packets: int
    share_of_core: float      # how much of the time the thread ran


def read(path, queue=0):
    """A whole line, or None when there is none yet."""
    for _ in range(1000):
        try:
            with open(path, "rb") as file:
                file.seek(queue * LINE.size)
                data = file.read(LINE.size)
                file.seek(queue * LINE.size)
                again = file.read(LINE.size)
        except FileNotFoundError:
            return None
        if len(data) < LINE.size:
            return None
        version, tsc, cpu_ns, packets, polls, rounds, tsc_hz, known = LINE.unpack(data)
        if version % 2 == 0 and data == again:
            return Reading(tsc, cpu_ns, packets, polls, rounds, tsc_hz, known) if tsc_hz else None
        time.sleep(0.0001)
    return None


def window(first, last):
    """Cycles of the thread's own time: what preempted it does not count."""
    packets = last.packets - first.packets
    cpu_ns = last.cpu_ns - first.cpu_ns
    wall = (last.tsc - first.tsc) / last.tsc_hz
    cycles = cpu_ns * 1e-9 * last.tsc_hz / packets
    return Window(cycles, last.tsc_hz / cycles / 1e6, packets, cpu_ns * 1e-9 / wall)
