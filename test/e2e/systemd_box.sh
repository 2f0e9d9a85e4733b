#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# systemd_box.sh FOLDER NAME: systemd as PID 1, in namespaces of its own, on a copy of this machine's root directory with
# what lies below FOLDER/installed in it. It stays in the network namespace that it is run in. Prints "init PID" when it
# boots, ends all of it at SIGINT or SIGTERM, and leaves the machine as it was: /sys and /proc/sys are read only there, so
# what systemd does at the boot of a real machine is left out, as in any container.
set -euo pipefail

folder=$1 name=$2 stage=${3:-begin}
root=$folder/root cgroups=$folder/cgroups
stack=(--mount --propagation private)

begin()
{
    exec unshare "${stack[@]}" "$0" "$folder" "$name" outside
}

# The cgroups of the run lie below one of its own.
outside()
{
    local child init

    mkdir -p "$cgroups" "$root" "$folder/layer"
    mount -t cgroup2 none "$cgroups"
    mkdir "$cgroups/$name"
    unshare "${stack[@]}" --pid --fork --kill-child --uts --ipc "$0" "$folder" "$name" inside &
    child=$!
    # shellcheck disable=SC2064  # this number
    trap "kill -KILL $child || true; wait $child || true; remove_cgroups" EXIT
    trap 'exit 0' INT TERM
    until init=$(pgrep --parent "$child"); do
        sleep 0.05
    done
    echo "init $init"
    wait "$child"
}

# Processes that were killed leave theirs a moment later.
remove_cgroups()
{
    for _ in {1..50}; do
        find "$cgroups/$name" -depth -type d -exec rmdir {} + 2>/dev/null && return
        sleep 0.1
    done
}

inside()
{
    echo 0 >"$cgroups/$name/cgroup.procs"
    exec unshare --cgroup "$0" "$folder" "$name" boot
}

devices()
{
    local device

    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    for device in null zero full random urandom tty ptmx; do
        touch "$root/dev/$device"
        mount --bind "/dev/$device" "$root/dev/$device"
    done
    mkdir "$root/dev/shm" "$root/dev/hugepages"
    touch "$root/dev/console"
    mount --bind "$folder/console" "$root/dev/console"
    ln -s /proc/self/fd "$root/dev/fd"
    mountpoint -q /dev/hugepages && mount --bind /dev/hugepages "$root/dev/hugepages"
}

boot()
{
    mount -t tmpfs tmpfs "$folder/layer"
    mkdir "$folder/layer/upper" "$folder/layer/work"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/layer/upper,workdir=$folder/layer/work" "$root"
    cp -R "$folder/installed/." "$root/"
    # Nothing of this machine is mounted, or run at its hours.
    : >"$root/etc/fstab"
    ln -sf /dev/null "$root/etc/systemd/system/timers.target"
    mount -t proc proc "$root/proc"
    mount --bind "$root/proc/sys" "$root/proc/sys"
    mount -o remount,bind,ro "$root/proc/sys"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t cgroup2 none "$root/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    touch "$folder/console"
    devices
    cd "$root"
    mkdir -p old
    pivot_root . old
    umount -l /old
    mount --make-rshared /
    exec env -i container=other PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        /lib/systemd/systemd --unit=basic.target --log-target=console --show-status=no </dev/null >/dev/console 2>&1
}

"$stage"
