/* SPDX-License-Identifier: BSD-3-Clause */
/* A state machine of the packet path, as its text says it: which fields of a packet make its key,
 * in which states a key can be, and what becomes of a packet and of its key's state
 * (doc/machines.md has the model in words). Read-only after load; owned by the `struct config`, or
 * the list, that holds it. lib/machine makes of it what runs. */
#ifndef CONFIG_MACHINE_H
#define CONFIG_MACHINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/error.h"
#include "config/slice.h"

#define MACHINE_MAX            8
#define MACHINE_MAX_STATES     256
#define MACHINE_MAX_RULES      1024 /* of one machine, without `otherwise` */
#define MACHINE_MAX_FIELDS     6
#define MACHINE_MAX_KEY_BYTES  48
#define MACHINE_MAX_SCOPES     6 /* lookup and update are the first two */
#define MACHINE_MAX_REGISTERS  4
#define MACHINE_MAX_GLOBALS    4
#define MACHINE_MAX_CONSTANTS  32
#define MACHINE_MAX_CONDITIONS 8 /* different ones */
#define MACHINE_MAX_UPDATES    8 /* of one rule */
#define MACHINE_MAX_SETS       4 /* of one rule */
#define MACHINE_MAX_TARGETS    32
#define MACHINE_MAX_NOTES      32   /* names that rules count, and names of events */
#define MACHINE_MAX_MATCHES    8    /* fields of one rule */
#define MACHINE_MAX_VALUES     4096 /* of all matches of a machine */
#define MACHINE_MAX_PORTS      32
#define MACHINE_NAME_BYTES     32
#define MACHINE_MAX_TIMEOUT_MS 604800000 /* a week */
/* The widest field. */
#define MACHINE_VALUE_BYTES 16

/* X(enum suffix, name, bytes, kind of its values): what of a packet can be in a key and in a match.
 * A packet may lack any of them but port and frame.bytes. */
#define MACHINE_FIELDS(X)                                                                          \
    X(PORT, "port", 2, NUMBER)                                                                     \
    X(ETH_SOURCE, "eth.source", 6, MAC)                                                            \
    X(ETH_DESTINATION, "eth.destination", 6, MAC)                                                  \
    X(ETH_TYPE, "eth.type", 2, ETHERTYPE)                                                          \
    X(VLAN_ID, "vlan.id", 2, NUMBER)                                                               \
    X(IP_SOURCE, "ip.source", 16, ADDRESS)                                                         \
    X(IP_DESTINATION, "ip.destination", 16, ADDRESS)                                               \
    X(IPV4_SOURCE, "ipv4.source", 4, IPV4)                                                         \
    X(IPV4_DESTINATION, "ipv4.destination", 4, IPV4)                                               \
    X(IPV6_SOURCE, "ipv6.source", 16, IPV6)                                                        \
    X(IPV6_DESTINATION, "ipv6.destination", 16, IPV6)                                              \
    X(IP_PROTOCOL, "ip.protocol", 1, PROTOCOL)                                                     \
    X(IP_TTL, "ip.ttl", 1, NUMBER)                                                                 \
    X(IP_DSCP, "ip.dscp", 1, NUMBER)                                                               \
    X(TCP_SOURCE, "tcp.source", 2, NUMBER)                                                         \
    X(TCP_DESTINATION, "tcp.destination", 2, NUMBER)                                               \
    X(TCP_FLAGS, "tcp.flags", 1, FLAGS)                                                            \
    X(UDP_SOURCE, "udp.source", 2, NUMBER)                                                         \
    X(UDP_DESTINATION, "udp.destination", 2, NUMBER)                                               \
    X(L4_SOURCE, "l4.source", 2, NUMBER)                                                           \
    X(L4_DESTINATION, "l4.destination", 2, NUMBER)                                                 \
    X(ICMP_TYPE, "icmp.type", 1, NUMBER)                                                           \
    X(ICMP_CODE, "icmp.code", 1, NUMBER)                                                           \
    X(FRAME_BYTES, "frame.bytes", 4, NUMBER)

