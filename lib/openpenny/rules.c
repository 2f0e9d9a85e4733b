/* SPDX-License-Identifier: BSD-3-Clause */
#include "openpenny/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"

#define PROTOCOL_TCP 6

/* One item of the list while it is read. */
struct item {
    struct tree_value *value;
    char path[TREE_PATH_BYTES];
    double priority;
    uint32_t place;
    bool is_enabled, is_tcp;
    struct rule rule;
};

static struct tree_value *member(struct item *item, const char *key, char path[TREE_PATH_BYTES])
{
    struct tree_value *value = tree_at(item->value, key);

    snprintf(path, TREE_PATH_BYTES, "%.200s.%s", item->path, key);
    if (value == NULL)
        return NULL;
    value->is_read = true;
    return tree_is_null(value) ? NULL : value;
}

static int read_number(struct settings *s, struct item *item, const char *key,
                       enum setting_kind kind, double least, double most, const char *allowed,
                       double *out)
{
    char path[TREE_PATH_BYTES];
    const struct tree_value *value = member(item, key, path);

    if (value == NULL)
        return 0;
    if (setting_parse(value, kind, out) != 0 || *out < least || *out > most)
        return setting_refuse(s, path, value, allowed);
    return 0;
}

static int read_port(struct settings *s, struct item *item, const char *key, uint16_t *out)
{
    double port = 0;
    int error = read_number(s, item, key, SETTING_WHOLE, 1, 65535, "a port from 1 to 65535", &port);

    *out = (uint16_t)port;
    return error;
}

/* OpenPenny masks the bits behind the prefix; we do, and say so. */
static int read_prefix(struct settings *s, struct item *item, const char *key, bool *has,
                       struct ip_prefix *out)
{
    char path[TREE_PATH_BYTES], address[IP_TEXT_BYTES], text[IP_TEXT_BYTES];
    const struct tree_value *value = member(item, key, path);
    const char *slash;
    struct ip_address parsed;
    unsigned long bits = 32;
    char *end = address;

    if (value == NULL)
        return 0;
    slash = value->kind == TREE_TEXT ? strchr(value->text, '/') : NULL;
    if (slash != NULL)
        bits = strtoul(slash + 1, &end, 10);
    if (value->kind != TREE_TEXT || bits > 32 ||
        (slash != NULL && (*end != '\0' || slash[1] == '\0')))
        return setting_refuse(s, path, value, "an IPv4 prefix like 192.0.2.0/24");
    snprintf(address, sizeof(address), "%.*s",
             (int)(slash != NULL ? slash - value->text : (long)strlen(value->text)), value->text);
    if (ip_address_parse(address, &parsed) != 0 || !ip_address_is_ipv4(&parsed))
        return setting_refuse(s, path, value, "an IPv4 prefix like 192.0.2.0/24");
    *out = ip_prefix_of_address(&parsed, (uint8_t)bits);
    *has = true;
    if (!ip_address_equal(&out->address, &parsed))
        note_value(s->notes, path, value, "bits behind the prefix are cut off: %s",
                   ip_prefix_format(out, text));
    return 0;
}

/* A number or one of three words; TCP is what can be tested. */
static int read_protocol(struct settings *s, struct item *item)
{
    static const char *const words[] = {"tcp", "udp", "icmp"};
    char path[TREE_PATH_BYTES];
    const struct tree_value *value = member(item, "protocol", path);
    double number = -1;

    item->is_tcp = true;
    if (value == NULL)
        return 0;
    for (size_t i = 0; value->kind == TREE_TEXT && i < ARRAY_LENGTH(words); i++)
        if (strcasecmp(value->text, words[i]) == 0)
            number = i == 0 ? PROTOCOL_TCP : 0;
    if (number < 0 &&
        (setting_parse(value, SETTING_WHOLE, &number) != 0 || number < 0 || number > 255))
        return setting_refuse(s, path, value, "tcp, udp, icmp, or a number from 0 to 255");
    item->is_tcp = number == PROTOCOL_TCP;
    return 0;
}

