# SPDX-License-Identifier: BSD-3-Clause
"""Network namespaces, veth links and processes that always go away again.

    sender -- upstream -- portA [box] portB -- downstream -- receiver

`upstream` and `downstream` are routers of the kernel: they forward, and may lose packets by
nftables without the sender's stack noticing. The box's two ports belong to the program under test.
With vlan=ID a tagger stands on each side of the box, so that frames are tagged at its ports only.
"""

import atexit
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

PREFIX = "pl"
TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OFFLOADS = ("tx", "rx", "tso", "gso", "gro", "lro", "txvlan", "rxvlan")

RECEIVER = {4: "10.99.0.2", 6: "fd00:99::2"}
# The sender's own addresses, one prefix for each kind of aggregate.
GENUINE = {4: "198.51.100.0/24", 6: "2001:db8:100::/64"}
SPOOFED = {4: "203.0.113.0/24", 6: "2001:db8:113::/64"}
MIXED = {4: "192.0.2.0/24", 6: "2001:db8:2::/64"}
# What a blind sender aims at: the receiver drops it in silence, as a far network would.
DISCARD_PORT = 9


def host(prefix, number):
    """Address `number` of a prefix of the tables above."""
    base = prefix.split("/")[0]
    return f"{base}{number:x}" if ":" in base else f"{base.rsplit('.', 1)[0]}.{number}"


def mac(number):
    return f"02:00:00:00:01:{number:02x}"


def run(command, check=True, **options):
    """Runs to the end and returns what it printed."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n"
                           f"{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


# Where nothing is wrong this is never reached, however busy the machine: it ends a test that hangs.
PATIENCE_S = 120


def wait_until(what, condition, timeout_s=PATIENCE_S, pause_s=0.02):
    """The first true value of condition(), which is asked again and again."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(pause_s)
    return value


class Process:
    """A child that ends with the lab. Its output goes to files in the lab's folder."""

    def __init__(self, command, output_path):
        self.command = command
        self.stdout_path, self.stderr_path = output_path + ".out", output_path + ".err"
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=err, start_new_session=True)

    def output(self):
        with open(self.stdout_path, errors="replace") as text:
            return text.read()

    def errors(self):
        with open(self.stderr_path, errors="replace") as text:
            return text.read()

    def running(self):
        return self.child.poll() is None

    def wait(self, timeout_s):
        """Exit code; RuntimeError with the output's end when it does not come in time."""
        try:
            return self.child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"still running after {timeout_s} s: {' '.join(self.command)}\n"
                               f"{self.output()[-1000:]}{self.errors()[-2000:]}") from None

    def wait_for(self, pattern, timeout_s=PATIENCE_S):
        """Waits until the output matches."""
        deadline = time.monotonic() + timeout_s
        while not re.search(pattern, self.output() + self.errors()):
            if not self.running() or time.monotonic() > deadline:
                raise RuntimeError(f"no '{pattern}' from {' '.join(self.command)}\n"
                                   f"{self.output()[-1000:]}{self.errors()[-4000:]}")
            time.sleep(0.05)

    def stop(self, signal_number=signal.SIGINT, timeout_s=60):
        """Asks, then insists. Returns the exit code."""
        for number in (signal_number, signal.SIGTERM, signal.SIGKILL):
            if not self.running():
                break
            self.child.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(timeout_s)
        return self.child.returncode


