/* SPDX-License-Identifier: BSD-3-Clause */
#include "openpenny/compose.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "openpenny/parameters.h"
#include "openpenny/ports.h"

#define SSH_PORT 22
#define BGP_PORT 179
#define NO_NAME  "openpenny" /* of the one slice that 1.0.0 has */
/* Each time a drop more, until closed_loop is possible. */
#define MOST_TRIES 64

enum mode { MODE_ACTIVE, MODE_PASSIVE, MODE_OFF };

static const char *const mode_words[] = {"active", "passive", "off"};

static enum mode mode_of_1_0(struct settings *s)
{
    bool is_active = setting_number(s, SET_ACTIVE, 1) != 0;
    bool is_passive = setting_number(s, SET_PASSIVE, 0) != 0;

    if (is_active && is_passive)
        setting_note(s, SET_PASSIVE,
                     "the other mode is enabled, too; the slice is active, as "
                     "OpenPenny is without --mode");
    if (!is_active && !is_passive)
        note_absent(s->notes, s->file,
                    "neither mode is enabled: the slice is off, which only "
                    "counts");
    return is_active ? MODE_ACTIVE : is_passive ? MODE_PASSIVE : MODE_OFF;
}

static enum mode mode_of(struct settings *s)
{
    if (s->is_1_0)
        return mode_of_1_0(s);
    return strcmp(setting_text(s, SET_MODE, "active"), "passive") == 0 ? MODE_PASSIVE : MODE_ACTIVE;
}

/* A dotted mask counts, and the number of bits where it is 0 or none. -1: no mask. */
static int bits_of_mask(struct settings *s)
{
    struct in_addr mask = {0};
    uint32_t bits;
    int n = 0;

    if (setting_given(s, SET_MASK) && inet_pton(AF_INET, setting_text(s, SET_MASK, ""), &mask) != 1)
        return setting_refuse(s, s->at[SET_MASK].key, s->at[SET_MASK].value,
                              "a mask like 255.255.255.0");
    bits = ntohl(mask.s_addr);
    if (bits == 0)
        return (int)setting_number(s, SET_MASK_BITS, 0);
    while (n < 32 && (bits & (UINT32_C(1) << (31 - n))) != 0)
        n++;
    if (n < 32 && (bits << n) != 0)
        return setting_refuse(s, s->at[SET_MASK].key, s->at[SET_MASK].value,
                              "a mask whose ones stand in front, like 255.255.255.0");
    return n;
}

/* 1.0.0 has one source prefix; without a mask it is every source. */
static int slice_of_1_0(struct settings *s, enum mode mode, json_t *slices)
{
    struct ip_address address;
    struct ip_prefix prefix;
    char text[IP_TEXT_BYTES];
    int bits = bits_of_mask(s);

    if (bits < 0)
        return bits;
    if (ip_address_parse(setting_text(s, SET_PREFIX, "0.0.0.0"), &address) != 0 ||
        !ip_address_is_ipv4(&address))
        return setting_refuse(s, s->at[SET_PREFIX].key, s->at[SET_PREFIX].value,
                              "an IPv4 address like 192.0.2.0");
    prefix = ip_prefix_of_address(&address, (uint8_t)bits);
    if (!ip_address_equal(&prefix.address, &address))
        setting_note(s, SET_PREFIX, "bits behind the mask are cut off: %s",
                     ip_prefix_format(&prefix, text));
    if (bits == 0)
        note_absent(s->notes, s->file,
                    "no prefix is given (OpenPenny's -p): every IPv4 source is "
                    "meant; see slices[].sources");
    json_array_append_new(slices,
                          json_pack("{s:s, s:[s], s:s}", "name", NO_NAME, "sources",
                                    ip_prefix_format(&prefix, text), "mode", mode_words[mode]));
    return 0;
}

static void put_prefix(json_t *slice, const char *key, bool has, const struct ip_prefix *prefix)
{
    char text[IP_TEXT_BYTES];

    if (has)
        json_object_set_new(slice, key, json_pack("[s]", ip_prefix_format(prefix, text)));
}

static void put_ports(json_t *slice, const struct rule_match *match)
{
    json_t *ports = json_object();

    if (match->source_port != 0)
        json_object_set_new(ports, "source", json_pack("[i]", match->source_port));
    if (match->destination_port != 0)
        json_object_set_new(ports, "destination", json_pack("[i]", match->destination_port));
    if (json_object_size(ports) > 0)
        json_object_set(slice, "ports", ports);
    json_decref(ports);
}

static bool is_name_taken(const json_t *slices, const char *name)
{
    size_t i;
    json_t *slice;

    json_array_foreach (slices, i, slice)
        if (strcmp(json_string_value(json_object_get(slice, "name")), name) == 0)
            return true;
    return false;
}

