/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of the control socket: one row each. Internal. */
#ifndef CONTROL_COMMAND_H
#define CONTROL_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/control.h"

/* What is wrong with a configuration fits, with all keys that it may have (config/error.h). */
#define COMMAND_ERROR_BYTES 1280
#define VERDICTS_MOST       100
#define CONFIG_SHOW_MOST    100
#define MACHINE_KEYS_MOST   10000
#define MAP_COMMAND_MOST    500
#define SOURCES_LIST_MOST   10000

enum argument_kind {
    ARGUMENT_TEXT,
    ARGUMENT_COUNT, /* a whole number, 0..most */
    ARGUMENT_SWITCH,
    ARGUMENT_AGGREGATE, /* a number, or a text */
    ARGUMENT_TEXTS,     /* a text, or a list */
    ARGUMENT_OBJECT,
    ARGUMENT_PLACE,  /* a text, or an object */
    ARGUMENT_EVENTS, /* a list */
};

struct command_argument {
    const char *name;
    enum argument_kind kind;
    bool required;
    uint32_t most;
    const char *help;
};

/* One request under way. */
struct command_call {
    const struct control_operations *operations;
    const struct command *command;
    const struct control_peer *peer;
    json_t *request;
    uint64_t now_ns;
    bool watch;
    bool waits; /* the reply comes later */
    char error[COMMAND_ERROR_BYTES];
};

struct command {
    const char *name;
    const char *help;
    const struct command_argument *arguments; /* ends with a NULL name */
    /* The result, or NULL with call->error set. It changes nothing when it refuses. Or NULL with
     * call->waits: what becomes of it is known, and told, later. */
    json_t *(*run)(struct command_call *call);
    bool only_reads; /* else it is for who may operate, and told as an event */
    /* What it changes, as it is now: told before and after. NULL: nothing is told of it. */
    json_t *(*state)(struct command_call *call);
};

/* Is it a request that can only end drops, so that it is done for who does not wait for its reply,
 * too, however late? */
bool command_is_safe(const char *request, size_t n);

/* call.c: sets call->error and returns NULL. */
json_t *command_refuse(struct command_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Arguments of a checked request; what stands there when it was not given. */
uint32_t command_count(const struct command_call *call, const char *name, uint32_t otherwise);
bool command_switch(const struct command_call *call, const char *name);
const char *command_text(const struct command_call *call, const char *name);

/* find.c: the aggregate that the argument "aggregate" means: its number, the name of its slice, or
 * its prefix. False, and call->error set, when it means none or several. */
bool command_aggregate(struct command_call *call, uint32_t *aggregate);

/* commands_change.c */
json_t *command_run_reload(struct command_call *call);
json_t *command_run_config_diff(struct command_call *call);
/* commands_machines.c */
json_t *command_run_machines(struct command_call *call);
json_t *command_run_machine(struct command_call *call);
json_t *command_run_machine_set(struct command_call *call);
json_t *command_state_machine(struct command_call *call);
/* commands_services.c */
json_t *command_run_services(struct command_call *call);
json_t *command_run_responders(struct command_call *call);
json_t *command_run_member(struct command_call *call);
json_t *command_state_services(struct command_call *call);
/* commands_map.c */
json_t *command_run_map(struct command_call *call);
json_t *command_run_map_summary(struct command_call *call);
json_t *command_run_map_why(struct command_call *call);
json_t *command_run_map_decision(struct command_call *call);
/* commands_status.c */
double command_uptime_s(const struct command_call *call);
json_t *command_run_status(struct command_call *call);
json_t *command_run_sources(struct command_call *call);
json_t *command_run_sources_list(struct command_call *call);
json_t *command_run_drain(struct command_call *call);
json_t *command_state_drain(struct command_call *call);
json_t *command_run_version(struct command_call *call);
/* commands_test.c */
json_t *command_run_aggregates(struct command_call *call);
json_t *command_run_slices(struct command_call *call);
json_t *command_run_verdicts(struct command_call *call);
json_t *command_run_aggregate(struct command_call *call);
json_t *command_run_test_start(struct command_call *call);
json_t *command_run_test_stop(struct command_call *call);
json_t *command_run_kill_switch(struct command_call *call);
json_t *command_state_test(struct command_call *call);
json_t *command_state_kill_switch(struct command_call *call);
json_t *command_run_watch(struct command_call *call);
/* commands_ondemand.c */
json_t *command_run_test(struct command_call *call);
json_t *command_run_test_show(struct command_call *call);
json_t *command_run_test_end(struct command_call *call);
json_t *command_run_slice_add(struct command_call *call);
json_t *command_run_slice_set(struct command_call *call);
json_t *command_run_slice_remove(struct command_call *call);
json_t *command_run_slice_show(struct command_call *call);
json_t *command_run_config_show(struct command_call *call);
json_t *command_state_asked_test(struct command_call *call);
json_t *command_state_slice(struct command_call *call);

#endif
