# SPDX-License-Identifier: BSD-3-Clause
"""State machines as doc/machines.md says them, written anew and slowly: what became of each packet, and
what is known of each key in the end. A packet is a dict of fields; those that it lacks are not in it."""

import ipaddress

TOP = 2**64 - 1
PLACES = {"forward": 0, "drop": 1, "pair": 2, "output": 3, "output @state": 4, "flood": 5, "next_hop": 6}
WORDS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58, "sctp": 132,
         "ipv4": 0x800, "ipv6": 0x86dd, "arp": 0x806, "lldp": 0x88cc}
WIDTHS = {"port": 2, "eth.source": 6, "eth.destination": 6, "eth.type": 2, "vlan.id": 2, "ip.source": 16,
          "ip.destination": 16, "ipv4.source": 4, "ipv4.destination": 4, "ipv6.source": 16,
          "ipv6.destination": 16, "ip.protocol": 1, "ip.ttl": 1, "ip.dscp": 1, "tcp.source": 2,
          "tcp.destination": 2, "tcp.flags": 1, "udp.source": 2, "udp.destination": 2, "l4.source": 2,
          "l4.destination": 2, "icmp.type": 1, "icmp.code": 1, "frame.bytes": 4}


def mapped(address):
    a = ipaddress.ip_address(address)
    return int(a) if a.version == 6 else 0xffff << 32 | int(a)


def number(field, value):
    """The value of a match, and of a packet, as a number."""
    if isinstance(value, int):
        return value
    if field == "tcp.flags":
        return sum(1 << "FSRPAUEC".index(c) for c in value)
    if field.startswith("eth.") and ":" in value:
        return int(value.replace(":", ""), 16)
    if field.startswith("ip.") and field.endswith(("source", "destination")):
        return mapped(value)
    if field.startswith(("ipv4.", "ipv6.")):
        return int(ipaddress.ip_address(value))
    return WORDS[value]


def is_in(field, wanted, value):
    if isinstance(wanted, dict):
        return value & number(field, wanted["mask"]) == number(field, wanted["value"])
    if isinstance(wanted, str) and "/" in wanted:
        net = ipaddress.ip_network(wanted)
        first, last = net[0], net[-1]
        if field.startswith("ip."):
            return mapped(first) <= value <= mapped(last)
        return int(first) <= value <= int(last)
    if isinstance(wanted, list):
        return number(field, wanted[0]) <= value <= number(field, wanted[1])
    return value == number(field, wanted)


def matches(match, packet):
    for field, wanted in match.items():
        if field not in packet:
            return False
        is_range = isinstance(wanted, list) and len(wanted) == 2 and all(isinstance(w, int) for w in wanted)
        each = wanted if isinstance(wanted, list) and not is_range else [wanted]
        if not any(is_in(field, one, packet[field]) for one in each):
            return False
    return True


def compute(operator, a, b):
    if operator == "+":
        return min(a + b, TOP)
    if operator == "-":
        return max(a - b, 0)
    if operator == "*":
        return min(a * b, TOP)
    if operator == "<<":
        return 0 if a == 0 else min(a << min(b, 200), TOP)
    return a >> min(b, 200)


def compare(operator, a, b):
    return {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]


class Key:
    """What is known of one key."""

    def __init__(self, state):
        self.state = state
        self.timer = None  # idle_ms, idle_next, hard_ms, hard_next
        self.armed = self.used = 0
        self.registers = {}


