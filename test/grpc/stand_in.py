# SPDX-License-Identifier: BSD-3-Clause
"""A stand-in for pennyline's control socket, for tests of pennyline-grpc: it notes what it is asked, and
each test is over after `test_s`, with the report that stands in `report`."""

import json
import pathlib
import socket
import threading

REPORT = {
    "aggregate": 7, "name": "test-1", "slice": "test-1", "prefix": "192.0.2.0/24", "label": "a",
    "state": "done", "rule": "anytime", "verdict": "closed_loop", "provisional": False, "mixed": False,
    "via": "aggregate", "reason": "evidence", "reason_text": "The evidence reached its threshold.",
    "packets": 1000, "bytes": 9, "segments": 700, "in_order": 680, "population_in_order": 600,
    "population_duplicates": 4, "pure_acks": 200, "out_of_order": 10, "repairs": 5, "duplicates": 6,
    "unarmed": 50, "dropped": 6, "retransmitted": 5, "expired": 1, "void": 0, "pending": 0,
    "flows_seen": 21, "flows": {"seen": 21, "tested": 4, "repaired": 4, "closed_loop": 2, "individual": [
        {"penny": {"outcome": "closed_loop"}, "ended": True},
        {"penny": {"outcome": "closed_loop"}, "ended": True},
        {"penny": {"outcome": "not_closed_loop"}, "ended": True},
        {"penny": {"outcome": "duplicates_exceeded"}, "ended": False}]},
}


class StandIn:
    def __init__(self, path, test_s=0.05):
        self.path, self.test_s = pathlib.Path(path), test_s
        self.report, self.refusal, self.late_refusal = dict(REPORT), None, None
        self.asked, self.ended = [], threading.Event()
        self.lock, self.n = threading.Lock(), 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(128)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, client.makefile("rb") as lines:
            for line in lines:
                request = json.loads(line)
                with self.lock:
                    self.asked.append(request)
                try:
                    self.answer(client, request)
                except OSError:
                    return

    def say(self, client, value):
        client.sendall(json.dumps(value).encode() + b"\n")

    def answer(self, client, request):
        command = request["command"]
        if self.refusal is not None:
            self.say(client, {"ok": False, "error": self.refusal})
        elif command == "test":
            with self.lock:
                self.n += 1
                number = self.n
            self.say(client, {"ok": True, "result": {"tests": [
                {"test": number, "slice": f"test-{number}", "source": request["source"], "kept_by": []}]}})
            if not self.ended.wait(self.test_s):
                kind = "test_refused" if self.late_refusal else \
                    "watch_ended" if request["mode"] == "passive" else "test_ended"
                self.say(client, {"event": "drop_made", "slice": f"test-{number}"})
                self.say(client, {"event": "test_ended", "slice": "somebody-elses"})
                self.say(client, {"event": kind, "slice": f"test-{number}"})
        elif command == "test show":
            self.say(client, {"ok": True, "result": {
                "test": request["test"], "state": "over", "reason": self.late_refusal,
                "report": None if self.late_refusal else self.report}})
        elif command == "test end":
            self.ended.set()
            self.say(client, {"ok": True, "result": {"test": request["test"], "state": "over"}})
        else:
            self.say(client, {"ok": True, "result": {"command": command}})

    def commands(self, name):
        with self.lock:
            return [r for r in self.asked if r["command"] == name]

    def stop(self):
        self.socket.close()
        self.path.unlink(missing_ok=True)
