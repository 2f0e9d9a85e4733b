#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""client.py PENNY.PROTO ADDRESS PREFIX BITS [MODE [OVERRIDE]]: one StartTest, as OpenPenny's clients ask;
prints the response as JSON."""

import json
import subprocess
import sys
import tempfile

import grpc


def stubs(proto):
    """Made from the proto file, and imported."""
    with tempfile.TemporaryDirectory(prefix="pennyline-grpc-") as folder:
        subprocess.run(["protoc", f"--proto_path={proto.rpartition('/')[0] or '.'}", f"--python_out={folder}",
                        f"--grpc_python_out={folder}",
                        "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", proto], check=True)
        sys.path.insert(0, folder)
        import penny_pb2
        import penny_pb2_grpc
    return penny_pb2, penny_pb2_grpc


def main(proto, address, prefix, bits, mode="active", override=""):
    messages, service = stubs(proto)
    with grpc.insecure_channel(address) as channel:
        response = service.PennyServiceStub(channel).StartTest(messages.StartTestRequest(
            prefix=prefix, mask_bits=int(bits), test_id="cli", mode=mode, config_override_json=override))
    print(json.dumps({field.name: getattr(response, field.name) for field in response.DESCRIPTOR.fields}))


if __name__ == "__main__":
    main(*sys.argv[1:])