enum machine_field {
#define MACHINE_FIELD_ENUM(suffix, name, bytes, kind) MACHINE_##suffix,
    MACHINE_FIELDS(MACHINE_FIELD_ENUM)
#undef MACHINE_FIELD_ENUM
        MACHINE_N_FIELDS
};

/* "ip.source"; its width. */
const char *machine_field_name(enum machine_field field);
uint8_t machine_field_bytes(enum machine_field field);

/* Fields side by side. Every scope of a machine is as wide as the others. */
struct machine_scope {
    char name[MACHINE_NAME_BYTES];
    uint8_t fields[MACHINE_MAX_FIELDS]; /* enum machine_field */
    uint8_t n_fields;
    uint8_t n_bytes;
};

enum { MACHINE_LOOKUP, MACHINE_UPDATE }; /* in `scopes` */

/* The values from first to last, both in network order, from byte 0 on, zero behind the field's
 * width. With `is_mask`: all whose bits of `last` are those of `first`. */
struct machine_values {
    uint8_t first[MACHINE_VALUE_BYTES], last[MACHINE_VALUE_BYTES];
    bool is_mask;
};

/* The field is there, and has one of the values. */
struct machine_match {
    uint8_t field; /* enum machine_field */
    struct machine_values *values;
    uint32_t n_values;
};

enum machine_operand_kind {
    MACHINE_REGISTER,
    MACHINE_GLOBAL,
    MACHINE_CONSTANT,
    MACHINE_NOW_US,       /* CLOCK_MONOTONIC, or the time of a capture */
    MACHINE_FRAME_LENGTH, /* the frame's bytes on the wire */
};

struct machine_operand {
    uint8_t kind;   /* enum machine_operand_kind */
    uint64_t value; /* index of a register or global; the constant */
};

/* Of 64-bit numbers without sign. */
enum machine_comparison {
    MACHINE_EQUAL,
    MACHINE_NOT_EQUAL,
    MACHINE_LESS,
    MACHINE_LESS_OR_EQUAL,
    MACHINE_MORE,
    MACHINE_MORE_OR_EQUAL
};

struct machine_condition {
    struct machine_operand left, right;
    uint8_t comparison; /* enum machine_comparison */
};

/* They saturate: at 0 and at the greatest number. */
enum machine_operation {
    MACHINE_COPY,
    MACHINE_ADD,
    MACHINE_SUBTRACT,
    MACHINE_MULTIPLY,
    MACHINE_SHIFT_LEFT,
    MACHINE_SHIFT_RIGHT
};

struct machine_update {
    struct machine_operand target; /* a register or global */
    struct machine_operand left, right;
    uint8_t operation; /* enum machine_operation */
};

/* In `next`: beside numbers of states. */
#define MACHINE_KEEP      UINT16_MAX       /* state and timers stay */
#define MACHINE_NEXT_PORT (UINT16_MAX - 1) /* the state of the port that the packet came in by */

/* A state to go to, and the timers that are armed with it. */
struct machine_step {
    uint16_t next;
    uint16_t idle_next, hard_next; /* where a timer leads to */
    uint32_t idle_ms, hard_ms;     /* 0: none */
};

/* The same for the key that another scope takes from the packet. */
struct machine_set {
    uint8_t scope;
    struct machine_step step;
};

enum machine_where {
    MACHINE_FORWARD, /* as without the machine */
    MACHINE_DROP,
    MACHINE_PAIR,         /* the pair of the port, whatever the slice says */
    MACHINE_OUTPUT,       /* a port */
    MACHINE_OUTPUT_STATE, /* the port that the state is; the pair when it is none */
    MACHINE_FLOOD,        /* a copy to every port of the machine but the one it came by */
    MACHINE_NEXT_HOP,
};

#define MACHINE_NO_NOTE UINT8_MAX

