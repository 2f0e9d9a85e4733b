# SPDX-License-Identifier: BSD-3-Clause
"""The other side of a webhook."""

import http.server
import json
import threading


class Receiver:
    """The other side: keeps what it is sent, and answers as it is told."""

    def __init__(self, port):
        self.posts, self.status = [], 204
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.status
                receiver.posts.append((status, json.loads(body), dict(self.headers)))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def taken(self):
        return [body for status, body, _ in self.posts if status == 204]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
