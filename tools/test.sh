#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs what is missing, builds with gcc and clang, and runs every test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage()
{
    cat <<TEXT
Usage: tools/test.sh [--only STEP[,STEP...]] [--full]

Steps, in this order (all run, even when one fails):
  unit      build with gcc and with clang, -Werror; unit tests of both builds
  instructions  instructions of the packet path's operations, beside the stored ones (valgrind)
  sanitize  unit tests under AddressSanitizer and UndefinedBehaviorSanitizer (clang)
  threads   the tests that have threads under ThreadSanitizer (clang)
  fuzz      every fuzzer from its corpus, FUZZ_SECONDS in all (default 60)
  lint      tools/lint.sh
  page      the page of pennyline-web in Chromium, on a stand-in with 10,000 aggregates
  e2e       test/e2e/run.py: real TCP through pennyline between network namespaces (root)

  --full    e2e: every case, not only one of each kind (an hour)

Everything built lies under build/, logs in build/log/. The last line is "N passed, N failed".
Exit code: 0 when nothing failed.
TEXT
}

all_steps=(unit instructions sanitize threads fuzz lint page e2e)
fuzz_seconds=${FUZZ_SECONDS:-60}
log_directory=build/log
result_directory=build/result

# The steps report through files, since each runs in a shell of its own: "passed failed".
result()
{
    printf '%d %d\n' "$2" "$3" >"$result_directory/$1"
}

# configure DIRECTORY COMPILER OPTION...: a build directory that exists keeps its objects.
configure()
{
    local directory=$1 compiler=$2
    shift 2

    if [ -f "$directory/build.ninja" ]; then
        meson configure "$directory" "$@"
    else
        rm -rf "$directory"
        CC=$compiler meson setup "$directory" "$@"
    fi
}

# test_build NAME DIRECTORY [TEST...]: compile, run the tests, all or these; what does not compile is
# one failure.
test_build()
{
    local name=$1 directory=$2 log=$2/meson-logs/testlog.json total passed
    shift 2

    result "$name" 0 1
    meson compile -C "$directory" "${@/#/test_}"
    rm -f "$log"
    meson test -C "$directory" --no-rebuild --print-errorlogs "$@" || true
    [ -f "$log" ] || return 1
    total=$(grep -c '"result": ' "$log" || true)
    passed=$(grep -cE '"result": "(OK|EXPECTEDFAIL|SKIP)"' "$log" || true)
    result "$name" "$passed" $((total - passed))
    [ "$total" -gt 0 ] && [ "$total" -eq "$passed" ]
}

run_unit_gcc()
{
    configure build/gcc gcc -Dwerror=true
    test_build unit-gcc build/gcc
}

run_unit_clang()
{
    configure build/clang clang -Dwerror=true
    test_build unit-clang build/clang
}

run_sanitize()
{
    export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    configure build/sanitize clang -Dwerror=true -Dbuildtype=debugoptimized \
        -Db_sanitize=address,undefined
    test_build sanitize build/sanitize
}

# Workers, the manager, and what they share. DPDK's own parts are not built for it.
run_threads()
{
    export TSAN_OPTIONS=halt_on_error=1
    configure build/threads clang -Dwerror=true -Ddpdk=disabled -Dbuildtype=debugoptimized \
        -Db_sanitize=thread
    test_build threads build/threads engine_aggregate ingress manager_threads manager_generations manager_workers machine_twin \
        map_workers sources_directory info_table
}