struct machine_action {
    uint8_t where;  /* enum machine_where */
    uint8_t target; /* in `targets`, of MACHINE_OUTPUT and _NEXT_HOP */
    bool has_mark;
    bool test;            /* asks for a test of the packet's source */
    uint8_t count, event; /* in `counts` and `events`; MACHINE_NO_NOTE */
    uint32_t mark;
};

struct machine_rule {
    /* As read; the rule's own. NULL: left out. */
    json_t *state, *match, *conditions, *actions, *updates, *sets, *event;
    char next[MACHINE_NAME_BYTES], idle_next[MACHINE_NAME_BYTES], hard_next[MACHINE_NAME_BYTES];
    uint32_t idle_ms, hard_ms;
    /* What it means. */
    uint64_t states[MACHINE_MAX_STATES / 64]; /* a bit for each in which it holds */
    struct machine_match *matches;
    uint32_t n_matches;
    uint8_t condition_bits; /* those of `conditions` of the machine that must hold */
    uint8_t n_updates, n_sets;
    struct machine_action action;
    struct machine_step step;
    struct machine_update update[MACHINE_MAX_UPDATES];
    struct machine_set set[MACHINE_MAX_SETS];
};

enum machine_policy { MACHINE_BY_OTHERWISE, MACHINE_BY_FORWARD, MACHINE_BY_DROP };
enum machine_fail { MACHINE_FAIL_OPEN, MACHINE_FAIL_CLOSED };

/* A port or next hop that actions name. */
struct machine_target {
    char name[CONFIG_NAME_BYTES];
    bool is_next_hop;
    uint16_t number; /* index in the configuration; UINT16_MAX: in none */
};

struct machine {
    char name[CONFIG_NAME_BYTES];
    /* As read; the machine's own. */
    json_t *lookup_fields, *update_fields, *state_names, *scope_fields;
    json_t *register_names, *global_names, *constant_values, *otherwise_text, *port_names;
    char initial_name[MACHINE_NAME_BYTES];
    uint32_t max_keys;
    enum machine_policy when_full, when_field_missing;
    enum machine_fail fail;
    bool change_events;
    struct machine_rule *rules; /* the last one is `otherwise`, for every state and packet */
    uint32_t n_rules;
    /* What it means. */
    struct machine_scope scopes[MACHINE_MAX_SCOPES];
    uint32_t n_scopes;
    bool states_are_ports; /* state 0 is "none", state i + 1 port i */
    char (*states)[MACHINE_NAME_BYTES];
    uint32_t n_states;
    uint16_t initial;
    uint32_t n_values; /* of all matches */
    uint32_t n_registers, n_globals, n_constants, n_conditions, n_targets, n_counts, n_events;
    char registers[MACHINE_MAX_REGISTERS][MACHINE_NAME_BYTES];
    char globals[MACHINE_MAX_GLOBALS][MACHINE_NAME_BYTES];
    struct {
        char name[MACHINE_NAME_BYTES];
        uint64_t value;
    } constants[MACHINE_MAX_CONSTANTS];
    struct machine_condition conditions[MACHINE_MAX_CONDITIONS];
    struct machine_target targets[MACHINE_MAX_TARGETS];
    char counts[MACHINE_MAX_NOTES][MACHINE_NAME_BYTES];
    char events[MACHINE_MAX_NOTES][MACHINE_NAME_BYTES];
    uint32_t ports; /* those whose packets it sees, by bits; 0: all */
};

/* Frees what the machine holds, not itself. */
void machine_free(struct machine *machine);

/* A file of machines alone: {"machines": [...]}. Names of ports and next hops stand for themselves:
 * there is nothing to look them up in. On success 0, and the list is the caller's, who gives it to
 * machine_list_free(). Errors as of config_load_file(). */
int machine_list_load_file(const char *path, struct machine **out, uint32_t *n,
                           struct config_error *error);
int machine_list_load_text(const char *text, struct machine **out, uint32_t *n,
                           struct config_error *error);
void machine_list_free(struct machine *machines, uint32_t n);

#endif
