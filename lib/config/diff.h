/* SPDX-License-Identifier: BSD-3-Clause */
/* What differs between two configurations, by the names of things and never by their positions, and
 * what a running appliance would have to do about it. Pure: any thread, no state. */
#ifndef CONFIG_DIFF_H
#define CONFIG_DIFF_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

enum config_change_kind { CONFIG_ADDED, CONFIG_REMOVED, CONFIG_CHANGED };

/* The greatest of them is what a slice, or the whole, asks for. */
enum config_change_class {
    CONFIG_LIVE,       /* takes effect at once, and ends no test */
    CONFIG_PARAMETERS, /* of a slice: its test would be another one */
    CONFIG_TRAFFIC,    /* of a slice: other packets belong to it, or the slice is new or gone */
    CONFIG_RESTART,    /* memory, devices and names that are taken at start */
};
const char *config_change_class_name(enum config_change_class class);

struct config_change {
    enum config_change_kind kind;
    enum config_change_class class;
    const char *list; /* "ports", "next_hops", "slices"; "instance", "eal", "defaults" */
    char name[CONFIG_NAME_BYTES]; /* of the item of a list; else "" */
    char option[64];              /* "ingress.vlan"; "" when the whole item came or went */
    json_t *before, *after;       /* the values, of CONFIG_CHANGED only */
};

struct config_changes {
    struct config_change *changes;
    uint32_t n, n_max;
};

/* All changes, in the order of the objects in the files: 0 or -ENOMEM, and then *out is empty. What
 * a slice has from the defaults is compared as it takes effect. The caller frees them. */
int config_diff(const struct config *before, const struct config *after,
                struct config_changes *out);
void config_changes_free(struct config_changes *changes);

/* The change in a line: what, "old -> new" (long values shortened). Returns `out`. */
const char *config_change_text(const struct config_change *change, char *out, size_t n);

#endif
