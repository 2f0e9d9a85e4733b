/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "netdev/claim.h"

#define KEY "net-1-eth1"

static const struct netdev_key plain = {.own = KEY};

struct place {
    char top[64], directory[128], file[192];
};

static int make(void **state)
{
    static struct place p;

    snprintf(p.top, sizeof(p.top), "/tmp/test_claim.XXXXXX");
    if (mkdtemp(p.top) == NULL)
        return -1;
    snprintf(p.directory, sizeof(p.directory), "%s/below", p.top);
    snprintf(p.file, sizeof(p.file), "%s/" KEY, p.directory);
    *state = &p;
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static int unmake(void **state)
{
    const struct place *p = *state;

    return nftw(p->top, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Another process that claims it, changes what `changes` say, and lives until it is killed. */
static pid_t start_owner(const struct place *p, const struct netdev_key *key,
                         const struct netdev_changes *changes)
{
    struct netdev_claim claim;
    int ready[2];
    char byte;
    pid_t pid, nobody;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (netdev_claim(p->directory, key, &claim, &nobody) != 0)
            _exit(1);
        claim.changes = *changes;
        if (netdev_claim_write(&claim) != 0 || write(ready[1], "!", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void kill_owner(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_a_device_has_one_owner_while_that_lives(void **state)
{
    const struct netdev_changes none = {.interface_index = 7};
    const struct place *p = *state;
    struct netdev_claim claim;
    pid_t owner, found;

    assert_false(netdev_claim_is_owned(p->directory, &plain, &found));
    owner = start_owner(p, &plain, &none);
    assert_int_equal(netdev_claim(p->directory, &plain, &claim, &found), -EBUSY);
    assert_int_equal(found, owner);
    assert_int_equal(claim.fd, -1);
    found = 0;
    assert_true(netdev_claim_is_owned(p->directory, &plain, &found));
    assert_int_equal(found, owner);
    kill_owner(owner);
    assert_false(netdev_claim_is_owned(p->directory, &plain, &found));
    assert_int_equal(netdev_claim(p->directory, &plain, &claim, &found), 0);
    netdev_claim_release(&claim);
    netdev_claim_release(&claim);
    assert_int_equal(netdev_claim(p->directory, &plain, &claim, &found), 0);
    netdev_claim_release(&claim);
}

/* Is another process refused, and told that this one is the owner? */
static bool is_refused_elsewhere(const struct place *p)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        struct netdev_claim claim;
        pid_t owner;

        _exit(netdev_claim(p->directory, &plain, &claim, &owner) == -EBUSY && owner == getppid());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 1;
}

static void test_an_owner_that_looks_at_its_own_file_keeps_it(void **state)
{
    const struct place *p = *state;
    struct netdev_claim claim, again;
    struct netdev_changes changes;
    pid_t found;

    assert_int_equal(netdev_claim(p->directory, &plain, &claim, &found), 0);
    assert_true(netdev_claim_is_owned(p->directory, &plain, &found));
    assert_int_equal(found, getpid());
    assert_true(is_refused_elsewhere(p));
    netdev_claim_look(p->directory, &plain, &changes);
    assert_true(is_refused_elsewhere(p));
    assert_int_equal(netdev_claim(p->directory, &plain, &again, &found), -EBUSY);
    assert_int_equal(found, getpid());
    assert_true(is_refused_elsewhere(p));
    netdev_claim_release(&claim);
    assert_false(is_refused_elsewhere(p));
}

static void test_what_a_killed_owner_changed_is_known_to_the_next(void **state)
{
    const struct netdev_changes changed = {
        .interface_index = 7, .xdp_program = 2325, .switched_off = netdev_features_of_frames()};
    const struct place *p = *state;
    struct netdev_claim claim;
    pid_t nobody;

    kill_owner(start_owner(p, &plain, &changed));
    assert_int_equal(netdev_claim(p->directory, &plain, &claim, &nobody), 0);
    assert_int_equal(claim.changes.interface_index, 7);
    assert_int_equal(claim.changes.xdp_program, 2325);
    assert_int_equal(claim.changes.switched_off, netdev_features_of_frames());
    claim.changes = (struct netdev_changes){.interface_index = 8};
    assert_int_equal(netdev_claim_write(&claim), 0);
    netdev_claim_release(&claim);
    assert_int_equal(netdev_claim(p->directory, &plain, &claim, &nobody), 0);
    assert_int_equal(claim.changes.interface_index, 8);
    assert_int_equal(claim.changes.xdp_program, 0);
    assert_int_equal(claim.changes.switched_off, 0);
    netdev_claim_release(&claim);
}

static void test_a_file_that_is_none_of_ours_says_nothing(void **state)
{
    static const char *const texts[] = {"",     "interface 7", "interface 7 xdp 9",
                                        "junk", "off rx-gro",  "interface 7 xdp x off rx-gro"};
    const struct place *p = *state;
    struct netdev_claim claim;
    pid_t nobody;

    assert_int_equal(netdev_claim(p->directory, &plain, &claim, &nobody), 0);
    netdev_claim_release(&claim);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int fd = open(p->file, O_WRONLY | O_TRUNC | O_CLOEXEC);

        assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
        close(fd);
        assert_int_equal(netdev_claim(p->directory, &plain, &claim, &nobody), 0);
        assert_int_equal(claim.changes.interface_index, 0);
        assert_int_equal(claim.changes.xdp_program, 0);
        assert_int_equal(claim.changes.switched_off, 0);
        netdev_claim_release(&claim);
    }
}

static void test_a_link_in_its_place_is_not_followed(void **state)
{
    const struct place *p = *state;
    struct netdev_claim claim;
    char victim[192];
    pid_t nobody;

    assert_int_equal(netdev_claim(p->directory, &plain, &claim, &nobody), 0);
    netdev_claim_release(&claim);
    assert_int_equal(unlink(p->file), 0);
    snprintf(victim, sizeof(victim), "%s/victim", p->directory);
    assert_int_equal(symlink(victim, p->file), 0);
    assert_int_equal(netdev_claim(p->directory, &plain, &claim, &nobody), -ELOOP);
    assert_int_equal(access(victim, F_OK), -1);
}

static void test_interfaces_of_the_same_name_in_two_namespaces_are_two(void **state)
{
    struct netdev_key key, other;

    (void)state;
    netdev_key_interface("", "eth1", &key);
    netdev_key_interface("", "eth2", &other);
    assert_false(netdev_key_conflicts(&key, &other));
    assert_memory_equal(key.own, "net-", 4);
    assert_true(atol(key.own + 4) > 0); /* the namespace */
    assert_string_equal(strrchr(key.own, '-'), "-eth1");
}

/* An interface of a /sys below the place, with the device that its link leads to. */
static void make_interface(const struct place *p, const char *name, const char *device)
{
    const char *const folders[] = {"sys", "class", "net", name};
    char path[256];
    size_t n = (size_t)snprintf(path, sizeof(path), "%s", p->top);

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        n += (size_t)snprintf(path + n, sizeof(path) - n, "/%s", folders[i]);
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
    }
    snprintf(path + n, sizeof(path) - n, "/device");
    assert_int_equal(symlink(device, path), 0);
}

static void test_an_interface_shares_its_device_with_no_owner_of_the_device(void **state)
{
    const struct netdev_changes none = {.interface_index = 7};
    const struct place *p = *state;
    struct netdev_key pci, first, second;
    struct netdev_claim claim, other;
    pid_t owner, found;

    make_interface(p, "port0", "../../../0000:41:00.0");
    make_interface(p, "port1", "../../../0000:41:00.0");
    netdev_key_pci("0000:41:00.0", &pci);
    netdev_key_interface(p->top, "port0", &first);
    netdev_key_interface(p->top, "port1", &second);
    assert_true(netdev_key_conflicts(&pci, &first));
    assert_true(netdev_key_conflicts(&second, &pci));
    assert_false(netdev_key_conflicts(&first, &second));

    owner = start_owner(p, &first, &none);
    found = 0;
    assert_true(netdev_claim_is_owned(p->directory, &pci, &found));
    assert_int_equal(found, owner);
    assert_int_equal(netdev_claim(p->directory, &pci, &claim, &found), -EBUSY);
    assert_int_equal(found, owner);
    assert_false(netdev_claim_is_owned(p->directory, &second, &found));
    assert_int_equal(netdev_claim(p->directory, &second, &other, &found), 0);
    kill_owner(owner);
    assert_int_equal(netdev_claim(p->directory, &pci, &claim, &found), -EBUSY);
    netdev_claim_release(&other);

    owner = start_owner(p, &pci, &none);
    found = 0;
    assert_true(netdev_claim_is_owned(p->directory, &first, &found));
    assert_int_equal(found, owner);
    assert_int_equal(netdev_claim(p->directory, &first, &claim, &found), -EBUSY);
    assert_int_equal(found, owner);
    assert_int_equal(claim.fd, -1);
    assert_int_equal(claim.shared_fd, -1);
    kill_owner(owner);
    assert_int_equal(netdev_claim(p->directory, &first, &claim, &found), 0);
    netdev_claim_release(&claim);
}

static void test_a_device_is_shared_when_it_is_one_of_pci(void **state)
{
    static const struct {
        const char *device, *shared;
    } cases[] = {
        {"../../../0000:41:00.0", "pci-0000:41:00.0"},
        {"../../../10000:e1:00.1", "pci-10000:e1:00.1"},
        {"0000:41:00.0", "pci-0000:41:00.0"},
        {"../../../virtio3", ""},
        {"../../../mlx5_core.sf.4", ""},
        {"../../../0000:41:00.0.more", ""},
        {"../../../0000:41:00", ""},
    };
    const struct place *p = *state;
    struct netdev_key key;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char name[16];

        snprintf(name, sizeof(name), "port%zu", i);
        make_interface(p, name, cases[i].device);
        netdev_key_interface(p->top, name, &key);
        assert_string_equal(key.shared, cases[i].shared);
    }
    netdev_key_interface(p->top, "bridge", &key);
    assert_string_equal(key.shared, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_device_has_one_owner_while_that_lives, make, unmake),
        cmocka_unit_test_setup_teardown(test_an_owner_that_looks_at_its_own_file_keeps_it, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(test_what_a_killed_owner_changed_is_known_to_the_next, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(test_a_file_that_is_none_of_ours_says_nothing, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(test_a_link_in_its_place_is_not_followed, make, unmake),
        cmocka_unit_test_setup_teardown(
            test_an_interface_shares_its_device_with_no_owner_of_the_device, make, unmake),
        cmocka_unit_test_setup_teardown(test_a_device_is_shared_when_it_is_one_of_pci, make,
                                        unmake),
        cmocka_unit_test(test_interfaces_of_the_same_name_in_two_namespaces_are_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