static int read_decision(struct settings *s, struct item *item)
{
    char path[TREE_PATH_BYTES];
    const struct tree_value *value = member(item, "decision", path);

    if (value == NULL) {
        item->rule.is_include = false;
        snprintf(s->error, OPENPENNY_ERROR_BYTES, "%s:%u: %s: a rule needs one: include or exclude",
                 item->value->file, item->value->line, path);
        return -EINVAL;
    }
    item->rule.is_include = value->kind == TREE_TEXT && strcasecmp(value->text, "include") == 0;
    if (item->rule.is_include ||
        (value->kind == TREE_TEXT && strcasecmp(value->text, "exclude") == 0))
        return 0;
    return setting_refuse(s, path, value, "include or exclude");
}

/* What names of slices may hold: letters, digits, '.', '_' and '-', a letter or digit first. */
static void fit_name(char out[CONFIG_NAME_BYTES], const char *text)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t n = 0;

    for (; *text != '\0' && n < CONFIG_NAME_BYTES - 1; text++)
        if (strchr(alphabet, *text) != NULL && (n > 0 || strchr("._-", *text) == NULL))
            out[n++] = *text;
        else if (n > 0)
            out[n++] = '-';
    while (n > 0 && out[n - 1] == '-')
        n--;
    out[n] = '\0';
}

static void read_name(struct settings *s, struct item *item)
{
    char path[TREE_PATH_BYTES];
    const struct tree_value *value = member(item, "name", path);

    if (value != NULL && value->kind == TREE_TEXT)
        fit_name(item->rule.name, value->text);
    if (item->rule.name[0] == '\0')
        snprintf(item->rule.name, sizeof(item->rule.name), "rule-%u", item->place + 1);
    if (value != NULL && value->kind == TREE_TEXT && strcmp(value->text, item->rule.name) != 0)
        note_value(s->notes, path, value, "the slice is called %s", item->rule.name);
}

static void note_unknown(struct settings *s, const struct item *item)
{
    for (const struct tree_member *m = item->value->first; m != NULL; m = m->next) {
        char path[TREE_PATH_BYTES];

        snprintf(path, sizeof(path), "%.180s.%.60s", item->path, m->key);
        if (!m->value->is_read)
            note_value(s->notes, path, m->value,
                       "OpenPenny's rules have no such key, so it is "
                       "left out");
    }
}

static int read_item(struct settings *s, struct item *item)
{
    struct rule_match *match = &item->rule.match;
    double enabled = 1;
    int error;

    if (item->value->kind != TREE_MAP)
        return setting_refuse(s, item->path, item->value, "a map of keys and values");
    item->priority = item->place;
    if ((error = read_number(s, item, "enabled", SETTING_BOOL, 0, 1, "true or false", &enabled)) ||
        (error = read_number(s, item, "priority", SETTING_WHOLE, -2147483648.0, 2147483647.0,
                             "a whole number", &item->priority)) ||
        (error = read_decision(s, item)) ||
        (error = read_prefix(s, item, "src_prefix", &match->has_source, &match->source)) ||
        (error =
             read_prefix(s, item, "dst_prefix", &match->has_destination, &match->destination)) ||
        (error = read_protocol(s, item)) ||
        (error = read_port(s, item, "src_port", &match->source_port)) ||
        (error = read_port(s, item, "dst_port", &match->destination_port)))
        return error;
    read_name(s, item);
    note_unknown(s, item);
    item->is_enabled = enabled != 0;
    return 0;
}

static int append(struct rule_list *list, const struct rule *rule)
{
    if (list->n == list->room) {
        uint32_t room = list->room > 0 ? 2 * list->room : 16;
        struct rule *rules = realloc(list->rules, room * sizeof(*rules));

        if (rules == NULL)
            return -ENOMEM;
        list->rules = rules;
        list->room = room;
    }
    list->rules[list->n++] = *rule;
    return 0;
}