class Namespace:
    def __init__(self, lab, role):
        self.lab, self.role = lab, role
        self.name = f"{PREFIX}-{os.getpid()}-{lab.number}-{role}"
        run(["ip", "netns", "add", self.name])
        self.run("ip", "link", "set", "lo", "up")
        for key, value in (("all.disable_ipv6", 0), ("default.accept_dad", 0),
                           ("default.router_solicitations", 0), ("default.accept_ra", 0),
                           ("default.addr_gen_mode", 1)):
            self.sysctl(f"net.ipv6.conf.{key}", value)
        for scope in ("all", "default"):
            self.sysctl(f"net.ipv4.conf.{scope}.rp_filter", 0)

    def command(self, *command):
        return ["ip", "netns", "exec", self.name, *map(str, command)]

    def run(self, *command, **options):
        return run(self.command(*command), **options)

    def start(self, *command):
        return self.lab.start(self.command(*command), self.role)

    def sysctl(self, key, value):
        self.run("sysctl", "-qw", f"{key}={value}")

    def nft(self, rules):
        self.run("nft", rules)

    def addresses(self, device, *addresses):
        for address in addresses:
            family = ["nodad"] if ":" in address else []
            self.run("ip", "address", "add", address, "dev", device, *family)

    def route(self, prefix, gateway, device, *options):
        self.run("ip", "-6" if ":" in prefix else "-4", "route", "add", prefix, "via", gateway,
                 "dev", device, *options)

    def neighbour(self, address, lladdr, device):
        self.run("ip", "neigh", "replace", address, "lladdr", lladdr, "dev", device, "nud",
                 "permanent")

    def forwards(self):
        self.sysctl("net.ipv4.ip_forward", 1)
        self.sysctl("net.ipv6.conf.all.forwarding", 1)

    def lose(self, in_device, per_mille):
        """Drops so many of a thousand forwarded packets that came by the device, at random."""
        self.nft("add table inet loss; "
                 "add chain inet loss forward { type filter hook forward priority 0; }; "
                 f"add rule inet loss forward iifname {in_device} "
                 f"numgen random mod 1000 < {per_mille} counter drop")

    def lost(self):
        """Packets that lose() has dropped so far."""
        listed = json.loads(self.run("nft", "-j", "list", "table", "inet", "loss"))
        return sum(part["counter"]["packets"] for item in listed["nftables"] if "rule" in item
                   for part in item["rule"]["expr"] if "counter" in part)

    def counters(self, device):
        """The kernel's counters of an interface: rx_packets, tx_packets, rx_dropped, ..."""
        link = json.loads(self.run("ip", "-s", "-j", "link", "show", "dev", device))[0]
        return {f"{way}_{name}": value for way in ("rx", "tx")
                for name, value in link["stats64"][way].items()}


