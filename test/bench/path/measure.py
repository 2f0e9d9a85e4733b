# SPDX-License-Identifier: BSD-3-Clause
"""One sample: start a program with the source preloaded, wait until its flows are known, read the
meter twice, stop it."""
import contextlib
import fcntl
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

from . import imix, meter

LOCK = "/tmp/pennyline-bench.lock"


class Failed(Exception):
    """The program did not do what was asked of it; the text is for a person."""


@dataclass
class Sample:
    cycles: float         # TSC cycles per packet, mean of the queues
    mpps: float           # sum of the queues, by those cycles
    share_of_core: float  # how much of the time the busiest thread ran
    packets: int
    load: float           # of the machine meanwhile, by the kernel's one-minute average


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
        reading = meter.read(path)
        if reading and (scenario.pcap or reading.rounds >= scenario.needed_rounds()):
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


def _ask_telemetry(directory, build, stop):
    """Asks as a monitor would, only much more often."""
    ctl = os.path.join(build, "app", "pennylinectl", "pennylinectl")
    while not stop.wait(0.01):
        subprocess.run([ctl, "--socket", os.path.join(directory, "socket"), "status"], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _watch(process, path, n_queues, seconds, during):
    stop = threading.Event()
    thread = threading.Thread(target=during, args=(stop,)) if during else None
    time.sleep(0.2)
    if thread:
        thread.start()
    first = [meter.read(path, q) for q in range(n_queues)]
    time.sleep(seconds)
    last = [meter.read(path, q) for q in range(n_queues)]
    stop.set()
    if thread:
        thread.join()
    if process.poll() is not None:
        raise Failed("ended while it was measured")
    return [meter.window(a, b) for a, b in zip(first, last)]


def _check_books(text):
    """pennyline's own counters must add up, or the sample is worth nothing."""
    start = text.find("\n{\n")
    if start < 0:
        raise Failed("no summary at the end")
    summary = json.loads(text[start:])
    if not summary.get("reconciled", False):
        raise Failed("counters do not add up: %s" % summary.get("problems"))


def sample(program, command, scenario, source, seconds):
    """`command` makes the arguments from the scenario and a directory for files."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        path, log_path = os.path.join(directory, "meter"), os.path.join(directory, "log")
        if scenario.pcap:
            imix.write(os.path.join(directory, scenario.pcap))
        environment = dict(os.environ, **scenario.source_environment(), BENCH_METER=path,
                           LD_PRELOAD=source)
        arguments = command(scenario, directory)
        build = os.path.dirname(os.path.dirname(os.path.dirname(source)))
        during = None
        if scenario.poll_telemetry:
            def during(stop):
                _ask_telemetry(directory, build, stop)
        with open(log_path, "w", encoding="utf-8") as log:
            process = subprocess.Popen(arguments, env=environment, stdin=subprocess.PIPE, stdout=log,
                                       stderr=subprocess.STDOUT, cwd=directory)
            try:
                _wait_for_rounds(process, path, scenario, 90)
                windows = _watch(process, path, scenario.queues, seconds, during)
            except Failed as failure:
                raise Failed("%s; its last words: %s" % (failure, _last_words(log_path))) from None
            finally:
                _stop(process)
        if program == "pennyline":
            with open(log_path, encoding="utf-8", errors="replace") as log:
                _check_books(log.read())
    return Sample(sum(w.cycles_per_packet for w in windows) / len(windows),
                  sum(w.mpps for w in windows), max(w.share_of_core for w in windows),
                  sum(w.packets for w in windows), os.getloadavg()[0])


def _last_words(path):
    with open(path, encoding="utf-8", errors="replace") as log:
        return " / ".join(log.read().strip().split("\n")[-3:])
