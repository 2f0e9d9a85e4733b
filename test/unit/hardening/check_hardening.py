#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every program: position independent, its tables read-only before it runs, no executable stack, guarded stacks, and no
random numbers but the kernel's. Arguments: the programs."""

import re
import subprocess
import sys
import tempfile
import unittest

PROGRAMS = sys.argv[1:]
# Of the C library: what somebody may guess.
# The simulator is meant to give the same numbers for the same seed.
SIMULATES = "pennyline-sim"
GUESSABLE = {"rand", "rand_r", "random", "random_r", "srand", "srandom", "drand48", "lrand48", "mrand48", "rte_rand",
             "rte_srand", "rte_rand_max"}


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *arguments], capture_output=True, text=True, check=True).stdout


def faults(program):
    """What is wrong with it, in words."""
    segments, dynamic = readelf("-l", program), readelf("-d", program)
    needed = {re.split(r"@", word)[0] for word in re.findall(r" UND (\S+)", readelf("--dyn-syms", program))}
    stack = re.search(r"GNU_STACK.*?(R\S*)\s+0x", segments)
    if "DYN" not in readelf("-h", program) or "PIE" not in dynamic:
        yield "it is no position-independent executable"
    if "GNU_RELRO" not in segments or not re.search(r"\bBIND_NOW\b|\bNOW\b", dynamic):
        yield "its tables of functions stay writable (no full RELRO)"
    if stack is None or "E" in stack[1]:
        yield "its stack is executable"
    if "TEXTREL" in dynamic:
        yield "its code is changed when it is loaded"
    if "__stack_chk_fail" not in needed and "__stack_chk_guard" not in needed:
        yield "its stacks are not guarded"
    for name in sorted(needed & GUESSABLE if not program.endswith(SIMULATES) else ()):
        yield f"it calls {name}(), whose numbers may be guessed"


class Hardening(unittest.TestCase):
    def test_every_program(self):
        self.assertGreater(len(PROGRAMS), 0)
        for program in PROGRAMS:
            self.assertEqual(list(faults(program)), [], program)

    def test_one_that_is_not_is_noticed(self):
        """A program that has none of it."""
        with tempfile.TemporaryDirectory(prefix="pennyline-hardening-") as folder:
            program = f"{folder}/soft"
            subprocess.run(["cc", "-x", "c", "-", "-no-pie", "-Wl,-z,norelro,-z,lazy,-z,execstack", "-fno-stack-protector", "-o",
                            program], input="#include <stdlib.h>\nint main(void) { return rand(); }\n", text=True,
                           check=True)
            self.assertEqual(len(list(faults(program))), 5)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
