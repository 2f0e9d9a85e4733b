# SPDX-License-Identifier: BSD-3-Clause
"""Memory that is not there: at the start, and of packets while it runs."""

import json
import os
import re
import subprocess
import time

import fault
import netlab
import pennyline
from fault import expect, wait_until

# Of the start's allocations, one in so many fails; 1 is each.
STEP = int(os.environ.get("FAULTS_ALLOCATION_STEP", "1"))
START_S = 30


def shim(name):
    return os.path.join(pennyline.build_directory(), "test", "faults", name)


class Alone:
    """pennyline between two devices that bring and take nothing, without hugepages: quick to start."""

    def __init__(self, lab):
        self.lab = lab
        self.count_path = f"{lab.folder}/count"
        self.path = f"{lab.folder}/alone.json"
        prefix = os.path.basename(lab.folder)
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump({"instance": {"control_socket": f"{lab.folder}/alone.sock", "event_log": f"{lab.folder}/alone.jsonl",
                                    "max_aggregates": 64, "flows_per_lcore": 1024},
                       "eal": {"lcores": "0@0,1@0", "huge": False, "memory_mb": 128, "file_prefix": prefix,
                               "extra": ["--no-pci", "--in-memory", "--no-shconf"]},
                       "ports": [{"name": "left", "device": "net_null0", "pair": "right"},
                                 {"name": "right", "device": "net_null1", "pair": "left"}],
                       "slices": fault.SLICES}, file)

    def run(self, fail_at):
        """(how it ended, what it said): "started", or the exit code of a start that was refused."""
        environment = {**os.environ, "LD_PRELOAD": shim("failing_allocations.so"), "FAIL_AT": str(fail_at),
                       "COUNT_FILE": self.count_path}
        with subprocess.Popen([pennyline.program("pennyline"), "run", "--config", self.path], env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True) as child:
            said = []
            for line in child.stdout:
                said.append(line)
                if re.search(r"\bforwarding\b", line):
                    child.terminate()
            code = child.wait(START_S)
        text = "".join(said)
        started = re.search(r"\bforwarding\b", text) is not None
        return ("started" if started and code == 0 else code), text

    def count(self):
        with open(self.count_path, encoding="utf-8") as file:
            return int(file.read())


def is_right(ended, text):
    """A start that is refused says so in words and ends with 1, so that the service manager tries again."""
    return ended == "started" or (ended == pennyline.ERROR and "memory" in text.lower())


@fault.fault()
def allocations_fail(seen):
    """Each allocation of the start fails, one in each start: it is refused in words, or goes on; it never crashes."""
    with netlab.Lab() as lab:
        alone = Alone(lab)
        ended, text = alone.run(0)
        expect(ended == "started", f"{ended}: {text[-2000:]}")
        n, wrong, n_started = alone.count(), [], 0
        for at in range(1, n + 1, STEP):
            ended, text = alone.run(at)
            n_started += ended == "started"
            if not is_right(ended, text):
                wrong.append(f"allocation {at} of {n}: ended {ended}: {text[-300:]}")
        tried = len(range(1, n + 1, STEP))
        seen.append(f"{tried} of {n} allocations failed: {n_started} starts went on without, "
                    f"{tried - n_started - len(wrong)} were refused in words")
        expect(not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong[:12]))


@fault.fault()
def too_few_hugepages(seen):
    """The hugetlbfs has a limit, a sixth of what is needed: it runs on plain memory, and check and start say so."""
    with netlab.Path() as lab:
        folder = f"{lab.folder}/huge"
        os.mkdir(folder)
        by = ("unshare", "-m", "sh", "-c", f'umount -a -t hugetlbfs; mount -t hugetlbfs -o pagesize=2M,size=64M none {folder}; '
              'exec "$@"', "sh")
        service = pennyline.Service(lab, fault.SLICES, by=by)
        seen.append(first_with(service.process.errors(), "hugetlbfs mount leaves"))
        fault.spoofed(lab)
        fault.goes_on(lab)
        fault.stop(seen, service)
        done = subprocess.run(lab.box.command(*by, pennyline.program("pennyline"), "check", "--config", service.config_path),
                              capture_output=True, text=True, timeout=60, check=False)
        first_with(done.stdout, "hugetlbfs mount leaves")


@fault.fault()
def no_hugepages(seen):
    """No hugetlbfs is mounted: it runs on plain memory, and says so."""
    with netlab.Path() as lab:
        service = pennyline.Service(lab, fault.SLICES, by=("unshare", "-m", "sh", "-c", 'umount -a -t hugetlbfs; exec "$@"', "sh"))
        fault.spoofed(lab)
        fault.goes_on(lab)
        seen.append(first_with(service.process.errors(), "huge"))
        fault.stop(seen, service)


@fault.fault()
def quarter_of_the_memory(seen):
    """eal.memory_mb is a quarter of what the tables need: what is needed is taken, and that is said."""
    with netlab.Path() as lab:
        service = pennyline.Service(lab, fault.SLICES, memory_mb=48)
        seen.append(first_with(service.process.errors(), "are needed and taken"))
        fault.spoofed(lab)
        fault.goes_on(lab)
        fault.stop(seen, service)


def first_with(text, word):
    lines = [line for line in text.splitlines() if word in line]
    expect(lines, f"nothing is said of {word}: {text[-1500:]}")
    return re.sub(r"\s+", " ", lines[0])[:200]


@fault.fault()
def packet_buffers_gone(seen):
    """All packet buffers are taken by another process: what the threads keep for themselves carries the traffic on."""
    if netlab.free_hugepages() < 200:
        raise fault.Skipped("fewer than 400 MB of hugepages are free, and without them there is no secondary process")
    with fault.path() as (lab, service), fault.gateway(service) as web:
        program = os.path.join(pennyline.build_directory(), "test", "faults", "starve_pools")
        with subprocess.Popen(lab.box.command(program, "--proc-type=secondary", "--file-prefix", os.path.basename(lab.folder),
                                              "--lcores", "9@0", "--no-pci"),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as thief:
            try:
                said = thief.stdout.readline().strip()
                while said and not said.startswith("taken"):
                    said = thief.stdout.readline().strip()
                expect(said, f"the buffers could not be taken: {thief.stderr.read()[-1500:] if thief.poll() else ''}")
                seen.append(said)
                for _ in range(50):
                    thief.stdin.write("more\n")
                    thief.stdin.flush()
                    time.sleep(0.1)
                probe = fault.Probe(lab)
                fault.goes_on(lab, 2000)
                report = probe.end()
                reason = service.ask("status")["suspended"]
                health = web.get("/healthz").status
            finally:
                thief.stdin.close()
                thief.wait(30)
        seen.append(f"meanwhile: {fault.told(report)}; suspended: {reason}; healthz {health}")
        fault.goes_on(lab)
        wait_until("drops are allowed again", lambda: service.ask("status")["suspended"] is None)
        fault.stop(seen, service)
