/* SPDX-License-Identifier: BSD-3-Clause */
/* The control server: a UNIX stream socket through which a person or a program asks the manager.
 *
 * Requests and replies are JSON objects, one per line:
 *     {"command": "test start", "aggregate": 3}
 *     {"ok": true, "result": {...}}    or    {"ok": false, "error": "what, on what, what to do"}
 * A refused command changes nothing, and so does the command of a client that closed the connection
 * before it was read: whoever wants something done waits for the reply. After {"command": "watch"}
 * a connection gets events as lines until its client leaves; what it asks afterwards is not heard.
 * "test start" with "watch": true does the same once the test began, so that who waits for its end
 * needs one connection and misses no event of it.
 * {"command": "help"} lists all.
 *
 * Only root, the server's own user and, where they are named, the members of two groups are served:
 * of one who may operate, and of one who may only ask. The socket has mode 0600, with the first
 * group 0660, with the second 0666, since it can have one group only; then its peer's groups are
 * looked at.
 *
 * The manager's thread calls all of this. Nothing waits: a client that is slow to read is dropped,
 * and a watcher that is slow loses events and is told how many. Who is turned away gets an error
 * with "turned_away": true. Idle clients make room for new ones when all places are taken, and some
 * places are only for root and the server's own user. Memory is bounded by
 * CONTROL_MAX_CLIENTS and CONTROL_MAX_REPLY_BYTES. */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manager/manager.h"
#include "report/report.h"

#define CONTROL_MAX_CLIENTS 16
/* Of these, kept for root and the server's own user. */
#define CONTROL_ROOT_CLIENTS 2
/* A client that sent nothing for so long makes room when it is needed. */
#define CONTROL_IDLE_S            10
#define CONTROL_MAX_REQUEST_BYTES (64u << 10)
#define CONTROL_MAX_REPLY_BYTES   (8u << 20)
/* Of events that wait for one watcher. */
#define CONTROL_MAX_BACKLOG_BYTES (256u << 10)
/* Without taking a byte of what waits for it, a client is dropped after so long. */
#define CONTROL_CLIENT_TIMEOUT_S  10
#define CONTROL_WATCHER_TIMEOUT_S 60

/* Who asks, and by which way. */
struct control_peer {
    bool may_operate; /* else it may only ask */
    const char *way;  /* "control socket", "telemetry" */
    uint32_t user;    /* its number in the system */
    int32_t process;
    /* For a reply that comes later, by control_reply(); *waits is set then. 0 and NULL: nobody
     * waits for one. */
    uint64_t ticket;
    bool *waits;
};

struct map;
struct ondemand;

/* What the server works on. `manager` and `clock` are a must and outlive the server; callbacks may
 * be NULL. JSON that they return becomes the server's. */
