#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_seed.py PENNYLINE: where drops are real, a coin that can be guessed is refused before anything
is touched: in run, test and check, from the slice or from the defaults."""

import json
import subprocess
import sys
import tempfile

SLICE = {"name": "edge", "mode": "active"}
CONFIGS = ({"slices": [{**SLICE, "seed": 7}]}, {"defaults": {"seed": 7}, "slices": [SLICE]})


def refusals(pennyline):
    for config in CONFIGS:
        for command in ("run", "check"):
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump(config, file)
                file.flush()
                yield [pennyline, command, "--config", file.name]
    yield [pennyline, "test", "--in", "lo", "--out", "same", "--source", "192.0.2.0/24", "--seed", "7"]


def main():
    n_wrong = 0
    for arguments in refusals(sys.argv[1]):
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode not in (1, 2) or "seed 7 of slice" not in done.stderr:
            print(arguments, done.returncode, done.stdout, done.stderr)
            n_wrong += 1
    return n_wrong


if __name__ == "__main__":
    sys.exit(main())
