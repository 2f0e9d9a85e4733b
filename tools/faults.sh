#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Inflicts the faults that a year brings, and says what was seen; --help says more.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec /usr/bin/python3 test/faults/inflict.py "$@"