static int compare_items(const void *a, const void *b)
{
    const struct item *one = a, *other = b;

    if (one->priority != other->priority)
        return one->priority < other->priority ? -1 : 1;
    return one->place < other->place ? -1 : one->place > other->place;
}

static int read_items(struct settings *s, struct item *items, uint32_t n)
{
    uint32_t i = 0;
    int error = 0;

    for (struct tree_member *m = s->rules->first; error == 0 && m != NULL; m = m->next, i++) {
        items[i].value = m->value;
        items[i].place = i;
        snprintf(items[i].path, sizeof(items[i].path), "traffic_policy.rules[%u]", i);
        error = read_item(s, &items[i]);
    }
    if (error == 0)
        qsort(items, n, sizeof(*items), compare_items);
    return error;
}

int rules_read(struct settings *s, struct rule_list *out)
{
    uint32_t n = 0;
    struct item *items;
    int error;

    for (const struct tree_member *m = s->rules != NULL ? s->rules->first : NULL; m != NULL;
         m = m->next)
        n++;
    if (n == 0)
        return 0;
    items = calloc(n, sizeof(*items));
    if (items == NULL)
        return -ENOMEM;
    error = read_items(s, items, n);
    for (uint32_t i = 0; error == 0 && i < n; i++) {
        items[i].rule.order = i;
        if (!items[i].is_enabled)
            note_value(s->notes, items[i].path, items[i].value,
                       "the rule is not enabled, so it is left out");
        else if (!items[i].is_tcp)
            note_value(s->notes, items[i].path, items[i].value,
                       "no counterpart: the protocol is not TCP, which alone is tested; what the "
                       "rule names is forwarded");
        else
            error = append(out, &items[i].rule);
    }
    free(items);
    return error;
}

static bool prefix_covers(bool has_a, const struct ip_prefix *a, bool has_b,
                          const struct ip_prefix *b)
{
    return !has_a || (has_b && a->length <= b->length && ip_prefix_contains(a, &b->address));
}

static bool port_covers(uint16_t a, uint16_t b)
{
    return a == 0 || a == b;
}

/* Is every packet of b one of a, too? */
static bool covers(const struct rule_match *a, const struct rule_match *b)
{
    return prefix_covers(a->has_source, &a->source, b->has_source, &b->source) &&
           prefix_covers(a->has_destination, &a->destination, b->has_destination,
                         &b->destination) &&
           port_covers(a->source_port, b->source_port) &&
           port_covers(a->destination_port, b->destination_port);
}

static bool meet_prefixes(bool has_a, const struct ip_prefix *a, bool has_b,
                          const struct ip_prefix *b, bool *has, struct ip_prefix *out)
{
    bool a_covers = prefix_covers(has_a, a, has_b, b);

    if (!a_covers && !prefix_covers(has_b, b, has_a, a))
        return false;
    *has = has_a || has_b;
    *out = a_covers ? *b : *a;
    return true;
}

static bool meet_ports(uint16_t a, uint16_t b, uint16_t *out)
{
    *out = a != 0 ? a : b;
    return a == 0 || b == 0 || a == b;
}

/* What is a packet of both. False: none is. */
static bool meet(const struct rule_match *a, const struct rule_match *b, struct rule_match *out)
{
    return meet_prefixes(a->has_source, &a->source, b->has_source, &b->source, &out->has_source,
                         &out->source) &&
           meet_prefixes(a->has_destination, &a->destination, b->has_destination, &b->destination,
                         &out->has_destination, &out->destination) &&
           meet_ports(a->source_port, b->source_port, &out->source_port) &&
           meet_ports(a->destination_port, b->destination_port, &out->destination_port);
}

/* Does a slice of `a` win over one of `b` where both match? By the order of config/slice.h. */
static bool wins(const struct rule_match *a, const struct rule_match *b)
{
    int by[] = {
        (a->has_source ? a->source.length + 1 : 0) - (b->has_source ? b->source.length + 1 : 0),
        (a->has_destination ? a->destination.length + 1 : 0) -
            (b->has_destination ? b->destination.length + 1 : 0),
        (a->destination_port != 0) - (b->destination_port != 0),
        (a->source_port != 0) - (b->source_port != 0),
    };

    for (size_t i = 0; i < ARRAY_LENGTH(by); i++)
        if (by[i] != 0)
            return by[i] > 0;
    return false;
}

