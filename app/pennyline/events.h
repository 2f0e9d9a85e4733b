/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens, told: to the event log, to who watches by the control socket, and, when it matters
 * to a person, on standard error. */
#ifndef PENNYLINE_EVENTS_H
#define PENNYLINE_EVENTS_H

#include "state.h"

struct change_request;
struct service_health;
struct config_changes;
struct change_result;
struct manager_event;

/* manager_config.on_event; the context is the appliance. */
void events_on_manager(void *appliance, const struct manager_event *event);

/* A link went up or down. */
void events_link(struct appliance *a, const struct port *port, uint64_t now_ns);

/* A port stopped bringing packets, or does so again: port->trouble says. */
void events_trouble(struct appliance *a, const struct port *port, uint64_t now_ns);

/* A worker was found to stand, or to go on again: w->heart says. It stood for `stood_ns`. */
void events_thread(struct appliance *a, const struct worker *w, uint64_t stood_ns, uint64_t now_ns);

/* A helper's thread did not end its work for `stood_ns`, and another one took its place. */
void events_helper(struct appliance *a, const char *thread, const char *doing, uint64_t stood_ns,
                   uint64_t now_ns);

/* Of sources that are counted: of the item `name`, and its slice or NULL. Takes `members`, which
 * may be NULL. */
void events_sources(struct appliance *a, const char *kind, const char *name, const char *slice,
                    json_t *members, uint64_t now_ns);

/* A port's device went, or is there again. */
void events_port(struct appliance *a, const struct port *port, bool is_gone, uint64_t now_ns);

/* A member of a service may have flows now, or not: as its health says. */
void events_member(struct appliance *a, const char *service, const char *member,
                   const struct service_health *health, uint64_t now_ns);

/* The box is being taken out of the path, or was given another time for it: a->drain says. */
void events_drain(struct appliance *a, uint64_t now_ns);

/* The configuration changed, or was not changed: who asked, and what became of it. */
void events_change(struct appliance *a, const struct change_request *request,
                   const struct change_result *result, uint64_t now_ns);

/* The first of the differences, in words, with what each asks for. The caller's. */
json_t *events_changes_json(const struct config_changes *changes);
/* control_operations.on_command; the context is the appliance. */
void events_on_command(void *appliance, json_t *members, uint64_t now_ns);

struct signalfd_siginfo;

/* A signal told it to do `command`; `before` and `after` are as on_command has them, and are taken.
 */
void events_signal(struct appliance *a, const struct signalfd_siginfo *signal, const char *command,
                   json_t *before, json_t *after, uint64_t now_ns);

/* The process: "started", "stopping", "stopped". */
/* A machine's rule says so; takes `members`. */
void events_machine(struct appliance *a, const char *kind, json_t *members, uint64_t now_ns);

/* Of slices and tests at run time; takes `members`. */
void events_asked(struct appliance *a, const char *kind, json_t *members, uint64_t now_ns);

/* Of the map: takes `members`. */
void events_map(struct appliance *a, const char *kind, json_t *members, uint64_t now_ns);

void events_process(struct appliance *a, const char *what, uint64_t now_ns);

#endif
