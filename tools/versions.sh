#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds and tests with another DPDK than this machine's, and with another Debian's compilers.
# shellcheck disable=SC2154  # directories are named in test.sh
set -euo pipefail
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/test.sh" --functions

usage()
{
    cat <<TEXT
Usage: tools/versions.sh [--debian SUITE] [--dpdk DIRECTORY] [OPTION...]

  --debian SUITE      in a Debian of that suite (13 is trixie), with its compilers and libraries, and its DPDK
                      unless --dpdk gives another. It is unpacked into a folder of its own and needs root; nothing
                      of it outlives this run: mounts are seen by its processes alone, and end with them.
  --dpdk DIRECTORY    with that DPDK: a source tree, which is built, or a prefix that one was installed into.
                      Without --debian on this machine, with its compilers.

  --compiler NAME     gcc or clang; may be given again. Both, unless it is given.
  --e2e NAME          end-to-end tests, too, whose name has NAME in it; may be given again (root, hugepages).
  --mirror URL        where SUITE comes from; the one of this machine's apt, unless it is given.
  --expired           also from a mirror that stands still: its signature is looked at, its age is not.
  --keep DIRECTORY    SUITE is unpacked there, stays, and is used again.

Builds with -Werror and runs the unit tests, those of pennyline-web and those of DPDK's floor. Prints a line for
each compiler, what failed under it, and at the end "N passed, N failed", which counts tests.
Exit code: 0 nothing failed, 1 something did, 2 usage.

A DPDK that is built here lies below build/versions. EAL loads no drivers from below a folder that all may write
to, so a tree of pennyline below /tmp is not good for that; within --debian it does not matter.
TEXT
}

die()
{
    printf 'versions: %s\n' "$1" >&2
    exit "${2:-1}"
}

# What a DPDK is built with: the drivers that the tests use, and what those need.
dpdk_drivers=bus/pci,bus/vdev,mempool/ring,net/af_packet,net/af_xdp,net/null,net/pcap,net/ring,net/tap,net/virtio

suite='' dpdk='' mirror='' root='' keep='' inside='' child=''
compilers=() cases=() passed_on=() apt_options=()

# The mirror that apt takes this machine's own packages from.
mirror_of_this_machine()
{
    # shellcheck disable=SC2016  # the dollar is of apt
    apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' 'Component: main' \
        'Created-By: Packages' 2>/dev/null | head -n 1
}

# build_dpdk SOURCE PREFIX: with few drivers and no programs but those of the tests.
build_dpdk()
{
    local source=$1 prefix=$2 build=$2.build

    [ ! -e "$prefix/.whole" ] || return 0
    meson runpython -c 'import elftools' 2>/dev/null || {
        echo "python3-pyelftools is missing: tools/setup.sh tests"
        return 1
    }
    rm -rf "$prefix" "$build"
    # By &&: where what this ends with is looked at, -e does not hold.
    CC=${compilers[0]} meson setup --buildtype=release --prefix="$prefix" -Dtests=false -Dplatform=generic \
        -Denable_drivers=$dpdk_drivers "$build" "$source" &&
        meson install -C "$build" --quiet &&
        touch "$prefix/.whole"
}