class Lab:
    """Everything that one test makes. Use it as a context manager."""

    count = 0
    open_labs = []

    def __init__(self):
        Lab.count += 1
        self.number = Lab.count
        self.namespaces, self.processes = {}, []
        self.folder = os.path.join("/tmp", f"{PREFIX}-{os.getpid()}-{self.number}")
        # What a failed run of the same process number kept for its reader.
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        Lab.open_labs.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close(keep_output=error[0] is not None and issubclass(error[0], Exception))

    def namespace(self, role):
        self.namespaces[role] = Namespace(self, role)
        return self.namespaces[role]

    def start(self, command, role="root"):
        process = Process(command, os.path.join(self.folder, f"{len(self.processes)}-{role}"))
        self.processes.append(process)
        return process

    def link(self, left, left_device, right, right_device, queues=1):
        """A veth pair without offloads; its ends have MACs of their own, and are up."""
        ends = ((left, left_device), (right, right_device))
        run(["ip", "-n", left.name, "link", "add", left_device, "numtxqueues", str(queues),
             "numrxqueues", str(queues), "type", "veth", "peer", "name", right_device,
             "numtxqueues", str(queues), "numrxqueues", str(queues), "netns", right.name])
        for namespace, device in ends:
            namespace.run("ethtool", "-K", device,
                          *(word for name in OFFLOADS for word in (name, "off")), check=False)
            namespace.run("ip", "link", "set", device, "up", "txqueuelen", "10000")

    def remove_eal_files(self):
        """What a DPDK program with the lab's name as its file prefix leaves, above all when killed."""
        prefix = os.path.basename(self.folder)
        shutil.rmtree(f"/run/dpdk/{prefix}", ignore_errors=True)
        for path in glob.glob(f"/dev/hugepages/{prefix}map_*"):
            os.remove(path)

    def remove_claims(self):
        """What pennyline keeps of interfaces that go with their namespace."""
        for namespace in self.namespaces.values():
            with contextlib.suppress(OSError):
                inode = os.stat(f"/run/netns/{namespace.name}").st_ino
                for path in glob.glob(f"/run/pennyline/devices/net-{inode}-*"):
                    os.remove(path)

    def close(self, keep_output=False):
        """Ends the processes, the last one first, then removes namespaces with their links."""
        if self not in Lab.open_labs:
            return
        Lab.open_labs.remove(self)
        for process in reversed(self.processes):
            process.stop()
        self.remove_claims()
        for namespace in self.namespaces.values():
            run(["ip", "netns", "delete", namespace.name], check=False)
        self.remove_eal_files()
        if keep_output:
            print(f"output of the programs: {self.folder}", file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


class Path(Lab):
    """The line of namespaces at the top of this file."""

    def __init__(self, queues=1, vlan=None, tagger=None):
        super().__init__()
        try:
            self.build(queues, vlan, tagger)
        except BaseException:
            self.close()
            raise

    def build(self, queues, vlan, tagger):
        for role in ("sender", "upstream", "box", "downstream", "receiver"):
            setattr(self, role, self.namespace(role))
        self.box.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        # One queue: a router's kernel takes the queue that a packet came by before any hash, and so
        # would use one queue towards the box.
        self.link(self.sender, "up0", self.upstream, "down0")
        self.link(self.downstream, "up1", self.receiver, "down1")
        if vlan is None:
            self.link(self.upstream, "up0", self.box, "portA", queues)
            self.link(self.box, "portB", self.downstream, "down0", queues)
        else:
            self.tagged_side("tag-up", self.upstream, "up0", "portA", vlan, tagger, queues)
            self.tagged_side("tag-down", self.downstream, "down0", "portB", vlan, tagger, queues)
        self.number_links()
        self.tune()

    def tagged_side(self, role, router, device, port, vlan, tagger, queues):
        between = self.namespace(role)
        between.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        self.link(router, device, between, "plain", queues)
        self.link(between, "tagged", self.box, port, queues)
        between.start(tagger, "plain", "tagged", vlan).wait_for("ready")

    def number_links(self):
        """Addresses, fixed MACs and neighbours (nothing is left to ARP), routes."""
        links = (
            (self.sender, "up0", self.upstream, "down0", 1),
            (self.upstream, "up0", self.downstream, "down0", 2),
            (self.downstream, "up1", self.receiver, "down1", 3),
        )
        for left, left_device, right, right_device, number in links:
            for namespace, device, side in ((left, left_device, 1), (right, right_device, 2)):
                namespace.run("ip", "link", "set", device, "address", mac(number * 16 + side))
                namespace.addresses(device, f"10.0.{number}.{side}/24",
                                    f"fd00:{number}::{side}/64")
            for namespace, device, other in ((left, left_device, 2), (right, right_device, 1)):
                for address in (f"10.0.{number}.{other}", f"fd00:{number}::{other}"):
                    namespace.neighbour(address, mac(number * 16 + other), device)
        for family, plain, gateway in ((4, "10.0.{}.{}", None), (6, "fd00:{}::{}", None)):
            self.routes(family, plain)

    def routes(self, family, gateway):
        full = "/32" if family == 4 else "/128"
        self.receiver.addresses("down1", RECEIVER[family] + full)
        for router, towards, device, back in (
                (self.sender, gateway.format(1, 2), "up0", None),
                (self.upstream, gateway.format(2, 2), "up0", (gateway.format(1, 1), "down0")),
                (self.downstream, gateway.format(3, 2), "up1", (gateway.format(2, 1), "down0")),
                (self.receiver, None, None, (gateway.format(3, 1), "down1"))):
            if towards:
                router.route(RECEIVER[family] + full, towards, device)
            # What the receiver begins comes from the address that senders know.
            known = ("src", RECEIVER[family]) if router is self.receiver else ()
            for prefix in (GENUINE, SPOOFED, MIXED) if back else ():
                router.route(prefix[family], *back, *known)
        for prefix in (GENUINE, MIXED):
            self.sender.addresses("up0", *(host(prefix[family], n) + full for n in range(1, 11)))

    def tune(self):
        for router in (self.upstream, self.downstream):
            router.forwards()
        for end in (self.sender, self.receiver):
            # A flow keeps its queue after a timeout, as it would behind a NIC's RSS.
            end.sysctl("net.core.txrehash", 0)
            end.sysctl("net.ipv4.tcp_no_metrics_save", 1)
        self.receiver.nft("add table inet far; "
                          "add chain inet far input { type filter hook input priority 0; }; "
                          f"add rule inet far input tcp dport {DISCARD_PORT} drop")

    def sack(self, on):
        for end in (self.sender, self.receiver):
            end.sysctl("net.ipv4.tcp_sack", int(on))

    def lose_before_box(self, per_mille):
        self.upstream.lose("down0", per_mille)

    def lose_after_box(self, per_mille):
        self.downstream.lose("down0", per_mille)

    def iperf_server(self, port=5201):
        server = self.receiver.start("iperf3", "-s", "-p", port, "--forceflush")
        server.wait_for("Server listening")
        return server

    def iperf(self, source, receiver, seconds, flows=5, rate="4M", port=5201, congestion="cubic",
              options=()):
        """Real senders from one address, `rate` each. Returns the running client."""
        # By socket option: as a sysctl, a namespace may choose what the first one allows only.
        return self.sender.start("iperf3", "-c", receiver, "-B", source, "-p", port, "-t", seconds,
                                 "-P", flows, "-b", rate, "-C", congestion, "-J",
                                 "--connect-timeout", "5000", *options)

    def short_flows(self, sources, seconds, port=8080, options=()):
        """Many short connections of real stacks: servers at `sources`, clients at the receiver."""
        program = os.path.join(TREE, "tools", "traffic", "short_flows.py")
        self.sender.start(program, "server", "--address", ",".join(sources), "--port", port,
                          "--duration", seconds).wait_for("ready")
        return self.receiver.start(program, "client", "--address", ",".join(sources), "--port",
                                   port, "--duration", seconds, *options)

    def any_source(self, prefix):
        """Every address of the prefix is the sender's own, and is routed back to it."""
        plain = "fd00:{}::{}" if ":" in prefix else "10.0.{}.{}"
        self.sender.run("ip", "-6" if ":" in prefix else "-4", "route", "add", "local", prefix,
                        "dev", "lo")
        if prefix in (table[6 if ":" in prefix else 4] for table in (GENUINE, SPOOFED, MIXED)):
            return
        self.upstream.route(prefix, plain.format(1, 1), "down0")
        self.downstream.route(prefix, plain.format(2, 1), "down0")
        self.receiver.route(prefix, plain.format(3, 1), "down1", "src",
                            RECEIVER[6 if ":" in prefix else 4])

    def paced_flows(self, first, n_sources, seconds, options=(), port=8081):
        """Connections of real stacks from many addresses, which send a segment now and then.
        Returns the senders, running."""
        program = os.path.join(TREE, "tools", "traffic", "paced_flows.py")
        receiver = RECEIVER[6 if ":" in first else 4]
        self.receiver.start(program, "sink", "--address", receiver, "--port", port, "--duration",
                            seconds + 5).wait_for("ready")
        return self.sender.start(program, "senders", "--address", receiver, "--port", port,
                                 "--source", first, "--sources", n_sources, "--duration", seconds,
                                 *options)

    def spoof(self, blind, source, receiver, *options):
        """A blind sender in the sender's namespace. Returns it, running."""
        return self.sender.start(blind, "--interface", "up0", "--source", source, "--destination",
                                 receiver, "--destination-port", DISCARD_PORT,
                                 "--destination-mac", mac(0x12), *options)


def close_all(*_):
    for lab in list(Lab.open_labs):
        lab.close()


def remove_stale():
    """What runs left that were killed: the names hold the number of a process that is gone."""
    for line in run(["ip", "netns", "list"]).splitlines():
        match = re.match(rf"({PREFIX}-(\d+)-\S+)", line)
        if match and not os.path.exists(f"/proc/{match[2]}"):
            for pid in run(["ip", "netns", "pids", match[1]], check=False).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            run(["ip", "netns", "delete", match[1]], check=False)


def clean_up_on_exit():
    """Ctrl-C, SIGTERM and errors all end in Lab.close()."""
    def leave(signal_number, _):
        raise SystemExit(128 + signal_number)

    atexit.register(close_all)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def free_hugepages():
    with contextlib.suppress(OSError):
        with open("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages") as pages:
            return int(pages.read())
    return 0
