# SPDX-License-Identifier: BSD-3-Clause
"""Links and peers that come and go, and two owners."""

import contextlib
import json
import os
import signal
import time

import fault
import netlab
import pennyline
import test_replug
from fault import expect, wait_until
from fault_memory import shim
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


@fault.fault()
def veth_made_anew(seen):
    """The interface that packets leave by is deleted and made anew, three times: it is opened anew by itself, what comes the
    other way goes on, and the test that was under way gets its verdict."""
    with fault.path() as (lab, service):
        wait_until("drops", lambda: fault.dropped(service) > 0)
        for number in range(1, 4):
            lab.box.run("ip", "link", "del", "portB")
            wait_until("it is told", lambda n=number: fault.names(service).count("port_removed") == n)
            expect(service.ask("status")["suspended"] is not None, "drops are allowed although a port is gone")
            lab.link(lab.box, "portB", lab.downstream, "down0")
            lab.downstream.run("ip", "link", "set", "down0", "address", netlab.mac(0x22))
            lab.downstream.addresses("down0", "10.0.2.2/24")
            lab.downstream.neighbour("10.0.2.1", netlab.mac(0x21), "down0")
            for prefix in (netlab.GENUINE, netlab.SPOOFED, netlab.MIXED):
                lab.downstream.route(prefix[4], "10.0.2.1", "down0")
            wait_until("it is opened anew", lambda n=number: fault.names(service).count("port_returned") == n)
            wait_until("drops are allowed again", lambda: service.ask("status")["suspended"] is None)
            fault.goes_on(lab)
        probe = fault.Probe(lab)
        fault.goes_on(lab, 1000)
        report = probe.end()
        wait_until("a verdict on genuine senders", lambda: {a["slice"]: a["verdict"] for a in
                   service.ask("aggregates")["aggregates"]}["genuine"] == "closed_loop", 120)
        seen.append(f"opened anew three times; afterwards {fault.told(report)}; genuine: closed_loop")
        expect(report["sent"] == report["received"], fault.told(report))
        fault.stop(seen, service)


@fault.fault(in_ci=True)
def driver_tells_removal(seen):
    """The driver of one port of four tells three times that its device was taken out, as that of a NIC does: it is opened anew
    by itself, no packet of the other ports is lost for it, and the test that was under way gets its verdict."""
    with netlab.Path() as lab:
        fifo = f"{lab.folder}/removals"
        os.mkfifo(fifo)
        for letter in "CD":
            test_replug.make(lab, letter)
        service = pennyline.Service(lab, fault.SLICES, ports=test_replug.ports("af_packet"), memory_mb=512, by=(
            "env", f"LD_PRELOAD={shim('device_removal.so')}", f"REMOVALS={fifo}"))
        fault.genuine(lab)
        test_replug.blind(lab, lab.box, "farC")
        wait_until("drops", lambda: fault.dropped(service) > 0)
        wait_until("packets through c and d", lambda: test_replug.sent_by(service, "d") > 1000)
        probe = fault.Probe(lab)
        for number in range(1, 4):
            with open(fifo, "w", encoding="utf-8") as file:
                file.write("net_af_packet2\n")
            wait_until("it is told", lambda n=number: test_replug.count(service, "port_removed", "c") == n)
            wait_until("it is opened anew", lambda n=number: test_replug.count(service, "port_returned", "c") == n)
            wait_until("drops are allowed again", lambda: service.ask("status")["suspended"] is None)
            n_sent = test_replug.sent_by(service, "d")
            wait_until("packets through c and d", lambda n=n_sent: test_replug.sent_by(service, "d") > n + 1000)
        report = probe.end()
        wait_until("a verdict on genuine senders", lambda: {a["slice"]: a["verdict"] for a in
                   service.ask("aggregates")["aggregates"]}["genuine"] == "closed_loop", 120)
        told = [e["event"] for e in service.events() if e.get("port") == "c"]
        expect(told == ["port_removed", "port_returned", "link_up"] * 3, f"told: {told}")
        expect(report["sent"] == report["received"], fault.told(report))
        seen.append(f"opened anew three times; by the other ports {fault.told(report)}; genuine: closed_loop")
        fault.stop(seen, service)


