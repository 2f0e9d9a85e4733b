#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Arrows point down: who includes and who calls whom, held against the order of lib/meson.build.

Usage: check_arrows.py BUILD LIBRARY...     the libraries from the ground up

Calls are those of the build's own objects, by their symbols: so what a table or a callback names
counts as a call, and what the compiler left out does not. Exit code: 0 all point down, 1 not."""
import collections
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
FOLDERS = ("lib/dpdk", "lib", "app")


def room_of(path):
    """The library or program that a file is of: "engine", "app/pennyline"."""
    parts = path.split("/")
    if parts[0] == "app":
        return "/".join(parts[:2])
    return parts[2] if parts[1] == "dpdk" else parts[1]


def included(tree, path):
    """The files of lib/ and app/ that a file includes."""
    for name in INCLUDE.findall((tree / path).read_text()):
        for folder in (os.path.dirname(path), *FOLDERS):
            file = os.path.normpath(os.path.join(folder, name))
            if file.startswith(("lib/", "app/")) and (tree / file).is_file():
                yield file
                break


@functools.cache
def includes(tree):
    """File -> those it includes."""
    files = [file.relative_to(tree).as_posix() for folder in ("lib", "app")
             for file in (tree / folder).rglob("*.[ch]")]
    return {file: set(included(tree, file)) for file in files}


def sources_of_objects(build, tree):
    """Object -> its source, for what the build compiles of lib/ and app/."""
    sources = {}
    for command in json.loads((build / "compile_commands.json").read_text()):
        source = (build / command["file"]).resolve()
        if source.is_relative_to(tree) and source.relative_to(tree).parts[0] in ("lib", "app"):
            sources[build / command["output"]] = source.relative_to(tree).as_posix()
    return sources


def symbols(objects):
    """(object, name, is it defined there) of every symbol that goes beyond its object."""
    listing = subprocess.run(["nm", "-A", "-P", *map(str, objects)], check=True, text=True,
                             capture_output=True).stdout
    for line in listing.splitlines():
        path, name, kind = line.split()[:3]
        if kind.isupper() or kind in "uvw":
            yield pathlib.Path(path.rstrip(":")), name, kind not in "Uvw"


@functools.cache
def calls(build, tree):
    """File -> those whose functions or data it names. A name that several programs define is that
    of the same folder, or else of a library."""
    sources = sources_of_objects(build, tree)
    built = [file for file in sources if file.is_file()]
    defined, wanted = collections.defaultdict(set), collections.defaultdict(set)
    for file, name, is_defined in symbols(built):
        (defined if is_defined else wanted)[name].add(sources[file])
    arrows = {sources[file]: set() for file in built}
    for name, callers in wanted.items():
        for caller in callers:
            owners = {o for o in defined[name] if room_of(o) == room_of(caller)}
            owners = owners or {o for o in defined[name] if o.startswith(("lib/", "app/common/"))}
            arrows[caller] |= owners - {caller}
    return arrows


def upward(arrows, order):
    """Arrows from a library to one that comes later in the order, or is not in it."""
    place = {library: i for i, library in enumerate(order)}
    for source in sorted(arrows):
        for target in sorted(arrows[source]):
            if not source.startswith("lib/"):
                continue
            here, there = room_of(source), room_of(target)
            if here != there and place.get(there, len(order)) >= place.get(here, -1):
                yield f"{source} -> {target}"


def circles(arrows):
    """Files each of which reaches all others of its circle, by Tarjan's algorithm (SIAM J. Comput.
    1972), with a stack of its own instead of the language's."""
    number, lowest, on_stack, stack = {}, {}, set(), []
    for root in sorted(arrows):
        path = [] if root in number else [(root, iter(sorted(arrows[root])))]
        while path:
            file, rest = path[-1]
            if file not in number:
                number[file] = lowest[file] = len(number)
                stack.append(file)
                on_stack.add(file)
            target = next(rest, None)
            if target is None:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[file])
                if lowest[file] == number[file]:
                    circle = stack[stack.index(file):]
                    del stack[stack.index(file):]
                    on_stack -= set(circle)
                    if len(circle) > 1:
                        yield sorted(circle)
            elif target not in number:
                path.append((target, iter(sorted(arrows.get(target, ())))))
            elif target in on_stack:
                lowest[file] = min(lowest[file], number[target])


def circles_in_words(arrows):
    """Each circle with what ties it."""
    for circle in circles(arrows):
        ties = [f"  {file} -> {target}" for file in circle
                for target in sorted(arrows[file] & set(circle))]
        yield "\n".join(["a circle:", *ties])


