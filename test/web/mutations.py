# SPDX-License-Identifier: BSD-3-Clause
"""Requests that went wrong on their way: bytes changed, cut, repeated and put in."""

SEEDS = (
    b"GET /api/v1/aggregates?count=5&slice=lab HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /api/v1/events?after=1&count=9 HTTP/1.0\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nIf-None-Match: \"x\"\r\n\r\n",
    b"PUT /api/v1/kill-switch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n"
    b"Authorization: Bearer wrong\r\n\r\n"
    b'{"on": true}',
    b"POST /api/v1/tests HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    b"Authorization: Bearer x\r\n\r\n5\r\n{\"a\":\r\n0\r\n\r\n",
    b"DELETE /api/v1/tests/1 HTTP/1.1\r\nHost: [::1]:80\r\nOrigin: http://[::1]:80\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
)


def mutated(chance):
    """Of `chance`, a random.Random: the same one gives the same requests."""
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randrange(1, 8)):
        at = chance.randrange(len(data)) if data else 0
        kind = chance.randrange(4)
        if kind == 0 and data:
            data[at] = chance.randrange(256)
        elif kind == 1:
            del data[at:at + chance.randrange(20)]
        elif kind == 2:
            data[at:at] = data[at:at + chance.randrange(40)] * chance.randrange(1, 50)
        else:
            data[at:at] = bytes(chance.randrange(256) for _ in range(10))
    return bytes(data)
