#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""test_grpc.py PENNYLINE-GRPC PENNY.PROTO: OpenPenny's service, asked by grpcio as OpenPenny's own clients
ask, by stubs made from the proto file; a stand-in answers for pennyline."""

import concurrent.futures
import json
import os
import pathlib
import random
import socket
import time
import unittest

import grpc

from stand_in import REPORT
from world import PATIENCE_S, World, penny_pb2, penny_pb2_grpc, run

ACTIVE_1_0 = {"monitoring": {"active": {
    "enabled": True,
    "aggregates": {"enabled": True, "max_monitored_flows": 100, "fallback_to_individual": True,
                   "min_individual_flows_for_closed_loop": 2},
    "drop_policy": {"packet_drop_probability": 0.05, "max_duplicate_ratio": 0.15,
                    "max_reordering_ratio": 0.8, "retransmission_observation_miss_rate": 0.05},
    "timeouts": {"retransmission_timeout_seconds": 3.0, "admission_grace_period_seconds": 3.0,
                 "monitored_flow_idle_expiry_seconds": 30.0},
    "execution": {"max_packet_drops_per_flow": 6, "max_packet_drops_global_aggregate": 12,
                  "stop_after_individual_flows": 10}},
    "passive": {"enabled": False, "aggregates": {"enabled": False}}}}
ACTIVE_1_1 = {"runtime_policy": {
    "mode": "active", "aggregates": {"enabled": True}, "safety": {"allow_ssh_bypass": True},
    "thresholds": {"packet_drop_probability": 0.05, "max_duplicate_ratio": 0.15,
                   "max_reordering_ratio": 0.8, "retransmission_observation_miss_rate": 0.05,
                   "retransmission_timeout_in_seconds": 3.0, "admission_grace_period_seconds": 3.0,
                   "monitored_flow_idle_expiry_seconds": 30.0, "max_packet_drops_per_flow": 6,
                   "max_packet_drops_global_aggregate": 12, "stop_after_individual_flows": 10}}}
ACTIVE_SET = {"drop_probability": 0.05, "max_duplicate_ratio": 0.15, "max_reordering_ratio": 0.8,
              "p_miss": 0.05, "retransmission_timeout_ms": 3000, "admission_grace_ms": 3000,
              "flow_idle_timeout_ms": 30000, "max_drops_per_flow": 6, "max_drops_per_aggregate": 12,
              "max_individual_flows": 10}
PASSIVE_1_0 = {"monitoring": {
    "active": {"enabled": False, "execution": {"max_number_of_individual_flows": 10}},
    "passive": {"enabled": True, "min_number_of_flows_to_finish": 10, "max_parallel_flows": 10,
                "max_execution_time": 150, "timeouts": {"admission_grace_period_seconds": 3,
                                                        "monitored_flow_idle_expiry_seconds": 15}}}}
PASSIVE_1_1 = {"runtime_policy": {
    "mode": "passive", "aggregates": {"enabled": False}, "safety": {"allow_ssh_bypass": True},
    "thresholds": {"passive_min_flows_to_finish": 10, "passive_max_parallel_flows": 10,
                   "passive_max_execution_time_seconds": 150,
                   "monitored_flow_idle_expiry_seconds": 15.0}}}


class Calls(World):
    def test_their_command_line_client_gets_every_field(self):
        response = self.ask(test_id="cli")
        self.assertEqual((response.test_id, response.status), ("cli", "ok"))
        self.assertEqual([getattr(response, name) for name in (
            "packets_processed", "packets_forwarded", "forward_errors", "pure_ack_packets", "data_packets",
            "duplicate_packets", "in_order_packets", "out_of_order_packets", "retransmitted_packets",
            "non_retransmitted_packets", "pending_retransmissions", "flows_tracked_data")],
            [1000, 994, 0, 200, 750, 6, 680, 21, 5, 1, 0, 21])
        self.assertTrue(response.penny_completed and response.aggregates_penny_completed
                        and response.aggregates_enabled and response.aggregates_decision_complete
                        and response.aggregates_has_eval)
        self.assertEqual(response.aggregates_status, "closed_loop")
        self.assertEqual([getattr(response, f"aggregates_eval_{name}_packets") for name in (
            "data", "duplicate", "retransmitted", "non_retransmitted")], [600, 4, 5, 1])
        self.assertEqual(response.aggregates_snapshots, 6)
        self.assertEqual([getattr(response, f"aggregate_flows_{name}") for name in (
            "monitored", "finished", "closed_loop", "not_closed_loop", "rst", "duplicates_exceeded")],
            [4, 3, 2, 1, 0, 1])
        self.assertEqual(self.stand_in.commands("test"), [
            {"command": "test", "source": "192.0.2.0/24", "mode": "active", "label": "cli", "watch": True}])

    def test_the_summary_has_their_keys_and_ours(self):
        summary = json.loads(self.ask().json_summary)
        self.assertEqual(summary["packets"]["processed"], 1000)
        self.assertEqual(summary["flows"], {"tracked_syn": 0, "tracked_data": 21})
        self.assertEqual(summary["aggregates_status"], "closed_loop")
        self.assertEqual(summary["aggregates_eval"]["data_packets"], 600)
        self.assertEqual(summary["aggregate_flows"]["monitored"], 4)
        self.assertEqual((summary["test_id"], summary["status"]), ("default", "ok"))
        self.assertEqual(summary["reason_text"], REPORT["reason_text"])
        self.assertEqual(summary["pennyline"], REPORT)
        self.assertEqual(summary["warnings"], [])

    def test_each_verdict_has_their_word(self):
        for verdict, status, decided in (("closed_loop", "closed_loop", True),
                                         ("not_closed_loop", "not_closed_loop", True),
                                         ("duplicates_exceeded", "duplicates_exceeded", True),
                                         ("undecided", "pending", False), ("inconclusive", "pending", False)):
            self.stand_in.report = {**REPORT, "verdict": verdict, "reason": "duration"}
            response = self.ask()
            self.assertEqual((response.status, response.aggregates_status,
                              response.aggregates_decision_complete, response.penny_completed),
                             ("ok", status, decided, False))
            self.assertEqual(json.loads(response.json_summary)["verdict"], verdict)

    def test_overrides_of_both_generations_set_the_same_parameters(self):
        for override in (ACTIVE_1_0, ACTIVE_1_1):
            self.assertEqual(self.ask(override, mode="active").status, "ok")
        old, new = (r["set"] for r in self.stand_in.commands("test"))
        self.assertEqual(new, ACTIVE_SET)
        self.assertEqual(old, {**ACTIVE_SET, "min_closed_loop_flows": 2, "fallback_to_individual": True})

    def test_passive_overrides_of_both_generations(self):
        for override in (PASSIVE_1_0, PASSIVE_1_1):
            response = self.ask(override, mode="passive")
            self.assertEqual((response.status, response.aggregates_status, response.aggregates_enabled),
                             ("ok", "n/a", False))
            self.assertEqual(response.aggregate_flows_monitored, 0)
        for request in self.stand_in.commands("test"):
            self.assertEqual(request["mode"], "passive")
            for name, value in (("min_flows_to_finish", 10), ("max_duration_ms", 150000),
                                ("passive_flow_idle_timeout_ms", 15000)):
                self.assertEqual(request["set"][name], value)

    def test_what_is_not_honoured_is_listed(self):
        override = {"platform": {"interface": "eth1", "queue": 3}, "ifname": "eth2", "colour": "red",
                    "egress": {"kind": "tun"}, "runtime_policy": {"thresholds": {"max_monitored_flows": 5}}}
        response = self.ask(override, forward_to_tun=True, tun_name="xdp-tun", stats_socket_path="/tmp/s",
                            prefix="192.0.2.77")
        self.assertEqual(response.status, "ok")
        warnings = "\n".join(json.loads(response.json_summary)["warnings"])
        for text in ("platform.interface: eth1: not honoured", "platform.queue: 3: not honoured",
                     "ifname: eth2: not honoured", "colour: red", "egress.kind: tun: not honoured",
                     "max_monitored_flows: 5: no counterpart", "forward_to_tun: not honoured",
                     "tun_name: not honoured", "stats_socket_path", "prefix: bits behind mask_bits"):
            self.assertIn(text, warnings)
        self.assertEqual(self.stand_in.commands("test")[0]["source"], "192.0.2.0/24")

    def test_what_would_change_what_is_tested_is_refused(self):
        rules = {"default": "exclude", "rules": [{"decision": "include", "dst_port": 5201}]}
        for override, words in (({"traffic_policy": rules}, "traffic_policy would change what is tested"),
                                ({"runtime_policy": {"mode": "passive"}}, "another one than the mode"),
                                ({"runtime_policy": {"thresholds": {"packet_drop_probability": 0}}},
                                 "nothing is tested"),
                                ({"includes": {"platform": "/etc/passwd"}}, "includes are for files"),
                                ({"platform": {"queue": "x"}}, "allowed: a whole number")):
            response = self.ask(override)
            self.assertIn(words, response.status)
            self.assertTrue(response.status.startswith("error: config_override_json"))
        response = self.stub.StartTest(penny_pb2.StartTestRequest(
            prefix="192.0.2.0", mask_bits=24, config_override_json="{"))
        self.assertIn("error: config_override_json:1: bad JSON", response.status)
        self.assertEqual(self.stand_in.asked, [])

    def test_a_prefix_is_asked_for(self):
        for fields, words in (({"prefix": "", "mask_bits": 0}, "error: prefix: none; allowed: "),
                              ({"mask_bits": 0}, "error: mask_bits: 0; allowed: 1 to 32"),
                              ({"mask_bits": 33}, "error: mask_bits: 33; allowed: 1 to 32"),
                              ({"prefix": "x"}, "error: prefix: x; allowed: an address"),
                              ({"prefix": "2001:db8::", "mask_bits": 129}, "allowed: 1 to 128")):
            response = self.ask(**fields)
            self.assertIn(words, response.status)
            self.assertEqual(json.loads(response.json_summary)["status"], response.status)
        self.assertEqual(self.stand_in.asked, [])
        self.assertEqual(self.ask(prefix="2001:db8::", mask_bits=32).status, "ok")
        self.assertEqual(self.stand_in.commands("test")[0]["source"], "2001:db8::/32")

    def test_a_refusal_of_pennyline_is_the_status(self):
        self.stand_in.refusal = "test: 64 tests by command are under way"
        self.assertEqual(self.ask().status, "error: test: 64 tests by command are under way")
        self.stand_in.refusal, self.stand_in.late_refusal = None, "its slice is gone"
        self.assertEqual(self.ask().status, "error: the test was refused: its slice is gone")

    def test_a_pennyline_that_is_not_there_is_told(self):
        self.stand_in.stop()
        response = self.ask()
        self.assertTrue(response.status.startswith("error: "), response.status)
        self.assertIn(str(self.stand_in.path), response.status)

    def test_a_client_that_goes_away_ends_its_test(self):
        self.stand_in.test_s = 3600
        call = self.stub.StartTest.future(penny_pb2.StartTestRequest(prefix="192.0.2.0", mask_bits=24))
        self.wait_until(lambda: self.stand_in.commands("test"))
        call.cancel()
        self.wait_until(lambda: self.stand_in.commands("test end"))
        self.assertEqual(self.stand_in.commands("test end"), [{"command": "test end", "test": 1}])

    def test_a_deadline_ends_the_test(self):
        self.stand_in.test_s = 3600
        with self.assertRaises(grpc.RpcError) as raised:
            self.ask(timeout=0.5)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.wait_until(lambda: self.stand_in.commands("test end"))

    def test_the_end_of_the_program_ends_its_tests(self):
        self.stand_in.test_s = 3600
        call = self.stub.StartTest.future(penny_pb2.StartTestRequest(prefix="192.0.2.0", mask_bits=24))
        self.wait_until(lambda: self.stand_in.commands("test"))
        self.assertFalse(call.done())
        self.program.process.terminate()
        self.assertEqual(self.program.process.wait(timeout=PATIENCE_S), 0)
        self.assertEqual(len(self.stand_in.commands("test end")), 1)

    def test_fifty_at_once_and_one_after_the_other_leave_nothing(self):
        def all_at_once():
            with concurrent.futures.ThreadPoolExecutor(50) as pool:
                return list(pool.map(lambda i: self.ask(test_id=f"t{i}"), range(50)))

        def in_use():
            folder = pathlib.Path(f"/proc/{self.program.process.pid}")
            return len(list((folder / "fd").iterdir())), len(list((folder / "task").iterdir()))

        for i, response in enumerate(all_at_once()):
            self.assertEqual((response.status, response.test_id), ("ok", f"t{i}"))
        self.stand_in.test_s = 0
        self.ask()
        before = in_use()
        for _ in range(200):
            self.assertEqual(self.ask().status, "ok")
        self.wait_until(lambda: in_use() <= before)

    def test_more_than_may_be_are_told_to_come_again(self):
        self.stand_in.test_s = 3600
        channels = [self.program.channel() for _ in range(2)]
        calls = [penny_pb2_grpc.PennyServiceStub(channel).StartTest.future(
            penny_pb2.StartTestRequest(prefix="192.0.2.0", mask_bits=24))
            for channel in channels for _ in range(32)]
        self.wait_until(lambda: len(self.stand_in.commands("test")) == 64)
        with self.assertRaises(grpc.RpcError) as raised:
            self.ask()
        self.assertEqual(raised.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertIn("too many calls", raised.exception.details())
        self.assertFalse(any(call.done() for call in calls))
        for channel in channels:
            channel.close()
        self.wait_until(lambda: len(self.stand_in.commands("test end")) == 64)

    def test_the_further_calls_are_done_or_refused_in_words(self):
        for name, request in (("ApplyConfig", penny_pb2.ApplyConfigRequest()),
                              ("SetTrafficPolicy", penny_pb2.SetTrafficPolicyRequest()),
                              ("SetRuntimePolicy", penny_pb2.SetRuntimePolicyRequest()),
                              ("SetMode", penny_pb2.SetModeRequest()), ("Stop", penny_pb2.StopRequest()),
                              ("GetDesiredConfig", penny_pb2.GetConfigRequest())):
            self.assertIn("not possible by this call", getattr(self.stub, name)(request).status, name)
        for name, request, command in (("GetEffectiveConfig", penny_pb2.GetConfigRequest(), "config show"),
                                       ("ReloadConfig", penny_pb2.ReloadConfigRequest(), "reload"),
                                       ("GetRuntimeStatus", penny_pb2.GetRuntimeStatusRequest(), "status")):
            response = getattr(self.stub, name)(request)
            self.assertEqual((response.status, json.loads(response.effective_config_json)),
                             ("ok", {"command": command}))

    def test_health_is_told_and_strangers_are_refused(self):
        check = self.channel.unary_unary("/grpc.health.v1.Health/Check")
        self.assertEqual(check(b""), b"\x08\x01")
        for path in ("/openpenny.api.PennyService/Nothing", "/other.Service/StartTest"):
            with self.assertRaises(grpc.RpcError) as raised:
                self.channel.unary_unary(path)(b"")
            self.assertEqual(raised.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_bytes_that_are_no_request_are_refused(self):
        call = self.channel.unary_unary("/openpenny.api.PennyService/StartTest")
        for message in (b"\xff", b"\x0a\xff", b"\x0a\x02\xff\xfe"):
            with self.assertRaises(grpc.RpcError) as raised:
                call(message)
            self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        with self.assertRaises(grpc.RpcError) as raised:
            call(b"\x0a" + b"\xff\xff\x7f" + b"x" * 300000)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertEqual(self.ask().status, "ok")

    def test_words_of_any_language_come_back_whole_or_cut_between_letters(self):
        for text in ("\N{SNOWMAN}" * 200, "x" + "\N{SNOWMAN}" * 200, "xx" + "\N{SNOWMAN}" * 200):
            self.assertIn("error: prefix: ", self.ask(prefix=text).status)
            response = self.ask({"platform": {"interface": "e", text: text}}, test_id=text)
            self.assertEqual((response.status, response.test_id), ("ok", text))
            self.assertEqual(len(json.loads(response.json_summary)["warnings"]), 2)

    def test_garbage_does_no_harm(self):
        draw = random.Random(int(os.environ.get("GRPC_FUZZ_SEED", "1")))
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
        until = time.monotonic() + float(os.environ.get("GRPC_FUZZ_SECONDS", "2"))
        while time.monotonic() < until:
            with socket.create_connection(("127.0.0.1", self.program.port)) as client:
                data = draw.randbytes(draw.randrange(400))
                if draw.randrange(4):
                    frame = bytes([0, 0, len(data) % 60, draw.randrange(12), draw.randrange(256), 0, 0, 0,
                                   draw.randrange(6)])
                    data = preface + frame + data
                try:
                    client.sendall(data)
                    client.settimeout(0.01)
                    client.recv(100)
                except OSError:
                    pass
        self.assertIsNone(self.program.process.poll())
        self.assertEqual(self.ask().status, "ok")


class WithoutPrefix(World):
    arguments = ("--allow-no-prefix",)

    def test_a_call_without_prefix_tests_every_source_where_that_is_allowed(self):
        response = self.ask(prefix="", mask_bits=0)
        self.assertEqual(response.status, "ok")
        self.assertEqual(self.stand_in.commands("test")[0]["source"], "0.0.0.0/0")
        self.assertIn("every IPv4 source", json.loads(response.json_summary)["warnings"][0])


class CommandLine(unittest.TestCase):
    def test_it_does_not_listen_beyond_this_machine_unless_told(self):
        done = run("--listen", "0.0.0.0:0")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--anyone", done.stderr)

    def test_bad_addresses_are_refused(self):
        for text in ("", "x", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:65536", "[::1:1", ":1"):
            self.assertEqual(run("--listen", text).returncode, 2, text)
        self.assertEqual(run("x").returncode, 2)

    def test_an_address_that_is_taken_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = run("--listen", f"127.0.0.1:{taken.getsockname()[1]}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Address already in use", done.stderr)


if __name__ == "__main__":
    unittest.main()