# Whatever is built from here on finds the DPDK in this prefix, and no other.
use_prefix()
{
    local file libdir

    file=$(find "$1" -name libdpdk.pc | head -n 1)
    [ -n "$file" ] || die "$1 is neither DPDK's source tree nor a prefix: there is no libdpdk.pc in it"
    export PKG_CONFIG_PATH=${file%/*}
    libdir=$(pkg-config --variable=libdir libdpdk)
    [ -e "$libdir/librte_eal.so" ] ||
        die "$file says that the libraries are in $libdir, but they are not: was the prefix moved?"
    export LD_LIBRARY_PATH=$libdir
}

use_dpdk()
{
    local name prefix

    if [ ! -e "$dpdk/lib/eal/meson.build" ]; then
        use_prefix "$dpdk"
        return
    fi
    name=dpdk-$(cat "$dpdk/VERSION")
    prefix=$PWD/build/versions/$name
    mkdir -p build/versions
    build_dpdk "$dpdk" "$prefix" >"build/log/$name.log" 2>&1 || {
        tail -n 40 "build/log/$name.log"
        die "$dpdk does not build; the log is build/log/$name.log"
    }
    use_prefix "$prefix"
}

# What run_CASE of test.sh is to CI, with the build directory as an argument.
run_build()
{
    local name=$1 directory=$2 compiler=$3

    rm -rf "$directory"
    configure "$directory" "$compiler" -Dwerror=true
    test_build "$name" "$directory"
}

run_cases()
{
    local directory=$1 case arguments=()
    shift

    for case in "$@"; do
        arguments+=(-k "$case")
    done
    counted_by_last_line e2e test/e2e/run.py --build "$directory" "${arguments[@]}"
}

# try TITLE NAME FUNCTION ARGUMENT...: runs it in a shell of its own (-e holds there), adds to the sums.
try()
{
    local title=$1 name=$2 log=build/log/$2.log status=0 n_passed n_failed
    shift 2

    result "$name" 0 1
    # shellcheck disable=SC2016  # of the inner shell
    bash -c 'source tools/versions.sh --functions; "$@"' bash "$@" >"$log" 2>&1 </dev/null || status=$?
    read -r n_passed n_failed <"$result_directory/$name"
    [ $status -eq 0 ] || [ "$n_failed" -gt 0 ] || n_failed=1
    printf '%-5s %s: %d passed, %d failed\n' "$([ "$n_failed" -eq 0 ] && echo ok || echo FAIL)" "$title" "$n_passed" \
        "$n_failed"
    [ "$n_failed" -eq 0 ] || tail -n 60 "$log" | sed 's/^/      /'
    passed=$((passed + n_passed))
    failed=$((failed + n_failed))
}

# Here, with what is installed here: in a Debian, or on this machine.
build_and_test()
{
    local compiler version directory title

    mkdir -p "$log_directory" "$result_directory"
    [ -z "$dpdk" ] || use_dpdk
    version=$(pkg-config --modversion libdpdk) || die "no DPDK is installed"
    for compiler in "${compilers[@]}"; do
        title="DPDK $version, $compiler $("$compiler" -dumpversion)"
        directory=build/versions/$version-$compiler
        try "$title" "unit-$version-$compiler" run_build "unit-$version-$compiler" "$directory" "$compiler"
        [ ${#cases[@]} -eq 0 ] || try "$title, end to end" e2e run_cases "$directory" "${cases[@]}"
    done
    printf '%d passed, %d failed\n' $passed $failed
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
}

# In namespaces of its own: mounts and processes end with this one.
in_debian()
{
    local arguments=() tree=$root/src/pennyline log=$log_directory/debian-$suite.log

    mkdir -p "$log_directory"
    if [ ! -e "$root/etc/debian_version" ]; then
        echo "== unpacking Debian $suite"
        mmdebstrap --mode=root --variant=apt "${apt_options[@]}" "$suite" "$root" "$mirror" >"$log" 2>&1 || {
            grep '^E:' "$log" || tail -n 20 "$log"
            die "Debian $suite cannot be unpacked from $mirror"
        }
    fi
    # A mount of its own, since "ip netns exec" changes how "/" is mounted.
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    mkdir -p "$tree" "$root/src/dpdk"
    git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
        tar --null --files-from - --ignore-failed-read -cf - 2>/dev/null | tar -C "$tree" -xf -
    if [ -n "$dpdk" ]; then
        mount --bind "$dpdk" "$root/src/dpdk"
        # A prefix knows its own path.
        if [ ! -e "$dpdk/lib/eal/meson.build" ]; then
            mkdir -p "$root$dpdk"
            mount --bind "$dpdk" "$root$dpdk"
            arguments+=(--dpdk "$dpdk")
        else
            arguments+=(--dpdk /src/dpdk)
        fi
    fi
    echo "== installing"
    chroot "$root" /src/pennyline/tools/setup.sh tests
    chroot "$root" env HOME=/root /src/pennyline/tools/versions.sh --here "${arguments[@]}" "${passed_on[@]}"
}

# Ends all that this run began, and takes away what it unpacked. Nothing is mounted where this process looks.
finish()
{
    local code=$?

    trap - EXIT INT TERM
    if [ -n "$child" ]; then
        kill -KILL "$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    fi
    [ -n "$keep" ] || rm -rf --one-file-system "$root"
    exit "$code"
}

with_debian()
{
    [ "$(id -u)" -eq 0 ] || die "--debian needs root"
    command -v mmdebstrap >/dev/null || die "mmdebstrap is missing: apt-get install mmdebstrap"
    mirror=${mirror:-$(mirror_of_this_machine)}
    [ -n "$mirror" ] || die "this machine's apt knows no mirror of Debian: give one by --mirror"
    root=${keep:-$(mktemp -d "${TMPDIR:-/var/tmp}/pennyline-debian.XXXXXX")}
    trap finish EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    mkdir -p "$root"
    unshare --mount --pid --fork --kill-child tools/versions.sh --debian "$suite" --mirror "$mirror" \
        --inside "$root" ${dpdk:+--dpdk "$dpdk"} ${apt_options[0]:+--expired} "${passed_on[@]}" </dev/null &
    child=$!
    wait "$child"
    child=''
}

parse()
{
    while [ $# -gt 0 ]; do
        case $1 in
        --debian | --dpdk | --compiler | --e2e | --mirror | --keep | --inside)
            [ $# -ge 2 ] || { usage >&2 && exit 2; }
            case $1 in
            --debian) suite=$2 ;;
            --dpdk) dpdk=$(realpath -e "$2") ;;
            --compiler) compilers+=("$2") passed_on+=("$1" "$2") ;;
            --e2e) cases+=("$2") passed_on+=("$1" "$2") ;;
            --mirror) mirror=$2 ;;
            --keep) keep=$(realpath -m "$2") ;;
            --inside) inside=yes root=$2 ;;
            esac
            shift
            ;;
        --expired) apt_options=(--aptopt='Acquire::Check-Valid-Until "false"') ;;
        --here) inside=here ;;
        -h | --help)
            usage
            exit 0
            ;;
        *)
            usage >&2
            exit 2
            ;;
        esac
        shift
    done
    [ -n "$suite$dpdk$inside" ] || { usage >&2 && exit 2; }
    [ ${#compilers[@]} -gt 0 ] || compilers=(gcc clang)
}

main()
{
    parse "$@"
    case $inside in
    yes) in_debian ;;
    here) build_and_test ;;
    *) if [ -n "$suite" ]; then with_debian; else build_and_test; fi ;;
    esac
}

passed=0 failed=0
# "source tools/versions.sh --functions" defines and runs nothing.
[ "${1:-}" = --functions ] || main "$@"
