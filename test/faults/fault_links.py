# SPDX-License-Identifier: BSD-3-Clause
"""Links and peers that come and go, and two owners."""

import time

import fault
import netlab
import pennyline
from fault import expect, wait_until
from test_owner import second


@fault.fault()
def link_flapped(seen):
    """The link behind the box goes down and up 100 times."""
    with fault.path() as (lab, service):
        wait_until("drops", lambda: fault.dropped(service) > 0)
        for _ in range(100):
            lab.downstream.run("ip", "link", "set", "down0", "down")
            time.sleep(0.05)
            lab.downstream.run("ip", "link", "set", "down0", "up")
            time.sleep(0.05)
        # The kernel forgets what leads through an interface that was down.
        lab.downstream.neighbour("10.0.2.1", netlab.mac(0x21), "down0")
        wait_until("drops are allowed again", lambda: service.ask("status")["suspended"] is None)
        fault.goes_on(lab)
        events = fault.names(service)
        seen.append(f"{events.count('link_down')} times down and {events.count('link_up')} times up were seen and told, "
                    f"{events.count('suspended')} suspensions")
        expect(events.count("link_down") == events.count("link_up") > 0, "a link was told as down and never as up")
        summary = fault.stop(seen, service)
        genuine = [a for a in summary.aggregates if a["slice"] == "genuine"][0]
        seen.append(f"genuine: {genuine['verdict']}, {genuine['expired']} expired")


@fault.fault(in_ci=True)
def two_instances(seen):
    """Two instances on one host: on one interface by mistake, which is refused, and beside each other on purpose."""
    with fault.path() as (lab, service):
        code, text = second(lab)
        expect(code == pennyline.ERROR and "belongs to another pennyline" in text, f"{code}: {text[-800:]}")
        with netlab.Path() as other_lab:
            other = pennyline.Service(other_lab, fault.SLICES, lcores="0@1,1@0", memory_mb=256)
            fault.spoofed(other_lab)
            fault.goes_on(other_lab)
            fault.goes_on(lab)
            fault.stop(seen, other)
            fault.goes_on(lab)
        seen.append("the second on the same interface was refused; one beside it ran and ended, and this one went on")
        fault.stop(seen, service)


@fault.fault()
def messages_held_up(seen):
    """The manager is held while a flood shows thousands of new prefixes: rings to it fill, and no counter is lost."""
    from test_stalls import manager, thread_stopped
    slices = [{"name": "genuine", "sources": [netlab.GENUINE[4]], "mode": "active"},
              {"name": "spoofed", "sources": ["203.0.112.0/20"], "granularity": {"ipv4": 32}, "mode": "active"}]
    with fault.path(slices, traffic=False) as (lab, service):
        fault.genuine(lab)
        lab.spoof(pennyline.program("pennyline-blind"), "203.0.112.0/20", netlab.RECEIVER[4], "--attack", "tuple-flood", "--rate",
                  20000, "--payload", 60, "--duration", 600)
        fault.goes_on(lab, 2000)
        with thread_stopped(service, manager(service)):
            time.sleep(5)
            fault.goes_on(lab, 2000)
        fault.goes_on(lab, 2000)
        status = service.ask("status")
        seen.append(f"{status['n_aggregates']} of {status['max_aggregates']} aggregates")
        fault.stop(seen, service)


