#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Draws the pictures of doc/ from their sources. Needs graphviz (tools/setup.sh installs it with --docs).
set -euo pipefail
cd "$(dirname "$0")/.."
for source in doc/*.dot; do
    dot -Tsvg "$source" -o "${source%.dot}.svg"
    echo "drew ${source%.dot}.svg"
done
