/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "pennyline/hugepages.h"

#define MIB ((uint64_t)1 << 20)

/* Below it are /sys, /proc and the mounts of an invented machine. */
static char root[64];

static void write_file(const char *path, const char *text)
{
    char whole[256];
    FILE *file;

    snprintf(whole, sizeof(whole), "%s/%s", root, path);
    for (char *slash = strchr(whole + strlen(root) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0755);
        *slash = '/';
    }
    file = fopen(whole, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void set_pages(const char *directory, const char *size, unsigned int total,
                      unsigned int n_free)
{
    char path[192], text[16];

    snprintf(path, sizeof(path), "%s/hugepages-%s/nr_hugepages", directory, size);
    snprintf(text, sizeof(text), "%u\n", total);
    write_file(path, text);
    snprintf(path, sizeof(path), "%s/hugepages-%s/free_hugepages", directory, size);
    snprintf(text, sizeof(text), "%u\n", n_free);
    write_file(path, text);
}

static void set_node(unsigned int node, const char *size, unsigned int total, unsigned int n_free)
{
    char directory[96];

    snprintf(directory, sizeof(directory), "sys/devices/system/node/node%u/hugepages", node);
    set_pages(directory, size, total, n_free);
}

/* What a page of EAL's leaves: as many bytes as really take blocks. */
static void leave(const char *name, size_t n_bytes)
{
    char path[128], *bytes = calloc(1, n_bytes + 1);

    assert_non_null(bytes);
    memset(bytes, 'x', n_bytes);
    snprintf(path, sizeof(path), "dev/hugepages/%s", name);
    write_file(path, bytes);
    free(bytes);
}

static int make(void **state)
{
    (void)state;
    strcpy(root, "/tmp/test_hugepages.XXXXXX");
    if (mkdtemp(root) == NULL)
        return -1;
    write_file("proc/meminfo", "MemTotal: 1 kB\nHugepagesize:       2048 kB\n");
    write_file("proc/mounts", "none /dev/hugepages hugetlbfs rw,relatime 0 0\n");
    write_file("dev/hugepages/.keep", "");
    set_pages("sys/kernel/mm/hugepages", "2048kB", 90, 12);
    return 0;
}

static int unmake(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -r '%s'", root);
    return system(command);
}

static int on_node_1(int fd, uint64_t page_bytes)
{
    (void)fd;
    assert_int_equal(page_bytes, 2 * MIB);
    return 1;
}

static int unknown(int fd, uint64_t page_bytes)
{
    (void)fd;
    (void)page_bytes;
    return -1;
}

static void test_what_a_stop_left_behind_counts_as_free(void **state)
{
    struct hugepages have;

    (void)state;
    leave("pennylinemap_0", 2 * MIB);
    leave("pennylinemap_1", 2 * MIB);
    leave("othermap_0", 2 * MIB); /* EAL clears those of every prefix */
    leave("no-file-of-eal", 2 * MIB);
    hugepages_read(root, unknown, &have);
    assert_true(have.is_mounted);
    assert_int_equal(have.nodes[0].total_bytes, 180 * MIB);
    /* A file system may take some blocks more for a file. */
    assert_int_equal(have.nodes[0].free_bytes / MIB, 24 + 6);
}

static void test_what_a_living_process_holds_does_not(void **state)
{
    struct hugepages have;
    char path[128];
    int fd;

    (void)state;
    leave("pennylinemap_0", 2 * MIB);
    leave("pennylinemap_1", 2 * MIB);
    snprintf(path, sizeof(path), "%s/dev/hugepages/pennylinemap_1", root);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_SH), 0); /* as EAL does */
    hugepages_read(root, unknown, &have);
    assert_int_equal(have.nodes[0].free_bytes / MIB, 24 + 2);
    close(fd);
    hugepages_read(root, unknown, &have);
    assert_int_equal(have.nodes[0].free_bytes / MIB, 24 + 4);
}

static void test_pages_are_those_of_their_node(void **state)
{
    uint64_t needed[HUGEPAGES_MAX_NODES] = {100, 0};
    struct hugepages have;
    char why[512];

    (void)state;
    set_node(0, "2048kB", 10, 2);
    set_node(1, "2048kB", 80, 70);
    leave("pennylinemap_0", 2 * MIB);
    hugepages_read(root, on_node_1, &have);
    assert_int_equal(have.n_nodes, 2);
    assert_int_equal(have.nodes[0].free_bytes, 4 * MIB);
    assert_int_equal(have.nodes[1].free_bytes / MIB, 142);
    /* In all there are 146 MiB, but not where they are needed. */
    assert_false(hugepages_suffice(&have, needed, why, sizeof(why)));
    assert_non_null(
        strstr(why, "100 MiB of hugepages are needed on NUMA node 0, 4 are free there"));
    assert_non_null(strstr(why, "echo 58 > /sys/devices/system/node/node0/hugepages/"));
    needed[0] = 4;
    needed[1] = 142;
    assert_true(hugepages_suffice(&have, needed, why, sizeof(why)));
    needed[1] = 143;
    assert_false(hugepages_suffice(&have, needed, why, sizeof(why)));
    assert_non_null(strstr(why, "on NUMA node 1"));
}

