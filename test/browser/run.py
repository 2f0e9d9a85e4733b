#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The page in Chromium, over pennyline-web and a stand-in with 10,000 aggregates.

Arguments: pennyline-web, and a folder for screenshots. The last line is "N passed, N failed".
"""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "web"))
import fake_pennyline  # noqa: E402
from gateway import TOKEN, Gateway  # noqa: E402

N_AGGREGATES = 10000


def main():
    program, folder = (os.path.abspath(path) for path in sys.argv[1:3])
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pennyline-fake-") as scratch:
        control = os.path.join(scratch, "control.sock")
        server = fake_pennyline.Server(control, N_AGGREGATES)
        web = Gateway(program, control)
        web.wait_complete()
        run = subprocess.run(
            ["node", os.path.join(HERE, "page.mjs"), f"http://127.0.0.1:{web.port}/", TOKEN, folder],
            env=dict(os.environ, N_AGGREGATES=str(N_AGGREGATES)), timeout=200, check=False)
        web.close()
        server.stop()
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
