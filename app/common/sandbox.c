/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/sandbox.h"

#ifdef HAVE_SECCOMP

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/compiler.h"

/* By name: not every architecture has each. */
static const char *const allowed[] = {
    /* files: the page, tokens, the queue of the webhook, the event log, names of hosts */
    "read", "readv", "pread64", "write", "writev", "pwrite64", "lseek", "close", "close_range",
    "open", "openat", "creat", "stat", "lstat", "fstat", "newfstatat", "statx", "statfs", "fstatfs",
    "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "getcwd", "fcntl",
    "flock", "fsync", "fdatasync", "ftruncate", "fallocate", "rename", "renameat", "renameat2",
    "unlink", "unlinkat", "mkdir", "mkdirat", "chmod", "fchmod", "fchmodat", "umask", "utimensat",
    "dup", "dup2", "dup3", "pipe", "pipe2", "eventfd2", "inotify_init1", "inotify_add_watch",
    "inotify_rm_watch",
    /* sockets that are there */
    "bind", "connect", "listen", "accept", "accept4", "getsockname", "getpeername", "getsockopt",
    "setsockopt", "sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg", "shutdown",
    "sendfile", "splice", "poll", "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl",
    "epoll_wait", "epoll_pwait", "epoll_pwait2",
    /* memory, threads, signals, time */
    "munmap", "mremap", "madvise", "brk", "futex", "set_robust_list", "get_robust_list", "rseq",
    "set_tid_address", "arch_prctl", "sched_yield", "sched_getaffinity", "membarrier", "gettid",
    "getpid", "getppid", "getuid", "geteuid", "getgid", "getegid", "tgkill", "exit", "exit_group",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "sigaltstack",
    "restart_syscall", "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres",
    "gettimeofday", "time", "getrandom", "prlimit64", "getrlimit", "sysinfo", "uname"};

/* NETLINK: the C library asks by it which addresses there are. */
static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
static const unsigned long controls[] = {FIONBIO, FIONREAD};

static int allow(scmp_filter_ctx filter, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);

    return number != __NR_SCMP_ERROR ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) : 0;
}

static int allow_if(scmp_filter_ctx filter, const char *name, struct scmp_arg_cmp condition)
{
    int number = seccomp_syscall_resolve_name(name);

    return number != __NR_SCMP_ERROR
               ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, condition)
               : 0;
}

/* Memory is written or executed, never both; a library that is loaded later, as one for names of
 * hosts, is mapped in either way. */
static int allow_mapping(scmp_filter_ctx filter, const char *name)
{
    static const int protections[] = {0, PROT_WRITE, PROT_EXEC};
    int error = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(protections) && error == 0; i++)
        error = allow_if(
            filter, name,
            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, (scmp_datum_t)protections[i]));
    return error;
}

static int fill(scmp_filter_ctx filter)
{
    int error = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(allowed) && error == 0; i++)
        error = allow(filter, allowed[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(families) && error == 0; i++) {
        error = allow_if(filter, "socket", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0));
        if (error == 0)
            error =
                allow_if(filter, "socketpair", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(controls) && error == 0; i++)
        error = allow_if(filter, "ioctl", SCMP_A1(SCMP_CMP_EQ, controls[i], 0));
    if (error == 0)
        error = allow_mapping(filter, "mmap");
    if (error == 0)
        error = allow_mapping(filter, "mprotect");
    /* A thread, and no process. clone3() hides its flags behind a pointer; without it clone() is
     * taken. */
    if (error == 0)
        error = allow_if(filter, "clone",
                         SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, (scmp_datum_t)CLONE_THREAD));
    return error;
}

int sandbox_is_there(void)
{
    return 1;
}

int sandbox_enter(char *error, size_t n_error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int failure = filter != NULL ? fill(filter) : -ENOMEM;

    if (failure == 0)
        failure = seccomp_load(filter);
    if (filter != NULL)
        seccomp_release(filter);
    if (failure == 0)
        return 0;
    snprintf(error, n_error, "the filter of system calls cannot be set: %s", strerror(-failure));
    return -1;
}

#else

int sandbox_is_there(void)
{
    return 0;
}

int sandbox_enter(char *error, size_t n_error)
{
    (void)error;
    (void)n_error;
    return 0;
}

#endif
