#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Instructions per operation, counted by valgrind's callgrind, beside what is stored for the compiler.

  instructions.py BASELINE COMPILER PROGRAM...            compare; more than 5 % more is a failure
  instructions.py BASELINE COMPILER PROGRAM... --store    write down what is counted

The programs are bench_operations and bench_classify. An operation that is stored but not counted any
more is a failure too.

The last line is "N passed, N failed". Exit code: 0 no operation takes more than 5 % more, or there is
nothing to compare with, which is said; 1 one does."""
import json
import re
import shutil
import subprocess
import sys
import tempfile

COUNTS = (1024, 5120)  # the difference leaves out what is done once
MOST = 1.05


def total(program, name, count):
    with tempfile.TemporaryDirectory() as directory:
        out = directory + "/out"
        subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out,
                        "--toggle-collect=measured", program, name, str(count)],
                       check=True, capture_output=True)
        with open(out, encoding="utf-8") as file:
            return int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M).group(1))


def count(program):
    names = subprocess.run([program, "names"], check=True, capture_output=True,
                           text=True).stdout.split()
    few, many = COUNTS
    return {name: round((total(program, name, many) - total(program, name, few)) / (many - few), 1)
            for name in names}


def skip(why):
    print("skipped: " + why)
    print("0 passed, 0 failed")
    return 0


def main(baseline, compiler, *words):
    programs = [word for word in words if word != "--store"]
    if shutil.which("valgrind") is None:
        return skip("no valgrind here (tools/setup.sh installs it)")
    with open(baseline, encoding="utf-8") as file:
        stored = json.load(file)
    if "--store" not in words and compiler not in stored:
        return skip("nothing is stored for %s, only for %s; --store adds it" % (
            compiler, ", ".join(stored)))
    counted = {name: n for program in programs for name, n in count(program).items()}
    if "--store" in words:
        stored[compiler] = counted
        with open(baseline, "w", encoding="utf-8") as file:
            json.dump(stored, file, indent=2, sort_keys=True)
            file.write("\n")
    failed, gone = 0, sorted(set(stored[compiler]) - set(counted))
    print("instructions an operation   counted   stored")
    for name, now in counted.items():
        then = stored[compiler].get(name)
        verdict = "new" if then is None else "MORE" if now > then * MOST else "ok"
        failed += verdict == "MORE"
        print("%-26s %8.1f %8s   %s" % (name, now, then, verdict))
    for name in gone:
        print("%-26s %8s %8.1f   GONE" % (name, "", stored[compiler][name]))
    print("%d passed, %d failed" % (len(counted) - failed, failed + len(gone)))
    return 1 if failed or gone else 0


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