# fuzz_one PROGRAM SECONDS: new inputs and generated seeds go to build/, the corpus of the tree is
# only read.
fuzz_one()
{
    local program=$1 seconds=$2 name corpus inputs seeds

    name=$(basename "$program")
    inputs=build/fuzz-inputs/$name
    corpus=test/fuzz/corpus/${name#fuzz_}
    mkdir -p "$inputs"
    seeds=${program/fuzz_/seeds_}
    [ ! -x "$seeds" ] || "$seeds" "$inputs"
    [ "$name" != fuzz_machine ] || corpus=conf/machines # the examples are where it begins
    [ -d "$corpus" ] || corpus=
    echo "== $name, $seconds s"
    timeout $((seconds + 60)) "$program" -max_total_time="$seconds" -print_final_stats=1 \
        -timeout=10 -rss_limit_mb=1024 -artifact_prefix="build/log/$name-" \
        "$inputs" ${corpus:+"$corpus"} 2>&1
}

run_fuzz()
{
    local programs seeds program passed=0 failed=0 seconds

    result fuzz 0 1
    configure build/fuzz clang -Dfuzz=true -Ddpdk=disabled -Dbuildtype=debugoptimized \
        -Db_sanitize=address,undefined
    ninja -C build/fuzz build.ninja
    mapfile -t programs < <(ninja -C build/fuzz -t targets all |
        sed -nE 's/^(test\/fuzz\/fuzz_[a-z0-9_]+): .*/\1/p')
    mapfile -t seeds < <(ninja -C build/fuzz -t targets all |
        sed -nE 's/^(test\/fuzz\/seeds_[a-z0-9_]+): .*/\1/p')
    if [ ${#programs[@]} -eq 0 ]; then
        result fuzz 0 0
        return 0
    fi
    ninja -C build/fuzz "${programs[@]}" "${seeds[@]}"
    seconds=$((fuzz_seconds / ${#programs[@]}))
    [ "$seconds" -ge 1 ] || seconds=1
    for program in "${programs[@]}"; do
        if fuzz_one "build/fuzz/$program" "$seconds"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
        fi
    done
    result fuzz "$passed" "$failed"
    [ $failed -eq 0 ]
}

# The last line of lint.sh and of run.py is "N passed, N failed".
counted_by_last_line()
{
    local name=$1 last status=0
    shift

    result "$name" 0 1
    "$@" | tee "$result_directory/$name.out" || status=$?
    last=$(tail -n 1 "$result_directory/$name.out")
    if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
        result "$name" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
    fi
    return $status
}

run_lint()
{
    counted_by_last_line lint tools/lint.sh
}

run_instructions()
{
    configure build/gcc gcc -Dwerror=true
    meson compile -C build/gcc
    counted_by_last_line instructions test/bench/instructions.py \
        test/bench/instructions.json "gcc $(gcc -dumpfullversion)" \
        build/gcc/test/bench/bench_operations build/gcc/test/bench/bench_classify
}

# What drives Chromium, by the lock file; nothing is fetched when it is there.
page_packages()
{
    [ test/browser/node_modules/.package-lock.json -nt test/browser/package-lock.json ] ||
        npm ci --prefix test/browser --no-audit --no-fund --ignore-scripts
}

# Screenshots, also of what failed, go to build/page.
run_page()
{
    configure build/gcc gcc -Dwerror=true
    meson compile -C build/gcc
    page_packages
    counted_by_last_line page test/browser/run.py build/gcc/app/pennyline-web/pennyline-web \
        build/page
}

run_e2e()
{
    configure build/gcc gcc -Dwerror=true
    meson compile -C build/gcc
    page_packages
    counted_by_last_line e2e test/e2e/run.py --build build/gcc ${full:+--full}
}

# step NAME TIMEOUT_SECONDS: runs run_NAME in a shell of its own (-e holds there), shows a failure's end.
step()
{
    local name=$1 log started=$SECONDS status=0

    log=$log_directory/$name.log
    printf '== %s\n' "$name"
    result "$name" 0 1
    timeout --kill-after=30 "$2" bash -c \
        "source tools/test.sh --functions; full=$full; run_${name//-/_}" >"$log" 2>&1 </dev/null ||
        status=$?
    [ $status -eq 0 ] || {
        printf -- '-- %s failed (exit code %d), the end of %s:\n' "$name" $status "$log"
        tail -n 60 "$log"
    }
    steps_run+=("$name $((SECONDS - started)) $status")
}

summary()
{
    local name seconds status passed failed all_passed=0 all_failed=0 row

    printf '\n%-12s %8s %8s %8s\n' step passed failed seconds
    for row in "${steps_run[@]}"; do
        read -r name seconds status <<<"$row"
        read -r passed failed <"$result_directory/$name"
        # A step that ended badly without a failed case is a failure all the same.
        [ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
        printf '%-12s %8d %8d %8d\n' "$name" "$passed" "$failed" "$seconds"
        all_passed=$((all_passed + passed))
        all_failed=$((all_failed + failed))
    done
    printf '%d passed, %d failed\n' $all_passed $all_failed
    [ $all_failed -eq 0 ] && [ $all_passed -gt 0 ]
}

main()
{
    local only name setup_status=0

    only=${all_steps[*]}
    while [ $# -gt 0 ]; do
        case "$1" in
        --only)
            [ $# -ge 2 ] || { usage >&2 && return 2; }
            only=${2//,/ }
            shift
            ;;
        --full) full=1 ;;
        -h | --help)
            usage
            return 0
            ;;
        *)
            usage >&2
            return 2
            ;;
        esac
        shift
    done
    for name in $only; do
        [[ " ${all_steps[*]} " == *" $name "* ]] || { usage >&2 && return 2; }
    done

    mkdir -p $log_directory $result_directory
    tools/setup.sh all || setup_status=$?
    [ $setup_status -eq 0 ] || echo "test: not all could be installed; going on with what is there"
    for name in $only; do
        case $name in
        unit)
            step unit-gcc 900
            step unit-clang 900
            ;;
        instructions) step instructions 600 ;;
        sanitize) step sanitize 900 ;;
        threads) step threads 900 ;;
        fuzz) step fuzz $((fuzz_seconds * 2 + 300)) ;;
        lint) step lint 600 ;;
        page) step page 400 ;;
        e2e) step e2e "$([ -n "$full" ] && echo 7200 || echo 2400)" ;;
        esac
    done
    summary
}

steps_run=()
full=
# "source tools/test.sh --functions" defines and runs nothing.
[ "${1:-}" = --functions ] || main "$@"
