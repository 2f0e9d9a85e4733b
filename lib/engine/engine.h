/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine of one lcore: what to do with each TCP packet of a slice, and what its drops came to.
 *
 * It owns the lcore's flow table, its ledger of pending drops, its places for individually tested
 * flows, and its deltas of all aggregates' counters. One thread calls it; nothing here locks,
 * allocates or calls the system. The manager is reached by `post` only, and orders arrive in the
 * aggregate table and the gate.
 *
 * A segment, in the order of the paper's test:
 *   control, empty and keepalive packets are counted and forwarded;
 *   coverage (tcp/coverage.h) says what a segment is;
 *   an in-order segment of an armed flow under an accepting test is droppable: the coin decides,
 * then the budget; what comes back ends a drop: retransmitted, void, or by the clock expired. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "config/never_drop.h"
#include "config/slice.h"
#include "engine/aggregate.h"
#include "engine/gate.h"
#include "engine/message.h"
#include "engine/rules.h"
#include "flow/flow.h"
#include "packet/packet.h"
#include "stats/counters.h"

/* Packets in one bulk lookup, at most. */
#define ENGINE_MAX_BURST 64

enum engine_action {
    ENGINE_FORWARD,
    ENGINE_DROP,
};

struct engine;

struct engine_config {
    /* The first rules are made of these, and of the two limits below; none of it is kept. Others
     * follow, with as many slices (engine_follow()). */
    const struct slice *slices;
    uint32_t n_slices;
    const struct never_drop *never_drop; /* NULL: nothing is spared */
    struct aggregate_table *aggregates;  /* shared */
    struct engine_gate *gate;            /* shared */
    uint16_t worker;                     /* number of this engine in messages */
    uint32_t n_flows;                    /* capacity of the flow table */
    uint32_t admissions_per_second;
    uint32_t n_pending_drops; /* capacity of the ledger, 1..2^20 */
    uint32_t n_places;        /* individually tested flows at once, 1..65534 */
    uint32_t max_manager_lateness_ms;
    /* Longer between two bursts, and the worker stood still: what its drops came to in that time,
     * nobody saw. 0: time is not the worker's own (a capture's), so bursts may lie far apart. */
    uint32_t max_stall_ms;
    struct random_source random; /* seeded; the coin and the tables' secrets come from it */
    /* Hands a message to the manager: 0, or -ENOBUFS when there is no room now. */
    int (*post)(void *context, const struct message *message);
    void *post_context;
};

/* Bytes that engine_init() needs; memory aligned to a cache line. */
size_t engine_memory_bytes(const struct engine_config *config);

/* Makes an engine inside `memory`, which the caller owns. NULL when the configuration is out of
 * bounds or n_bytes is too small. */
struct engine *engine_init(void *memory, size_t n_bytes, const struct engine_config *config);

/* An engine watches (slices of mode passive) when one of its first slices is passive, or since it
 * was given memory for that: so many bytes, aligned to a cache line, made ready by any thread
 * beforehand. `config`: as of the engine, slices and `post` aside; `key`: random, and nobody
 * else's.
 */
size_t engine_passive_memory_bytes(const struct engine_config *config);
void engine_passive_memory_init(void *memory, const struct engine_config *config,
                                const uint64_t key[2]);
/* Between two turns of the worker, before the first rules with a passive slice. It is the engine's
 * for as long as that lives, and still the caller's to free. To be given once; the same memory
 * given again changes nothing. */
void engine_take_passive_memory(struct engine *e, void *memory);

/* The same for slices whose tests drop units beside data segments. */
size_t engine_units_memory_bytes(const struct engine_config *config);
void engine_units_memory_init(void *memory, const struct engine_config *config,
                              const uint64_t key[2]);
void engine_take_units_memory(struct engine *e, void *memory);

/* One TCP packet of a slice (mode active or passive). */
struct engine_packet {
    alignas(CACHE_LINE_BYTES) const struct packet_view *view; /* PACKET_TCP */
    uint32_t slice;
    uint32_t n_bytes; /* of the frame */
    uint16_t ingress; /* its number (ingress/ingress.h); never INGRESS_NONE in service */
    /* What `view` was made of, until engine_packet() returns; mode passive reads TTL and the like
     * from it. NULL: they are not known. */
    const uint8_t *data;
    /* Filled by engine_lookup_bulk() or engine_ask(): */
    uint64_t key_rest; /* flow_key_rest() */
    uint64_t hash;
    struct flow *flow;
};
static_assert(sizeof(struct engine_packet) == CACHE_LINE_BYTES, "one line");

