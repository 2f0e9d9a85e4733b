#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""client.py PENNY.PROTO ADDRESS PREFIX BITS [MODE [OVERRIDE]]: one StartTest, as OpenPenny's clients ask;
prints the response as JSON."""

import importlib
import json
import subprocess
import sys
import tempfile

import grpc


def stubs_of(proto):
    """Messages and service, made from a proto file, and imported."""
    folder, _, name = proto.rpartition("/")
    module = name.removesuffix(".proto") + "_pb2"
    with tempfile.TemporaryDirectory(prefix="pennyline-grpc-") as made:
        subprocess.run(["protoc", f"--proto_path={folder or '.'}", f"--python_out={made}", f"--grpc_python_out={made}",
                        "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", proto], check=True)
        sys.path.insert(0, made)
        return importlib.import_module(module), importlib.import_module(module + "_grpc")


def main(proto, address, prefix, bits, mode="active", override=""):
    messages, service = stubs_of(proto)
    with grpc.insecure_channel(address) as channel:
        response = service.PennyServiceStub(channel).StartTest(messages.StartTestRequest(
            prefix=prefix, mask_bits=int(bits), test_id="cli", mode=mode, config_override_json=override))
    print(json.dumps({field.name: getattr(response, field.name) for field in response.DESCRIPTOR.fields}))


if __name__ == "__main__":
    main(*sys.argv[1:])
