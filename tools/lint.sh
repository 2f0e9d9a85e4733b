#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Reads the tree and says what is not as the tree wants it. One check, one line.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage()
{
    cat <<TEXT
Usage: tools/lint.sh [CHECK...]

Runs all checks, or the named ones:
$(declare -F | sed -n 's/^declare -f check_/  /p')

Prints one line per check, what is wrong under those that fail, and at the end "N passed, N failed".
Exit code: 0 all passed, 1 something failed, 2 no such check.
TEXT
}

max_file_lines=700
max_function_lines=100

# Tracked files and those that would be added, in the folders that hold code.
files()
{
    git -c safe.directory='*' ls-files --cached --others --exclude-standard -- "$@" |
        while IFS= read -r file; do
            [ ! -f "$file" ] || printf '%s\n' "$file"
        done
}

c_files()
{
    files '*.c' '*.h'
}

# Bash and Python scripts are known by their first line, whatever they are called.
scripts_of()
{
    # shellcheck disable=SC2016  # the dollar is of awk
    files | xargs -r awk -v program="$1" '
        FNR == 1 && substr($0, 1, 2) == "#!" && substr($0, 1, 64) ~ "[/ ]" program "( |$)" { print FILENAME }
        { nextfile }'
}

python_files()
{
    { scripts_of python3 && files '*.py'; } | sort -u
}

# Fails when its input has a line, and prints that input.
none()
{
    local found

    found=$(cat)
    [ -z "$found" ] || { printf '%s\n' "$found" && return 1; }
}

check_format()
{
    c_files | xargs -r clang-format --dry-run -Werror
}

check_shell()
{
    scripts_of bash | xargs -r shellcheck
}

# Of the files in its input those that say it in their first three lines.
with_spdx()
{
    xargs -r awk '/SPDX-License-Identifier: BSD-3-Clause/ { print FILENAME; nextfile } FNR == 3 { nextfile }'
}

check_spdx()
{
    local all

    all=$({ c_files && python_files && scripts_of bash && files '*meson.build' meson_options.txt '*.sh'; } | sort -u)
    comm -23 <(printf '%s\n' "$all") <(with_spdx <<<"$all" | sort -u) |
        sed 's/$/: no SPDX line in its first three lines/' | none
}

check_file_length()
{
    { c_files && python_files && scripts_of bash; } | sort -u | xargs -r wc -l |
        awk -v most=$max_file_lines '$2 != "total" && $1 > most { print $2 ": " $1 " lines" }' | none
}

check_function_length()
{
    c_files | xargs -r awk -v max=$max_function_lines '
        /^{/ { start = FNR }
        /^}/ { if (start && FNR - start - 1 > max)
                   printf "%s:%d: a function of %d lines\n", FILENAME, start, FNR - start - 1
               start = 0 }' | none
}

# Only lib/dpdk knows DPDK.
check_ground_floor()
{
    files 'lib/*' | grep -v '^lib/dpdk/' | { xargs -r grep -nE '#include [<"]rte_' || true; } | none
}

program_folders()
{
    files 'app/*/meson.build' | cut -d / -f 2 | sort -u
}

# What folder $1 of app/ takes from folder $2, by an #include or as a source of its meson.build.
files_of_other_program()
{
    files "app/$1/*.c" "app/$1/*.h" | xargs -r grep -nE "#include \"(.*/)?$2/" || true
    grep -nHE "(\.\.|app['\" ]*)/ *['\"]?$2['\"/]" "app/$1/meson.build" || true
}

# lib never includes app, programs share app/common alone, and only worker-side code may see an mbuf.
check_layers()
{
    local one other

    {
        for one in $(program_folders); do
            for other in $(program_folders); do
                [ "$other" = common ] || [ "$other" = "$one" ] || files_of_other_program "$one" "$other"
            done
        done
        files 'lib/*.c' 'lib/*.h' | xargs -r grep -nE '#include "(\.\./)*app/' || true
        files 'lib/engine/*' 'lib/verdict/*' | xargs -r grep -n 'rte_mbuf' || true
    } | none
}

check_left_undone()
{
    { c_files && python_files && scripts_of bash; } | sort -u |
        { xargs -r grep -nE '\b(TO''DO|FIX''ME|XX''X|HA''CK)\b' || true; } | none
}

# Assertions that cmocka 2 calls deprecated (test/unit/within.h has one that every version takes), and
# functions with the names of its macros.
check_cmocka()
{
    {
        files 'test/*.[ch]' | grep -v '^test/unit/within.h$' |
            { xargs -r grep -nE '\b(assert_(not_)?in_(range|set)|expect_(not_)?in_(range|set))\(' || true; }
        files 'test/*.[ch]' | { xargs -r grep -nE '^[a-z].*\b(stop|skip|fail|mock)\(' || true; }
    } | none
}

