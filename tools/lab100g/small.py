#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The whole kit in small, so that it is known to run: a pennyline and the sender on one machine, a ring
in memory (memif) between them. ITS FIGURES MEAN NOTHING: two busy programs share CPUs, there is no
NIC, and what is found is how the kernel shares out time."""
import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
NOTE = "Measured over a ring in memory on one machine: these figures mean nothing."
FLOWS = 1008
FRAMES = ["64", "imix", "1518"]


def configuration(directory):
    return {
        "instance": {"name": "small", "control_socket": os.path.join(directory, "control"),
                     "flows_per_lcore": 16384, "max_aggregates": 64},
        "eal": {"lcores": "0@0,1@1", "main_lcore": 0, "file_prefix": "pennyline-lab-box",
                "memory_mb": 0, "extra": ["--in-memory", "--single-file-segments"]},
        "ports": [{"name": "a", "device": "net_memif0,role=server,socket-abstract=no,socket=" +
                   os.path.join(directory, "memif")}],
        "slices": [{"name": "all", "sources": ["10.0.0.0/8"], "mode": "active", "start": "manual"}],
    }


@contextlib.contextmanager
def box(build, directory):
    path = os.path.join(directory, "config.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(configuration(directory), file)
    with open(os.path.join(directory, "log"), "w+", encoding="utf-8") as log:
        process = subprocess.Popen([os.path.join(build, "app", "pennyline", "pennyline"), "run",
                                    "--json", "--config", path], stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL)
        try:
            for _ in range(100):
                if os.path.exists(os.path.join(directory, "control")) or process.poll() is not None:
                    break
                time.sleep(0.1)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
            log.seek(0)
            words = log.read()
    check_books(words)


def check_books(words):
    """Every packet went on, or found the ring of the other end full, since the search for the highest
    rate goes beyond it. What the device counted is left out: a memif forgets that when the other end
    goes, which pennyline rightly calls a problem."""
    start = words.find("\n{\n")
    totals = json.loads(words[start:])["totals"] if start >= 0 else {}
    if (totals.get("rx_packets", 0) == 0 or
            totals["rx_packets"] != totals["tx_packets"] + totals["lost_tx_full"]):
        sys.exit("small: the box's books: %s; %s" % (totals, words[-500:]))


def wait_for_link_down(control):
    """The box must have seen the last sender go: a memif has one other end at a time."""
    for _ in range(200):
        done = subprocess.run(control, check=True, capture_output=True, text=True, timeout=10)
        if "link" in (json.loads(done.stdout)["suspended"] or ""):
            return
        time.sleep(0.05)
    sys.exit("small: the box does not see its link go down")


def kit(options, directory, *words):
    """One run of the kit. Trials are short, and the line is slower than what any CPU makes."""
    eal = ("--lcores 0@0,1@0 --main-lcore 0 --no-pci --in-memory --single-file-segments -m 128 "
           "--log-level=*:error --vdev=net_memif0,role=client,socket-abstract=no,socket=%s" %
           os.path.join(directory, "memif"))
    control = [os.path.join(options.build, "app", "pennylinectl", "pennylinectl"), "--json",
               "--socket", os.path.join(directory, "control"), "status"]
    seconds = str(options.trial_seconds)
    command = [os.path.join(HERE, "lab100g.py"), words[0], "--eal", eal, "--box", " ".join(control),
               "--source", os.path.join(options.build, "test", "bench", "bench_source.so"),
               "--highest-pps", "200000", "--ramp-pps", "20000", "--trial-seconds", seconds,
               "--mrr-seconds", seconds, "--drain-seconds", "0.05", "--soak-seconds", "1",
               "--repeats", str(options.repeats), "--flows", str(FLOWS),
               "--out", options.out] + list(words[1:])
    wait_for_link_down(control)
    # A soak may fail here: that says nothing of the kit.
    done = subprocess.run(command, check=False)
    if done.returncode != 0 and words[0] != "soak":
        sys.exit("small: %s ended with %d" % (" ".join(words), done.returncode))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "gcc"),
                        help="build directory (build/gcc)")
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "lab100g-small.jsonl"),
                        help="raw results (build/lab100g-small.jsonl)")
    parser.add_argument("--repeats", type=int, default=3, help="of every search (3)")
    parser.add_argument("--trial-seconds", type=float, default=0.3, help="of a trial (0.3)")
    parser.add_argument("--sessions", default="1008,4032", help="rungs of the ladder (1008,4032)")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    with open(options.out, "w", encoding="utf-8") as file:
        file.write(json.dumps({"what": "note", "note": NOTE}) + "\n")
    with tempfile.TemporaryDirectory(prefix="lab100g-small-") as directory, \
            box(options.build, directory):
        for frame in FRAMES:
            kit(options, directory, "mrr", "--frame-bytes", frame)
        kit(options, directory, "ndr")
        kit(options, directory, "pdr")
        kit(options, directory, "soak", "--soak-pps", "20000")
        kit(options, directory, "ladder", "--sessions", options.sessions, "--repeats", "1")
    subprocess.run([os.path.join(HERE, "lab100g.py"), "report", "--out", options.out], check=True)
    print("\n" + NOTE)


if __name__ == "__main__":
    main()
