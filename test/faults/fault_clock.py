# SPDX-License-Identifier: BSD-3-Clause
"""Clocks that are set."""

import time

import fault
import pennyline
from fault import expect, wait_until
from fault_memory import shim

YEAR_S = 365 * 86400


@fault.fault(in_ci=True)
def wall_clock_set(seen):
    """The wall clock is set back a year, and forth two, while drops are pending; the machine's own stays as it is."""
    with fault.netlab.Path() as lab:
        offset = f"{lab.folder}/offset"

        def set_clock(seconds):
            with open(offset, "w", encoding="utf-8") as file:
                file.write(str(seconds))
        set_clock(0)
        service = pennyline.Service(lab, [dict(s, drop_probability=0.2) for s in fault.SLICES],
                                    by=("env", f"LD_PRELOAD={shim('wall_clock.so')}", f"WALL_CLOCK={offset}"))
        fault.genuine(lab)
        fault.spoofed(lab)
        wait_until("drops", lambda: fault.dropped(service) > 0)
        probe = fault.Probe(lab)
        years = []
        for seconds in (-YEAR_S, YEAR_S, 0):
            set_clock(seconds)
            time.sleep(1.5)
            service.ask("kill-switch", on=True)
            service.ask("kill-switch", on=False)
            years.append(service.events()[-1]["time"][:4])
        report = probe.end()
        wait_until("a verdict on genuine senders", lambda: {a["slice"]: a["verdict"] for a in
                   service.ask("aggregates")["aggregates"]}["genuine"] == "closed_loop")
        times = [e["monotonic_s"] for e in service.events()]
        expect(times == sorted(times), "events are out of order")
        expect("stall" not in fault.names(service) or all(e["stalled_s"] < 1 for e in service.events() if e["event"] == "stall"),
               "the clock passed for a stall")
        expect(int(years[1]) - int(years[0]) == 2, f"the new time is not told: {years}")
        expect(report["sent"] == report["received"], fault.told(report))
        seen.append(f"events told the years {', '.join(years)}, in order by monotonic_s; {fault.told(report)}")
        fault.stop(seen, service)