is_ground_floor()
{
    [[ $1 == lib/* && $1 != lib/dpdk/* ]]
}

# Every header says all that it needs: it compiles with nothing before it.
check_headers()
{
    local header dpdk flags failed=0

    read -ra dpdk < <(pkg-config --cflags libdpdk)
    while IFS= read -r header; do
        flags=(-std=gnu11 -I "$(dirname "$header")" "${dpdk[@]}")
        ! is_ground_floor "$header" || flags=(-std=c11)
        gcc -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-unused -fsyntax-only "${flags[@]}" -I lib -I lib/dpdk -I app \
            -x c - <<<"#include \"$PWD/$header\"" || failed=1
    done < <(files '*.h')
    return $failed
}

check_without_dpdk()
{
    local build=build/no-dpdk

    [ -d $build ] || meson setup -Ddpdk=disabled -Dbuildtype=debug -Dwerror=true $build
    meson compile -C $build
}

# uninitvar and invalidFunctionArg assume that loops never run; compilers and sanitizers know better.
# normalCheckLevelMaxBranches is no finding: newer versions say that they did not look at all branches.
check_cppcheck()
{
    files 'lib/*.c' 'app/*.c' 'tools/*.c' |
        xargs -r cppcheck --quiet --error-exitcode=1 --enable=warning,portability --inline-suppr \
            --std=c11 -j 2 -I lib -I lib/dpdk -D_GNU_SOURCE --suppress=missingInclude --suppress=unknownMacro \
            --suppress=uninitvar --suppress=invalidFunctionArg --suppress=normalCheckLevelMaxBranches
}

check_python()
{
    local python=/usr/bin/python3

    python_files | xargs -r env PYTHONPYCACHEPREFIX="$PWD/build/pycache" $python -m py_compile
    python_files | xargs -r $python -m pyflakes
}

# Each file is JSON, and as the schema that it names wants it.
check_json()
{
    # shellcheck disable=SC2016  # the dollar is of JSON
    files 'conf/*.json' 'drivers-cfg/*.json' | xargs -r /usr/bin/python3 -c '
import json, os, sys
import jsonschema
failed = 0
for path in sys.argv[1:]:
    try:
        data = json.load(open(path))
        schema = data.get("$schema", "")
        if schema and "://" not in schema:
            schema = json.load(open(os.path.join(os.path.dirname(path), schema)))
            jsonschema.validate(data, schema)
    except (ValueError, OSError, jsonschema.ValidationError) as error:
        print(f"{path}: {str(error).splitlines()[0]}")
        failed = 1
sys.exit(failed)'
}

check_man_pages()
{
    local failed=0 file

    while IFS= read -r file; do
        scdoc <"$file" >/dev/null || { echo "$file: scdoc refuses it" && failed=1; }
    done < <(files '*.scd')
    return $failed
}

# A link of a page to a file of the tree leads somewhere.
check_links()
{
    files '*.md' | while IFS= read -r page; do
        { grep -oE '\]\([^)#: ]+' "$page" || true; } | sed 's/^](//' | while IFS= read -r link; do
            [ -e "$(dirname "$page")/$link" ] || printf '%s: no file %s\n' "$page" "$link"
        done
    done | none
}

run_check()
{
    local output

    # -e is off inside a condition: each check runs in a shell of its own, which has it on.
    if output=$(bash -c 'source tools/lint.sh --functions; set -euo pipefail; check_'"$1" 2>&1 </dev/null); then
        printf 'ok    lint %s\n' "$1"
    else
        printf 'FAIL  lint %s\n' "$1"
        printf '%s\n' "$output" | tail -n 40 | sed 's/^/      /'
        return 1
    fi
}

main()
{
    local checks check passed=0 failed=0

    mapfile -t checks < <(declare -F | sed -n 's/^declare -f check_//p')
    case "${1:-}" in
    -h | --help)
        usage
        return 0
        ;;
    ?*) checks=("$@") ;;
    esac
    mkdir -p build
    for check in "${checks[@]}"; do
        if ! declare -F "check_$check" >/dev/null; then
            usage >&2
            return 2
        fi
        if run_check "$check"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    done
    printf '%d passed, %d failed\n' $passed $failed
    [ $failed -eq 0 ]
}

# "source tools/lint.sh --functions" defines and runs nothing.
[ "${1:-}" = --functions ] || main "$@"
