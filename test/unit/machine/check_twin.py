#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_twin.py PLAY TREE [PACKETS [SEED]]: machines of chance, and those of conf/machines, over packets of
chance, on 1, 2 and 3 threads that share the keys: each packet, each key and each counter as twin.py says."""

import glob
import json
import os
import random
import subprocess
import sys
import tempfile

import frames
import twin

HOSTS = ["192.0.2.1", "192.0.2.2", "198.51.100.7", "203.0.113.9", "10.1.2.3"]
HOSTS6 = ["2001:db8::1", "2001:db8::2", "2001:db8:7::9"]
PORTS = [10, 11, 12, 13, 22, 53, 80, 443, 1111, 1300, 2222, 2570, 2827, 3084, 3333, 5555, 9922]
MACS = [0x020000000001, 0x020000000002, 0x02000000aa03]
START_NS = 1_700_000_000 * 10**9
LOOKUPS = [["ip.source"], ["ip.source", "ip.destination"], ["ipv4.source", "ipv4.destination"], ["eth.source"],
           ["ip.source", "ip.destination", "l4.source", "l4.destination"], ["ipv6.source", "ip.protocol"],
           ["tcp.source", "tcp.destination"], ["vlan.id", "eth.type"], ["port"], ["ip.source", "udp.destination"],
           ["frame.bytes"]]
WAYS_BACK = {"ip.source": "ip.destination", "ipv4.source": "ipv4.destination", "eth.source": "eth.destination",
             "l4.source": "l4.destination", "tcp.source": "tcp.destination", "ipv6.source": "ipv6.destination",
             "udp.source": "udp.destination"}
WAYS_BACK.update({b: a for a, b in list(WAYS_BACK.items())})


def random_frame(r):
    ports = r.choice([0, 0, 1, 2])
    frame = frames.Frame(ports, r.choice(MACS), r.choice(MACS), r.choice([None, None, 7, 100]))
    pool = HOSTS if r.random() < 0.7 else HOSTS6
    a, b = r.choice(pool), r.choice(pool)
    more = {"ttl": r.choice([1, 64]), "dscp": r.choice([0, 46])}
    kind = r.random()
    if kind < 0.04:
        return frame.arp()
    if kind < 0.12:
        return frame.icmp(a, b, r.choice([0, 8]), r.choice([0, 1]), **more)
    if kind < 0.5:
        return frame.tcp(a, b, r.choice(PORTS), r.choice(PORTS), r.choice(["S", "SA", "A", "R", "F", "PA"]),
                         r.choice([0, 100]), **more)
    if kind < 0.55:
        return frame.ip(a, b, 47, bytes(20), **more)
    return frame.udp(a, b, r.choice(PORTS), r.choice(PORTS), r.choice([0, 8, 50]), **more)


def random_value(r, field):
    if field in ("tcp.flags",):
        value = r.choice(["S", "SA", "A"])
        return value if r.random() < 0.5 else {"value": value, "mask": "SAFR"}
    if field.startswith("ip.") and field.endswith(("source", "destination")):
        return r.choice(HOSTS + HOSTS6 + ["192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0", [["192.0.2.2", "198.51.100.7"]],
                                          ["192.0.2.1", "2001:db8::1"]])
    if field.startswith("ipv4."):
        return r.choice(HOSTS + ["192.0.2.0/25", {"value": "0.0.2.1", "mask": "0.0.255.1"}])
    if field.startswith("eth.s") or field.startswith("eth.d"):
        return r.choice(["02:00:00:00:00:01", {"value": "02:00:00:00:aa:00", "mask": "ff:ff:00:00:ff:00"}])
    if field == "eth.type":
        return r.choice(["ipv4", "ipv6", "arp", 0x88cc])
    if field == "ip.protocol":
        return r.choice(["tcp", "udp", "icmp", [6, 17], ["tcp", "icmpv6", "udp"]])
    if field == "frame.bytes":
        return r.choice([[0, 60], [61, 80], {"value": 0, "mask": 2}])
    if field in ("ip.ttl", "ip.dscp", "icmp.type", "icmp.code", "vlan.id"):
        return r.choice([0, 7, 8, 46, 64, [0, 8], {"value": 0, "mask": 1}])
    return r.choice(PORTS + [[10, 13], [0, 1023], [80, 443, 22], {"value": 2, "mask": 6}, [[10, 12], [1300, 9000]]])


def random_step(r, states, some_next):
    step = {}
    if some_next is None and r.random() < 0.4:
        return step
    step["next"] = some_next or r.choice(states)
    if r.random() < 0.6:
        step["idle_ms"] = r.choice([1, 3, 20, 100, 1000])
        if r.random() < 0.5:
            step["idle_next"] = r.choice(states)
    if r.random() < 0.4:
        step["hard_ms"] = r.choice([2, 10, 200, 1500])
        if r.random() < 0.5:
            step["hard_next"] = r.choice(states)
    return step


def random_update(r, names):
    operands = names + ["now_us", "frame.bytes", "k", "3", "18446744073709551615"]
    target = r.choice(names)
    if r.random() < 0.3:
        return f"{target} = {r.choice(operands)}"
    left = target if r.random() < 0.6 else r.choice(operands)
    return f"{target} = {left} {r.choice(['+', '-', '*', '<<', '>>'])} {r.choice(operands)}"


def random_rule(r, machine, conditions, i):
    states = machine["states"]
    rule = {"state": r.choice(["*", r.choice(states), sorted(set(r.choices(states, k=2)))])}
    chained = None
    if i < len(states) - 1:
        rule["state"], chained = states[i], states[i + 1]
    fields = r.sample([f for f in twin.WIDTHS if f != "port"], r.choice([1, 1, 2, 3]))
    rule["match"] = {field: random_value(r, field) for field in fields}
    if chained:
        rule["match"] = r.choice([{"ip.protocol": "udp"}, {"tcp.flags": {"value": "S", "mask": "S"}},
                                  {"l4.destination": [10, 1300]}])
    if conditions and r.random() < 0.5:
        rule["if"] = r.sample(conditions, r.choice([1, min(2, len(conditions))]))
    rule["do"] = [r.choice(["forward", "drop", "pair", "flood", "output a", "next_hop b"])]
    for more in ("mark 7", "count c", f"event e{r.randrange(3)}", "test"):
        if r.random() < 0.15:
            rule["do"].append(more)
    rule.update(random_step(r, states, chained))
    is_forgotten = rule.get("next") == states[0] and "idle_ms" not in rule and "hard_ms" not in rule
    names = machine["globals"] + ([] if is_forgotten else machine["registers"])
    if names and r.random() < 0.5:
        updates = {u.split()[0]: u for u in (random_update(r, names) for _ in range(r.choice([1, 2])))}
        rule["update"] = list(updates.values())
    if "scopes" in machine and r.random() < 0.4:
        rule["set"] = [{"scope": r.choice(["other", "lookup"]), **random_step(r, states, r.choice(states))}]
    return rule


def random_machine(r, n_rules):
    lookup = r.choice(LOOKUPS)
    states = [f"s{i}" for i in range(r.choice([2, 3, 6]))]
    machine = {"name": "m", "lookup": lookup, "states": states, "max_keys": 100000,
               "when_field_missing": r.choice(["forward", "drop", "otherwise"]),
               "registers": ["a", "b"][:r.choice([0, 0, 1, 2])], "globals": ["g"][:r.choice([0, 0, 0, 1])],
               "constants": {"k": 2}, "otherwise": {"do": r.choice(["forward", "drop", ["forward", "count o"]])}}
    back = [WAYS_BACK.get(field, field) for field in lookup]
    if r.random() < 0.3:
        machine["update"] = back
    if r.random() < 0.5:
        machine["scopes"] = {"other": back}
    names = machine["registers"] + machine["globals"]
    conditions = [f"{r.choice(names)} {c} {r.choice(names + ['k', '5', 'now_us', 'frame.bytes'])}"
                  for c in r.sample(["==", "!=", "<", "<=", ">", ">="], 4)] if names else []
    machine["rules"] = [random_rule(r, machine, conditions, i) for i in range(max(n_rules, len(states) - 1))]
    return {"machines": [machine]}


def random_packets(r, n):
    now, timed = START_NS, []
    for _ in range(n):
        now += r.choice([0, 1, 1000, 10**6, 3 * 10**6, 10**7, 10**8]) if r.random() < 0.9 else 2 * 10**9
        timed.append((now, random_frame(r)))
    return timed


def expected(machine, timed):
    lines, m = [], None
    for now, frame in timed:
        frame.data()
        m = m or twin.Machine(machine, now)
        lines.append(" ".join(str(n) for n in m.packet(frame.fields, now)))
    known = [" ".join(["key", key, str(state)] + [str(n) for n in registers])
             for key, (state, registers) in m.known(timed[-1][0]).items()]
    return lines, sorted(known), {k: v for k, v in m.counters.items()}


def play(program, paths, n_threads):
    run = subprocess.run([program, *paths, str(n_threads)], capture_output=True, text=True, check=False)
    if run.returncode == 3:
        return None
    if run.returncode != 0:
        sys.exit(f"{' '.join(paths)}: exit code {run.returncode}, {run.stderr}")
    lines = run.stdout.splitlines()
    keys = sorted(line for line in lines if line.startswith("key "))
    counters = dict(line.split()[1:] for line in lines if line.startswith("counter "))
    return [line for line in lines if line[0].isdigit()], keys, {k: int(v) for k, v in counters.items()}


def check(program, folder, text, timed, r):
    """True when it was played; ends when it differs."""
    paths = [os.path.join(folder, name) for name in ("machine.json", "packets.pcap", "plan")]
    with open(paths[0], "w", encoding="utf-8") as file:
        json.dump(text, file)
    frames.write_capture(paths[1], [(now, frame.data()) for now, frame in timed])
    want = None
    for n_threads in (1, 2, 3):
        with open(paths[2], "w", encoding="utf-8") as file:
            file.writelines(f"{frame.fields['port']} {r.randrange(n_threads)}\n" for _, frame in timed)
        got = play(program, paths, n_threads)
        if got is None:
            return False
        want = want or expected(text["machines"][0], timed)
        for what, a, b in (("packet", want[0], got[0]), ("key", want[1], got[1])):
            if a != b:
                at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
                sys.exit(f"{n_threads} threads, {what} {at}: the twin says {a[at:at + 1]}, the machine "
                         f"{b[at:at + 1]} (of {len(a)} and {len(b)})\n{json.dumps(text)}")
        if any(got[2][name] != n for name, n in want[2].items()):
            sys.exit(f"{n_threads} threads: the twin counts {want[2]}, the machine {got[2]}\n{json.dumps(text)}")
    return True


def main():
    program, tree = sys.argv[1:3]
    n_packets = int(sys.argv[3]) if len(sys.argv) > 3 else 100000
    r = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 20)
    played, refused = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(glob.glob(os.path.join(tree, "conf/machines/*.json"))):
            with open(path, encoding="utf-8") as file:
                if not check(program, folder, json.load(file), random_packets(r, 1000), r):
                    sys.exit(f"{path}: refused")
            played += 1000
        while played < n_packets:
            n = min(2000, n_packets - played)
            if check(program, folder, random_machine(r, r.choice([1, 3, 8, 30, 100])), random_packets(r, n), r):
                played += n
            else:
                refused += 1
    print(f"{played} packets; {refused} machines of chance were refused")
    if refused > played // 200:
        sys.exit("too many machines of chance were refused")


if __name__ == "__main__":
    main()
