/* SPDX-License-Identifier: BSD-3-Clause */
/* drivers-cfg: every file, found by the name that DPDK gives to the driver. */
#include "config/driver.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"

#define DRIVERS SOURCE_ROOT "/drivers-cfg"

static void each_driver_is_found_by_the_name_that_dpdk_gives(void **state)
{
    static const struct {
        const char *driver_name, *name;
        enum driver_bind bind;
    } cases[] = {
        {"net_af_xdp", "af_xdp", DRIVER_BIND_VDEV},
        {"net_af_packet", "af_packet", DRIVER_BIND_VDEV},
        {"net_tap", "tap", DRIVER_BIND_VDEV},
        {"net_memif", "memif", DRIVER_BIND_VDEV},
        {"net_pcap", "pcap", DRIVER_BIND_VDEV},
        {"net_ring", "ring", DRIVER_BIND_VDEV},
        {"net_null", "null", DRIVER_BIND_VDEV},
        {"net_virtio", "virtio", DRIVER_BIND_VFIO},
        {"net_virtio_user", "virtio", DRIVER_BIND_VFIO},
        {"mlx5_pci", "mlx5", DRIVER_BIND_BIFURCATED},
        {"mlx5_auxiliary", "mlx5", DRIVER_BIND_BIFURCATED},
        {"net_ice", "ice", DRIVER_BIND_VFIO},
        {"net_i40e", "i40e", DRIVER_BIND_VFIO},
        {"net_ixgbe", "ixgbe", DRIVER_BIND_VFIO},
        {"net_ena", "ena", DRIVER_BIND_VFIO},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct driver_config driver;
        struct config_error error;

        if (driver_config_load(DRIVERS, cases[i].driver_name, &driver, &error) != 0)
            fail_msg("%s", error.text);
        assert_string_equal(driver.name, cases[i].name);
        assert_int_equal(driver.bind, cases[i].bind);
        assert_true(driver.n_quirks > 0);
    }
}

/* What would hide a packet from the appliance, or change it, is asked of no driver. */
static void no_driver_is_asked_to_change_packets(void **state)
{
    static const char *const names[] = {
        "net_af_xdp", "net_af_packet", "net_tap", "net_memif", "net_pcap",  "net_ring", "net_null",
        "net_virtio", "mlx5_pci",      "net_ice", "net_i40e",  "net_ixgbe", "net_ena"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        struct driver_config driver;
        struct config_error error;
        bool never_lro = false, never_strip = false;

        assert_int_equal(driver_config_load(DRIVERS, names[i], &driver, &error), 0);
        for (uint32_t k = 0; k < driver.n_never_rx_offloads; k++) {
            never_lro |= strcmp(driver.never_rx_offloads[k], "TCP_LRO") == 0;
            never_strip |= strcmp(driver.never_rx_offloads[k], "VLAN_STRIP") == 0;
            for (uint32_t o = 0; o < driver.n_rx_offloads; o++)
                assert_string_not_equal(driver.rx_offloads[o], driver.never_rx_offloads[k]);
        }
        assert_true(never_lro && never_strip);
    }
}

static void unknown_driver_and_missing_folder_are_said(void **state)
{
    struct driver_config driver;
    struct config_error error;

    (void)state;
    assert_int_equal(driver_config_load(DRIVERS, "net_nobody", &driver, &error), -ENOENT);
    assert_string_equal(error.text, DRIVERS ": no file for the driver \"net_nobody\"");
    assert_int_equal(driver_config_load("/nowhere", "net_null", &driver, &error), -ENOENT);
    assert_string_equal(error.text, "/nowhere: No such file or directory");
}

