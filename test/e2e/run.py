#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the end-to-end tests: one line per case, then "N passed, N failed"."""

import argparse
import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "tools", "lab")]
import netlab  # noqa: E402


class LineResult(unittest.TestResult):
    """Says each case as it ends. A skipped case is neither passed nor failed."""

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()

    def say(self, word, test, detail=""):
        seconds = time.monotonic() - getattr(self, "started", time.monotonic())
        print(f"{word:5} e2e {test.id()} ({seconds:.1f} s){detail}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.say("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.say("skip", test, f": {reason}")

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.say("FAIL", subtest, "\n" + (self.failures + self.errors)[-1][1])

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.say("FAIL", test, "\n" + self.failures[-1][1])

    def addError(self, test, error):
        super().addError(test, error)
        self.say("FAIL", test, "\n" + self.errors[-1][1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="the build directory (build/gcc)")
    parser.add_argument("--full", action="store_true", help="all cases, not one of each kind")
    parser.add_argument("-k", dest="pattern", action="append", default=[],
                        help="only cases whose name has this in it; may be given again")
    parser.add_argument("--list", action="store_true", help="name the cases, run none")
    options = parser.parse_args()
    if options.build:
        os.environ["PENNYLINE_BUILD"] = os.path.abspath(options.build)
    if options.full:
        os.environ["PENNYLINE_FULL"] = "1"

    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{text}*" for text in options.pattern] or None
    suite = loader.discover(HERE, "test_*.py")
    if options.list:
        for case in cases(suite):
            print(case.id())
        return 0
    if os.geteuid() != 0:
        print("end-to-end tests make network namespaces: run them as root\n0 passed, 1 failed")
        return 1

    netlab.remove_stale()
    netlab.clean_up_on_exit()
    result = LineResult()
    suite.run(result)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed")
    return 1 if failed else 0


def cases(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from cases(item)
        else:
            yield item


if __name__ == "__main__":
    sys.exit(main())
