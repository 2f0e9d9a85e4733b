#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""test_access.py PENNYLINE-GRPC PENNY.PROTO: who is served, by a token and by TLS; and what anybody may
ask: health, and which services there are."""

import pathlib
import queue
import random
import socket
import subprocess
import tempfile
import unittest

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from client import stubs_of
from world import GRPC, PATIENCE_S, PROTO, World, penny_pb2, penny_pb2_grpc, run

SECRET = "a secret of 24 characters"
PROTOS = pathlib.Path(PROTO).parent
health_pb2, _ = stubs_of(str(PROTOS / "health.proto"))
reflection_pb2, reflection_pb2_grpc = stubs_of(str(PROTOS / "reflection.proto"))
SERVING, NOT_SERVING = 1, 2


def request():
    return penny_pb2.StartTestRequest(prefix="192.0.2.0", mask_bits=24)


class Access(World):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.files = pathlib.Path(folder.name)
        super().setUp()

    def token_file(self, text=SECRET, mode=0o600):
        path = self.files / "token"
        path.write_text(text + "\n", encoding="utf-8")
        path.chmod(mode)
        return str(path)

    def certificate(self):
        certificate, key = str(self.files / "certificate.pem"), str(self.files / "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        return certificate, key

    def health(self, channel=None, service=""):
        answer = (channel or self.channel).unary_unary("/grpc.health.v1.Health/Check")(
            health_pb2.HealthCheckRequest(service=service).SerializeToString(), timeout=PATIENCE_S)
        return health_pb2.HealthCheckResponse.FromString(answer).status

    def expect_code(self, code, call, *arguments, **options):
        with self.assertRaises(grpc.RpcError) as raised:
            call(*arguments, timeout=PATIENCE_S, **options)
        self.assertEqual(raised.exception.code(), code)
        return raised.exception.details()


class Token(Access):
    def start(self):
        self.arguments = ("--token-file", self.token_file())
        super().start()

    def test_only_whoever_has_it_is_served(self):
        for metadata in (None, (("authorization", "Bearer wrong"),), (("authorization", f"Bearer {SECRET}x"),),
                         (("authorization", SECRET),), (("authorization", "Bearer " + "x" * 5000),)):
            details = self.expect_code(grpc.StatusCode.UNAUTHENTICATED, self.stub.StartTest, request(),
                                       metadata=metadata)
            self.assertIn("authorization: Bearer", details)
        self.assertEqual(self.stand_in.commands("test"), [])
        response = self.stub.StartTest(request(), metadata=(("authorization", f"Bearer {SECRET}"),),
                                       timeout=PATIENCE_S)
        self.assertEqual(response.status, "ok")

    def test_other_calls_ask_for_it_too(self):
        self.expect_code(grpc.StatusCode.UNAUTHENTICATED, self.stub.GetRuntimeStatus,
                         penny_pb2.GetRuntimeStatusRequest())
        self.assertEqual(self.stand_in.asked, [])

    def test_health_is_no_secret(self):
        self.assertEqual(self.health(), SERVING)

    def test_reflection_asks_for_it(self):
        stub = reflection_pb2_grpc.ServerReflectionStub(self.channel)
        with self.assertRaises(grpc.RpcError) as raised:
            list(stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]),
                                           timeout=PATIENCE_S))
        self.assertEqual(raised.exception.code(), grpc.StatusCode.UNAUTHENTICATED)


class Tls(Access):
    def start(self):
        self.certificate_path, key = self.certificate()
        self.arguments = ("--tls-certificate", self.certificate_path, "--tls-key", key)
        super().start()
        trusted = grpc.ssl_channel_credentials(pathlib.Path(self.certificate_path).read_bytes())
        self.secure = grpc.secure_channel(f"localhost:{self.program.port}", trusted)
        self.addCleanup(self.secure.close)

    def test_calls_are_served(self):
        self.assertIn("by TLS", self.program.line)
        stub = penny_pb2_grpc.PennyServiceStub(self.secure)
        for _ in range(3):
            self.assertEqual(stub.StartTest(request(), timeout=PATIENCE_S).status, "ok")

    def test_long_messages_pass_whole(self):
        self.stand_in.report["reason_text"] = "x" * 100000
        response = penny_pb2_grpc.PennyServiceStub(self.secure).StartTest(request(), timeout=PATIENCE_S)
        self.assertIn("x" * 100000, response.json_summary)

    def test_who_speaks_in_the_clear_is_not(self):
        self.expect_code(grpc.StatusCode.UNAVAILABLE, self.stub.StartTest, request())
        self.assertEqual(self.stand_in.commands("test"), [])

    def test_old_versions_and_other_protocols_are_refused(self):
        for options, cipher in ((("-tls1_2", "-alpn", "h2"), "ECDHE"), (("-alpn", "http/1.1"), "(NONE)"),
                                (("-tls1_1", "-alpn", "h2", "-cipher", "ALL@SECLEVEL=0"), "(NONE)")):
            done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.program.port}", *options],
                                  stdin=subprocess.DEVNULL, capture_output=True, errors="replace",
                                  timeout=PATIENCE_S, check=False)
            self.assertIn(f"Cipher is {cipher}", done.stdout)

    def test_who_does_not_go_on_with_the_handshake_stops_nobody(self):
        with socket.create_connection(("127.0.0.1", self.program.port)) as silent:
            silent.sendall(b"\x16\x03\x01")
            self.assertEqual(self.health(self.secure), SERVING)
            silent.settimeout(PATIENCE_S)
            self.assertEqual(silent.recv(1), b"")


class Files(Access):
    def test_a_token_that_others_may_read_is_refused(self):
        done = run("--token-file", self.token_file(mode=0o644))
        self.assertEqual(done.returncode, 1)
        self.assertIn("chmod o=", done.stderr)

    def test_a_short_token_is_refused(self):
        self.assertIn("16 to 255 characters", run("--token-file", self.token_file("short")).stderr)

    def test_a_certificate_that_is_none_is_named(self):
        certificate, key = self.certificate()
        pathlib.Path(key).write_text("no key", encoding="utf-8")
        done = run("--tls-certificate", certificate, "--tls-key", key)
        self.assertEqual(done.returncode, 1)
        self.assertIn(key, done.stderr)
        self.assertEqual(run("--tls-key", key).returncode, 2)

    def test_beyond_this_machine_it_asks_for_token_and_tls(self):
        certificate, key = self.certificate()
        for some in ((), ("--token-file", self.token_file()), ("--tls-certificate", certificate, "--tls-key", key)):
            done = run("--listen", "0.0.0.0:0", *some)
            self.assertEqual(done.returncode, 2)
            self.assertIn("--token-file and --tls-certificate", done.stderr)
        with subprocess.Popen([GRPC, "--listen", "0.0.0.0:0", "--token-file", self.token_file(),
                               "--tls-certificate", certificate, "--tls-key", key, "--socket", "/nothing"],
                              stderr=subprocess.PIPE, text=True) as process:
            self.assertIn("listening at 0.0.0.0:", process.stderr.readline())
            process.terminate()


class Health(Access):
    def test_it_is_that_of_pennyline(self):
        self.assertEqual(self.health(), SERVING)
        self.assertEqual(self.health(service="openpenny.api.PennyService"), SERVING)
        self.stand_in.refusal = "no"
        self.assertEqual(self.health(), NOT_SERVING)

    def test_no_pennyline_is_not_serving(self):
        self.stand_in.stop()
        self.assertEqual(self.health(), NOT_SERVING)

    def test_of_an_unknown_service_there_is_none(self):
        self.expect_code(grpc.StatusCode.NOT_FOUND, self.channel.unary_unary("/grpc.health.v1.Health/Check"),
                         health_pb2.HealthCheckRequest(service="x").SerializeToString())


class Reflection(Access):
    def ask_all(self, *requests, version="v1alpha"):
        call = self.channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString)
        return list(call(iter([reflection_pb2.ServerReflectionRequest(**r) for r in requests]), timeout=PATIENCE_S))

    def test_services_are_listed_in_both_versions(self):
        for version in ("v1", "v1alpha"):
            (answer,) = self.ask_all({"list_services": "", "host": "a"}, version=version)
            self.assertEqual([s.name for s in answer.list_services_response.service],
                             ["openpenny.api.PennyService", "grpc.health.v1.Health",
                              "grpc.reflection.v1alpha.ServerReflection"])
            self.assertEqual((answer.valid_host, answer.original_request.host), ("a", "a"))

    def test_a_client_that_knows_nothing_can_make_a_test(self):
        (answer,) = self.ask_all({"file_containing_symbol": "openpenny.api.PennyService"})
        file = descriptor_pb2.FileDescriptorProto.FromString(answer.file_descriptor_response.file_descriptor_proto[0])
        pool = descriptor_pool.DescriptorPool()
        pool.Add(file)
        method = pool.FindMethodByName("openpenny.api.PennyService.StartTest")
        factory = message_factory.MessageFactory(pool)
        asked = factory.GetPrototype(method.input_type)(prefix="192.0.2.0", mask_bits=24)
        answer = self.channel.unary_unary("/openpenny.api.PennyService/StartTest")(asked.SerializeToString(),
                                                                                   timeout=PATIENCE_S)
        self.assertEqual(factory.GetPrototype(method.output_type).FromString(answer).status, "ok")

    def test_every_file_is_had_by_name_and_by_what_is_in_it(self):
        for name, symbol in (("penny.proto", "openpenny.api.StartTestRequest"),
                             ("health.proto", "grpc.health.v1.Health.Check"),
                             ("reflection.proto", "grpc.reflection.v1alpha.ErrorResponse")):
            by_name, by_symbol = self.ask_all({"file_by_filename": name}, {"file_containing_symbol": symbol})
            self.assertEqual(by_name.file_descriptor_response, by_symbol.file_descriptor_response)
            (file,) = by_name.file_descriptor_response.file_descriptor_proto
            self.assertEqual(descriptor_pb2.FileDescriptorProto.FromString(file).name, name)

    def test_what_is_not_there_is_said(self):
        answers = self.ask_all({"file_by_filename": "x"}, {"file_containing_symbol": "openpenny.apis"},
                               {"all_extension_numbers_of_type": "x"}, {})
        self.assertEqual([a.error_response.error_code for a in answers], [5, 5, 12, 12])

    def test_answers_come_while_the_call_goes_on(self):
        asked = queue.SimpleQueue()
        stub = reflection_pb2_grpc.ServerReflectionStub(self.channel)
        call = stub.ServerReflectionInfo(iter(asked.get, None), timeout=PATIENCE_S)
        for name in ("a", "b"):
            asked.put(reflection_pb2.ServerReflectionRequest(file_by_filename=name))
            self.assertEqual(next(call).original_request.file_by_filename, name)
        asked.put(None)
        self.assertEqual(list(call), [])

    def test_a_thousand_questions_are_answered_in_order(self):
        names = [f"file{i}" for i in range(1000)]
        answers = self.ask_all(*({"file_by_filename": name} for name in names))
        self.assertEqual([a.original_request.file_by_filename for a in answers], names)

    def test_garbage_does_no_harm(self):
        draw = random.Random(1)
        call = self.channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
        for _ in range(200):
            asked = [draw.randbytes(draw.randrange(40)) for _ in range(draw.randrange(4))]
            try:
                list(call(iter(asked), timeout=PATIENCE_S))
            except grpc.RpcError as error:
                self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(self.health(), SERVING)

    def test_bytes_that_are_no_question_end_the_call(self):
        call = self.channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
        with self.assertRaises(grpc.RpcError) as raised:
            list(call(iter([b"\xff"]), timeout=PATIENCE_S))
        self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(self.health(), SERVING)


if __name__ == "__main__":
    unittest.main()
