#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# An hour of mixed load with disturbances; --help says more.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec /usr/bin/python3 test/faults/soak.py "$@"
