#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What systemd says of the units in conf/systemd. Arguments: their folder in the build, and in the source.

Skipped (exit code 77) where there is no systemd-analyze.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILT, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])
# How exposed a service is, from 0 to 10 (systemd-analyze security). pennyline itself must reach NICs and hugepages.
MOST_EXPOSED = {"pennyline-web.service": 1.5, "pennyline-map.service": 1.5, "pennyline-grpc.service": 1.5, "pennyline.service": 6.0}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


class Units(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pennyline-units-")
        self.addCleanup(self.folder.cleanup)
        for name in MOST_EXPOSED:
            with open(os.path.join(BUILT, name), encoding="utf-8") as file:
                text = file.read()
            # A program that there is, wherever this one will be installed.
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(re.sub(r"^(Exec(?:Start|Reload))=\S+", r"\1=/bin/true", text, flags=re.M))

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def test_systemd_takes_each_line(self):
        found = run("systemd-analyze", "verify", "--man=no", *(self.path(name) for name in MOST_EXPOSED))
        ours = [line for line in found.stderr.splitlines() if "pennyline" in line]
        self.assertEqual(ours, [], found.stderr)

    def test_a_line_that_systemd_does_not_know_would_show(self):
        with open(self.path("pennyline-web.service"), "a", encoding="utf-8") as file:
            file.write("[Service]\nProtectEverything=yes\n")
        found = run("systemd-analyze", "verify", "--man=no", self.path("pennyline-web.service"))
        self.assertIn("ProtectEverything", found.stderr)

    def test_services_are_confined(self):
        for name, most in MOST_EXPOSED.items():
            found = run("systemd-analyze", "security", "--offline=true", "--no-pager",
                        f"--threshold={int(10 * most)}", self.path(name))
            self.assertEqual(found.returncode, 0, found.stdout[-400:] + found.stderr)

    def system_calls(self, group, known={}):
        """All that a group of systemd's holds, whatever groups it is made of."""
        if group not in known:
            lines = run("systemd-analyze", "syscall-filter", "--no-pager", group).stdout.splitlines()
            names = {line.strip() for line in lines[1:]} - {""}
            known[group] = {name for name in names if name[0] not in "#@"}
            for name in names:
                known[group] |= self.system_calls(name) if name.startswith("@") else set()
        return known[group]

    def test_the_gateway_may_make_the_system_calls_that_its_options_need(self):
        """As systemd.exec(5) has it: the first line is a list of what is allowed, later ones add and take away."""
        allowed = set()
        with open(self.path("pennyline-web.service"), encoding="utf-8") as file:
            for line in re.findall(r"^SystemCallFilter=(.*)", file.read(), re.M):
                calls = set().union(*(self.system_calls(group) for group in line.lstrip("~").split()))
                allowed = allowed - calls if line.startswith("~") else allowed | calls
        # --listen-group; a socket's path and its backlog; the queue of the webhook.
        for call in ("lchown", "fchownat", "bind", "connect", "accept4", "shutdown", "unlink", "rename", "fdatasync"):
            self.assertIn(call, allowed)
        for call in ("setuid", "setgroups", "mount", "ptrace", "kexec_load", "init_module", "setpriority"):
            self.assertNotIn(call, allowed)

    @unittest.skipIf(os.geteuid() != 0, "only root may give folders away")
    def test_user_group_and_folders_are_what_the_units_name(self):
        root = self.path("root")
        os.makedirs(os.path.join(root, "etc"))
        users = run("systemd-sysusers", f"--root={root}", os.path.join(SOURCE, "pennyline.sysusers"))
        self.assertEqual(users.returncode, 0, users.stderr)
        with open(os.path.join(root, "etc", "passwd"), encoding="utf-8") as file:
            self.assertIn("pennyline-web:", file.read())
        folders = run("systemd-tmpfiles", f"--root={root}", "--create",
                      os.path.join(SOURCE, "pennyline.tmpfiles"))
        self.assertEqual(folders.returncode, 0, folders.stderr)
        with open(os.path.join(BUILT, "pennyline.service"), encoding="utf-8") as file:
            writable = re.search(r"^ReadWritePaths=(.*)", file.read(), re.M)[1].split()
        for path in writable:
            self.assertTrue(os.path.isdir(root + path), path)


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=1)
