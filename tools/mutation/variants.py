# SPDX-License-Identifier: BSD-3-Clause
"""Many mutants in one build: each changed function stands in its file as it was and once for every
mutant of it, and the environment says which of them runs. So a mutant costs the run of its tests, and
neither a compiler nor a linker.

    static int f(int a) { return a + 1; }

becomes f__0(), f__17() with a - 1, and an f() that calls f__17() if MUTANT is 17."""
import collections
import re

# A function begins with a brace at the margin, as clang-format lays it out.
FUNCTION = re.compile(r"^\{\n.*?^\}$", re.MULTILINE | re.DOTALL)

Function = collections.namedtuple("Function", "start end header body name parameters")

# Read by each changed file for itself. The file of MUTANT_REACHED has a byte for each function; it is
# mapped, so that what a test does before it is killed counts, too.
SUPPORT = """
#ifndef MUTANT_SUPPORT
#define MUTANT_SUPPORT
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
static int mutant_number;
static volatile unsigned char *mutant_reached;
__attribute__((constructor, unused)) static void mutant_begin(void)
{
    const char *number = getenv("MUTANT"), *path = getenv("MUTANT_REACHED");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *reached;

    mutant_number = number != NULL ? atoi(number) : 0;
    if (fd < 0)
        return;
    reached = mmap(NULL, MUTANT_FUNCTIONS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    mutant_reached = reached != MAP_FAILED ? (volatile unsigned char *)reached : NULL;
    close(fd);
}
#define MUTANT_ENTER(function) \\
    do { \\
        if (__builtin_expect(mutant_reached != NULL, 0)) \\
            mutant_reached[function] = 1; \\
    } while (0)
#endif
"""
N_FUNCTIONS = 65536


def name_of_parameter(text):
    """The name in a declaration: of a pointer to a function the one in its first parentheses."""
    pointer = re.search(r"\(\s*\*\s*(?:const\s+)?(\w+)", text)
    if pointer:
        return pointer[1]
    return re.search(r"(\w+)\s*(?:\[[^]]*\]\s*)*$", text.strip())[1]


def split_parameters(text):
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in map(str.strip, parts) if part not in ("", "void")]


def functions_of(code):
    """The functions of a file whose comments, strings and directives are blanks."""
    for found in FUNCTION.finditer(code):
        lines = code[:found.start()].splitlines(keepends=True)
        n = len(lines)
        while n > 0 and lines[n - 1].strip() and not re.search(r"[;}]\s*$", lines[n - 1]):
            n -= 1
        start = sum(map(len, lines[:n]))
        header = code[start:found.start()]
        end = header.rstrip()
        if not end.endswith(")") or "..." in end:
            continue
        depth = 0
        for place in range(len(end) - 1, -1, -1):
            depth += {")": 1, "(": -1}.get(end[place], 0)
            if depth == 0:
                break
        name = re.search(r"(\w+)\s*$", end[:place])
        if name:
            yield Function(start, found.end(), end, found.start(), name[1],
                           [name_of_parameter(p) for p in split_parameters(end[place + 1:-1])])


def renamed(header, name, variant):
    text = re.sub(r"\b(static|inline)\s+", "", header)
    return "static " + re.sub(rf"\b{name}(?=\s*\()", f"{name}__{variant}", text, count=1)


def is_void(function):
    before = function.header[:function.header.index(function.name + "(")]
    return re.sub(r"\b(static|inline|never_inlined)\s+", "", before).split() == ["void"]


def with_variants(text, code, mutants, first_function):
    """(the file with all mutants in it, the mutant of each line, the function of each mutant).
    `mutants`: number and mutant, each within a function; others are left out."""
    out, at, n_lines = [], 0, 0
    mutant_of_line, function_of_mutant = {}, {}

    def add(piece, number=None):
        nonlocal n_lines
        n = piece.count("\n")
        if number is not None:
            for line in range(n_lines + 1, n_lines + n + 1):
                mutant_of_line[line] = number
        n_lines += n
        out.append(piece)

    add(f"#define MUTANT_FUNCTIONS {N_FUNCTIONS}" + SUPPORT)
    for k, f in enumerate(functions_of(code)):
        own = [(number, m) for number, m in mutants if f.body <= m.start and m.end <= f.end]
        if not own:
            continue
        add(text[at:f.start])
        add(f.header + ";\n")
        add(renamed(f.header, f.name, 0) + "\n" + text[f.body:f.end] + "\n")
        cases = ""
        arguments = ", ".join(f.parameters)
        call = (lambda n: f"{f.name}__{n}({arguments}); return;") if is_void(f) else \
               (lambda n: f"return {f.name}__{n}({arguments});")
        for number, m in own:
            body = text[f.body:m.start] + m.text + text[m.end:f.end]
            add(renamed(f.header, f.name, number) + "\n" + body + "\n", number)
            cases += f"    case {number}: {call(number)}\n"
            function_of_mutant[number] = first_function + k
        add(f"{f.header}\n{{\n    MUTANT_ENTER({first_function + k});\n    switch (mutant_number) {{\n"
            f"{cases}    default: {call(0)}\n    }}\n}}")
        at = f.end
    add(text[at:])
    return "".join(out), mutant_of_line, function_of_mutant
