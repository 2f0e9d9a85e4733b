# SPDX-License-Identifier: BSD-3-Clause
"""Which places of a piece of C become mutants, and which never do."""
import importlib.machinery
import importlib.util
import os
import sys
import tempfile
import unittest

LOADER = importlib.machinery.SourceFileLoader("mutants", sys.argv.pop())
mutants = importlib.util.module_from_spec(importlib.util.spec_from_loader("mutants", LOADER))
sys.dont_write_bytecode = True
LOADER.exec_module(mutants)


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


if __name__ == "__main__":
    unittest.main()
