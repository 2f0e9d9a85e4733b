/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/driver.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/document.h"
#include "config/option.h"

#define DRIVER(member) OPTION_FIELD(struct driver_config, member)
#define WORDS(member, most_items)                                                                  \
    .kind = &kind_texts, .offset = offsetof(struct driver_config, member),                         \
    .size = sizeof(((struct driver_config *)0)->member[0]),                                        \
    .count = offsetof(struct driver_config, n_##member), .most = (most_items)

static const char *const binds[] = {"vfio-pci", "bifurcated", "vdev", NULL};

static const struct option_row rows[] = {
    {.name = "$schema", .kind = &kind_note, .help = "For editors; not read."},
    {.name = "comment", .kind = &kind_note, .help = "For people; not read."},
    {.name = "name", .kind = &kind_name, DRIVER(name), .least = 1, .help = "As the file's."},
    {.name = "driver_names",
     WORDS(driver_names, DRIVER_MAX_NAMES),
     .least = 1,
     .help = "Names that DPDK gives to the driver of a device."},
    {.name = "bind",
     .kind = &kind_enum,
     DRIVER(bind),
     .words = binds,
     .help = "`vfio-pci`: the device is taken from the kernel first. `bifurcated`: it stays with "
             "the kernel's driver. `vdev`: EAL makes the device."},
    {.name = "vdev",
     .kind = &kind_text,
     DRIVER(vdev),
     .least = 0,
     .fallback = "\"\"",
     .otherwise = "no kernel interface",
     .help =
         "How EAL makes the device for a kernel interface; `{n}`, `{iface}`, `{start}` (the first "
         "queue), `{queues}` and `{framesz}` are filled in."},
    {.name = "rx_descriptors",
     .kind = &kind_u32,
     DRIVER(rx_descriptors),
     .least = 16,
     .most = 32768,
     .fallback = "1024",
     .unit = "descriptors",
     .help = "Of each receive queue."},
    {.name = "tx_descriptors",
     .kind = &kind_u32,
     DRIVER(tx_descriptors),
     .least = 16,
     .most = 32768,
     .fallback = "1024",
     .unit = "descriptors",
     .help = "Of each transmit queue."},
    {.name = "max_queues",
     .kind = &kind_u32,
     DRIVER(max_queues),
     .least = 1,
     .most = 1024,
     .help = "Receive queues that the driver can have.",
     .unit = "queues"},
    {.name = "rss_functions",
     WORDS(rss_functions, DRIVER_MAX_WORDS),
     .least = 0,
     .fallback = "[]",
     .otherwise = "no RSS to set",
     .help = "What the receive hash is to be over, where the device can."},
    {.name = "rss_key_bytes",
     .kind = &kind_u32,
     DRIVER(rss_key_bytes),
     .least = 0,
     .most = CONFIG_RSS_KEY_BYTES,
     .fallback = "0",
     .otherwise = "takes no key",
     .unit = "bytes",
     .help = "Length of the key of the receive hash."},
    {.name = "rss_symmetric",
     .kind = &kind_bool,
     DRIVER(rss_symmetric),
     .fallback = "false",
     .help = "The hash is Toeplitz's: the key `6d5a` repeated brings both directions of a "
             "connection to one queue."},
    {.name = "rx_offloads",
     WORDS(rx_offloads, DRIVER_MAX_WORDS),
     .least = 0,
     .fallback = "[]",
     .help = "Receive offloads to use where the device has them."},
    {.name = "never_rx_offloads",
     WORDS(never_rx_offloads, DRIVER_MAX_WORDS),
     .least = 0,
     .fallback = "[\"TCP_LRO\", \"VLAN_STRIP\", \"QINQ_STRIP\"]",
     .help = "Receive offloads that change what the wire carried."},
    {.name = "tx_offloads",
     WORDS(tx_offloads, DRIVER_MAX_WORDS),
     .least = 0,
     .fallback = "[]",
     .help = "Transmit offloads to use where the device has them."},
    {.name = "strips_vlan",
     .kind = &kind_bool,
     DRIVER(strips_vlan),
     .fallback = "false",
     .help = "The outer VLAN tag arrives beside the packet and is put back in."},
    {.name = "reports_link",
     .kind = &kind_bool,
     DRIVER(reports_link),
     .fallback = "true",
     .help = "A lost carrier is seen."},
    {.name = "reports_missed",
     .kind = &kind_bool,
     DRIVER(reports_missed),
     .fallback = "true",
     .help = "Packets that were lost before they could be received are counted."},
    {.name = "host_sets_queues",
     .kind = &kind_bool,
     DRIVER(host_sets_queues),
     .fallback = "false",
     .help = "Another one decides how long queues are, as a virtual machine's host does, and DPDK "
             "does not tell: the descriptors asked for are the most there are."},
    {.name = "quirks",
     WORDS(quirks, DRIVER_MAX_QUIRKS),
     .least = 0,
     .fallback = "[]",
     .help = "What to know before relying on it."},
    {.name = "verified",
     .kind = &kind_text,
     DRIVER(verified),
     .least = 1,
     .help = "How the contents were checked."},
    {.name = "source",
     .kind = &kind_text,
     DRIVER(source),
     .least = 1,
     .help = "Where they come from."},
};

const struct option_object object_driver = {
    .noun = "a driver",
    .help = "What is known of a poll mode driver.",
    .rows = rows,
    .n_rows = ARRAY_LENGTH(rows),
};

int driver_config_load_file(const char *path, struct driver_config *out, struct config_error *error)
{
    struct option_reader r = {.error = error, .path = "$", .path_length = 1};
    struct driver_config driver = {0};
    json_t *root = NULL;
    int status = document_load(path, &root, error);

    if (status == 0)
        status = option_read_object(&r, &object_driver, root, &driver, SWEEP_VALUES);
    if (status == 0)
        *out = driver;
    else
        document_name_file(path, error);
    json_decref(root);
    return status;
}

static bool has_name(const struct driver_config *driver, const char *driver_name)
{
    for (uint32_t i = 0; i < driver->n_driver_names; i++)
        if (strcmp(driver->driver_names[i], driver_name) == 0)
            return true;
    return false;
}

static int refuse_directory(int status, const char *directory, const char *what,
                            struct config_error *error)
{
    memset(error, 0, sizeof(*error));
    snprintf(error->text, sizeof(error->text), "%.256s: %s", directory, what);
    return status;
}

static int is_json_file(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);

    return n > 5 && strcmp(entry->d_name + n - 5, ".json") == 0;
}

