# SPDX-License-Identifier: BSD-3-Clause
"""Starts pennyline-web over a UNIX socket of a stand-in or of the real thing, and asks it."""

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

TOKEN = "0123456789abcdef0123456789abcdef"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# Where nothing is wrong this is never reached, however busy the machine: it ends a test that hangs.
PATIENCE_S = 120


def wait_until(condition, what="it", timeout_s=PATIENCE_S):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {timeout_s} s")


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Gateway:
    """A pennyline-web that listens on a port of the loopback, with a folder of its own."""

    def __init__(self, program, control, *arguments, token=True, listen=None, trusted=None,
                 environment=None):
        """`trusted`: a certificate; TLS is spoken. `environment`: beside what there is."""
        self.folder = tempfile.mkdtemp(prefix="pennyline-web-")
        self.port = free_port()
        self.program, self.control = program, control
        self.tls = ssl.create_default_context(cafile=trusted) if trusted else None
        self.token_file = self.write("token", TOKEN + "\n")
        self.log_path = os.path.join(self.folder, "log")
        self.arguments = ["--socket", control, "--listen", listen or f"127.0.0.1:{self.port}",
                          "--requests-per-second", "1000", *arguments]
        if token:
            self.arguments += ["--token-file", self.token_file]
        self.process, self.environment = None, environment or {}
        self.start()

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def start(self):
        n_before = self.log().count("listening on") if os.path.exists(self.log_path) else 0
        with open(self.log_path, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([self.program, *self.arguments], stderr=log,
                                            env={**os.environ, **self.environment})
        wait_until(lambda: self.log().count("listening on") > n_before or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise AssertionError(f"pennyline-web ended: {self.log()}")

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            return log.read()

    def ask(self, method, path, body=None, headers=None):
        if self.tls is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        else:
            connection = http.client.HTTPSConnection("localhost", self.port, timeout=PATIENCE_S,
                                                     context=self.tls)
        try:
            connection.request(method, path, body, headers or {})
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def get(self, path):
        return self.ask("GET", path)

    def change(self, method, path, body=None, token=TOKEN):
        return self.ask(method, path, body, {"Authorization": f"Bearer {token}"})

    def wait_complete(self):
        wait_until(lambda: self.get("/api/v1/status").json()["complete"], "hearing of all aggregates")

    def raw(self, data, timeout_s=5):
        """What comes back for bytes as they are, until the end or the timeout."""
        received = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s) as s:
            try:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                while True:
                    more = s.recv(65536)
                    if not more:
                        break
                    received += more
            except OSError:
                pass
        return received

    def stop(self):
        """Its exit code: 0, and a sanitizer's when that found something."""
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            if self.process.poll() is None:
                self.process.kill()

    def kill(self):
        """For a test that failed before close()."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def close(self):
        code = self.stop() if self.process.poll() is None else self.process.returncode
        log = self.log()
        shutil.rmtree(self.folder, ignore_errors=True)
        if code != 0:
            raise AssertionError(f"pennyline-web ended with {code}: {log}")