static void test_a_size_that_is_not_mounted_is_none(void **state)
{
    uint64_t needed[HUGEPAGES_MAX_NODES] = {156};
    struct hugepages have;
    char why[512];

    (void)state;
    set_pages("sys/kernel/mm/hugepages", "1048576kB", 1, 1);
    hugepages_read(root, unknown, &have);
    assert_int_equal(have.nodes[0].free_bytes, 24 * MIB);
    assert_int_equal(have.unmounted_bytes, 1024 * MIB);
    write_file("mnt/huge/.keep", "");
    assert_false(hugepages_suffice(&have, needed, why, sizeof(why)));
    assert_non_null(strstr(why, "1024 MiB more are of a size that no hugetlbfs is mounted for"));
    write_file("proc/mounts", "none /dev/hugepages hugetlbfs rw,pagesize=2M 0 0\n"
                              "none /mnt/huge hugetlbfs rw,pagesize=1024M 0 0\n");
    hugepages_read(root, unknown, &have);
    assert_int_equal(have.nodes[0].free_bytes, (24 + 1024) * MIB);
    assert_true(hugepages_suffice(&have, needed, why, sizeof(why)));
}

static void test_a_mount_that_has_a_limit_leaves_no_more(void **state)
{
    const uint64_t needed[HUGEPAGES_MAX_NODES] = {12, 12};
    struct hugepages have;
    char why[512];

    (void)state;
    set_node(0, "2048kB", 90, 12);
    set_node(1, "2048kB", 90, 12);
    hugepages_read(root, unknown, &have);
    assert_true(have.room_bytes == UINT64_MAX);
    assert_true(hugepages_suffice(&have, needed, why, sizeof(why)));
    have.room_bytes = 24 * MIB;
    assert_true(hugepages_suffice(&have, needed, why, sizeof(why)));
    have.room_bytes = 22 * MIB;
    assert_false(hugepages_suffice(&have, needed, why, sizeof(why)));
    assert_non_null(strstr(why, "24 MiB of hugepages are needed, the limit of the hugetlbfs mount "
                                "leaves 22"));
    assert_non_null(strstr(why, "size=24M or more"));
}

static void test_without_a_mount_there_are_none(void **state)
{
    const uint64_t needed[HUGEPAGES_MAX_NODES] = {156};
    struct hugepages have;
    char why[512];

    (void)state;
    write_file("proc/mounts", "none /tmp tmpfs rw 0 0\n");
    hugepages_read(root, unknown, &have);
    assert_false(have.is_mounted);
    assert_false(hugepages_suffice(&have, needed, why, sizeof(why)));
    assert_non_null(strstr(why, "no hugetlbfs is mounted"));
    assert_non_null(strstr(why, "echo 78 >"));
}

static void test_the_remedy_leaves_what_others_have_to_them(void **state)
{
    uint64_t needed[HUGEPAGES_MAX_NODES] = {156};
    struct hugepages have;
    char why[512];

    (void)state;
    hugepages_read(root, unknown, &have);
    assert_false(hugepages_suffice(&have, needed, why, sizeof(why)));
    assert_non_null(strstr(why, "156 MiB of hugepages are needed, 24 are free"));
    assert_non_null(strstr(why, "echo 156 > /proc/sys/vm/nr_hugepages")); /* 78 taken, 78 needed */
}

static void test_each_node_is_asked_for_what_lies_on_it(void **state)
{
    const uint64_t needed[HUGEPAGES_MAX_NODES] = {0, 400 * MIB, 4 * MIB};
    uint64_t mb[HUGEPAGES_MAX_NODES];

    (void)state;
    assert_int_equal(hugepages_to_ask_for(needed, 0, 0, mb), 64 + 516 + 21);
    assert_int_equal(mb[0], 64);             /* the manager's, though nothing is counted there */
    assert_int_equal(mb[1], 400 + 100 + 16); /* a quarter for the heap, and the node's share */
    assert_int_equal(mb[2], 5 + 16);
    assert_int_equal(mb[3], 0);
}

static void test_what_the_configuration_wants_is_shared_out_in_proportion(void **state)
{
    const uint64_t needed[HUGEPAGES_MAX_NODES] = {64 * MIB, 64 * MIB};
    uint64_t mb[HUGEPAGES_MAX_NODES];

    (void)state;
    assert_int_equal(hugepages_to_ask_for(needed, 0, 100, mb),
                     80 + 64 + 80 + 16); /* more is needed */
    assert_int_equal(mb[0], 144);
    assert_int_equal(hugepages_to_ask_for(needed, 0, 2400, mb), 2400);
    assert_int_equal(mb[0], 1440);
    assert_int_equal(mb[1], 960);
    assert_int_equal(mb[2], 0);
}

#define OF_MACHINE(f) cmocka_unit_test_setup_teardown(f, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OF_MACHINE(test_what_a_stop_left_behind_counts_as_free),
        OF_MACHINE(test_what_a_living_process_holds_does_not),
        OF_MACHINE(test_pages_are_those_of_their_node),
        OF_MACHINE(test_a_size_that_is_not_mounted_is_none),
        OF_MACHINE(test_a_mount_that_has_a_limit_leaves_no_more),
        OF_MACHINE(test_without_a_mount_there_are_none),
        cmocka_unit_test(test_each_node_is_asked_for_what_lies_on_it),
        cmocka_unit_test(test_what_the_configuration_wants_is_shared_out_in_proportion),
        OF_MACHINE(test_the_remedy_leaves_what_others_have_to_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
