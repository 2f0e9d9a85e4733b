#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""store_cost.py PENNYLINE_MAP [EVENTS_PER_SECOND [SECONDS]]: what of a core the store takes.

Writes alarms to an event log at that rate, lets pennyline-map follow it, and says its CPU time."""

import json
import os
import subprocess
import sys
import tempfile
import time


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def alarm(number, at):
    return json.dumps({"time": at, "monotonic_s": 1.0, "event": "ingress_alarm", "id": f"{number % 5000:016x}",
                       "news": "began", "state": "raised", "kind": "unexpected_genuine", "severity": "critical",
                       "prefix": f"198.{number // 256 % 256}.{number % 256}.0/24", "ingress": "peer-1", "from": "ams-ix",
                       "raised": at, "ended": None, "accepted_until": None, "duration_s": 5.0, "members": 1,
                       "members_ever": 1, "examples": [], "packets": 10, "bytes": 1000, "bytes_per_s": 1e6,
                       "text": "198.51.100.0/24 really enters at peer-1, where no route leads"}) + "\n"


def main():
    program, rate, seconds = sys.argv[1], int((sys.argv[2:] or ["1000"])[0]), int((sys.argv[3:] or ["20"])[0])
    with tempfile.TemporaryDirectory(prefix="pennyline-store-") as folder:
        log, store = os.path.join(folder, "log"), os.path.join(folder, "map.db")
        with open(log, "w", encoding="utf-8") as file:
            process = subprocess.Popen([program, "run", "-s", store, "--event-log", log], stderr=subprocess.PIPE, text=True)
            process.stderr.readline()
            before, n = cpu_s(process.pid), 0
            for second in range(seconds):
                at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
                for _ in range(rate):
                    file.write(alarm(n, at))
                    n += 1
                file.flush()
                time.sleep(1)
            time.sleep(2)
            used = cpu_s(process.pid) - before
            process.terminate()
            process.wait()
        size = os.stat(store).st_size
        print(f"{rate} updates a second for {seconds} s: {100 * used / seconds:.1f} % of a core, "
              f"{size / n:.0f} bytes an update on disk")


if __name__ == "__main__":
    main()
