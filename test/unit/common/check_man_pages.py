#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Manual pages and --help name the same options and commands. Arguments: the folder of the pages, then the programs."""

import os
import re
import subprocess
import sys
import unittest

# What --help of the program itself does not list: commands that have options of their own.
COMMANDS = {
    "pennyline": (["run"], ["test"], ["check"], ["convert"], ["sources"]),
    "pennyline-replay": (["--sources"], ["--machine", "x"]),
    "pennyline-sim": (["run"],),
}
# Of every program.
COMMON = {"--help", "--usage", "--version"}
# Pages that say where all that can be set is listed, and do not repeat it.
TELLS_WHERE = {"pennyline-sim"}
# pennyline test has the options that pennyline-replay has, too, and its page says so.
SHARED = {"pennyline": "pennyline-replay"}

programs = {}
pages = ""


def page_of(name):
    with open(os.path.join(pages, f"{name}.1.scd")) as text:
        return text.read()


def help_of(name, *arguments):
    done = subprocess.run([programs[name], *arguments, "--help"], capture_output=True, text=True, timeout=30, check=False)
    return done.stdout if done.returncode == 0 else ""


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", text)) - COMMON


def listed_by_help(name):
    """Those that have a line of their own, in --help of the program and of its commands."""
    found = set()
    for arguments in ([], *COMMANDS.get(name, ())):
        found |= set(re.findall(r"^ +(?:-\w, )?(--[a-z][a-z-]*[a-z])", help_of(name, *arguments), re.M))
    return found - COMMON


class ManPages(unittest.TestCase):
    def test_every_option_stands_in_the_manual(self):
        for name in programs:
            with self.subTest(program=name):
                listed = listed_by_help(name)
                self.assertTrue(listed)
                told = options_in(page_of(name))
                if name in SHARED:
                    told |= options_in(page_of(SHARED[name]))
                if name not in TELLS_WHERE:
                    self.assertEqual(listed - told, set())

    def test_the_manual_has_no_option_that_is_not_there(self):
        for name in programs:
            with self.subTest(program=name):
                headed = set(re.findall(r"\*(--[a-z][a-z-]*[a-z])\*", page_of(name))) - COMMON
                if name not in TELLS_WHERE:
                    self.assertEqual(headed - listed_by_help(name), set())

    def test_every_command_of_pennylinectl_is_in_its_synopsis(self):
        used = re.findall(r"\[OPTION\.\.\.\] (.+)", help_of("pennylinectl"))
        self.assertGreater(len(used), 20)
        synopsis = re.sub(r"[*_]", "", page_of("pennylinectl").split("# SYNOPSIS")[1].split("# DESCRIPTION")[0])
        lines = [line.split("] ", 1)[1] for line in synopsis.splitlines() if line.startswith("pennylinectl [OPTION...] ")]
        self.assertEqual([line for line in synopsis.splitlines() if line and not line.startswith("pennylinectl [OPTION...] ")], [])
        words = [" ".join(word for word in text.split() if word.islower() or "-" in word or "|" in word) for text in used]
        for text in words:
            with self.subTest(command=text):
                self.assertTrue(any(all(word in line for word in text.split("|")[0].split()) for line in lines), text)


if __name__ == "__main__":
    pages = sys.argv[1]
    programs = {os.path.basename(path): path for path in sys.argv[2:]}
    unittest.main(argv=sys.argv[:1])