/* In the order of names, so that what is found does not depend on the file system. */
int driver_config_load(const char *directory, const char *driver_name, struct driver_config *out,
                       struct config_error *error)
{
    struct dirent **entries;
    struct driver_config driver;
    bool found = false;
    char text[256];
    int status = 0, n = scandir(directory, &entries, is_json_file, alphasort);

    if (n < 0)
        return refuse_directory(-errno, directory, strerror(errno), error);
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
        free(entries[i]);
        if (status != 0 || found)
            continue;
        status = driver_config_load_file(path, &driver, error);
        found = status == 0 && has_name(&driver, driver_name);
    }
    free(entries);
    if (status != 0)
        return status;
    if (!found) {
        snprintf(text, sizeof(text), "no file for the driver \"%.100s\"", driver_name);
        return refuse_directory(-ENOENT, directory, text, error);
    }
    *out = driver;
    return 0;
}

/* A packet and its Ethernet header, two VLAN tags, and the header that TPACKET puts before it
 * (tpacket2_hdr and sockaddr_ll, aligned: below 128 bytes), in a power of two so that frames fill
 * their block. */
static uint32_t frame_bytes(uint32_t mtu)
{
    uint32_t needed = mtu + 14 + 2 * 4 + 128, size = 2048;

    while (size < needed)
        size *= 2;
    return size;
}

/* Length of the place at `text`, whose value goes to `out`; 0 when it is unknown. */
static size_t fill_place(const char *text, const struct driver_device *device, char out[32])
{
    const struct {
        const char *place;
        uint32_t value;
    } numbers[] = {{"{n}", device->number},
                   {"{start}", device->first_queue},
                   {"{queues}", device->n_queues},
                   {"{framesz}", frame_bytes(device->mtu)}};

    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
        if (strncmp(text, numbers[i].place, strlen(numbers[i].place)) == 0) {
            snprintf(out, 32, "%u", numbers[i].value);
            return strlen(numbers[i].place);
        }
    if (strncmp(text, "{iface}", 7) != 0)
        return 0;
    snprintf(out, 32, "%s", device->interface);
    return 7;
}

int driver_config_vdev(const struct driver_config *driver, const struct driver_device *device,
                       char *out, size_t out_bytes)
{
    size_t used = 0;

    if (driver->vdev[0] == '\0')
        return -ENOTSUP;
    for (const char *t = driver->vdev; *t != '\0';) {
        char value[32] = {*t, '\0'};
        size_t n_taken = *t == '{' ? fill_place(t, device, value) : 1;

        if (n_taken == 0)
            return -EINVAL;
        if (used + strlen(value) >= out_bytes)
            return -ENOSPC;
        strcpy(out + used, value);
        used += strlen(value);
        t += n_taken;
    }
    return 0;
}
