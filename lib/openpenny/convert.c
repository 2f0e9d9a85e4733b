/* SPDX-License-Identifier: BSD-3-Clause */
#include "openpenny/convert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "openpenny/compose.h"
#include "openpenny/include.h"
#include "openpenny/rules.h"

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