class Machine:
    def __init__(self, text, start_ns):
        self.text = text
        self.start_ms = start_ns // 10**6
        self.states = text["states"]
        if self.states == "port":
            self.states = ["none"] + [f"port-{i}" for i in range(32)]
        self.initial = text.get("initial") or self.states[0]
        self.registers = text.get("registers", [])
        self.globals = {name: 0 for name in text.get("globals", [])}
        self.scopes = {"lookup": text["lookup"], "update": text.get("update") or text["lookup"],
                       **text.get("scopes", {})}
        self.rules = text["rules"]
        self.keys = {}
        self.events = []
        for rule in self.rules:
            for action in self.actions_of(rule):
                if action.startswith("event ") and action[6:] not in self.events:
                    self.events.append(action[6:])
        self.counters = {name: 0 for name in ("packets", "dropped", "field_missing", "full", "contended",
                                              "changes", "tests", "marked")}

    @staticmethod
    def actions_of(rule):
        actions = rule.get("do", "forward")
        actions = [actions] if isinstance(actions, str) else list(actions)
        return actions + ([f"event {rule['event']}"] if rule.get("event") else [])

    def key_of(self, scope, packet):
        key = b""
        for field in self.scopes[scope]:
            if field not in packet:
                return None
            key += packet[field].to_bytes(WIDTHS[field], "big")
        return key

    def forget(self, key):
        self.keys.pop(key, None)

    def enter_by_timer(self, key, state):
        k = self.keys[key]
        if state == self.initial:
            self.forget(key)
        else:
            k.state, k.timer = state, None

    def look(self, key, now):
        """The key after what is due."""
        k = self.keys.get(key)
        if k and k.timer:
            idle, idle_next, hard, hard_next = k.timer
            if hard and now >= k.armed + hard:
                self.enter_by_timer(key, hard_next)
            elif idle and now >= max(k.armed, k.used) + idle:
                self.enter_by_timer(key, idle_next)
        return self.keys.get(key)

    def touch(self, key, now):
        """The idle clock goes by ticks."""
        k = self.keys.get(key)
        if k and k.timer and k.timer[0]:
            tick = max(1, min(64, k.timer[0] // 16))
            if now >= max(k.armed, k.used) + tick:
                k.used = now

    def step(self, key, step, now, packet):
        state = step.get("next")
        before = self.keys[key].state if key in self.keys else self.initial
        if state == "@port":
            state = f"port-{packet['port']}"
        if state:
            timer = (step.get("idle_ms", 0), step.get("idle_next") or self.initial, step.get("hard_ms", 0),
                     step.get("hard_next") or self.initial)
            timer = timer if timer[0] or timer[2] else None
            if state == self.initial and not timer:
                self.forget(key)
            else:
                k = self.keys.setdefault(key, Key(state))
                k.state, k.timer, k.armed = state, timer, now
        after = self.keys[key].state if key in self.keys else self.initial
        self.counters["changes"] += before != after

    def operand(self, word, seen, packet, now_ns):
        if word.isdigit():
            return int(word)
        if word == "now_us":
            return now_ns // 1000
        if word == "frame.bytes":
            return packet["frame.bytes"]
        if word in seen:
            return seen[word]
        return self.text["constants"][word]

    def assignments(self, rule, seen, packet, now_ns):
        for text in rule.get("update", []):
            words = text.split()
            value = self.operand(words[2], seen, packet, now_ns)
            if len(words) == 5:
                value = compute(words[3], value, self.operand(words[4], seen, packet, now_ns))
            yield words[0], value

    def holds(self, rule, state, packet, seen, now_ns):
        states = rule.get("state", "*")
        if states != "*" and state not in ([states] if isinstance(states, str) else states):
            return False
        if not matches(rule.get("match", {}), packet):
            return False
        return all(compare(w[1], self.operand(w[0], seen, packet, now_ns),
                           self.operand(w[2], seen, packet, now_ns))
                   for w in (text.split() for text in rule.get("if", [])))

    def act(self, actions, state):
        verdict = {"where": 0, "port": 0, "mark": -1, "event": -1, "test": 0}
        for action in actions:
            word, _, name = action.partition(" ")
            if word == "mark":
                verdict["mark"] = int(name)
            elif word == "event":
                verdict["event"] = self.events.index(name)
            elif word == "test":
                verdict["test"] = 1
            elif word != "count":
                verdict["where"] = PLACES[action if action == "output @state" else word]
        if verdict["where"] == 4:
            index = self.states.index(state)
            verdict["where"], verdict["port"] = (4, index - 1) if index else (2, 0)
        self.counters["dropped"] += verdict["where"] == 1
        self.counters["marked"] += verdict["mark"] >= 0
        self.counters["tests"] += verdict["test"]
        return verdict

    def act_by(self, policy, state):
        actions = self.actions_of(self.text.get("otherwise", {"do": "forward"}))
        return self.act(actions if policy == "otherwise" else [policy], state), len(self.rules)

    def packet(self, packet, now_ns):
        """(where, port, state, rule, mark, event, test)"""
        now = now_ns // 10**6 - self.start_ms
        self.counters["packets"] += 1
        lookup = self.key_of("lookup", packet)
        state, number_of_rule = self.initial, len(self.rules)
        missing = self.text.get("when_field_missing", "forward")
        if lookup is None:
            self.counters["field_missing"] += 1
            verdict, number_of_rule = self.act_by(missing, state)
        else:
            k = self.look(lookup, now)
            state = k.state if k else self.initial
            seen = {name: k.registers.get(name, 0) if k else 0 for name in self.registers}
            seen.update(self.globals)
            rule = {"do": self.text.get("otherwise", {"do": "forward"})["do"]}
            for i, candidate in enumerate(self.rules):
                if self.holds(candidate, state, packet, seen, now_ns):
                    rule, number_of_rule = candidate, i
                    break
            is_missing = self.change(rule, lookup, seen, packet, now, now_ns)
            for name, value in self.assignments(rule, seen, packet, now_ns):
                if name in self.globals:
                    self.globals[name] = value
            if is_missing:
                self.counters["field_missing"] += 1
                verdict, number_of_rule = self.act_by(missing, state)
            else:
                verdict = self.act(self.actions_of(rule), state)
        return (verdict["where"], verdict["port"], self.states.index(state), number_of_rule, verdict["mark"],
                verdict["event"], verdict["test"])

    def change(self, rule, lookup, seen, packet, now, now_ns):
        """States and registers; True when a field for that is not there."""
        values = [(n, v) for n, v in self.assignments(rule, seen, packet, now_ns) if n in self.registers]
        is_missing = False
        update = self.key_of("update", packet)
        if self.scopes["lookup"] != self.scopes["update"]:
            self.touch(lookup, now)
        if rule.get("next") or values or self.scopes["lookup"] == self.scopes["update"]:
            if update is None:
                return True
            self.look(update, now)
            self.step(update, rule, now, packet)
            if values:
                self.keys.setdefault(update, Key(self.initial)).registers.update(values)
            self.touch(update, now)
        for one in rule.get("set", []):
            key = self.key_of(one["scope"], packet)
            if key is None:
                is_missing = True
                continue
            self.look(key, now)
            self.step(key, one, now, packet)
            self.touch(key, now)
        return is_missing

    def known(self, now_ns):
        """{key: (state, registers)}"""
        now = now_ns // 10**6 - self.start_ms
        for key in list(self.keys):
            self.look(key, now)
        return {key.hex(): (self.states.index(k.state), [k.registers.get(n, 0) for n in self.registers])
                for key, k in self.keys.items()}
