/* SPDX-License-Identifier: BSD-3-Clause */
#include "openpenny/convert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "openpenny/compose.h"
#include "openpenny/include.h"
#include "openpenny/parameters.h"
#include "openpenny/rules.h"
#include "json/json.h"

static bool has_any(struct tree_value *root, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (tree_at(root, keys[i]) != NULL)
            return true;
    return false;
}

/* Which generation it is, by its sections; a file has one only. */
static int find_generation(struct settings *s, struct tree_value *root)
{
    static const char *const of_1_0[] = {"input_sources", "monitoring", "xdp",
                                         "dpdk",          "active",     "penny"};
    static const char *const of_1_1[] = {"includes", "traffic_policy", "runtime_policy", "platform",
                                         "egress"};
    bool is_1_0 = has_any(root, of_1_0, ARRAY_LENGTH(of_1_0));
    bool is_1_1 = has_any(root, of_1_1, ARRAY_LENGTH(of_1_1));

    s->is_1_0 = is_1_0;
    if (is_1_0 != is_1_1)
        return 0;
    snprintf(s->error, OPENPENNY_ERROR_BYTES, "%s: %s; allowed: %s", s->file,
             is_1_0 ? "it has sections of two generations of OpenPenny"
                    : "no configuration of OpenPenny",
             is_1_0 ? "those of 1.0.0 (input_sources, monitoring), or of 1.1.0 (traffic_policy, "
                      "runtime_policy, platform, egress)"
                    : "a file with input_sources and monitoring (1.0.0), or with traffic_policy, "
                      "runtime_policy, platform or egress (1.1.0)");
    return -EINVAL;
}

/* In 1.1.0 what no rule names is excluded unless something is said: no slice, so not tested. */
static int append_default(struct settings *s, struct rule_list *rules)
{
    struct rule rule = {.is_include = true, .order = UINT32_MAX, .name = "default"};
    struct rule *grown;

    if (strcmp(setting_text(s, SET_DEFAULT_DECISION, "exclude"), "include") != 0)
        return 0;
    grown = realloc(rules->rules, (rules->n + 1) * sizeof(rule));
    if (grown == NULL)
        return -ENOMEM;
    rules->rules = grown;
    rules->rules[rules->n++] = rule;
    rules->room = rules->n;
    return 0;
}

static int read_rules(struct settings *s, struct tree_value *root, struct rule_list *rules)
{
    struct tree_value *list = s->is_1_0 ? NULL : tree_at(root, "traffic_policy.rules");

    if (list == NULL)
        return 0;
    list->is_read = true;
    if (tree_is_null(list))
        return 0;
    if (list->kind != TREE_LIST)
        return setting_refuse(s, "traffic_policy.rules", list, "a list of rules");
    s->rules = list;
    return rules_read(s, rules);
}

static int convert(struct settings *s, struct tree_value *root,
                   const struct openpenny_options *options, json_t **config)
{
    struct rule_list rules = {0};
    int error = include_resolve(s->store, root, s->file, s->notes, s->error);

    if (error == 0)
        error = find_generation(s, root);
    if (error == 0)
        error = read_rules(s, root, &rules);
    if (error == 0)
        error = settings_read(s, root);
    if (error == 0)
        error = append_default(s, &rules);
    if (error == 0)
        error = rules_order(s, &rules);
    if (error == 0)
        error = compose_config(s, &rules, options, config);
    rule_list_free(&rules);
    return error;
}

static int refuse(struct settings *s, const char *why)
{
    snprintf(s->error, OPENPENNY_ERROR_BYTES, "%s: %s", s->file, why);
    return -EINVAL;
}

/* What is tested is the prefix that the call names, in the mode that it names. */
static int check_override(struct settings *s, struct tree_value *root, bool is_passive)
{
    struct tree_value *rules = tree_at(root, "traffic_policy.rules");
    const char *mode = setting_text(s, SET_MODE, is_passive ? "passive" : "active");

    if ((rules != NULL && rules->first != NULL) || setting_given(s, SET_DEFAULT_DECISION))
        return refuse(s, "traffic_policy would change what is tested, which the prefix of the call "
                         "says here; leave it out");
    if ((strcmp(mode, "passive") == 0) != is_passive)
        return refuse(s, "runtime_policy.mode is another one than the mode of the call");
    if (!is_passive && setting_given(s, SET_DROP_PROBABILITY) &&
        s->at[SET_DROP_PROBABILITY].number == 0)
        return refuse(s, "with a packet_drop_probability of 0 nothing is tested");
    return 0;
}

/* A flow's settings of the port and of the box are the box's. */
static void note_platform(struct settings *s)
{
    static const enum setting of_box[] = {
        SET_INTERFACE, SET_BACKEND,    SET_INGRESS_MODE, SET_QUEUE,         SET_QUEUE_COUNT,
        SET_RX_RING,   SET_SSH_BYPASS, SET_EGRESS_KIND,  SET_EGRESS_DEVICE, SET_WORKER_CPUS,
        SET_PREFIX,    SET_MASK,       SET_MASK_BITS,    SET_DPDK,          SET_AGGREGATES};

    for (size_t i = 0; i < ARRAY_LENGTH(of_box); i++)
        if (setting_given(s, of_box[i]))
            setting_note(s, of_box[i], "not honoured: it is as the running pennyline has it");
}

