# SPDX-License-Identifier: BSD-3-Clause
"""Threads that stand still, and processes that are gone."""

import glob
import os
import signal
import subprocess
import time

import fault
import netlab
import pennyline
from fault import expect, wait_until
from test_stalls import manager, stopped, thread_stopped, worker

STANDS_S = 10


def stalls(service):
    return {e["thread"]: round(e["stalled_s"], 1) for e in service.events() if e.get("event") == "stall"}


@fault.fault()
def process_stopped(seen):
    """The whole process is stopped for 10 s."""
    with fault.path() as (lab, service), fault.gateway(service) as web:
        fault.wait_until("drops", lambda: fault.dropped(service) > 0)
        with stopped(service):
            began = time.monotonic()
            wait_until("health is down", lambda: web.get("/healthz").status == 503)
            down_s = time.monotonic() - began
            time.sleep(max(0, STANDS_S - down_s))
        fault.goes_on(lab)
        wait_until("health is up again", lambda: web.get("/healthz").status == 200)
        wait_until("the stall is told", lambda: {"manager", "worker 0"} <= set(stalls(service)))
        seen.append(f"health down after {down_s:.1f} s")
        seen.append(f"stalls told: {stalls(service)}")
        summary = fault.stop(seen, service)
        expired = [a["expired"] for a in summary.aggregates if a["slice"] == "genuine"]
        expect(expired == [0], f"genuine senders were charged with the stall: {expired}")


def thread_stands(seen, thread, name, check):
    with fault.path() as (lab, service), fault.gateway(service) as web:
        wait_until("drops", lambda: fault.dropped(service) > 0)
        with thread_stopped(service, thread(service)):
            began = time.monotonic()
            wait_until("health is down", lambda: web.get("/healthz").status == 503)
            down_s = time.monotonic() - began
            check(lab, service)
            time.sleep(max(0, STANDS_S - (time.monotonic() - began)))
        fault.goes_on(lab)
        wait_until("health is up again", lambda: web.get("/healthz").status == 200)
        wait_until("the stall is told", lambda: name in stalls(service))
        seen.append(f"health down after {down_s:.1f} s")
        seen.append(f"stalls told: {stalls(service)}")
        fault.stop(seen, service)
        return service.events()


@fault.fault()
def worker_stuck(seen):
    """A worker's thread is held for 10 s, as by a debugger."""
    def drops_stop(_, service):
        wait_until("drops are suspended", lambda: "hangs" in (service.ask("status")["suspended"] or ""))

    events = thread_stands(seen, worker, "worker 0", drops_stop)
    stale = [e for e in events if e["event"] == "thread_stale"]
    expect([(e["thread"], e["lcore"], e["doing"]) for e in stale] == [("worker 0", 1, "held by a debugger")],
           f"{stale}")
    expect("thread_recovered" in [e["event"] for e in events], "its recovery was not told")
    seen.append(f"told as stale after {stale[0]['stalled_s']:.1f} s, with its lcore and what it was doing")


@fault.fault(in_ci=True)
def manager_stuck(seen):
    """The manager's thread is held for 10 s: workers go on, and drop nothing."""
    def forwards_and_drops_nothing(lab, service):
        def gone():
            return lab.box.counters("portA")["rx_packets"] - lab.box.counters("portB")["tx_packets"]
        fault.goes_on(lab)
        before = fault.forwarded(lab)
        fault.goes_on(lab, 2000)
        seen.append(f"{fault.forwarded(lab) - before} packets forwarded meanwhile")
        expect(gone() < 200, f"{gone()} packets came in and did not leave")

    thread_stands(seen, manager, "manager", forwards_and_drops_nothing)


@fault.fault(in_ci=True)
def builder_stuck(seen):
    """The thread that reads configurations hangs, since the file is a pipe that nobody fills: the manager is not late,
    another thread takes its place, and the next reload works."""
    with fault.path() as (lab, service):
        if "no such command" in reload_of(service):
            raise fault.Skipped("this pennylinectl knows no reload")
        probe = fault.Probe(lab)
        kept = service.config_path + ".kept"
        os.rename(service.config_path, kept)
        os.mkfifo(service.config_path)
        for _ in range(2):
            refused = wait_until("a refusal", lambda: reload_of(service))
            expect("could not be read within" in refused, refused)
        restarted = [e for e in service.events() if e["event"] == "thread_restarted"]
        expect([e["thread"] for e in restarted] == ["builder"] * 2, f"{restarted}")
        os.rename(kept, service.config_path)
        expect(reload_of(service) == "", "the reload after it was refused")
        fault.goes_on(lab)
        report = probe.end()
        expect(not [e for e in service.events() if e["event"] == "stall" and e["thread"] == "manager"], "the manager stood")
        expect(report["sent"] == report["received"], fault.told(report))
        seen.append(f"restarted twice, {restarted[0]['doing']}; {fault.told(report)}")
        fault.stop(seen, service)


def reload_of(service):
    """What it was refused with; nothing when it was not."""
    done = subprocess.run([pennyline.program("pennylinectl"), "--socket", service.control_path, "reload"],
                          capture_output=True, text=True, timeout=60, check=False)
    return done.stderr.strip() if done.returncode else ""


def leftovers(lab):
    """Sockets that nobody answers at. Hugepages stay as EAL leaves them: the next start takes them over."""
    return glob.glob(f"{lab.folder}/*.sock") + glob.glob(f"/run/dpdk/{os.path.basename(lab.folder)}/*telemetry*")


@fault.fault()
def killed_and_restarted(seen):
    """Killed (-9) and started anew after 0.1 s, as the systemd unit does, with 1.8 GB of hugepages (384 MB where there are
    fewer): forwarding again within 2 s."""
    memory_mb = 1800 if netlab.free_hugepages() >= 950 else 384
    with fault.path(memory_mb=memory_mb) as (lab, service):
        probe = fault.Probe(lab)
        for _ in range(3):
            fault.goes_on(lab, 500)
            service.send_signal(signal.SIGKILL)
            service.process.wait(10)
            time.sleep(0.1)
            service = fault.start_again(lab, service)
        fault.goes_on(lab, 500)
        fault.stop(seen, service)
        report = probe.end()
        expect(leftovers(lab) == [], f"left behind: {leftovers(lab)}")
        seen.append(f"3 times with {memory_mb} MB: {fault.told(report)}")
        expect(report["longest_interruption_s"] <= 2, fault.told(report))


