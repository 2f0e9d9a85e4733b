#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Events reach the webhook from the event log, whatever happened to either side. Argument: the program."""

import json
import os
import signal
import tempfile
import time
import unittest

import fake_pennyline
from gateway import Gateway, free_port, wait_until
from receiver import Receiver
from world import PROGRAM, main


CLOCK_REALTIME_COARSE = 5  # clock_gettime(2)


class Log:
    """An event log that is written, rotated and cut as pennyline and logrotate do it."""

    def __init__(self, path):
        self.path, self.n = path, 0

    def write(self, n, kind="verdict", padding=0, end="\n", since_s=0):
        """The numbers of `n` new events."""
        numbers = range(self.n, self.n + n)
        self.n += n
        with open(self.path, "a", encoding="utf-8") as file:
            for number in numbers:
                file.write(json.dumps({"time": "2026-01-01T00:00:00.000Z", "monotonic_s": since_s + number / 8,
                                       "event": kind, "aggregate": number, "name": "x" * padding}) + end)
        return list(numbers)

    def rotate(self):
        """What is written from here on bears a later time, as file systems tell times."""
        wait_until(lambda: time.clock_gettime_ns(CLOCK_REALTIME_COARSE) > os.stat(self.path).st_mtime_ns)
        if os.path.exists(self.path + ".1"):
            os.rename(self.path + ".1", self.path + ".2")
        os.rename(self.path, self.path + ".1")