class Tree(unittest.TestCase):
    """The tree as it is."""

    def none(self, found):
        found = list(found)
        self.assertFalse(found, "\n" + "\n".join(found))

    def test_includes_follow_the_order_of_libraries(self):
        self.none(upward(includes(TREE), ORDER))

    def test_calls_follow_the_order_of_libraries(self):
        self.none(upward(calls(BUILD, TREE), ORDER))

    def test_no_header_includes_itself_by_way_of_others(self):
        self.none(circles_in_words(includes(TREE)))

    def test_no_file_calls_back_to_its_caller(self):
        self.none(circles_in_words(calls(BUILD, TREE)))

    def test_every_library_is_in_the_order(self):
        rooms = {room_of(file) for file in includes(TREE) if file.startswith("lib/")}
        self.assertEqual(sorted(rooms), sorted(ORDER))

    def test_every_source_of_a_library_was_compiled(self):
        compiled = {file for file, _ in calls(BUILD, TREE).items() if file.startswith("lib/")}
        wanted = {f for f in sources_of_objects(BUILD, TREE).values() if f.startswith("lib/")}
        self.assertEqual(sorted(compiled), sorted(wanted))
        self.assertTrue(compiled)


class TurnedArrow(unittest.TestCase):
    """Small trees with one arrow that points up: it is found."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.tree = pathlib.Path(self.folder.name).resolve()

    def write(self, path, text):
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def build(self, sources):
        """The sources as the tree's own build would leave them; what they call."""
        commands = []
        for path, text in sources.items():
            self.write(path, text)
            out = self.tree / path.replace("/", "_").replace(".c", ".o")
            subprocess.run([*COMPILER, "-c", "-O2", self.tree / path, "-o", out], check=True)
            commands.append({"file": str(self.tree / path), "output": out.name})
        self.write("compile_commands.json", json.dumps(commands))
        return calls(self.tree, self.tree)

    def test_include_of_a_later_library(self):
        self.write("lib/low/a.h", '#include "high/b.h"\n')
        self.write("lib/high/b.h", "")
        self.assertEqual(list(upward(includes(self.tree), ["low", "high"])),
                         ["lib/low/a.h -> lib/high/b.h"])
        self.assertEqual(list(upward(includes(self.tree), ["high", "low"])), [])

    def test_include_of_an_adapter_to_dpdk(self):
        self.write("lib/low/a.h", '#include "port/port.h"\n')
        self.write("lib/dpdk/port/port.h", "")
        self.assertEqual(list(upward(includes(self.tree), ["low", "port"])),
                         ["lib/low/a.h -> lib/dpdk/port/port.h"])

    def test_include_of_a_program(self):
        self.write("lib/low/a.h", '#include "common/b.h"\n')
        self.write("app/common/b.h", "")
        self.assertEqual(len(list(upward(includes(self.tree), ["low"]))), 1)

    def test_headers_that_include_each_other(self):
        self.write("lib/low/a.h", '#include "low/b.h"\n')
        self.write("lib/low/b.h", '#include "c.h"\n')
        self.write("lib/low/c.h", '#include "low/a.h"\n')
        self.assertEqual(list(circles(includes(self.tree))),
                         [["lib/low/a.h", "lib/low/b.h", "lib/low/c.h"]])

    def test_call_of_a_later_library_without_its_header(self):
        found = self.build({"lib/low/a.c": "void b(void); void a(void) { b(); }",
                            "lib/high/b.c": "void b(void) {}"})
        self.assertEqual(list(upward(found, ["low", "high"])), ["lib/low/a.c -> lib/high/b.c"])
        self.assertEqual(list(upward(found, ["high", "low"])), [])

    def test_files_that_call_each_other(self):
        found = self.build({"lib/low/a.c": "void b(void); void a(void) { b(); }",
                            "lib/low/b.c": "void c(void); void b(void) { c(); }",
                            "lib/low/c.c": "void b(void); void c(void) { b(); }"})
        self.assertEqual(list(circles(found)), [["lib/low/b.c", "lib/low/c.c"]])

    def test_circle_by_way_of_a_table_and_a_callback(self):
        table = "void a(void); void (*const table[])(void) = {a};"
        found = self.build({"lib/low/a.c": "extern void (*const table[])(void); "
                                           "void a(void) { table[0](); }",
                            "lib/low/table.c": table,
                            "lib/high/x.c": "void on(void (*)(void)); void told(void); "
                                            "void x(void) { on(told); }",
                            "lib/high/told.c": "void x(void); void told(void) { x(); }"})
        self.assertEqual(list(circles(found)), [["lib/high/told.c", "lib/high/x.c"],
                                                ["lib/low/a.c", "lib/low/table.c"]])

    def test_programs_may_use_the_same_names(self):
        found = self.build({"app/one/main.c": "void say(void); int main(void) { say(); }",
                            "app/one/say.c": "void say(void) {}",
                            "app/two/main.c": "void say(void); int main(void) { say(); }",
                            "app/two/say.c": "int main(void); void say(void) { main(); }"})
        self.assertEqual(list(circles(found)), [["app/two/main.c", "app/two/say.c"]])


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    BUILD, ORDER = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    TREE = pathlib.Path(__file__).resolve().parents[3]
    COMPILER = [shutil.which("cc") or "gcc"]
    unittest.main(argv=sys.argv[:1])
