# SPDX-License-Identifier: BSD-3-Clause
"""Looks at a running pennyline as monitors would: DPDK's telemetry, pennyline-info and
pennyline-web, each ten times a second, from CPU 0."""
import contextlib
import http.client
import os
import signal
import subprocess
import threading
import time

from . import programs
from .checks import Failed
from .lab import Telemetry

PERIOD_SECONDS = 0.1
VIEWS = ("/pennyline/status", "/pennyline/lcores", "/pennyline/flows", "/pennyline/reasons",
         "/pennyline/aggregates", "/pennyline/verdicts", "/pennyline/ports", "/pennyline/memory",
         "/pennyline/rings", "/ethdev/xstats,0")
PAGES = ("/metrics", "/api/v1/status", "/api/v1/aggregates", "/healthz")
WEB_PORT = 19464
# A monitor that is late by half is still one that looks.
LEAST_SHARE = 0.5


class Monitor(threading.Thread):
    """Looks again and again. What goes wrong is kept for the one that waits."""

    def __init__(self, name, look):
        super().__init__(name=name)
        self.look, self.rounds, self.error = look, 0, None
        self.stop, self.may_look = threading.Event(), threading.Event()
        self.may_look.set()

    def run(self):
        os.sched_setaffinity(0, {0})  # of this thread alone
        due = time.monotonic()
        try:
            while not self.stop.wait(max(0, due - time.monotonic())):
                self.may_look.wait()
                self.look()
                self.rounds += 1
                due = max(due + PERIOD_SECONDS, time.monotonic() - PERIOD_SECONDS)
        except Exception as error:
            self.error = error


def _ask_views(telemetry):
    for view in VIEWS:
        if not telemetry.ask(view):
            raise OSError(f"{view} said nothing")


def _get_pages(connection):
    for page in PAGES:
        connection.request("GET", page)
        reply = connection.getresponse()
        reply.read()
        # After a pause its copy is old, and /healthz says so.
        if reply.status != 200 and page != "/healthz":
            raise OSError(f"{page}: {reply.status}")


def _start(stack, *command):
    process = subprocess.Popen(["taskset", "--cpu-list", "0", *command], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)

    def end():
        process.terminate()
        process.stdout.close()
        process.wait(10)
    stack.callback(end)
    return process


def _connect(deadline):
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", WEB_PORT, timeout=5)
        try:
            _get_pages(connection)
            return connection
        except OSError:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


class Looking:
    """`with` it, everybody looks; its end fails when one of them looked too seldom."""

    def __init__(self, binary, directory):
        self.programs, self.directory = os.path.dirname(os.path.dirname(binary)), directory
        self.stack, self.monitors, self.processes = contextlib.ExitStack(), [], []
        self.began = self.looked_seconds = 0

    def program(self, name):
        return os.path.join(self.programs, name, name)

    def _open(self):
        web = _start(self.stack, self.program("pennyline-web"), "--socket",
                     os.path.join(self.directory, "socket"), "--listen",
                     f"127.0.0.1:{WEB_PORT}", "--requests-per-second", "1000")
        info = _start(self.stack, self.program("pennyline-info"), "--json", "--file-prefix",
                      programs.FILE_PREFIX, "watch", "--interval", str(PERIOD_SECONDS))
        if not info.stdout.readline():
            raise OSError("pennyline-info cannot look")
        self.processes = [web, info]
        connection = _connect(time.monotonic() + 10)
        self.stack.callback(connection.close)
        telemetry = self.stack.enter_context(Telemetry(programs.FILE_PREFIX))
        self.monitors = [Monitor("telemetry", lambda: _ask_views(telemetry)),
                         Monitor("web", lambda: _get_pages(connection)),
                         Monitor("info", info.stdout.readline)]

    def __enter__(self):
        try:
            self._open()
        except OSError as error:
            self.stack.close()
            raise Failed(f"cannot look: {error}") from None
        for monitor in self.monitors:
            monitor.start()
        self.began = time.monotonic()
        return self

    def pause(self):
        """Nobody looks until go_on()."""
        self.looked_seconds += time.monotonic() - self.began
        for monitor in self.monitors:
            monitor.may_look.clear()
        for process in self.processes:
            process.send_signal(signal.SIGSTOP)

    def go_on(self):
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
        for monitor in self.monitors:
            monitor.may_look.set()
        self.began = time.monotonic()

    def __exit__(self, *_error):
        least = LEAST_SHARE * (self.looked_seconds + time.monotonic() - self.began) / PERIOD_SECONDS
        for monitor in self.monitors:
            monitor.stop.set()
        for monitor in self.monitors:
            monitor.join()
        self.stack.close()
        for monitor in self.monitors:
            if monitor.error is not None or monitor.rounds < least:
                raise Failed(f"{monitor.name} looked {monitor.rounds} times, not {least:.0f}: "
                             f"{monitor.error or 'too slow'}")
