# SPDX-License-Identifier: BSD-3-Clause
"""No attack of a blind sender ever earns closed_loop: replayed, and live past small tables."""

import ipaddress
import os
import sys
import unittest

import live
import netlab
import pennyline
import test_workers
from netlab import RECEIVER, SPOOFED

sys.path.insert(0, os.path.join(netlab.TREE, "tools", "studies"))
import attack_runs  # noqa: E402

# By rule anytime a run fails with at most 1e-6 by chance; by rule penny the worst is a sender that
# repeats 14.9 %: 1.3e-5 of its runs.
REPLAYED_SEEDS = 5
LIVE_ROUNDS = 5 if live.FULL else 1
LIVE_SECONDS, STEPS_PER_S = 45, 60


def subnets():
    """A prefix for each attack by each rule."""
    parts = ipaddress.ip_network(SPOOFED[4]).subnets(new_prefix=30)
    return {(rule, attack): str(next(parts)) for rule in attack_runs.RULES
            for attack in attack_runs.ATTACKS}


class Attacks(unittest.TestCase):
    def test_none_is_closed_loop_replayed(self):
        rows = attack_runs.run_all(pennyline.build_directory(), REPLAYED_SEEDS, 1, os.cpu_count())
        self.assertEqual(len(rows), len(attack_runs.RULES) * len(attack_runs.ATTACKS))
        self.assertEqual(attack_runs.fooled(rows), [])

    def test_none_is_closed_loop_live_all_at_once(self):
        for number in range(LIVE_ROUNDS):
            with self.subTest(round=number):
                self.play_live(number + 1, n_workers=2 - number % 2)

    def play_live(self, seed, n_workers):
        """All share one flow table (of each worker), which the floods overfill."""
        prefixes = subnets()
        slices = [{"name": f"{rule}-{number}", "sources": [prefix], "mode": "active", "rule": rule}
                  for number, ((rule, _), prefix) in enumerate(prefixes.items())]
        ports = test_workers.two_queues("af_xdp") if n_workers == 2 else None
        lcores = test_workers.TWO_WORKERS if n_workers == 2 else "0@0,1@1"
        with netlab.Path(queues=n_workers) as lab:
            service = pennyline.Service(lab, slices, {"flows_per_lcore": 1024}, ports=ports,
                                        lcores=lcores)
            senders = [self.start(lab, attack, prefix, seed)
                       for (_, attack), prefix in prefixes.items()]
            for sender in senders:
                self.assertEqual(sender.wait(LIVE_SECONDS + 20), 0, sender.errors())
            code, summary = service.stop()
        self.assertEqual(code, 0)
        self.assertEqual(summary.broken_identities(), [])
        self.assertEqual(len(summary.aggregates), len(prefixes))
        for (rule, attack), prefix in prefixes.items():
            aggregate = summary.aggregate(prefix)
            self.assertGreater(aggregate["total"]["packets"], 0, (rule, attack))
            self.assertNotEqual(aggregate["verdict"], "closed_loop", (rule, attack, aggregate))
            self.assertLessEqual(aggregate["dropped"], 72)
        dropped = sum(a["dropped"] for a in summary.aggregates)
        self.assertGreater(dropped, 2 * len(prefixes), "hardly anything was tested")

    def start(self, lab, attack, prefix, seed):
        return lab.spoof(pennyline.program("pennyline-blind"), prefix, RECEIVER[4], "--attack",
                         attack.name.split()[0], "--rate", STEPS_PER_S, "--duration",
                         LIVE_SECONDS, "--payload", 200, "--seed", seed, "--handshake",
                         *attack.options)