class FromTheLog(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pennyline-log-")
        self.addCleanup(self.folder.cleanup)
        self.server = fake_pennyline.Server(self.path("control.sock"), 3)
        self.addCleanup(self.server.stop)
        os.mkdir(self.path("queue"))
        self.log = Log(self.path("events.jsonl"))
        self.log.write(3)
        self.port = free_port()
        self.receiver = Receiver(self.port)
        self.web = Gateway(PROGRAM, self.path("control.sock"), "--webhook", f"http://127.0.0.1:{self.port}/",
                           "--webhook-queue", self.path("queue"), "--event-log", self.log.path)
        self.addCleanup(self.web.kill)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def numbers(self):
        return [post["event"]["aggregate"] for post in self.receiver.taken()]

    def arrive(self, *groups):
        """These, and no others, in this order."""
        wanted = sum(groups, [])
        wait_until(lambda: len(self.numbers()) >= len(wanted), "each post")
        self.assertEqual(self.numbers(), wanted)

    def kept(self):
        """Is all posted, and its place in the log written?"""
        with open(self.path("queue/event-log.place"), encoding="ascii") as file:
            inode, offset = file.read().split(" ")[1:3]
        log = os.stat(self.log.path)
        return (int(inode), int(offset)) == (log.st_ino, log.st_size) and self.waiting() == 0

    def crash(self):
        """After which nothing is posted twice: an event counts as posted when its place was kept."""
        wait_until(self.kept)
        self.web.process.send_signal(signal.SIGKILL)
        self.web.process.wait()

    def gaps(self):
        return self.metric("event_log_gaps_total")

    def test_begins_with_what_is_new(self):
        self.arrive(self.log.write(2))

    def test_a_time_after_a_year_is_posted_with_all_its_digits(self):
        self.arrive(self.log.write(2, since_s=31536000.000033))
        self.assertEqual([post["event"]["monotonic_s"] for post in self.receiver.taken()],
                         [31536000.375033, 31536000.500033])

    def test_what_happened_while_it_was_dead_is_posted_later_once(self):
        first = self.log.write(2)
        self.arrive(first)
        self.crash()
        second = self.log.write(5)
        self.web.start()
        self.arrive(first, second, self.log.write(1))
        ids = [post["id"] for post in self.receiver.taken()]
        self.assertEqual(len(set(ids)), len(ids))
        self.assertEqual(self.gaps(), 0)

    def test_a_crash_before_the_place_was_kept_posts_twice_with_the_same_id(self):
        self.arrive(self.log.write(1))
        wait_until(self.kept)
        with open(self.path("queue/event-log.place"), "rb") as file:
            before = file.read()
        self.log.write(2)
        wait_until(lambda: len(self.numbers()) == 3)
        self.crash()
        with open(self.path("queue/event-log.place"), "wb") as file:
            file.write(before)
        self.web.start()
        wait_until(lambda: len(self.numbers()) == 5)
        posts = self.receiver.taken()
        self.assertEqual([p["id"] for p in posts[1:3]], [p["id"] for p in posts[3:5]])

    def test_rotation_loses_nothing_dead_or_alive(self):
        groups = [self.log.write(2)]
        self.arrive(*groups)
        self.crash()
        groups.append(self.log.write(2))
        self.log.rotate()
        groups.append(self.log.write(2))
        self.log.rotate()
        groups.append(self.log.write(2))
        self.web.start()
        self.arrive(*groups)
        for _ in range(3):
            self.log.rotate()
            groups.append(self.log.write(2))
            self.arrive(*groups)
        self.assertEqual(self.gaps(), 0)

    def test_a_log_that_is_gone_is_counted_and_the_rest_is_posted(self):
        self.arrive(first := self.log.write(2))
        self.crash()
        self.log.write(2)
        self.log.rotate()
        second = self.log.write(2)
        os.remove(self.log.path + ".1")
        self.web.start()
        self.arrive(first, second)
        self.assertEqual(self.gaps(), 1)

    def test_a_log_that_is_cut_is_read_from_its_begin(self):
        self.arrive(first := self.log.write(5))
        os.truncate(self.log.path, 0)
        wait_until(lambda: self.gaps() == 1)
        self.arrive(first, self.log.write(2))

    def test_a_log_that_is_cut_and_has_grown_again_is_read_from_its_begin(self):
        self.arrive(first := self.log.write(2))
        # It does not look meanwhile, as between two of its looks.
        self.web.process.send_signal(signal.SIGSTOP)
        os.truncate(self.log.path, 0)
        second = self.log.write(50)
        self.web.process.send_signal(signal.SIGCONT)
        self.arrive(first, second)
        self.assertEqual(self.gaps(), 1)

    def test_a_line_that_was_never_ended_holds_up_nothing(self):
        self.arrive(first := self.log.write(1))
        self.log.write(1, end="")
        self.log.rotate()
        self.arrive(first, self.log.write(2))
        self.assertEqual(self.gaps(), 1)

    def test_a_line_counts_when_it_is_whole(self):
        half = self.log.write(1, end="")
        other = self.log.write(1, kind="drop_made")
        self.assertEqual(self.numbers(), [])
        # Two objects in one line are no event.
        wait_until(lambda: self.gaps() == 1)
        self.assertNotEqual(half, other)
        self.arrive(self.log.write(1))

    def test_a_full_queue_takes_the_rest_when_it_has_room(self):
        self.receiver.stop()
        # Each is queued with its sentence, so twice its length: some 140 of them are 16 MiB.
        sent = self.log.write(200, padding=60000)
        waiting = wait_until(lambda: (n := self.waiting()) > 130 and n, "the queue to fill")
        self.assertLess(waiting, 150)
        wait_until(lambda: self.behind() > 1e6)
        self.assertIn("takes no more", self.web.log())
        self.receiver = Receiver(self.port)
        wait_until(lambda: len(self.numbers()) == 200)
        self.assertEqual(self.numbers(), sent)
        wait_until(lambda: self.behind() == 0)

    def metric(self, name):
        text = self.web.get("/metrics").body.decode()
        return float(text.split(f"\npennyline_web_{name} ")[1].split("\n")[0])

    def waiting(self):
        return self.metric("webhook_waiting")

    def behind(self):
        return self.metric("event_log_behind_bytes")


if __name__ == "__main__":
    main()