@fault.fault(in_ci=True)
def mtu_changed(seen):
    """The MTU of both interfaces is made smaller under load, and as it was again: what fits goes on, and the test gets its
    verdict."""
    with fault.path() as (lab, service):
        probe = fault.Probe(lab)
        for mtu in (1280, 1500):
            for namespace, device in ((lab.box, "portA"), (lab.box, "portB"), (lab.upstream, "up0"), (lab.downstream, "down0")):
                namespace.run("ip", "link", "set", device, "mtu", mtu)
            time.sleep(1)
            fault.goes_on(lab, 500)
        report = probe.end()
        wait_until("a verdict on genuine senders", lambda: {a["slice"]: a["verdict"] for a in
                   service.ask("aggregates")["aggregates"]}["genuine"] == "closed_loop")
        seen.append(f"{fault.told(report)}; genuine: closed_loop")
        expect(report["sent"] == report["received"], fault.told(report))
        fault.stop(seen, service)


def by_memory(lab, slices):
    """The service, whose packets from portA leave by a ring in memory, and those from portB by portA; and who reads that ring."""
    path = f"{lab.folder}/memif"
    common = f"role={{}},id=0,socket-abstract=no,socket={path}"
    ports = [{"name": "left", "device": "iface:portA", "pair": "ring"},
             {"name": "right", "device": "iface:portB", "pair": "left"},
             {"name": "ring", "device": f"net_memif0,{common.format('server')}", "pair": "left"}]
    service = pennyline.Service(lab, slices, ports=ports, memory_mb=0, extra=("--in-memory", "--single-file-segments"))
    reader = lab.box.start("dpdk-testpmd", "--in-memory", "--single-file-segments", "--no-pci", "--lcores", "0@0,1@0", "--vdev",
                           f"net_memif0,{common.format('client')}", "--file-prefix", f"{os.path.basename(lab.folder)}-reader", "--",
                           "--forward-mode=rxonly", "--auto-start", "--total-num-mbufs=4096", "--stats-period=3600")
    return service, reader


def ring_of(service):
    return next(p for p in service.ask("status")["ports"] if p["name"] == "ring")


@fault.fault()
def tx_peer_stopped(seen):
    """Who takes what leaves by a port stands still for 5 s, and its ring fills up: what finds no room is counted, drops are
    suspended, the way back loses nothing, and all goes on afterwards."""
    with netlab.Path() as lab, contextlib.ExitStack() as ends:
        service, reader = by_memory(lab, fault.SLICES)
        ends.callback(reader.stop)
        wait_until("a link", lambda: ring_of(service)["link_up"])
        fault.spoofed(lab)
        wait_until("packets in the ring", lambda: ring_of(service)["tx_packets"] > 1000)
        back = lab.upstream.start(fault.NUMBERED, "receive", "up0")
        back.wait_for("ready")
        sender = lab.downstream.start(fault.NUMBERED, "send", "down0", 500)
        sender.wait_for("ready")
        reader.child.send_signal(signal.SIGSTOP)
        lost = wait_until("a full ring", lambda: ring_of(service)["lost_tx_full"])
        wait_until("suspended", lambda: service.ask("status")["suspended"] is not None)
        time.sleep(5)
        lost = ring_of(service)["lost_tx_full"]
        reader.child.send_signal(signal.SIGCONT)
        n = ring_of(service)["tx_packets"]
        wait_until("packets in the ring again", lambda: ring_of(service)["tx_packets"] > n + 2000)
        wait_until("drops are allowed again", lambda: service.ask("status")["suspended"] is None)
        report = {}
        for process in (sender, back):
            expect(process.stop() == 0, process.errors())
            report.update(json.loads(process.output().splitlines()[-1]))
        seen.append(f"{lost} packets found the ring full; of {report['sent']} numbered frames on the way back {report['lost']} were "
                    f"lost and {report['overtaken']} overtaken; told: {sorted(set(fault.names(service)) & {'tracking_shed', 'suspended'})}")
        expect((report["lost"], report["overtaken"], report["changed"]) == (0, 0, 0), f"{report}")
        expect(report["received"] == report["sent"], f"{report}")
        code, summary = service.stop()
        expect(code == 0, f"exit code {code}: {service.process.errors()[-2000:]}")
        expect(summary.broken_identities() == [], f"{summary.broken_identities()}")
