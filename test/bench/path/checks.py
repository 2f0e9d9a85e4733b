# SPDX-License-Identifier: BSD-3-Clause
"""What must be true of a run, or its sample is worth nothing."""
import json

from .lab import Telemetry


class Failed(Exception):
    """The program did not do what was asked of it; the text is for a person."""


def summary_of(text):
    """The JSON at the end of what pennyline said; its own counters must add up."""
    start = text.find("\n{\n")
    if start < 0:
        raise Failed("no summary at the end")
    summary = json.loads(text[start:])
    if not summary.get("reconciled", False):
        raise Failed("counters do not add up: %s" % summary.get("problems"))
    return summary


def known_flows_kept_their_state(summary, n_known):
    """Each known flow began with a SYN, so every data segment of it is in order, unless the table
    forgot the flow meanwhile. `n_known`: data segments of known flows, as the source's last reading
    has it, a moment before the end."""
    in_order = sum(a["total"]["in_order"] for a in summary["aggregates"])
    if in_order < n_known:
        raise Failed("known flows lost their state: of %d segments only %d were in order" % (
            n_known, in_order))


def rules_hit(file_prefix):
    """l3fwd forwards what a rule matches to port 1, and what none does to port 0."""
    with Telemetry(file_prefix) as telemetry:
        received = telemetry.ask("/ethdev/stats,0")["ipackets"]
        missed = telemetry.ask("/ethdev/stats,0")["opackets"]
        hit = telemetry.ask("/ethdev/stats,1")["opackets"]
    # The counters are read one after the other while packets pass.
    if missed > 0 or hit < received // 2:
        raise Failed("rules do not match: of %d packets %d matched, %d did not" % (
            received, hit, missed))
