# SPDX-License-Identifier: BSD-3-Clause
"""Asks the box under test which flows it knows, by a command that prints what
`pennylinectl --json status` does there."""
import json
import shlex
import subprocess


class Box:
    def __init__(self, command):
        self.command = shlex.split(command)

    def flows(self):
        """Now in the tables of all workers; None when nobody can be asked."""
        if not self.command:
            return None
        done = subprocess.run(self.command, check=True, capture_output=True, text=True, timeout=30)
        return sum(worker["flows"]["now"] for worker in json.loads(done.stdout)["workers"])
