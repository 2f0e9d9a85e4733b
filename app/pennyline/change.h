/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration changes while packets go through: a file is read anew, or the one in force is
 * edited. It is made, checked whole, compared and built by the builder's thread (builder.h); then
 * the manager follows it (tests whose slice became another one end), and workers find it by one
 * pointer. What was there before is freed when every worker has closed an epoch that began later.
 *
 * One change at a time, in the order in which they were asked for. Whatever is refused changes
 * nothing at all. The manager's thread calls all of this; nothing waits. */
#ifndef PENNYLINE_CHANGE_H
#define PENNYLINE_CHANGE_H

#include "builder.h"
#include "state.h"

/* So many may wait for their turn. */
#define CHANGE_MOST_WAITING 64

struct change_result {
    int error;        /* 0: in force, or it would be (dry_run) */
    const char *text; /* why it was refused, for a person */
    bool dry_run;
    uint64_t before, after; /* numbers of generations; after a refusal, and when nothing differs,
                               the same */
    const struct config_changes *changes; /* what differs; of a refusal as far as it came */
    uint64_t took_ns;
};

struct change_request {
    /* On the builder's thread; it waits for nobody. NULL: reads the configuration file, with what
     * the companion adds. */
    builder_make *make;
    /* Told once, what became of it; then nobody uses `context` any more. NULL: nobody asks. */
    void (*done)(void *context, const struct change_result *result);
    void *context;
    bool dry_run;
    const char *way; /* "reload", "slice add"; lives as long as the program */
    char who[192];   /* "root (process 4711)" */
};

/* Takes a change on, which is done later: 0; -EBUSY when too many wait, or -ESHUTDOWN: then done()
 * is not called. */
int change_ask(struct appliance *a, const struct change_request *request, uint64_t now_ns);

/* Reads the configuration file anew. `done` and `context` as above. 0, or as change_ask(), or
 * -ENOENT: this process has no file. */
int change_reload(struct appliance *a, const struct change_request *request, uint64_t now_ns);

/* What goes with each file that is read anew. */
struct change_companion {
    /* On the builder's thread: completes *config. 0 or a negative errno with error->text. */
    int (*complete)(const struct appliance *a, struct config **config, struct config_error *error);
    /* That change has ended. */
    void (*completed)(struct appliance *a, const struct change_result *result);
};
/* Once, before the first change. `companion` lives as long as the program. */
void change_accompany(struct appliance *a, const struct change_companion *companion);

/* In each turn of the manager's loop. */
void change_serve(struct appliance *a, uint64_t now_ns);

/* Of the configuration in force; 1 at start. */
uint64_t change_generation(const struct appliance *a);

/* When it came in force, and when the file that it is of was read: at start, or by the latest
 * reload that was not refused. On the manager's clock. */
uint64_t change_in_force_since_ns(const struct appliance *a);
uint64_t change_file_read_ns(const struct appliance *a);

/* Steps of the staircase. */
int change_up(struct appliance *a);
void change_down(struct appliance *a);

#endif
