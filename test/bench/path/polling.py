# SPDX-License-Identifier: BSD-3-Clause
"""Asks a running pennyline as monitors would, only much more often: DPDK's telemetry socket and the
control socket, both every 10 ms."""
import os
import sys
import threading

from . import programs
from .checks import Failed
from .telemetry import Telemetry

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..",
                                "tools", "lab"))
from control import Control  # noqa: E402

PERIOD_SECONDS = 0.01
VIEWS = ("/pennyline/status", "/pennyline/lcores", "/pennyline/aggregates", "/pennyline/ports",
         "/ethdev/xstats,0")


class Poller:
    """Polls between its beginning and its end (`with`), which fails when too few were answered."""

    def __init__(self, directory):
        self.telemetry = Telemetry(programs.FILE_PREFIX)
        self.control = Control(os.path.join(directory, "socket"))
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._poll)
        self.rounds, self.error = 0, None

    def _poll(self):
        """Away from the worker's CPU, as a monitor would be: the main thread's is CPU 0."""
        os.sched_setaffinity(threading.get_native_id(), {0})
        try:
            while not self.stop.wait(PERIOD_SECONDS):
                for view in VIEWS:
                    if not self.telemetry.ask(view):
                        raise OSError("%s said nothing" % view)
                self.control.ask("status")
                self.rounds += 1
        except Exception as error:
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_error):
        self.stop.set()
        self.thread.join()
        self.control.close()
        self.telemetry.__exit__()
        if self.error is not None or self.rounds == 0:
            raise Failed("polled %d times: %s" % (self.rounds, self.error or "too slow"))
