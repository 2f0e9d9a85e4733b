/* SPDX-License-Identifier: BSD-3-Clause */
/* Both configurations are written out whole, with every default, and compared as JSON: so each
 * option is compared as its row writes it, references by name, and no option can be forgotten. */
#include "config/diff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/option.h"

static const char *const class_names[] = {"live", "parameters", "traffic", "restart"};

const char *config_change_class_name(enum config_change_class class)
{
    return class_names[class];
}

/* Options whose class is not that of their list. A dot ends the name of an object. */
static const struct {
    const char *list, *option;
    enum config_change_class class;
} exceptions[] = {
    {"instance", "flow_admissions_per_second", CONFIG_LIVE},
    {"instance", "max_own_loss_ratio", CONFIG_LIVE},
    {"instance", "shed_tracking", CONFIG_LIVE},
    {"instance", "max_manager_lateness_ms", CONFIG_LIVE},
    {"instance", "max_drops_per_hour", CONFIG_LIVE},
    {"instance", "max_tests_by_command", CONFIG_LIVE},
    {"instance", "kill_switch", CONFIG_LIVE},
    {"ports", "sampling", CONFIG_LIVE},
    {"map", "ports", CONFIG_LIVE},
    {"map", "expectation", CONFIG_LIVE},
    {"map", "stale_after_s", CONFIG_LIVE},
    {"map", "own", CONFIG_LIVE},
    {"map", "alarms", CONFIG_LIVE},
    {"map", "least_bits_per_s", CONFIG_LIVE},
    {"map", "tests", CONFIG_LIVE},
    {"map", "max_tests", CONFIG_LIVE},
    {"map", "max_tests_ingress", CONFIG_LIVE},
    {"map", "max_drops_per_hour", CONFIG_LIVE},
    {"map", "max_drops_per_hour_ingress", CONFIG_LIVE},
    {"map", "max_drops_per_hour_as", CONFIG_LIVE},
    {"map", "max_drops_per_hour_prefix", CONFIG_LIVE},
    {"map", "wrong_verdicts_per_year", CONFIG_LIVE},
    {"slices", "sources", CONFIG_TRAFFIC},
    {"slices", "destinations", CONFIG_TRAFFIC},
    {"slices", "ingress.", CONFIG_TRAFFIC},
    {"slices", "ports.", CONFIG_TRAFFIC},
    {"slices", "mark", CONFIG_TRAFFIC},
    {"slices", "mode", CONFIG_TRAFFIC},
    {"slices", "granularity.", CONFIG_TRAFFIC},
    {"slices", "start", CONFIG_LIVE},
    {"slices", "next_hops", CONFIG_LIVE},
    {"slices", "escalate.", CONFIG_LIVE},
};

/* What is not known to change live does not. */
static enum config_change_class class_of_list(const char *list, enum config_change_kind kind)
{
    if (strcmp(list, "slices") == 0)
        return kind == CONFIG_CHANGED ? CONFIG_PARAMETERS : CONFIG_TRAFFIC;
    return strcmp(list, "next_hops") == 0 || strcmp(list, "ingresses") == 0 ||
                   strcmp(list, "services") == 0 || strcmp(list, "responders") == 0 ||
                   strcmp(list, "defaults") == 0 || strcmp(list, "never_drop") == 0 ||
                   strcmp(list, "machines") == 0 || strcmp(list, "sources") == 0
               ? CONFIG_LIVE
               : CONFIG_RESTART;
}

static enum config_change_class class_of(const char *list, const char *option)
{
    for (size_t i = 0; i < ARRAY_LENGTH(exceptions); i++) {
        const char *known = exceptions[i].option;
        size_t n = strlen(known);

        if (strcmp(list, exceptions[i].list) == 0 &&
            (known[n - 1] == '.' ? strncmp(option, known, n) == 0 : strcmp(option, known) == 0))
            return exceptions[i].class;
    }
    return class_of_list(list, CONFIG_CHANGED);
}

static int add(struct config_changes *out, const struct config_change *change)
{
    if (out->n == out->n_max) {
        uint32_t n_max = out->n_max == 0 ? 16 : 2 * out->n_max;
        struct config_change *grown = realloc(out->changes, n_max * sizeof(*grown));

        if (grown == NULL)
            return -ENOMEM;
        out->changes = grown;
        out->n_max = n_max;
    }
    out->changes[out->n] = *change;
    json_incref(change->before);
    json_incref(change->after);
    out->n++;
    return 0;
}

/* Where an object stands: its list, its name, and what to put before its options. */
struct place {
    const char *list, *name, *prefix;
};

static int diff_value(struct config_changes *out, const struct place *at, const char *key,
                      json_t *before, json_t *after);

static int diff_objects(struct config_changes *out, const struct place *at, json_t *before,
                        json_t *after)
{
    const char *key;
    json_t *value;
    int error = 0;

    json_object_foreach (before, key, value)
        if (error == 0)
            error = diff_value(out, at, key, value, json_object_get(after, key));
    return error;
}

static int diff_value(struct config_changes *out, const struct place *at, const char *key,
                      json_t *before, json_t *after)
{
    struct config_change change = {
        .kind = CONFIG_CHANGED, .list = at->list, .before = before, .after = after};

    if (json_equal(before, after))
        return 0;
    if (json_is_object(before)) {
        char prefix[sizeof(change.option)];
        const struct place inside = {at->list, at->name, prefix};

        snprintf(prefix, sizeof(prefix), "%s%s.", at->prefix, key);
        return diff_objects(out, &inside, before, after);
    }
    snprintf(change.name, sizeof(change.name), "%s", at->name);
    snprintf(change.option, sizeof(change.option), "%s%s", at->prefix, key);
    change.class = class_of(at->list, change.option);
    return add(out, &change);
}

