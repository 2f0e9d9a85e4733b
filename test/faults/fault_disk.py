# SPDX-License-Identifier: BSD-3-Clause
"""Disks that are full or cannot be written."""

import contextlib
import json
import os
import signal
import subprocess

import fault
import netlab
import pennyline
from fault import expect, wait_until


@contextlib.contextmanager
def small_disk(lab, options="size=64k"):
    folder = f"{lab.folder}/disk"
    os.mkdir(folder)
    netlab.run(["mount", "-t", "tmpfs", "-o", options, "none", folder])
    try:
        yield folder
    finally:
        netlab.run(["umount", "-l", folder], check=False)


def fill(folder):
    with contextlib.suppress(OSError), open(f"{folder}/filler", "wb") as filler:
        while True:
            filler.write(b"x" * 1024)
            filler.flush()


def make_events(service, n):
    """Two of each turn of the kill switch and back."""
    for number in range(n):
        service.ask("kill-switch", on=number % 2 == 0)


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@fault.fault(in_ci=True)
def disk_full(seen):
    """The disk of the event log is full for 4,000 events: forwarding goes on, and what is lost is told in the log."""
    with netlab.Path() as lab, small_disk(lab) as folder:
        log = f"{folder}/events.jsonl"
        service = pennyline.Service(lab, fault.SLICES, instance={"event_log": log})
        service.log_path = log
        fault.spoofed(lab)
        fault.goes_on(lab)
        probe = fault.Probe(lab)
        fill(folder)
        make_events(service, 4000)
        fault.goes_on(lab)
        expect("No space left" in service.process.errors(), "a full disk was not said")
        netlab.run(["mount", "-o", "remount,size=8m", folder])
        make_events(service, 2)
        events = wait_until("the losses are told", lambda: (e := lines_of(log)) and "events_lost" in
                            [line["event"] for line in e] and e)
        n_lost = sum(e["count"] for e in events if e["event"] == "events_lost")
        n_there = sum(e["event"] == "kill_switch" for e in events)
        report = probe.end()
        fault.stop(seen, service)
        seen.append(f"of 4002 events of the kill switch {n_there} are in the log, {n_lost} lines are told as lost; {fault.told(report)}")
        expect(n_there + n_lost >= 4002, "events were lost in silence")
        expect(report["sent"] == report["received"], fault.told(report))


@fault.fault()
def disk_read_only(seen):
    """The event log's disk cannot be written: a start is refused in words; a running one keeps the old file when it is told
    to open it anew."""
    with fault.path() as (lab, service), small_disk(lab, "size=64k,ro") as folder:
        with open(service.config_path, encoding="utf-8") as file:
            config = json.load(file)
        config["instance"].update(event_log=f"{folder}/events.jsonl", control_socket=f"{lab.folder}/second.sock")
        config["eal"]["file_prefix"] += "-second"
        path = f"{lab.folder}/second.json"
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        for command in ("check", "run"):
            done = subprocess.run(lab.box.command(pennyline.program("pennyline"), command, "--config", path),
                                  capture_output=True, text=True, timeout=60, check=False)
            text = done.stdout + done.stderr
            expect(done.returncode == pennyline.ERROR and "Read-only" in text, f"{command}: {done.returncode}: {text[-800:]}")
        rotated = service.log_path + ".1"
        os.rename(service.log_path, rotated)
        os.mkdir(service.log_path)  # in its place is what cannot be written
        service.send_signal(signal.SIGHUP)
        wait_until("it is said", lambda: "cannot be opened anew" in service.process.errors())
        make_events(service, 2)
        wait_until("the events are in the old file", lambda: [e["event"] for e in lines_of(rotated)].count("kill_switch") == 2)
        os.rmdir(service.log_path)
        service.send_signal(signal.SIGHUP)
        wait_until("a new file", lambda: os.path.exists(service.log_path))
        fault.goes_on(lab)
        seen.append("refused by check and run; the running one kept its file, and took the new one when it could")
        fault.stop(seen, service)


def added(number):
    return {"name": f"guests{number}", "sources": [f"100.64.{number}.0/24"], "mode": "off"}


@fault.fault(in_ci=True)
def disk_full_under_the_state(seen):
    """The disk under instance.state_directory is full while slices are added: they are in force, it is said that they would not
    survive a restart, and they are kept as soon as there is room."""
    with netlab.Path() as lab, small_disk(lab) as folder:
        service = pennyline.Service(lab, fault.SLICES, instance={"state_directory": folder})
        fault.spoofed(lab)
        fault.goes_on(lab)
        probe = fault.Probe(lab)
        fill(folder)
        for number in range(8):
            service.ask("slice add", slice=added(number))
            wait_until("it is in force", lambda n=number: service.ask("slice show", name=f"guests{n}")["in_force"])
        reason = wait_until("the trouble is told", lambda: [e["reason"] for e in service.events() if e["event"] == "state_trouble"])
        os.unlink(f"{folder}/filler")
        wait_until("the end of it is told", lambda: "state_recovered" in fault.names(service))
        report = probe.end()
        with open(f"{folder}/slices.json", encoding="utf-8") as file:
            kept = json.load(file)["slices"]
        expect(set(kept) == {f"guests{number}" for number in range(8)}, f"kept: {sorted(kept)}")
        fault.stop(seen, service)
        seen.append(f"told: {reason[0]}; all 8 slices are in the file afterwards; {fault.told(report)}")
        expect(report["sent"] == report["received"], fault.told(report))
