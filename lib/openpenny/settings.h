/* SPDX-License-Identifier: BSD-3-Clause */
/* What OpenPenny's keys of either generation set, under one name each. Internal to the library. */
#ifndef OPENPENNY_SETTINGS_H
#define OPENPENNY_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "openpenny/notes.h"
#include "openpenny/tree.h"

enum setting_kind { SETTING_TEXT, SETTING_REAL, SETTING_WHOLE, SETTING_BOOL, SETTING_LIST };

/* name, kind, least, most, words (a list ended by NULL, or NULL). Bounds are those of OpenPenny's
 * own schema and loader. */
#define SETTINGS(X)                                                                                \
    X(INTERFACE, TEXT, 0, 0, NULL)                                                                 \
    X(BACKEND, TEXT, 0, 0, backend_words)                                                          \
    X(INGRESS_MODE, TEXT, 0, 0, ingress_words)                                                     \
    X(QUEUE, WHOLE, 0, 65535, NULL)                                                                \
    X(QUEUE_COUNT, WHOLE, 0, 65535, NULL)                                                          \
    X(WORKER_CPUS, LIST, 0, 0, NULL)                                                               \
    X(RX_RING, WHOLE, 0, 1e9, NULL)                                                                \
    X(PREFIX, TEXT, 0, 0, NULL)                                                                    \
    X(MASK, TEXT, 0, 0, NULL)                                                                      \
    X(MASK_BITS, WHOLE, 0, 32, NULL)                                                               \
    X(DPDK, BOOL, 0, 0, NULL)                                                                      \
    X(SSH_BYPASS, BOOL, 0, 0, NULL)                                                                \
    X(ACTIVE, BOOL, 0, 0, NULL)                                                                    \
    X(PASSIVE, BOOL, 0, 0, NULL)                                                                   \
    X(MODE, TEXT, 0, 0, mode_words)                                                                \
    X(AGGREGATES, BOOL, 0, 0, NULL)                                                                \
    X(FALLBACK, BOOL, 0, 0, NULL)                                                                  \
    X(DROP_PROBABILITY, REAL, 0, 1, NULL)                                                          \
    X(DUPLICATE_RATIO, REAL, 0, 1, NULL)                                                           \
    X(REORDERING_RATIO, REAL, 0, 1, NULL)                                                          \
    X(MISS_RATE, REAL, 0, 1, NULL)                                                                 \
    X(TIMEOUT_S, REAL, 0, 1e9, NULL)                                                               \
    X(GRACE_S, REAL, 0, 1e9, NULL)                                                                 \
    X(IDLE_S, REAL, 0, 1e9, NULL)                                                                  \
    X(PASSIVE_GRACE_S, REAL, 0, 1e9, NULL)                                                         \
    X(PASSIVE_IDLE_S, REAL, 0, 1e9, NULL)                                                          \
    X(DROPS_PER_FLOW, WHOLE, 0, 2147483647, NULL)                                                  \
    X(DROPS_IN_ALL, WHOLE, 0, 2147483647, NULL)                                                    \
    X(MONITORED_FLOWS, WHOLE, 0, 4294967295, NULL)                                                 \
    X(STOP_AFTER_FLOWS, WHOLE, 0, 4294967295, NULL)                                                \
    X(CLOSED_LOOP_FLOWS, WHOLE, 0, 4294967295, NULL)                                               \
    X(FLOWS_TO_FINISH, WHOLE, 0, 4294967295, NULL)                                                 \
    X(WATCH_S, REAL, 0, 1e9, NULL)                                                                 \
    X(EGRESS_KIND, TEXT, 0, 0, egress_words)                                                       \
    X(EGRESS_DEVICE, TEXT, 0, 0, NULL)                                                             \
    X(DEFAULT_DECISION, TEXT, 0, 0, decision_words)

enum setting {
#define X(name, kind, least, most, words) SET_##name,
    SETTINGS(X)
#undef X
        N_SETTINGS,
    SET_NOTHING /* a key without counterpart */
};

struct setting_value {
    const char *key; /* as it stands in the file, whole; NULL: not given */
    const struct tree_value *value;
    double number; /* also of a bool */
};

struct settings {
    const char *file; /* the first one */
    bool is_1_0;
    bool only_given; /* an override: what it does not say stays as the box has it */
    struct setting_value at[N_SETTINGS];
    struct tree_value *rules; /* traffic_policy.rules, or NULL */
    struct tree_store *store;
    struct note_list *notes;
    char *error; /* OPENPENNY_ERROR_BYTES */
};

/* A key of OpenPenny. Where several set one setting, the one that comes last in a table wins, as
 * its assignment comes last in OpenPenny. */
struct key {
    const char *path;
    enum setting setting;
    enum setting_kind kind; /* of SET_NOTHING: what OpenPenny takes */
    const char *note;       /* what the user is told if it is given; NULL: nothing */
};

/* A table of keys, and the paths that it may stand at, the first that is there wins. */
struct key_table {
    const char *at[5]; /* ended by NULL; "": the root */
    const struct key *keys;
    size_t n_keys;
};

extern const struct key_table keys_1_0[];
extern const size_t n_keys_1_0;
extern const struct key_table keys_1_1[];
extern const size_t n_keys_1_1;
extern const struct key_table keys_both[];
extern const size_t n_keys_both;

/* Reads all keys of a document. 0, -EINVAL with the error, -ENOMEM. */
int settings_read(struct settings *s, struct tree_value *root);

static inline bool setting_given(const struct settings *s, enum setting setting)
{
    return s->at[setting].key != NULL;
}

/* The number of a setting, or what OpenPenny's code takes when it is not given. */
static inline double setting_number(const struct settings *s, enum setting setting, double fallback)
{
    return setting_given(s, setting) ? s->at[setting].number : fallback;
}

/* Likewise of a text. */
static inline const char *setting_text(const struct settings *s, enum setting setting,
                                       const char *fallback)
{
    return setting_given(s, setting) ? s->at[setting].value->text : fallback;
}

/* Of the key that gave a setting, which must be given. */
__attribute__((format(printf, 3, 4))) void setting_note(struct settings *s, enum setting setting,
                                                        const char *format, ...);

/* A value as a number: "0.05", "12"; or as true (1) and false (0). 0, or -EINVAL. */
int setting_parse(const struct tree_value *value, enum setting_kind kind, double *out);

/* Refuses the value that stands at `key`, and returns -EINVAL. */
int setting_refuse(struct settings *s, const char *key, const struct tree_value *value,
                   const char *allowed);

#endif
