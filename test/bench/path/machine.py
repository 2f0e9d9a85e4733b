# SPDX-License-Identifier: BSD-3-Clause
"""What the figures were measured on, and whether a scenario fits on it."""
import glob
import json
import os
import platform
import shutil
import subprocess
import time

from . import programs


def _first(path, key):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
    return "unknown"


def _output(*command):
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


def _build_options(build):
    try:
        with open(os.path.join(build, "meson-info", "intro-buildoptions.json"),
                  encoding="utf-8") as file:
            options = {o["name"]: o["value"] for o in json.load(file)}
    except FileNotFoundError:
        return "unknown"
    names = ("buildtype", "b_lto", "cpu", "c_args")
    return ", ".join("%s=%s" % (name, options[name]) for name in names if name in options)


def _compiler(build):
    try:
        with open(os.path.join(build, "meson-info", "intro-compilers.json"), encoding="utf-8") as file:
            return json.load(file)["host"]["c"]["full_version"]
    except (FileNotFoundError, KeyError):
        return _output("cc", "--version").split("\n")[0]


def _tsc_mhz():
    """As the kernel measured it: BogoMIPS are two per cycle of the TSC."""
    try:
        return "%.0f" % (float(_first("/proc/cpuinfo", "bogomips")) / 2)
    except ValueError:
        return "0"


def describe(build):
    """Names and values for the head of the raw file."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "cpu": _first("/proc/cpuinfo", "model name"),
        "cpus": str(os.cpu_count()),
        "machine": "virtual" if " hypervisor" in _first("/proc/cpuinfo", "flags") else "bare metal",
        "tsc_mhz": _tsc_mhz(),
        "kernel": platform.release(),
        "dpdk": _output("pkg-config", "--modversion", "libdpdk"),
        "compiler": _compiler(build),
        "build": _build_options(build),
        "commit": _output("git", "-C", os.path.dirname(os.path.abspath(__file__)), "describe",
                          "--always", "--dirty"),
        "l3fwd": os.environ.get("L3FWD") and "beside it" or "not measured",
        "load": "%.1f %.1f %.1f before" % os.getloadavg(),
    }


def cpu_seconds():
    """That the machine's CPUs were busy since it started, whoever with; and in `steal`, what the
    host gave to other machines meanwhile."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = [
            int(n) for n in file.readline().split()[1:9]]
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def cpu_seconds_of(pid):
    """The same of one process."""
    with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpus_busy(seconds=2.0):
    """How many CPUs others keep busy, on average."""
    start = cpu_seconds()
    time.sleep(seconds)
    return (cpu_seconds() - start) / seconds


def _free_huge_bytes():
    total = 0
    for path in glob.glob("/sys/kernel/mm/hugepages/hugepages-*kB"):
        size = int(path.rsplit("-", 1)[1][:-2]) * 1024
        with open(os.path.join(path, "free_hugepages"), encoding="ascii") as file:
            total += size * int(file.read())
    return total


def missing_for(scenario):
    """Why a scenario cannot run here, or None."""
    needed, free = programs.table_bytes(scenario), _free_huge_bytes()
    if needed > free:
        return "%d MiB of hugepages are needed, %d are free" % (needed >> 20, free >> 20)
    if scenario.queues > (os.cpu_count() or 1):
        return "%d CPUs are needed" % scenario.queues
    if scenario.pcap and shutil.which("dpdk-testpmd") is None:
        return "no dpdk-testpmd"
    return None