/* Between two turns of the worker: from now on these rules hold, of the next generation of the
 * configuration and with as many slices as before. Those before are not looked at any more. A slice
 * of mode passive is in them only if the engine has memory for it. */
void engine_follow(struct engine *e, const struct engine_rules *rules);

/* Before the packets of a burst: reads clock and gate, ends drops whose time is over, ages a few
 * flows. */
void engine_begin_burst(struct engine *e, uint64_t now_ns);

/* Before engine_begin_burst(), where time goes by in leaps (a replay): ends all drops and flows
 * whose time is over, however many that are. A worker, whose bursts come by the thousand, needs it
 * not. */
void engine_catch_up(struct engine *e, uint64_t now_ns);

/* Finds the flows of up to 64 packets, with their lines prefetched. */
void engine_lookup_bulk(struct engine *e, struct engine_packet *packets, unsigned int n);

/* Takes one packet into account; the caller must follow the answer, or else the test is wrong.
 * Packets of one burst in the order of their arrival. */
enum engine_action engine_packet(struct engine *e, struct engine_packet *packet);

/* The same for a burst, the way that hides memory. First engine_ask() for each packet, as early as
 * its view and ingress are known; then, with `slice` set, engine_packets() for those at `which` (in
 * the order of their arrival), which writes actions[which[i]] and returns how many of them are to
 * be dropped. Asking for packets that are not taken later does no harm. */
void engine_ask(struct engine *e, struct engine_packet *packet);
unsigned int engine_packets(struct engine *e, struct engine_packet *packets, const uint8_t *which,
                            unsigned int n, enum engine_action *actions);

/* A packet of the slice that is no whole TCP packet (its view's reason is not PACKET_TCP): counted
 * for its aggregate, `n` times, if it stands for others of its burst. */
void engine_count_untestable(struct engine *e, uint32_t slice, const struct packet_view *view,
                             uint32_t n);

/* Is a slice of mode passive, or has one units beside data segments? Else the next two take no note
 * of anything. Asked once a burst. */
bool engine_takes_notes(const struct engine *e);

/* A first fragment (packet_is_first_fragment(), of TCP) of the slice, from `ingress`: mode passive
 * knows then that what its flow lacks there is not missing. Other modes look at none. Besides
 * engine_count_untestable(), and before the packets that came behind it. */
void engine_note_fragment(struct engine *e, uint32_t slice, const struct packet_view *view,
                          uint16_t ingress);

/* A UDP datagram (PACKET_UDP) of the slice, from `ingress` (as in struct engine_packet), of which
 * `captured_bytes` are at `data`: mode passive counts first flights of QUIC, and a test of a slice
 * that has them among its units drops some: the caller must follow the answer. Besides
 * engine_count_untestable(). */
enum engine_action engine_note_datagram(struct engine *e, uint32_t slice,
                                        const struct packet_view *view, const uint8_t *data,
                                        uint32_t captured_bytes, uint16_t ingress);

/* The checksum of a TCP packet of the slice was looked at (packet/checksum.h), as a sample. */
void engine_count_checksum(struct engine *e, uint32_t slice, const struct packet_view *view,
                           bool is_wrong);

/* After a burst: when the manager began a new epoch, posts at most `n` of the aggregates that
 * changed, then closes the epoch; so that no burst has to wait for the messages of a million
 * aggregates, an epoch takes as many calls as it needs. Returns false while some are left, or the
 * ring is full (tried again at the next call). */
bool engine_post_some(struct engine *e, uint32_t n);
/* The same, all at once. */
bool engine_post_epoch(struct engine *e);

/* Before the last epoch of a stop: ends every pending drop as void, so that counters reconcile, and
 * counts the flows of passive slices that go on. */
void engine_stop(struct engine *e);

/* Read by any thread, written by the engine's own. The engine counts why it did not drop and what
 * it could not post; what became of each packet (rx, tx, dropped, lost, slice or none) is counted
 * here by the caller, who has the packet. */
const struct worker_counters *engine_counters(const struct engine *e);
struct worker_counters *engine_counters_mutable(struct engine *e);
const struct flow_table_counters *engine_flow_counters(const struct engine *e);

/* Pending drops now (tests, telemetry). */
uint32_t engine_n_pending(const struct engine *e);

#endif
