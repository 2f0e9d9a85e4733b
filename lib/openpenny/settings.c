/* SPDX-License-Identifier: BSD-3-Clause */
#include "openpenny/settings.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"

static const char *const backend_words[] = {"af_xdp", "dpdk", "af_packet_mirror", NULL};
static const char *const ingress_words[] = {"auto", "copy", "redirect", NULL};
static const char *const mode_words[] = {"active", "passive", NULL};
static const char *const egress_words[] = {"none", "tun", "raw_nic", "raw_socket", NULL};
static const char *const decision_words[] = {"include", "exclude", NULL};

static const struct {
    enum setting_kind kind;
    double least, most;
    const char *const *words;
} kinds[N_SETTINGS] = {
#define X(name, kind, least, most, words) {SETTING_##kind, least, most, words},
    SETTINGS(X)
#undef X
};

/* yaml-cpp's words for a truth value. */
static int parse_bool(const char *text, double *out)
{
    static const char *const words[][2] = {
        {"false", "true"}, {"no", "yes"}, {"off", "on"}, {"n", "y"}};

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        for (int is_true = 0; is_true < 2; is_true++)
            if (strcasecmp(text, words[i][is_true]) == 0) {
                *out = is_true;
                return 0;
            }
    return -EINVAL;
}

int setting_parse(const struct tree_value *value, enum setting_kind kind, double *out)
{
    char *end;

    if (value->kind != TREE_TEXT || *value->text == '\0')
        return -EINVAL;
    if (kind == SETTING_BOOL)
        return parse_bool(value->text, out);
    *out = strtod(value->text, &end);
    if (*end != '\0' || !isfinite(*out) || (kind == SETTING_WHOLE && *out != floor(*out)))
        return -EINVAL;
    return 0;
}

int setting_refuse(struct settings *s, const char *key, const struct tree_value *value,
                   const char *allowed)
{
    char text[96];

    snprintf(s->error, OPENPENNY_ERROR_BYTES, "%s:%u: %.200s: %s; allowed: %s", value->file,
             value->line, key, note_value_text(value, text, sizeof(text)), allowed);
    return -EINVAL;
}

void setting_note(struct settings *s, enum setting setting, const char *format, ...)
{
    char what[NOTE_BYTES / 2];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    note_value(s->notes, s->at[setting].key, s->at[setting].value, "%s", what);
}

static int refuse_words(struct settings *s, const char *key, const struct tree_value *value,
                        const char *const *words)
{
    char allowed[160] = "";

    for (size_t i = 0; words[i] != NULL; i++)
        snprintf(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), "%s%s",
                 i == 0                 ? ""
                 : words[i + 1] == NULL ? " or "
                                        : ", ",
                 words[i]);
    return setting_refuse(s, key, value, allowed);
}

/* OpenPenny takes words in any case; here they are as the table has them from then on. */
static int read_word(struct settings *s, const char *key, struct tree_value *value,
                     const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++)
        if (strcasecmp(value->text, words[i]) == 0) {
            value->text = words[i];
            return 0;
        }
    return refuse_words(s, key, value, words);
}

static int refuse_number(struct settings *s, const char *key, const struct tree_value *value,
                         enum setting setting)
{
    char allowed[96];

    if (kinds[setting].kind == SETTING_BOOL)
        return setting_refuse(s, key, value, "true or false");
    snprintf(allowed, sizeof(allowed), "a %snumber from %.0f to %.0f",
             kinds[setting].kind == SETTING_WHOLE ? "whole " : "", kinds[setting].least,
             kinds[setting].most);
    return setting_refuse(s, key, value, allowed);
}

static int read_setting(struct settings *s, const char *key, struct tree_value *value,
                        enum setting setting)
{
    struct setting_value *at = &s->at[setting];
    enum setting_kind kind = kinds[setting].kind;
    double number = 0;

    if (kind == SETTING_LIST) {
        if (value->kind != TREE_LIST)
            return setting_refuse(s, key, value, "a list");
    } else if (kind == SETTING_TEXT) {
        if (value->kind != TREE_TEXT)
            return setting_refuse(s, key, value, "a text");
        if (kinds[setting].words != NULL && read_word(s, key, value, kinds[setting].words) != 0)
            return -EINVAL;
    } else if (setting_parse(value, kind, &number) != 0 ||
               (kind != SETTING_BOOL &&
                (number < kinds[setting].least || number > kinds[setting].most))) {
        return refuse_number(s, key, value, setting);
    }
    if (setting_given(s, setting))
        setting_note(s, setting, "%s, line %u, says %s, and wins", key, value->line,
                     value->kind == TREE_TEXT ? value->text : "something else");
    at->key = tree_keep(s->store, key);
    at->value = value;
    at->number = number;
    return at->key != NULL ? 0 : -ENOMEM;
}

static void mark_all(struct tree_value *value)
{
    value->is_read = true;
    for (struct tree_member *m = value->first; m != NULL; m = m->next)
        mark_all(m->value);
}

static int read_key(struct settings *s, const char *at, struct tree_value *base,
                    const struct key *key)
{
    struct tree_value *value = tree_at(base, key->path);
    char path[TREE_PATH_BYTES];

    if (value == NULL)
        return 0;
    snprintf(path, sizeof(path), "%s%s%s", at, *at != '\0' ? "." : "", key->path);
    mark_all(value);
    if (tree_is_null(value)) {
        note_value(s->notes, path, value, "nothing is given, so it is as if it were left out");
        return 0;
    }
    if (key->note != NULL)
        note_value(s->notes, path, value, "%s", key->note);
    return key->setting != SET_NOTHING ? read_setting(s, path, value, key->setting) : 0;
}

static int read_table(struct settings *s, struct tree_value *root, const struct key_table *table)
{
    struct tree_value *base = NULL;
    const char *at = NULL;
    int error = 0;

    for (size_t i = 0; base == NULL && table->at[i] != NULL; i++) {
        at = table->at[i];
        base = *at != '\0' ? tree_at(root, at) : root;
    }
    if (base == NULL || tree_is_null(base))
        return 0;
    if (base->kind != TREE_MAP)
        return setting_refuse(s, at, base, "a map of keys and values");
    for (size_t i = 0; error == 0 && i < table->n_keys; i++)
        error = read_key(s, at, base, &table->keys[i]);
    return error;
}

/* What no table names is told, too. */
static void note_unread(struct settings *s, const struct tree_value *value, const char *path)
{
    for (const struct tree_member *m = value->first; m != NULL; m = m->next) {
        char below[TREE_PATH_BYTES];

        snprintf(below, sizeof(below), "%.180s%s%.60s", path, *path != '\0' ? "." : "",
                 m->key != NULL ? m->key : "[]");
        if (m->value->is_read)
            continue;
        if (m->value->kind == TREE_MAP)
            note_unread(s, m->value, below);
        else
            note_value(s->notes, below, m->value,
                       "OpenPenny of this generation has no such key here, so it is left out");
    }
}

int settings_read(struct settings *s, struct tree_value *root)
{
    const struct key_table *tables = s->is_1_0 ? keys_1_0 : keys_1_1;
    size_t n = s->is_1_0 ? n_keys_1_0 : n_keys_1_1;
    int error = 0;

    for (size_t i = 0; error == 0 && i < n; i++)
        error = read_table(s, root, &tables[i]);
    for (size_t i = 0; error == 0 && i < n_keys_both; i++)
        error = read_table(s, root, &keys_both[i]);
    if (error == 0)
        note_unread(s, root, "");
    return error;
}
