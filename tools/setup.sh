#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes a machine ready to build, test and run pennyline.
set -euo pipefail

# Package names of Debian 12 and 13 and of Ubuntu 24.04.
build_packages=(gcc libc6-dev clang meson ninja-build pkg-config libdpdk-dev libjansson-dev
    libcmocka-dev libpcap-dev zlib1g-dev libbz2-dev libyaml-dev libnuma-dev libmicrohttpd-dev libcurl4-openssl-dev libseccomp-dev
    libnghttp2-dev libgnutls28-dev libprotobuf-c-dev protobuf-c-compiler
    libsqlite3-dev scdoc)
# dpdk-dev holds dpdk-testpmd, dpdk-telemetry.py, dpdk-proc-info and dpdk-dumpcap.
run_packages=(dpdk dpdk-dev iproute2 nftables ethtool iperf3 procps util-linux python3)
# What unit tests need beside what they test.
test_packages=(binutils openssl systemd python3-jsonschema lua5.4 tshark tcpdump gnuplot-nox prometheus redis-server
    bgpdump prometheus-alertmanager rsyslog python3-grpcio python3-protobuf protobuf-compiler protobuf-compiler-grpc)
# ngtcp2: a client and a server of QUIC; nginx and wrk: servers behind a service and their load; curl, hping3, nmap:
# clients and scanners; all for test/e2e.
check_packages=(git clang-format llvm libclang-rt-dev shellcheck cppcheck pyflakes3 graphviz
    valgrind chromium ngtcp2-client ngtcp2-server nginx-light wrk curl hping3 nmap knockd)
# A DPDK that is built from source: tools/versions.sh.
dpdk_packages=(python3-pyelftools libxdp-dev libbpf-dev)
# For the page's test, unless node and npm are there from elsewhere.
node_packages=(nodejs npm)
# For the plots of doc/verdict.md only: tools/studies/verdict_plots.py.
doc_packages=(gnuplot-nox)

huge_directory=/dev/hugepages
huge_pages_file=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
huge_page_mib=2

usage()
{
    cat <<TEXT
Usage: tools/setup.sh [packages|hugepages|all|tests|docs]

  packages    install with apt, by name, what is missing; when nothing is, the network is not used
  hugepages   mount hugetlbfs on $huge_directory and reserve 2 MB pages
  all         both (the default)
  tests       what a build and the unit tests need, and a DPDK from source: tools/versions.sh
  docs        what draws the plots of the documentation; nothing else needs it

Environment:
  HUGEPAGES   how many 2 MB pages to have (default 1024; never more than a quarter of the memory
              unless it is set). More than that are left as they are.

All need root. Exit code: 0 done; 1 a package is missing and could not be installed; 2 usage.
Hugepages that cannot be had are said, and are no error: DPDK programs then need --no-huge.
TEXT
}

say()
{
    printf 'setup: %s\n' "$*"
}

is_installed()
{
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_packages PACKAGE...
install_packages()
{
    local missing=() package

    if ! command -v dpkg-query >/dev/null; then
        say "no dpkg here: install by your system's means: $*"
        return 0
    fi
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        say "packages: nothing is missing"
        return 0
    fi
    if [ "$(id -u)" -ne 0 ]; then
        say "packages missing: ${missing[*]}"
        say "run as root: tools/setup.sh $what"
        return 1
    fi
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null
    apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}

# How many pages to ask for: HUGEPAGES, else 1024, else what a quarter of a small memory holds.
wanted_pages()
{
    local quarter

    if [ -n "${HUGEPAGES:-}" ]; then
        printf '%s\n' "$HUGEPAGES"
        return
    fi
    quarter=$(awk -v mib=$huge_page_mib '/^MemTotal:/ {print int($2 / 1024 / 4 / mib)}' /proc/meminfo)
    printf '%s\n' $((quarter < 1024 ? quarter : 1024))
}

without_hugepages()
{
    say "hugepages: $1"
    say "  lost: DPDK programs must be given --no-huge (more TLB misses, no AF_XDP zero copy),"
    say "  and no secondary process (dpdk-proc-info, dpdk-dumpcap) can attach to them"
}

mount_hugetlbfs()
{
    if awk '$3 == "hugetlbfs" {found = 1} END {exit !found}' /proc/mounts; then
        return 0
    fi
    mkdir -p "$huge_directory" 2>/dev/null &&
        mount -t hugetlbfs -o pagesize=2M nodev "$huge_directory" 2>/dev/null
}

reserve_hugepages()
{
    local wanted got

    if [ ! -e "$huge_pages_file" ]; then
        without_hugepages "this kernel has no 2 MB pages"
        return 0
    fi
    wanted=$(wanted_pages)
    got=$(<"$huge_pages_file")
    if [ "$got" -lt "$wanted" ]; then
        if [ "$(id -u)" -ne 0 ] || ! echo "$wanted" 2>/dev/null >"$huge_pages_file"; then
            without_hugepages "$got reserved, $wanted wanted, and $huge_pages_file is not writable"
            return 0
        fi
        got=$(<"$huge_pages_file")
    fi
    if ! mount_hugetlbfs; then
        without_hugepages "hugetlbfs could not be mounted on $huge_directory"
    elif [ "$got" -eq 0 ]; then
        without_hugepages "no memory in one piece for any of the $wanted pages wanted"
    else
        say "hugepages: $got pages of $huge_page_mib MB ($((got * huge_page_mib)) MB), $wanted wanted"
    fi
}

all_packages=("${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}" "${check_packages[@]}")
command -v node >/dev/null && command -v npm >/dev/null || all_packages+=("${node_packages[@]}")
what=${1:-all}
case "$what" in
packages) install_packages "${all_packages[@]}" ;;
hugepages) reserve_hugepages ;;
tests) install_packages "${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}" "${dpdk_packages[@]}" ;;
docs) install_packages "${doc_packages[@]}" ;;
all)
    install_packages "${all_packages[@]}"
    reserve_hugepages
    ;;
-h | --help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