static bool is_same_match(const struct rule_match *a, const struct rule_match *b)
{
    return covers(a, b) && covers(b, a);
}

/* Does an earlier rule decide for all packets of this one? */
static const struct rule *hidden_by(const struct rule_list *list, const struct rule *rule)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (list->rules[i].order < rule->order && covers(&list->rules[i].match, &rule->match))
            return &list->rules[i];
    return NULL;
}

static void remove_hidden(struct settings *s, struct rule_list *list)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < list->n; i++) {
        const struct rule *by = hidden_by(list, &list->rules[i]);

        if (by == NULL)
            list->rules[kept++] = list->rules[i];
        else
            note_absent(s->notes, s->file,
                        "traffic_policy: rule %s never decides, since %s comes before it and has "
                        "all its packets; it is left out",
                        list->rules[i].name, by->name);
    }
    list->n = kept;
}

static bool is_there(const struct rule_list *list, const struct rule_match *match)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (is_same_match(&list->rules[i].match, match))
            return true;
    return false;
}

/* Of the first `n` rules, which are OpenPenny's, the one that decides for what lies in `match`. */
static const struct rule *decider(const struct rule_list *list, uint32_t n,
                                  const struct rule_match *match)
{
    const struct rule *found = NULL;

    for (uint32_t i = 0; i < n; i++)
        if (covers(&list->rules[i].match, match) &&
            (found == NULL || list->rules[i].order < found->order))
            found = &list->rules[i];
    return found;
}

static int refuse_too_many(const struct settings *s)
{
    snprintf(
        s->error, OPENPENNY_ERROR_BYTES,
        "%s: traffic_policy.rules: they meet in more than %d ways; allowed: rules of which the "
        "more specific ones come first",
        s->file, MOST_RULES);
    return -EINVAL;
}

/* `first` decides in OpenPenny where the two meet, and `then` would here: a slice for just that. */
static int settle(struct settings *s, struct rule_list *list, uint32_t n_given,
                  const struct rule *first, const struct rule *then)
{
    struct rule both = {0};
    const struct rule *by;

    if (first->is_include == then->is_include || !wins(&then->match, &first->match) ||
        !meet(&first->match, &then->match, &both.match) || is_there(list, &both.match))
        return 0;
    if (list->n >= MOST_RULES)
        return refuse_too_many(s);
    by = decider(list, n_given, &both.match);
    both.is_include = by->is_include;
    both.order = by->order;
    snprintf(both.name, sizeof(both.name), "%.28s.in.%.28s", by->name, then->name);
    note_absent(s->notes, s->file,
                "traffic_policy: here the most specific slice decides, and %s comes before %s: the "
                "slice %s stands for what both match",
                first->name, then->name, both.name);
    return append(list, &both);
}

/* Why this is enough: let `a` be the first of OpenPenny's rules that matches a packet, and `w` the
 * most specific of the list that does. If they decided otherwise, w's order would be higher, so a
 * does not cover w, and the two were settled: what both match is in the list, matches the packet,
 * and is more specific than w. */
int rules_order(struct settings *s, struct rule_list *list)
{
    uint32_t n_given;
    int error = 0;

    remove_hidden(s, list);
    n_given = list->n;
    /* Those that are added meet others in turn: the list grows while it is walked through. */
    for (uint32_t i = 0; error == 0 && i < list->n; i++)
        for (uint32_t j = 0; error == 0 && j < i; j++) {
            struct rule a = list->rules[i], b = list->rules[j];

            error = a.order < b.order ? settle(s, list, n_given, &a, &b)
                                      : settle(s, list, n_given, &b, &a);
        }
    return error;
}

void rule_list_free(struct rule_list *list)
{
    free(list->rules);
    *list = (struct rule_list){0};
}
