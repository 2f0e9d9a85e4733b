# SPDX-License-Identifier: BSD-3-Clause
"""The process, or one thread of it, stands still while drops are pending: no evidence against senders that are there, and an event."""

import contextlib
import ctypes
import os
import signal
import time
import unittest

import netlab
import pennyline
from netlab import GENUINE, wait_until

STALL_S = 4
# A segment that is lost is sent again after some 200 ms: long enough to be found pending.
SLICE = {"name": "genuine", "sources": [GENUINE[4]], "mode": "active", "fallback_to_individual": False,
         "drop_probability": 0.2}
FLOWS = ("--flows", 10)

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000


@contextlib.contextmanager
def stopped(service):
    """All of it."""
    service.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        service.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def thread_stopped(service, tid):
    """One thread, as a debugger stops it."""
    libc = ctypes.CDLL(None, use_errno=True)
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        if libc.ptrace(request, tid, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")
    os.waitpid(tid, WALL)
    try:
        yield
    finally:
        libc.ptrace(PTRACE_DETACH, tid, None, None)


def thread_of(service, is_wanted):
    tasks = f"/proc/{service.process.child.pid}/task"
    for tid in os.listdir(tasks):
        with open(f"{tasks}/{tid}/comm") as comm:
            if is_wanted(int(tid), comm.read().strip()):
                return int(tid)
    raise AssertionError("no such thread")


def worker(service):
    return thread_of(service, lambda _, name: "worker" in name)


def manager(service):
    return service.process.child.pid


class Stalls(unittest.TestCase):
    def check(self, driver, stop, threads, stale=()):
        """`stale`: those that are told of while they stand still."""
        with netlab.Path() as lab:
            service = pennyline.Service(lab, [SLICE], driver=driver)
            lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 60, FLOWS)
            events = service.events
            wait_until("a pending drop", lambda: self.pending(events()) > 0)
            with stop(service):
                if stale:
                    wait_until("the status tells",
                               lambda: service.ask("status")["workers"][0]["stalled"] == "held by a debugger")
                time.sleep(STALL_S)
            wait_until("no worker that stands", lambda: service.ask("status")["workers"][0]["stalled"] is None)
            wait_until("the end of the test",
                       lambda: any(e["event"] == "test_ended" for e in events()))
            code, summary = service.stop()
            self.assertEqual(code, 0, service.process.errors())
            self.assertEqual(summary.broken_identities(), [])
            self.assertNotEqual(summary.aggregate(GENUINE[4])["verdict"], "not_closed_loop")
            self.assertEqual(summary.aggregate(GENUINE[4])["expired"], 0)
            stalls = {e["thread"]: e["stalled_s"] for e in events()
                      if e["event"] == "stall" and e["stalled_s"] > STALL_S - 1}
            self.assertEqual(set(stalls), threads)
            self.assertEqual([e["thread"] for e in events() if e["event"] == "thread_stale"], list(stale))
            self.assertEqual([e["thread"] for e in events() if e["event"] == "thread_recovered"], list(stale))
            for event in (e for e in events() if e["event"] == "thread_stale"):
                self.assertEqual((event["lcore"], event["doing"]), (1, "held by a debugger"))
                self.assertLess(event["stalled_s"], 3)
            reasons = [e["reason"] for e in events() if e["event"] == "suspended"]
            self.assertEqual([r for r in reasons if "hangs" in r], [f"{name} on lcore 1 hangs" for name in stale])
            self.assertTrue(all(s < STALL_S + 5 for s in stalls.values()), stalls)

    @staticmethod
    def pending(events):
        names = [e["event"] for e in events]
        return names.count("drop_made") - names.count("drop_ended")

    def test_the_process_by_af_xdp(self):
        self.check("af_xdp", stopped, {"manager", "worker 0"})

    def test_the_process_by_af_packet(self):
        self.check("af_packet", stopped, {"manager", "worker 0"})

    def test_a_worker_by_af_xdp(self):
        self.check("af_xdp", lambda s: thread_stopped(s, worker(s)), {"worker 0"}, ("worker 0",))

    def test_a_worker_by_af_packet(self):
        self.check("af_packet", lambda s: thread_stopped(s, worker(s)), {"worker 0"}, ("worker 0",))

    def test_a_stop_gets_past_a_worker_that_hangs(self):
        """At once when it is told again: none of the waits of a stop lasts its whole time."""
        with netlab.Path() as lab:
            service = pennyline.Service(lab, [SLICE])
            lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 60, FLOWS)
            wait_until("a drop", lambda: self.pending(service.events()) > 0)
            tid = worker(service)
            with thread_stopped(service, tid):
                for event in ("stopping", "stopped"):
                    service.send_signal(signal.SIGTERM)
                    wait_until(event, lambda e=event: any(x["event"] == e for x in service.events()))
                # The tracer's own: the process is there until it was told of its thread's end.
                os.waitpid(tid, WALL)
            code, summary = service.process.wait(30), service.summary()
            self.assertEqual(code, pennyline.ERROR)
            self.assertIn("worker 0 on lcore 1 hangs", " ".join(summary.whole["problems"]))
            waited_s = {e["event"]: e["monotonic_s"] for e in service.events()}
            self.assertLess(waited_s["stopped"] - waited_s["stopping"], 2)
            self.assertFalse(os.path.exists(service.control_path))

    def test_the_manager(self):
        self.check("af_xdp", lambda s: thread_stopped(s, manager(s)), {"manager"})


if __name__ == "__main__":
    unittest.main()