static void slice_of_rule(struct settings *s, const struct rule *rule, enum mode mode,
                          json_t *slices)
{
    const struct ip_prefix any = ip_prefix_any(true);
    char name[CONFIG_NAME_BYTES];
    json_t *slice = json_object();

    snprintf(name, sizeof(name), "%s", rule->name);
    for (unsigned int i = 2; is_name_taken(slices, name); i++)
        snprintf(name, sizeof(name), "%.50s-%u", rule->name, i);
    if (strcmp(name, rule->name) != 0)
        note_absent(s->notes, s->file,
                    "traffic_policy: a second rule is called %s; its slice is %s", rule->name,
                    name);
    json_object_set_new(slice, "name", json_string(name));
    /* Beside a destination of IPv4 any source is one of IPv4. */
    put_prefix(slice, "sources", rule->match.has_source || rule->match.has_destination,
               rule->match.has_source ? &rule->match.source : &any);
    put_prefix(slice, "destinations", rule->match.has_destination, &rule->match.destination);
    put_ports(slice, &rule->match);
    json_object_set_new(slice, "mode", json_string(mode_words[rule->is_include ? mode : MODE_OFF]));
    if (rule->is_include && !rule->match.has_source && !rule->match.has_destination)
        note_absent(s->notes, s->file,
                    "traffic_policy: %s has no prefix, so its slice has IPv6, "
                    "too, which OpenPenny does not know",
                    name);
    json_array_append_new(slices, slice);
}

static int put_slices(struct settings *s, const struct rule_list *rules, enum mode mode, json_t *to)
{
    json_t *slices = json_array();
    int error = slices == NULL ? -ENOMEM : 0;
    bool has_include = s->is_1_0;

    if (error == 0 && s->is_1_0)
        error = slice_of_1_0(s, mode, slices);
    for (uint32_t i = 0; error == 0 && !s->is_1_0 && i < rules->n; i++) {
        has_include = has_include || rules->rules[i].is_include;
        slice_of_rule(s, &rules->rules[i], mode, slices);
    }
    if (error == 0 && !has_include)
        note_absent(s->notes, s->file,
                    "traffic_policy includes no traffic, so nothing is tested "
                    "here either; add a slice");
    json_object_set_new(to, "slices", slices);
    return error;
}

/* SSH and BGP are spared unless something is said. */
static void put_never_drop(struct settings *s, json_t *to)
{
    if (s->is_1_0 || setting_number(s, SET_SSH_BYPASS, 1) != 0)
        return;
    setting_note(s, SET_SSH_BYPASS,
                 "SSH may lose segments; BGP is spared all the same "
                 "(never_drop.ports)");
    json_object_set_new(to, "never_drop", json_pack("{s:[i]}", "ports", BGP_PORT));
}

static void note_aggregates(struct settings *s, enum mode mode)
{
    if (mode != MODE_ACTIVE || setting_number(s, SET_AGGREGATES, 0) != 0)
        return;
    if (setting_given(s, SET_AGGREGATES))
        setting_note(s, SET_AGGREGATES,
                     "no counterpart: the aggregate is always judged; single "
                     "flows are when it is not closed_loop");
    else
        note_absent(s->notes, s->file,
                    "aggregates.enabled is not given, which is false in "
                    "OpenPenny. No counterpart: the aggregate is always judged");
}

/* What OpenPenny allows may leave no way to closed_loop; then more drops are allowed. */
static int fit_to_load(struct settings *s, json_t *root)
{
    json_t *defaults = json_object_get(root, "defaults");
    json_int_t given = json_integer_value(json_object_get(defaults, "max_drops_per_aggregate"));
    struct config_error why;
    struct config *config = NULL;
    int error = config_load_json(root, &config, &why);
    json_int_t drops = given;

    while (error == -EINVAL && drops < given + MOST_TRIES && drops > 0 &&
           strstr(why.path, "max_drops_per_aggregate") != NULL) {
        json_object_set_new(defaults, "max_drops_per_aggregate", json_integer(++drops));
        error = config_load_json(root, &config, &why);
    }
    config_free(config);
    if (error == 0 && drops != given)
        note_absent(s->notes, s->file,
                    "max_drops_per_aggregate is %lld for %lld: with fewer the test could say "
                    "not_closed_loop, and never closed_loop",
                    (long long)drops, (long long)given);
    if (error != 0)
        snprintf(s->error, OPENPENNY_ERROR_BYTES,
                 "%s: what it stands for is refused by pennyline: %s", s->file, why.text);
    return error;
}

int compose_config(struct settings *s, const struct rule_list *rules,
                   const struct openpenny_options *options, json_t **out)
{
    enum mode mode = mode_of(s);
    char comment[320];
    json_t *root;
    int error;

    snprintf(comment, sizeof(comment), "From %.200s, of OpenPenny %s.", s->file,
             s->is_1_0 ? "1.0.0" : "1.1.0");
    root = json_pack("{s:s}", "comment", comment);
    if (root == NULL)
        return -ENOMEM;
    if (mode == MODE_ACTIVE && parameters_never_drop(s))
        json_object_set_new(root, "instance", json_pack("{s:b}", "kill_switch", true));
    error = ports_compose(s, options, mode == MODE_PASSIVE, root);
    if (error == 0 &&
        json_object_set_new(root, "defaults", parameters_compose(s, mode == MODE_PASSIVE)) != 0)
        error = -ENOMEM;
    put_never_drop(s, root);
    note_aggregates(s, mode);
    if (error == 0)
        error = put_slices(s, rules, mode, root);
    if (error == 0)
        error = fit_to_load(s, root);
    if (error == 0)
        *out = root;
    else
        json_decref(root);
    return error;
}