static void bad_driver_file_is_refused_and_leaves_out_untouched(void **state)
{
    static const char text[] = "{\"name\":\"x\",\"driver_names\":[],\"bind\":\"vdev\"}";
    char path[] = "/tmp/pennyline-driver-XXXXXX", expected[256];
    int fd = mkstemp(path);
    struct driver_config driver = {.name = "before"};
    struct config_error error;

    (void)state;
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    assert_int_equal(driver_config_load_file(path, &driver, &error), -EINVAL);
    unlink(path);
    snprintf(expected, sizeof(expected),
             "%s: $.driver_names: a list of 0; allowed: a list of 1 to 8 strings of 1 to 31 bytes",
             path);
    assert_string_equal(error.text, expected);
    assert_string_equal(driver.name, "before");
}

static void vdev_is_made_for_an_interface(void **state)
{
    struct driver_device xdp = {.number = 3, .interface = "eth7", .n_queues = 4, .mtu = 1500};
    struct driver_device packet = {.interface = "eth0", .n_queues = 4, .mtu = 1500};
    struct driver_config driver;
    struct config_error error;
    char text[256];

    (void)state;
    assert_int_equal(driver_config_load(DRIVERS, "net_af_xdp", &driver, &error), 0);
    assert_int_equal(driver_config_vdev(&driver, &xdp, text, sizeof(text)), 0);
    assert_string_equal(text, "net_af_xdp3,iface=eth7,start_queue=0,queue_count=4");
    xdp.first_queue = 2;
    xdp.n_queues = 1;
    assert_int_equal(driver_config_vdev(&driver, &xdp, text, sizeof(text)), 0);
    assert_string_equal(text, "net_af_xdp3,iface=eth7,start_queue=2,queue_count=1");
    assert_int_equal(driver_config_load(DRIVERS, "net_af_packet", &driver, &error), 0);
    assert_int_equal(driver_config_vdev(&driver, &packet, text, sizeof(text)), 0);
    assert_string_equal(
        text, "net_af_packet0,iface=eth0,qpairs=4,blocksz=65536,framesz=2048,framecnt=2048");
}

/* A frame of the ring holds the packet, its headers and the kernel's: 150 bytes beside the MTU. */
static void frames_grow_with_the_mtu(void **state)
{
    static const struct {
        uint32_t mtu;
        const char *frame_bytes;
    } cases[] = {{1280, "2048"}, {1898, "2048"}, {1899, "4096"}, {3946, "4096"}, {9000, "16384"}};
    struct driver_config driver = {.vdev = "{framesz}"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct driver_device device = {.interface = "x", .n_queues = 1, .mtu = cases[i].mtu};
        char text[32];

        assert_int_equal(driver_config_vdev(&driver, &device, text, sizeof(text)), 0);
        assert_string_equal(text, cases[i].frame_bytes);
    }
}

static void vdev_says_why_it_cannot_be_made(void **state)
{
    struct driver_config none = {.vdev = ""}, odd = {.vdev = "a,{queue}"},
                         good = {.vdev = "{n}{n}"};
    struct driver_device device = {.interface = "x", .n_queues = 1, .mtu = 1500};
    char text[3];

    (void)state;
    assert_int_equal(driver_config_vdev(&none, &device, text, sizeof(text)), -ENOTSUP);
    assert_int_equal(driver_config_vdev(&odd, &device, text, sizeof(text)), -EINVAL);
    device.number = 1;
    assert_int_equal(driver_config_vdev(&good, &device, text, sizeof(text)), 0);
    assert_string_equal(text, "11");
    device.number = 10;
    assert_int_equal(driver_config_vdev(&good, &device, text, sizeof(text)), -ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_driver_is_found_by_the_name_that_dpdk_gives),
        cmocka_unit_test(no_driver_is_asked_to_change_packets),
        cmocka_unit_test(unknown_driver_and_missing_folder_are_said),
        cmocka_unit_test(bad_driver_file_is_refused_and_leaves_out_untouched),
        cmocka_unit_test(vdev_is_made_for_an_interface),
        cmocka_unit_test(frames_grow_with_the_mtu),
        cmocka_unit_test(vdev_says_why_it_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
