# SPDX-License-Identifier: BSD-3-Clause
"""Which places of a piece of C become mutants, which never do, and that each runs when it is asked for."""
import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

LOADER = importlib.machinery.SourceFileLoader("mutants", sys.argv.pop())
mutants = importlib.util.module_from_spec(importlib.util.spec_from_loader("mutants", LOADER))
sys.dont_write_bytecode = True
LOADER.exec_module(mutants)
variants = mutants.variants


class Places(unittest.TestCase):
    def of(self, text):
        """What the lines of a file become, each with one mutant."""
        with tempfile.TemporaryDirectory() as tree:
            mutants.TREE = tree
            with open(os.path.join(tree, "a.c"), "w", encoding="utf-8") as file:
                file.write(text)
            return [text[:m.start] + m.text + text[m.end:] for m in mutants.mutants_of("a.c")]

    def test_operators_constants_and_conditions_become_others(self):
        body = "void f(void)\n{\n    if (a < 10)\n        g(b && c);\n}\n"
        self.assertEqual(set(self.of(body)), {
            body.replace("<", "<="), body.replace("10", "11"), body.replace("&&", "||"),
            body.replace("a < 10", "!(a < 10)"), body.replace("g(b && c);", ";")})

    def test_a_member_becomes_another_one_of_the_same_owner(self):
        body = "void f(void)\n{\n    c->hits = d->misses;\n    c->misses = 0;\n}\n"
        self.assertIn(body.replace("c->hits", "c->misses"), self.of(body))
        self.assertNotIn(body.replace("d->misses", "d->hits"), self.of(body))

    def test_a_sign_is_no_difference(self):
        self.assertEqual(self.of("void f(void)\n{\n    a = -b;\n}\n"), [])

    def test_comments_strings_directives_and_assertions_stay(self):
        self.assertEqual(self.of('#define N 3\nstatic_assert(A < 3, "");\n/* a < 3 */\n'
                                 'void f(void)\n{\n    assert(a < 3);\n    s = "a < 3";\n}\n'), [])

    def test_constants_outside_of_functions_stay(self):
        self.assertEqual(self.of("int a = 3;\n"), [])

    def test_a_share_is_one_number(self):
        self.assertEqual(self.of("void f(void)\n{\n    a = 0.05;\n}\n"), [])


class Variants(unittest.TestCase):
    """One build with every mutant of these functions."""

    CODE = """\
#include <stdio.h>

static int later(int n);
static int counted;

/* What follows a comment begins a function. */
static inline int twice_at_least(const int numbers[2],
                                 int (*f)(int))
{
    return f(numbers[0]) < f(numbers[1]);
}

static void count(void)
{
    counted += 1;
}

static int later(int n)
{
    return n > 0 ? later(n - 1) + 1 : 0;
}

int main(void)
{
    count();
    printf("%d %d", counted, twice_at_least((const int[]){3, 3}, later));
    return 0;
}
"""

    def built(self, folder):
        code = mutants.code_of(self.CODE)
        places = [("<", "<="), ("+= 1", "-= 1"), ("n - 1", "n - 2")]
        sample = [(number, mutants.Mutant("a.c", code.index(old), code.index(old) + len(old), new, old))
                  for number, (old, new) in enumerate(places, 1)]
        text, self.lines, self.functions = variants.with_variants(self.CODE, code, sample, 40)
        program = os.path.join(folder, "a")
        subprocess.run(["cc", "-D_GNU_SOURCE", "-w", "-x", "c", "-o", program, "-"], input=text.encode(), check=True)
        return program

    def says(self, program, **environment):
        return subprocess.run([program], env=dict(os.environ, **environment), check=True, capture_output=True).stdout

    def test_the_environment_says_which_mutant_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            program = self.built(folder)
            self.assertEqual([self.says(program, MUTANT=str(n)) for n in range(4)],
                             [b"1 0", b"1 1", b"-1 0", b"1 0"])
            self.assertEqual(self.says(program), b"1 0")

    def test_the_functions_that_are_called_are_written_down(self):
        with tempfile.TemporaryDirectory() as folder:
            program = self.built(folder)
            with tempfile.NamedTemporaryFile() as reached:
                reached.truncate(variants.N_FUNCTIONS)
                self.says(program, MUTANT_REACHED=reached.name)
                called = [n for n, byte in enumerate(reached.read()) if byte]
            self.assertEqual(called, sorted(self.functions.values()))

    def test_each_line_of_a_mutant_is_known_as_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            self.built(folder)
        self.assertEqual(set(self.lines.values()), {1, 2, 3})

    def test_what_is_outside_of_functions_has_no_variant(self):
        code = "struct a {\n    int b[3];\n};\n"
        place = mutants.Mutant("a.c", code.index("3"), code.index("3") + 1, "4", "")
        text, _, functions = variants.with_variants(code, code, [(1, place)], 0)
        self.assertTrue(text.endswith(code))
        self.assertEqual(functions, {})


class Rounds(unittest.TestCase):
    """Builds that notice what they are told to, and say of which tests they were asked."""

    class Build:
        def __init__(self, *noticing):
            self.noticing, self.asked = noticing, []

        def noticed_by(self, tests, _number, _path, _function):
            self.asked += [t["name"] for t in tests]
            return next((t["name"] for t in tests if t["name"] in self.noticing), None)

    def copy(self, plain, sanitized):
        copy = object.__new__(mutants.Copy)
        copy.mutants = {1: mutants.Mutant("lib/tcp/a.c", 0, 1, "", "")}
        copy.invalid, copy.outside, copy.functions = set(), set(), {1: 0}
        copy.plain, copy.builds = plain, [plain, sanitized]
        quick, slow = [{"name": n} for n in ("tcp_a", "reports", "flow_a")], [{"name": n} for n in ("tcp_slow", "sim")]
        copy.quick_tests, copy.all_tests, copy.sanitized_tests = quick, quick + slow, [quick[0], quick[2]]
        copy.is_same_code = lambda mutant: False
        return copy

    def test_the_quick_tests_of_the_library_are_asked_first(self):
        plain = self.Build("reports")
        self.assertEqual(self.copy(plain, self.Build()).judge_quickly(1), ("noticed", "reports"))
        self.assertEqual(plain.asked, ["tcp_a", "reports"])
        self.assertEqual(self.copy(self.Build("flow_a"), self.Build()).judge_quickly(1), ("survived", ""))

    def test_of_what_they_let_pass_all_others_are_asked(self):
        plain, sanitized = self.Build("sim"), self.Build()
        self.assertEqual(self.copy(plain, sanitized).judge_wholly(1), ("noticed", "sim"))
        self.assertEqual(sanitized.asked, ["tcp_a"])
        self.assertEqual(plain.asked, ["flow_a", "tcp_slow", "sim"])
        self.assertEqual(self.copy(self.Build(), self.Build("tcp_a")).judge_wholly(1), ("noticed", "tcp_a"))
        self.assertEqual(self.copy(self.Build(), self.Build()).judge_wholly(1), ("survived", ""))


if __name__ == "__main__":
    unittest.main()
