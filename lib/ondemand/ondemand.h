/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices and tests that somebody asks for while the box runs: what is wanted beyond the
 * configuration's file, and how far it is.
 *
 * A test of any prefix is a slice of its own for as long as it lasts: it takes the packets of just
 * that prefix, leaves them their way (the next hops that they had), and goes when the test is over.
 * Where a slice of the configuration names the same prefix, the test names its two halves, which
 * are longer, and so the packets are the test's for that time; what more specific slices name stays
 * theirs. Nothing is taken from a slice whose test is under way, unless whoever asks insists: then
 * that test ends `reconfigured` (lib/config/slots.h).
 *
 * What is asked for is checked at once, and is in force when the appliance has built it: several at
 * a time, if they come faster. It may still be refused then, and is told by an event.
 *
 * The manager's thread calls all of this; nothing waits. */
#ifndef ONDEMAND_ONDEMAND_H
#define ONDEMAND_ONDEMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "manager/manager.h"
#include "report/report.h"

#define ONDEMAND_MOST_SLICES 1024 /* those of tests among them */
#define ONDEMAND_MOST_TESTS                                                                        \
    2048 /* that are told of; of those that are over, the oldest make room */
#define ONDEMAND_ERROR_BYTES 1200
/* A test ends after so long if it does not say for how long it may last. */
#define ONDEMAND_DURATION_MS 60000

struct ondemand;

struct ondemand_config {
    struct manager *manager;
    const struct report_clock *clock;
    void *context;
    /* Builds and publishes the configuration with these slices (an array as in the file; its
     * reference is taken) beside those of the file; ondemand_applied() says how it ended, later.
     * False: not now, try again. */
    bool (*apply)(void *context, json_t *slices);
    /* Tells an event of the box: its kind, and its members (the reference is taken). */
    void (*tell)(void *context, const char *kind, json_t *members);
    /* The slices that are to survive a restart have changed: an object by name, taken. May be NULL.
     */
    void (*keep)(void *context, json_t *slices);
};

/* NULL when memory is short. What `config` points to outlives it. */
struct ondemand *ondemand_create(const struct ondemand_config *config);
void ondemand_destroy(struct ondemand *o); /* NULL is allowed */

/* The configuration that is in force from now on; it lives until the next call. First before all
 * else. */
void ondemand_set_config(struct ondemand *o, const struct config *config);

/* How the latest apply() ended: NULL, and its slices are in force (after ondemand_set_config()), or
 * why not. */
void ondemand_applied(struct ondemand *o, const char *error, uint64_t now_ns);

/* To be called often. */
void ondemand_poll(struct ondemand *o, uint64_t now_ns);

/* Each event of the manager, from its on_event. Changes nothing of the manager's. */
void ondemand_hear(struct ondemand *o, const struct manager_event *event);

/* Commands: what they answer, the caller's, or NULL with one sentence in `error`. A refused one
 * changes nothing. `request` has been checked for its keys and their kinds. */

/* {"source": text or list, "destination", "ingress", "mode", "set", "label", "force"}:
 * {"tests": [{"test": number, "slice", "source", "kept_by"}]}, one for each source; all or none. */
json_t *ondemand_test(struct ondemand *o, const json_t *request, uint64_t now_ns,
                      char error[ONDEMAND_ERROR_BYTES]);
/* {"test": number}: how far it is, with its whole report. */
json_t *ondemand_show_test(const struct ondemand *o, const json_t *request,
                           char error[ONDEMAND_ERROR_BYTES]);
/* {"test": number} */
json_t *ondemand_stop_test(struct ondemand *o, const json_t *request, uint64_t now_ns,
                           char error[ONDEMAND_ERROR_BYTES]);
/* {"slice": as in the file, "force"}; `set` replaces one that was added at run time. */
json_t *ondemand_add_slice(struct ondemand *o, const json_t *request, bool set, uint64_t now_ns,
                           char error[ONDEMAND_ERROR_BYTES]);
/* {"name", "force"} */
json_t *ondemand_remove_slice(struct ondemand *o, const json_t *request,
                              char error[ONDEMAND_ERROR_BYTES]);

/* {"name"}: the slice whole, with where it came from and whether it is in force yet. */
json_t *ondemand_show_slice(struct ondemand *o, const json_t *request,
                            char error[ONDEMAND_ERROR_BYTES]);

/* The configuration in force, with every default written out, but for seeds: {"config": all but its
 * slices, "slices": [{"origin", "slice"}], "total": how many slices there are}. Of these `count` at
 * most, from `offset` on; fewer when they have many prefixes, but one at least. */
#define ONDEMAND_PAGE_PREFIXES 4096
json_t *ondemand_show_config(const struct ondemand *o, uint32_t offset, uint32_t count);

/* Where a slice that is in force came from: "file", "run time", or "test". */
const char *ondemand_origin(const struct ondemand *o, const char *name);

/* A configuration file's JSON with these slices (as apply() and keep() have them) behind its own.
 * Where both name one, the file's stays, and the name is appended to `dropped`, which may be NULL.
 * Pure; any thread. 0, or -ENOMEM. */
int ondemand_compose(json_t *root, const json_t *slices, json_t *dropped);

/* A configuration that was read anew, with these slices beside its own: *config is replaced. Those
 * that it names itself, or that cannot stand beside its own, are left out, and why is set in
 * `dropped`, an object by name. Pure; any thread. 0, or -ENOMEM. */
int ondemand_merge(struct config **config, const json_t *slices, json_t *dropped);
/* A slice is in force no more, since the file that was read anew left it out. */
void ondemand_drop(struct ondemand *o, const char *name, const char *reason, uint64_t now_ns);

/* Takes up slices that were kept (by name), without checking who is tested: at the start. Those
 * that the configuration refuses, or names itself, are left out, and told by tell(). */
void ondemand_restore(struct ondemand *o, const json_t *slices);

#endif
