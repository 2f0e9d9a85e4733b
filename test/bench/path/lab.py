# SPDX-License-Identifier: BSD-3-Clause
"""What measurements and labs have in common lies with the labs."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..",
                                "tools", "lab"))
from telemetry import Telemetry  # noqa: E402

__all__ = ["Telemetry"]