struct control_operations {
    struct manager *manager;
    struct ondemand *ondemand; /* NULL: no slices and tests at run time */
    struct map *map;           /* NULL: none */
    const struct report_clock *clock;
    const char *instance;
    const char *group;   /* of the system, whose members may operate; NULL or "": none */
    const char *readers; /* likewise, whose members may only ask */
    void *context;
    /* False beyond the last worker. */
    bool (*worker)(void *context, unsigned int i, struct report_worker *out);
    json_t *(*ports)(void *context);
    json_t *(*memory)(void *context);
    json_t *(*services)(void *context); /* with their members */
    json_t *(*responders)(void *context, uint64_t now_ns);
    /* Gives a member an order in one service, or (NULL) in all that have it. False, and `error`
     * says why. */
    bool (*member)(void *context, const char *service, const char *member, const char *order,
                   uint64_t now_ns, char *error, size_t n_error);
    json_t *(*machines)(void *context); /* with their counters */
    /* Up to `most` keys of one, or one key, or those in a state (NULL: any). NULL, and `error` says
     * why. */
    json_t *(*machine)(void *context, const char *name, const char *key, const char *state,
                       uint32_t most, uint64_t now_ns, char *error, size_t n_error);
    /* Puts a key into a state. False, and `error` says why. */
    bool (*machine_set)(void *context, const char *name, const char *key, const char *state,
                        char *error, size_t n_error);
    /* As a whole; a must where there is a map. */
    json_t *(*map_summary)(void *context);
    /* What sources are counted of, each with its last window: a list of all of them, or of one by
     * its position; how many there are comes to *total. A window that ended at `known` is not told
     * again; NULL: none is known. NULL: none. */
    json_t *(*sources)(void *context, const uint32_t *item, const char *known, uint32_t *total);
    /* The sources of one of them, a page; NULL, and `error` says why. `slice` may be NULL. */
    json_t *(*sources_list)(void *context, const char *name, const char *slice, uint32_t offset,
                            uint32_t count, char *error, size_t n_error);
    /* Commands about its tests and alarms, by name: what they answer, or NULL and `error`. NULL:
     * there are none. */
    json_t *(*map_command)(void *context, const char *command, const json_t *request,
                           uint64_t now_ns, char *error, size_t n_error);
    /* Begins to drain, or gives it another time: so many seconds from now at most, UINT32_MAX: as
     * long as packets come. NULL: it cannot be done here. */
    void (*drain)(void *context, uint32_t timeout_s, uint64_t now_ns);
    json_t *(*drain_state)(void *context, uint64_t now_ns); /* NULL: it has not begun */
    /* Reads the configuration file anew, later; what became of it is the reply, by control_reply()
     * with the peer's ticket. False, and `error` says why, when it is not taken on. */
    bool (*reload)(void *context, const struct control_peer *peer, const char *on_behalf_of,
                   bool dry_run, uint64_t now_ns, char *error, size_t n_error);
    /* Which configuration is in force: its members "generation", "in_force_since", "file" and
     * "file_read". */
    json_t *(*generation)(void *context);
    /* What the file says, beside that: as reload, but nothing is changed. */
    bool (*config_diff)(void *context, const struct control_peer *peer, uint64_t now_ns,
                        char *error, size_t n_error);
    /* Something was changed by command: who, what, before and after, as members of an event. */
    void (*on_command)(void *context, json_t *members, uint64_t now_ns);
};

struct control;

/* Listens on `path`; a directory that is missing is made. `operations` is copied. NULL, and `error`
 * says in one sentence what to do, when the path is too long, is taken by a living server or by
 * what is no socket, or cannot be made. */
struct control *control_open(const char *path, const struct control_operations *operations,
                             char *error, size_t n_error);

/* The same in two steps, for who has nothing to work on yet but wants to know that the socket is to
 * be had: who connects between them waits. */
struct control *control_listen(const char *path, const char *group, const char *readers,
                               char *error, size_t n_error);
void control_begin(struct control *c, const struct control_operations *operations);

/* Could it be opened now? Makes nothing. 0, or -1 and `error` says why not. */
int control_check_path(const char *path, char *error, size_t n_error);

/* Serves whoever can be served now; at most one request of each client. */
void control_poll(struct control *c, uint64_t now_ns);

/* The reply to a request that waits for it: a result (stays the caller's) or, unless NULL, an
 * error. Nothing, when its client has left. NULL `c` is allowed. */
void control_reply(struct control *c, uint64_t ticket, json_t *result, const char *error);

/* Gives an event (stays the caller's) to all watchers. NULL `c` is allowed. */
void control_publish(struct control *c, const json_t *event);

/* Is somebody watching? Spares the making of events. */
bool control_has_watchers(const struct control *c);

unsigned int control_n_clients(const struct control *c);

/* Drops all clients, and takes the socket away if it is still ours. NULL is allowed. */
void control_close(struct control *c);

/* One request of `peer` as it came over the socket, and its reply: never NULL but when memory is
 * short. Sets *watch when the connection becomes a watcher. */
json_t *control_execute(const struct control_operations *operations, const char *request, size_t n,
                        const struct control_peer *peer, uint64_t now_ns, bool *watch);

#endif
