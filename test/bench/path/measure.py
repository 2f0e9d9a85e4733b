# SPDX-License-Identifier: BSD-3-Clause
"""One sample: start a program with the source preloaded, wait until its flows are known, read the
meter twice, stop it."""
import contextlib
import fcntl
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

from . import checks, imix, machine, meter, programs
from .checks import Failed
from .polling import Looking

LOCK = "/tmp/pennyline-bench.lock"


@dataclass
class Sample:
    cycles: float         # TSC cycles per packet, mean of the queues
    mpps: float           # sum of the queues, by those cycles
    share_of_core: float  # how much of the time the busiest thread ran
    packets: int
    load: float           # of the machine meanwhile, by the kernel's one-minute average
    others: float         # CPUs that others kept busy meanwhile, or the host took away


@contextlib.contextmanager
def lock(path):
    """One measurement on the machine at a time."""
    with open(path, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _wait_for_rounds(process, path, scenario, patience):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failed("ended by itself with code %d" % process.returncode)
        readings = [meter.read(path, q) for q in range(scenario.queues)]
        if all(r and (scenario.pcap or r.rounds >= scenario.needed_rounds()) for r in readings):
            return
        time.sleep(0.02)
    raise Failed("no traffic within %d s" % patience)


def _stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _watch(process, path, scenario, seconds, meanwhile):
    time.sleep(scenario.settle_seconds)
    with meanwhile:
        busy = machine.cpu_seconds() - machine.cpu_seconds_of(process.pid)
        first = [meter.read(path, q) for q in range(scenario.queues)]
        time.sleep(seconds)
        last = [meter.read(path, q) for q in range(scenario.queues)]
        busy = machine.cpu_seconds() - machine.cpu_seconds_of(process.pid) - busy
    if process.poll() is not None:
        raise Failed("ended while it was measured")
    return [meter.window(a, b) for a, b in zip(first, last)], max(0.0, busy / seconds)


def _text(path):
    with open(path, encoding="utf-8", errors="replace") as log:
        return log.read()


def _check_end(scenario, directory):
    summary = checks.summary_of(_text(os.path.join(directory, "log")))
    if scenario.known_ppm > 0:
        readings = [meter.read(os.path.join(directory, "meter"), q) for q in range(scenario.queues)]
        checks.known_flows_kept_their_state(summary, sum(r.known for r in readings))


def _start(program, command, scenario, source, directory):
    environment = dict(os.environ, **scenario.source_environment(), LD_PRELOAD=source,
                       BENCH_METER=os.path.join(directory, "meter"))
    if program.startswith("l3fwd"):
        environment["BENCH_OFFER_CHECKSUM"] = "1"
    with open(os.path.join(directory, "log"), "w", encoding="utf-8") as log:
        return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=log,
                                stderr=subprocess.STDOUT, cwd=directory)


def sample(program, command, scenario, source, seconds):
    """`command` makes the arguments from the scenario and a directory for files."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        path = os.path.join(directory, "meter")
        if scenario.pcap:
            imix.write(os.path.join(directory, scenario.pcap))
        process = _start(program, command(scenario, directory), scenario, source, directory)
        try:
            _wait_for_rounds(process, path, scenario, 90)
            looked_at = scenario.looked_at and program == "pennyline"
            windows, others = _watch(process, path, scenario, seconds,
                                     Looking(process.args[0], directory) if looked_at
                                     else contextlib.nullcontext())
            if program.startswith("l3fwd"):
                checks.rules_hit(programs.FILE_PREFIX)
        except Failed as failure:
            last_words = " / ".join(_text(os.path.join(directory, "log")).strip().split("\n")[-3:])
            raise Failed("%s; its last words: %s" % (failure, last_words)) from None
        finally:
            _stop(process)
        if program == "pennyline":
            _check_end(scenario, directory)
    return Sample(sum(w.cycles_per_packet for w in windows) / len(windows),
                  sum(w.mpps for w in windows), max(w.share_of_core for w in windows),
                  sum(w.packets for w in windows), os.getloadavg()[0], others)