static const char *name_of(json_t *item)
{
    return json_string_value(json_object_get(item, "name"));
}

/* The items by name, for a search that does not slow down with 4096 of them. */
static json_t *by_name(json_t *list)
{
    json_t *out = json_object(), *item;
    size_t i;

    json_array_foreach (list, i, item)
        if (out != NULL && json_object_set(out, name_of(item), item) != 0) {
            json_decref(out);
            return NULL;
        }
    return out;
}

static int add_item(struct config_changes *out, const char *list, const char *name,
                    enum config_change_kind kind)
{
    struct config_change change = {.kind = kind, .list = list, .class = class_of_list(list, kind)};

    snprintf(change.name, sizeof(change.name), "%s", name);
    return add(out, &change);
}

/* Workers know ports by their positions. */
static int diff_order(struct config_changes *out, json_t *before, json_t *after)
{
    for (size_t i = 0; i < json_array_size(before) && i < json_array_size(after); i++) {
        struct config_change change = {.kind = CONFIG_CHANGED,
                                       .class = CONFIG_RESTART,
                                       .list = "ports",
                                       .option = "order",
                                       .before = json_object_get(json_array_get(before, i), "name"),
                                       .after = json_object_get(json_array_get(after, i), "name")};

        if (!json_equal(change.before, change.after))
            return add(out, &change);
    }
    return 0;
}

static int diff_lists(struct config_changes *out, const char *list, json_t *before, json_t *after)
{
    json_t *olds = by_name(before), *news = by_name(after), *item;
    int error = olds != NULL && news != NULL ? 0 : -ENOMEM;
    size_t i;

    json_array_foreach (before, i, item) {
        const struct place at = {list, name_of(item), ""};
        json_t *other = json_object_get(news, at.name);

        if (error == 0)
            error = other == NULL ? add_item(out, list, at.name, CONFIG_REMOVED)
                                  : diff_objects(out, &at, item, other);
    }
    json_array_foreach (after, i, item)
        if (error == 0 && json_object_get(olds, name_of(item)) == NULL)
            error = add_item(out, list, name_of(item), CONFIG_ADDED);
    json_decref(olds);
    json_decref(news);
    return error != 0 || strcmp(list, "ports") != 0 ? error : diff_order(out, before, after);
}

static int diff_documents(struct config_changes *out, json_t *before, json_t *after)
{
    const struct option_row *row;
    int error = 0;

    for (size_t i = 0; error == 0 && (row = option_row_at(&object_root, i)) != NULL; i++) {
        const struct place at = {row->name, "", ""};
        json_t *olds = json_object_get(before, row->name),
               *news = json_object_get(after, row->name);

        if (json_is_array(olds))
            error = diff_lists(out, row->name, olds, news);
        else if (json_is_object(olds))
            error = diff_objects(out, &at, olds, news);
    }
    return error;
}

int config_diff(const struct config *before, const struct config *after, struct config_changes *out)
{
    json_t *olds = config_to_json(before), *news = config_to_json(after);
    int error;

    *out = (struct config_changes){0};
    error = olds != NULL && news != NULL ? diff_documents(out, olds, news) : -ENOMEM;
    json_decref(olds);
    json_decref(news);
    if (error != 0)
        config_changes_free(out);
    return error;
}

void config_changes_free(struct config_changes *changes)
{
    for (uint32_t i = 0; i < changes->n; i++) {
        json_decref(changes->changes[i].before);
        json_decref(changes->changes[i].after);
    }
    free(changes->changes);
    *changes = (struct config_changes){0};
}

static const char *noun_of(const char *list)
{
    return strcmp(list, "slices") == 0       ? "slice"
           : strcmp(list, "ports") == 0      ? "port"
           : strcmp(list, "next_hops") == 0  ? "next hop"
           : strcmp(list, "ingresses") == 0  ? "ingress"
           : strcmp(list, "responders") == 0 ? "responder"
           : strcmp(list, "machines") == 0   ? "machine"
           : strcmp(list, "services") == 0   ? "service"
           : strcmp(list, "sources") == 0    ? "counted sources"
                                             : list;
}

/* Short lists as they are, long ones by their length. */
static const char *value_text(json_t *value, char *out, size_t n)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));

    if (text != NULL && strlen(text) < n)
        snprintf(out, n, "%s", text);
    else
        option_value_text(value, out, n);
    free(text);
    return out;
}

const char *config_change_text(const struct config_change *c, char *out, size_t n)
{
    static const char *const verbs[] = {[CONFIG_ADDED] = "added", [CONFIG_REMOVED] = "removed"};
    char what[CONFIG_NAME_BYTES + 16], before[96], after[96];

    if (c->name[0] != '\0')
        snprintf(what, sizeof(what), "%s \"%s\"", noun_of(c->list), c->name);
    else
        snprintf(what, sizeof(what), "%s", c->list);
    if (c->kind == CONFIG_CHANGED)
        snprintf(out, n, "%s: %s %s -> %s", what, c->option,
                 value_text(c->before, before, sizeof(before)),
                 value_text(c->after, after, sizeof(after)));
    else
        snprintf(out, n, "%s %s", what, verbs[c->kind]);
    return out;
}
