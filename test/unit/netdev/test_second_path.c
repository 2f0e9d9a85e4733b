/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "netdev/second_path.h"

/* Below it are /sys and /proc of an invented machine. */
static char root[64];

static void make_path(const char *path, bool with_last)
{
    char whole[256];

    snprintf(whole, sizeof(whole), "%s/%s%s", root, path, with_last ? "/" : "");
    for (char *slash = strchr(whole + strlen(root) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0755);
        *slash = '/';
    }
}

static void write_file(const char *path, const char *text)
{
    char whole[256];
    FILE *file;

    make_path(path, false);
    snprintf(whole, sizeof(whole), "%s/%s", root, path);
    file = fopen(whole, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_link(const char *path, const char *target)
{
    char whole[256];

    make_path(path, false);
    snprintf(whole, sizeof(whole), "%s/%s", root, path);
    assert_int_equal(symlink(target, whole), 0);
}

static int make(void **state)
{
    (void)state;
    strcpy(root, "/tmp/test_second_path.XXXXXX");
    if (mkdtemp(root) == NULL)
        return -1;
    make_path("sys/class/net/eth1", true);
    write_file("proc/sys/net/ipv4/conf/eth1/forwarding", "0\n");
    write_file("proc/sys/net/ipv6/conf/eth1/forwarding", "0\n");
    return 0;
}

static int unmake(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -r '%s'", root);
    return system(command);
}

static const char *why(void)
{
    static char text[256];

    return netdev_has_second_path(root, "eth1", text, sizeof(text)) ? text : NULL;
}

static void expect(const char *words, const char *remedy)
{
    const char *text = why();

    assert_non_null(text);
    assert_non_null(strstr(text, words));
    assert_non_null(strstr(text, remedy));
}

static void test_an_interface_by_itself_has_none(void **state)
{
    (void)state;
    assert_null(why());
}

static void test_a_member_of_a_bridge_or_bond_has_one(void **state)
{
    (void)state;
    make_link("sys/class/net/eth1/master", "../br0");
    expect("is a port of br0", "ip link set eth1 nomaster");
}

static void test_a_bridge_is_known_by_its_port_too(void **state)
{
    (void)state;
    make_path("sys/class/net/eth1/brport", true);
    expect("is a port of a bridge", "ip link set eth1 nomaster");
}

static void test_ipv4_is_forwarded_by_the_interface_it_comes_in_by(void **state)
{
    (void)state;
    write_file("proc/sys/net/ipv4/conf/all/forwarding", "1\n");
    assert_null(why());
    write_file("proc/sys/net/ipv4/conf/eth1/forwarding", "1\n");
    expect("the kernel forwards", "sysctl net/ipv4/conf/eth1/forwarding=0");
}

static void test_ipv6_is_forwarded_for_all_interfaces_at_once(void **state)
{
    (void)state;
    write_file("proc/sys/net/ipv6/conf/eth1/forwarding", "1\n");
    assert_null(why());
    write_file("proc/sys/net/ipv6/conf/eth1/forwarding", "0\n");
    write_file("proc/sys/net/ipv6/conf/all/forwarding", "1\n");
    expect("the kernel forwards", "sysctl net/ipv6/conf/eth1/disable_ipv6=1");
    write_file("proc/sys/net/ipv6/conf/eth1/disable_ipv6", "1\n");
    assert_null(why());
}

static void test_ipv6_is_forwarded_by_an_interface_that_is_made_to(void **state)
{
    (void)state;
    write_file("proc/sys/net/ipv6/conf/eth1/force_forwarding", "1\n");
    expect("the kernel forwards", "sysctl net/ipv6/conf/eth1/disable_ipv6=1");
    write_file("proc/sys/net/ipv6/conf/eth1/disable_ipv6", "1\n");
    assert_null(why());
}

static void test_what_stands_on_it_takes_its_frames(void **state)
{
    (void)state;
    make_link("sys/class/net/eth1/upper_guest0", "../guest0");
    write_file("sys/class/net/guest0/uevent", "DEVTYPE=macvlan\nINTERFACE=guest0\n");
    expect("carries guest0 (macvlan)", "ip link delete guest0");
}

static void test_a_vlan_on_it_counts_by_what_becomes_of_its_frames(void **state)
{
    (void)state;
    make_link("sys/class/net/eth1/upper_eth1.5", "../eth1.5");
    write_file("sys/class/net/eth1.5/uevent", "DEVTYPE=vlan\nINTERFACE=eth1.5\n");
    write_file("proc/sys/net/ipv4/conf/eth1.5/forwarding", "0\n");
    assert_null(why());
    write_file("proc/sys/net/ipv4/conf/eth1.5/forwarding", "1\n");
    expect("eth1.5 on it is routed", "sysctl net/ipv4/conf/eth1.5/forwarding=0");
    make_link("sys/class/net/eth1.5/master", "../br5");
    expect("eth1.5 on it is a port of br5", "ip link set eth1.5 nomaster");
}

static void test_vlans_in_a_circle_end(void **state)
{
    (void)state;
    make_link("sys/class/net/eth1/upper_eth1.5", "../eth1.5");
    write_file("sys/class/net/eth1.5/uevent", "DEVTYPE=vlan\n");
    make_link("sys/class/net/eth1.5/upper_eth1.5", "../eth1.5");
    assert_null(why());
}

#define OF_MACHINE(f) cmocka_unit_test_setup_teardown(f, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OF_MACHINE(test_an_interface_by_itself_has_none),
        OF_MACHINE(test_a_member_of_a_bridge_or_bond_has_one),
        OF_MACHINE(test_a_bridge_is_known_by_its_port_too),
        OF_MACHINE(test_ipv4_is_forwarded_by_the_interface_it_comes_in_by),
        OF_MACHINE(test_ipv6_is_forwarded_for_all_interfaces_at_once),
        OF_MACHINE(test_ipv6_is_forwarded_by_an_interface_that_is_made_to),
        OF_MACHINE(test_what_stands_on_it_takes_its_frames),
        OF_MACHINE(test_a_vlan_on_it_counts_by_what_becomes_of_its_frames),
        OF_MACHINE(test_vlans_in_a_circle_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
