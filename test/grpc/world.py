# SPDX-License-Identifier: BSD-3-Clause
"""pennyline-grpc in a process of its own, a stand-in for pennyline behind it, and a client before it.
The last two arguments of a test's command line are the program and its penny.proto."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import grpc
except ModuleNotFoundError:
    print("skipped: python3-grpcio is not installed")
    sys.exit(77)

from client import stubs_of
from stand_in import StandIn

PATIENCE_S = 20
PROTO, GRPC = sys.argv.pop(), sys.argv.pop()
penny_pb2, penny_pb2_grpc = stubs_of(PROTO)


class Program:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([GRPC, "--listen", "127.0.0.1:0", *arguments],
                                        stderr=subprocess.PIPE, text=True)
        self.line = self.process.stderr.readline()
        match = re.search(r"listening at 127\.0\.0\.1:(\d+)", self.line)
        self.port = int(match.group(1)) if match else None

    def channel(self):
        return grpc.insecure_channel(f"127.0.0.1:{self.port}")

    def stop(self):
        self.process.terminate()
        code = self.process.wait(timeout=PATIENCE_S)
        self.process.stderr.close()
        return code


class World(unittest.TestCase):
    arguments = ()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.stand_in = StandIn(self.folder / "control")
        self.addCleanup(self.stand_in.stop)
        self.start()

    def start(self):
        self.program = Program("--socket", str(self.stand_in.path), *self.arguments)
        self.addCleanup(self.expect_good_end)
        self.channel = self.program.channel()
        self.addCleanup(self.channel.close)
        self.stub = penny_pb2_grpc.PennyServiceStub(self.channel)

    def expect_good_end(self):
        self.assertEqual(self.program.stop(), 0)

    def ask(self, override=None, timeout=PATIENCE_S, **fields):
        request = {"prefix": "192.0.2.0", "mask_bits": 24, **fields}
        if override is not None:
            request["config_override_json"] = json.dumps(override)
        return self.stub.StartTest(penny_pb2.StartTestRequest(**request), timeout=timeout)

    def wait_until(self, condition):
        until = time.monotonic() + PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)


def run(*arguments):
    return subprocess.run([GRPC, *arguments], capture_output=True, text=True, timeout=PATIENCE_S,
                          check=False)
