# SPDX-License-Identifier: BSD-3-Clause
"""Changes by the thousand while packets go through."""

import contextlib
import json
import time

import fault
from control import Control, Refused
from fault import expect, wait_until
from fault_floods import memory_kb

N_RELOADS = 1000
# 2.6 KB a reload would be more.
MOST_GROWN_KB = 2048
N_TESTS = 1000
BAD = ("{", "[]", '{"slices": [{"name": "x", "mode": "activ"}]}', '{"instance": {"epoch": 1}}', "")


def write(service, text):
    with open(service.config_path, "w", encoding="utf-8") as file:
        file.write(text)


@fault.fault()
def reloaded_1000_times(seen):
    """The configuration is reloaded 1,000 times under load, each fifth file is bad: no packet is lost, the test of a slice
    that stays as it is goes on."""
    slices = [fault.SLICES[0], {**fault.SLICES[1], "max_drops_per_aggregate": 1000, "fallback_to_individual": False}]
    with fault.path(slices) as (lab, service), contextlib.closing(Control(service.control_path, 60)) as control:
        probe, n_refused, longest_s, warm_kb = fault.Probe(lab), 0, 0, 0
        others = [dict(service.config, slices=[*slices, {"name": f"other{n}", "sources": [f"10.{n}.0.0/16"], "mode": "active"}])
                  for n in range(2)]
        for number in range(N_RELOADS):
            is_bad = number % 5 == 4
            write(service, BAD[number // 5 % len(BAD)] if is_bad else json.dumps(others[number % 2]))
            began = time.monotonic()
            try:
                control.ask("reload")
                expect(not is_bad, f"a bad file was taken: {BAD[number // 5 % len(BAD)]}")
            except Refused as words:
                expect(is_bad, f"reload {number}: {words}")
                n_refused += 1
            longest_s = max(longest_s, time.monotonic() - began)
            if number == N_RELOADS // 5:
                warm_kb = memory_kb(service.process.child.pid)
        report = probe.end()
        spoofed = [a for a in service.ask("aggregates")["aggregates"] if a["slice"] == "spoofed"][0]
        expect(spoofed["n_tests"] == 1, f"the test of a slice that stayed was begun {spoofed['n_tests']} times")
        expect(report["sent"] == report["received"] and report["reordered"] == 0, fault.told(report))
        grown_kb = memory_kb(service.process.child.pid) - warm_kb
        seen.append(f"{N_RELOADS} reloads, {n_refused} refused, the longest took {longest_s:.2f} s; {fault.told(report)}; "
                    f"{grown_kb} KiB more in the last {N_RELOADS * 4 // 5}")
        expect(grown_kb < MOST_GROWN_KB, f"{grown_kb} KiB were not given back")
        fault.stop(seen, service)


@fault.fault()
def tests_1000_at_once(seen):
    """1,000 tests by command are begun at once, over one connection: those beyond the cap are refused in words, none is lost,
    and no packet notices."""
    slices = [fault.SLICES[0], {**fault.SLICES[1], "granularity": {"ipv4": 32}, "start": "manual"}]
    with fault.path(slices, traffic=False, instance={"max_aggregates": 2048}) as (lab, service):
        fault.genuine(lab)
        fault.spoofed(lab, rate=2000)
        wait_until("aggregates", lambda: service.ask("status")["n_aggregates"] > 9)
        probe = fault.Probe(lab)
        numbers = [a["aggregate"] for a in service.ask("aggregates", count=1000)["aggregates"]]
        started, refused = 0, {}
        with contextlib.closing(Control(service.control_path, 60)) as control:
            request = "".join(json.dumps({"command": "test start", "aggregate": numbers[n % len(numbers)], "label": f"test {n}"}) + "\n"
                              for n in range(N_TESTS))
            control.socket.sendall(request.encode())
            for _ in range(N_TESTS):
                reply = json.loads(control.lines.readline())
                started += reply["ok"]
                if not reply["ok"]:
                    words = reply["error"].split(": ")[-1][:60]
                    refused[words] = refused.get(words, 0) + 1
        report = probe.end()
        seen.append(f"{started} begun, {sum(refused.values())} refused ({len(refused)} reasons, as \"{next(iter(refused), '')}\"); "
                    f"{fault.told(report)}")
        expect(started > 0 and started + sum(refused.values()) == N_TESTS, "answers are missing")
        expect(report["sent"] == report["received"], fault.told(report))
        fault.stop(seen, service)
