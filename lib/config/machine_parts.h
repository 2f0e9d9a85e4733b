/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files that make sense of a machine's text share. Internal to the library. Each function
 * that reads stands at the reader's place: it returns with the place as it was, or with the error
 * set and -EINVAL or -ENOMEM. */
#ifndef CONFIG_MACHINE_PARTS_H
#define CONFIG_MACHINE_PARTS_H

#include "config/machine.h"
#include "config/option.h"

/* machine_word.c */
bool machine_is_name(const char *text);
/* `"x"; allowed: a state of the machine (a, b, c)`, or the nearest one. */
int machine_refuse_name(struct option_reader *r, const char *found, const char *what,
                        const char *(*at)(const void *from, size_t i), const void *from, size_t n);

/* machine_fields.c */
int machine_read_field(struct option_reader *r, json_t *value, uint8_t *out);
int machine_find_field(struct option_reader *r, const char *name, uint8_t *out);
/* One value of the field, or the range that it stands for. */
int machine_read_value(struct option_reader *r, enum machine_field field, json_t *value,
                       struct machine_values *out);

/* machine_match.c: all of `match`. */
int machine_read_matches(struct option_reader *r, struct machine *m, struct machine_rule *rule);

/* machine_names.c: scopes, states, registers, globals, constants. */
int machine_read_names(struct option_reader *r, struct machine *m);
/* "" is `fallback`. */
int machine_find_state(struct option_reader *r, const struct machine *m, const char *name,
                       uint16_t fallback, uint16_t *out);

/* machine_expression.c */
int machine_read_conditions(struct option_reader *r, struct machine *m, struct machine_rule *rule);
int machine_read_updates(struct option_reader *r, struct machine *m, struct machine_rule *rule);

/* machine_action.c */
int machine_read_actions(struct option_reader *r, struct machine *m, struct machine_rule *rule);

/* machine_resolve.c: all of a machine that was read. */
int machine_resolve(struct option_reader *r, struct machine *m);

/* machine_reach.c: refuses states that cannot be entered, and rules behind others. */
int machine_check_reach(struct option_reader *r, const struct machine *m);

/* Does the rule hold in the state? */
static inline bool machine_rule_holds_in(const struct machine_rule *rule, uint32_t state)
{
    return (rule->states[state / 64] >> state % 64 & 1) != 0;
}

/* Of `otherwise`, too. */
static inline struct machine_rule *machine_rule_at(const struct machine *m, uint32_t i)
{
    return &m->rules[i];
}

#endif