static int override(struct settings *s, struct tree_value *root, bool is_passive,
                    json_t **parameters)
{
    /* What is short for keys of the platform. */
    static const char *const shorthands[] = {"ifname",  "queue",           "queue_count",
                                             "tun_mtu", "tun_multi_queue", "forward_to_tun"};
    struct tree_value *rules = tree_at(root, "traffic_policy.rules");
    int error;

    if (tree_at(root, "includes") != NULL)
        return refuse(s, "includes are for files");
    s->is_1_0 = tree_at(root, "monitoring") != NULL;
    s->only_given = true;
    for (size_t i = 0; i < ARRAY_LENGTH(shorthands); i++) {
        struct tree_value *value = tree_at(root, shorthands[i]);

        if (value == NULL)
            continue;
        value->is_read = true;
        note_value(s->notes, shorthands[i], value,
                   "not honoured: it is as the running pennyline has it");
    }
    if (rules != NULL)
        rules->is_read = true;
    error = settings_read(s, root);
    if (error == 0)
        error = check_override(s, root, is_passive);
    if (error != 0)
        return error;
    note_platform(s);
    *parameters = parameters_compose(s, is_passive);
    return *parameters != NULL ? 0 : -ENOMEM;
}

/* The notes in order, as lines of their own. */
static int hand_over(struct note_list *list, struct openpenny_notes *out)
{
    note_list_sort(list);
    out->lines = calloc(list->n + 1, sizeof(*out->lines));
    if (out->lines == NULL || list->is_short_of_memory)
        return -ENOMEM;
    for (; out->n < list->n; out->n++) {
        out->lines[out->n] = strdup(list->notes[out->n].text);
        if (out->lines[out->n] == NULL)
            return -ENOMEM;
    }
    return 0;
}

/* Of a file, when `text` is NULL. */
static int run(const char *name, const char *text, size_t n,
               const struct openpenny_options *options, json_t **config,
               struct openpenny_notes *notes, char *error)
{
    struct note_list list = {0};
    struct tree_store *store = tree_store_create();
    struct tree_value *root = NULL;
    struct settings s = {.file = name, .store = store, .notes = &list, .error = error};
    json_t *made = NULL;
    int status = store == NULL ? -ENOMEM : 0, late;

    *notes = (struct openpenny_notes){0};
    *error = '\0';
    if (status == 0)
        status = text == NULL ? tree_read_file(store, name, &root, error)
                              : tree_read_text(store, name, text, n, &root, error);
    if (status == 0)
        status = convert(&s, root, options, &made);
    late = hand_over(&list, notes);
    if (status == 0 && late != 0)
        status = late;
    if (status == 0)
        *config = made;
    else
        json_decref(made);
    if (status == -ENOMEM)
        snprintf(error, OPENPENNY_ERROR_BYTES, "not enough memory");
    if (status != 0)
        note_hide_control_characters(error);
    note_list_free(&list);
    tree_store_free(store);
    return status;
}

int openpenny_read_override(const char *text, size_t n, bool is_passive, json_t **parameters,
                            struct openpenny_notes *notes, char error[OPENPENNY_ERROR_BYTES])
{
    struct note_list list = {0};
    struct tree_store *store = tree_store_create();
    struct tree_value *root = NULL;
    struct settings s = {
        .file = "config_override_json", .store = store, .notes = &list, .error = error};
    json_error_t why;
    json_t *json = json_parse(text, n, JSON_REJECT_DUPLICATES, &why), *made = NULL;
    char *written;
    int status = store == NULL ? -ENOMEM : json == NULL ? -EINVAL : 0;

    *notes = (struct openpenny_notes){0};
    snprintf(error, OPENPENNY_ERROR_BYTES, "config_override_json:%d: bad JSON: %s", why.line,
             why.text);
    /* JSON is YAML, too, but for two escapes that stand for one letter: so it is written anew. */
    written = json != NULL ? json_dumps(json, 0) : NULL;
    json_decref(json);
    if (status == 0)
        status = written == NULL
                     ? -ENOMEM
                     : tree_read_text(store, s.file, written, strlen(written), &root, error);
    free(written);
    if (status == 0)
        status = override(&s, root, is_passive, &made);
    if (hand_over(&list, notes) != 0 && status == 0)
        status = -ENOMEM;
    if (status == 0)
        *parameters = made;
    else
        json_decref(made);
    if (status == -ENOMEM)
        snprintf(error, OPENPENNY_ERROR_BYTES, "not enough memory");
    if (status != 0)
        note_hide_control_characters(error);
    note_list_free(&list);
    tree_store_free(store);
    return status;
}

int openpenny_convert_file(const char *path, const struct openpenny_options *options,
                           json_t **config, struct openpenny_notes *notes,
                           char error[OPENPENNY_ERROR_BYTES])
{
    return run(path, NULL, 0, options, config, notes, error);
}

int openpenny_convert_text(const char *name, const char *text, size_t n,
                           const struct openpenny_options *options, json_t **config,
                           struct openpenny_notes *notes, char error[OPENPENNY_ERROR_BYTES])
{
    return run(name, text, n, options, config, notes, error);
}

void openpenny_notes_free(struct openpenny_notes *notes)
{
    for (size_t i = 0; i < notes->n; i++)
        free(notes->lines[i]);
    free(notes->lines);
    *notes = (struct openpenny_notes){0};
}
