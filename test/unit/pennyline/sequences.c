/* SPDX-License-Identifier: BSD-3-Clause */
#include "sequences.h"

#include <pthread.h>
#include <stdlib.h>

#include "pennyline/builder.h"
#include "pennyline/counter_set.h"
#include "pennyline/counters.h"
#include "pennyline/events.h"
#include "pennyline/heartbeat.h"
#include "pennyline/machines.h"
#include "pennyline/mapping.h"
#include "pennyline/members.h"
#include "pennyline/passive_memory.h"
#include "pennyline/responders.h"
#include "pennyline/say.h"
#include "port/dpdk_compat.h"

static uint64_t time_ns;
static struct builder *builder;

void sequences_set_time(uint64_t now_ns)
{
    time_ns = now_ns;
}

void sequences_await_builder(void)
{
    while (!builder_is_ready(builder))
        ;
}

uint64_t monotonic_now_ns(void)
{
    return time_ns;
}

/* Without EAL there is no CPU for them. */
#if DPDK_AT_LEAST(23, 11)
int rte_thread_create_control(rte_thread_t *thread, const char *name, rte_thread_func run,
                              void *argument)
{
    (void)name;
    builder = argument;
    return -rte_thread_create(thread, NULL, run, argument);
}
#else
int rte_ctrl_thread_create(pthread_t *thread, const char *name, const pthread_attr_t *attributes,
                           void *(*run)(void *), void *argument)
{
    (void)name;
    builder = argument;
    return -pthread_create(thread, attributes, run, argument);
}
#endif

/* clang-format off */
void events_change(struct appliance *a, const struct change_request *request, const struct change_result *result, uint64_t now_ns) { (void)a, (void)request, (void)result, (void)now_ns; }
void events_helper(struct appliance *a, const char *thread, const char *doing, uint64_t stood_ns, uint64_t now_ns) { (void)a, (void)thread, (void)doing, (void)stood_ns, (void)now_ns; }
void events_asked(struct appliance *a, const char *kind, json_t *members, uint64_t now_ns) { (void)a, (void)kind, (void)now_ns; json_decref(members); }
void heartbeat_read_doing(int tid, char *out, size_t n) { (void)tid, (void)out, (void)n; }
bool passive_memory_is_needed(const struct config *config) { (void)config; return false; }
size_t passive_memory_bytes_each(const struct appliance *a) { (void)a; return 0; }
void **passive_memory_take(const struct appliance *a) { (void)a; return NULL; }
void passive_memory_free(void **memory, uint32_t n_workers) { (void)memory, (void)n_workers; }
void passive_memory_give(struct appliance *a, void **memory) { (void)a, (void)memory; }
bool units_memory_is_needed(const struct config *config) { (void)config; return false; }
size_t units_memory_bytes_each(const struct appliance *a) { (void)a; return 0; }
void **units_memory_take(const struct appliance *a) { (void)a; return NULL; }
void units_memory_give(struct appliance *a, void **memory) { (void)a, (void)memory; }
uint64_t memory_sticky_bytes(const struct config *config) { (void)config; return 0; }
void mapping_follow(struct appliance *a) { (void)a; }
uint32_t machines_follow(struct appliance *a, const struct config *config, struct machine_running *const *running, struct machine_running **left) { (void)a, (void)config, (void)running, (void)left; return 0; }
int machine_running_create(struct machine_running **out, const struct machine *text, uint32_t n_workers) { (void)out, (void)text, (void)n_workers; return -1; }
void machine_running_destroy(struct machine_running *r) { (void)r; }
void members_follow(struct appliance *a, const struct config *config) { (void)a, (void)config; }
struct counter_set *counter_set_create(const struct appliance *a, const struct config *config, const struct counter_set *in_force, const struct config_changes *changes) { static struct counter_set none; (void)a, (void)config, (void)in_force, (void)changes; return &none; }
void counter_set_destroy(struct counter_set *s) { (void)s; }
struct counter_set *counters_follow(struct appliance *a, struct counter_set *next, const struct config *config) { (void)a, (void)config; return next; }
void responders_follow(struct appliance *a, const struct config *config) { (void)a, (void)config; }
struct policy *policy_create(const struct policy_plan *plan, int socket) { (void)plan, (void)socket; return NULL; }
void policy_destroy(struct policy *policy) { (void)policy; }
void policy_follow_links(struct policy *policy, const struct port *ports) { (void)policy, (void)ports; }
void say_error(const char *format, ...) { (void)format; }
void say_warning(const char *format, ...) { (void)format; }
void say_info(const char *format, ...) { (void)format; }
/* clang-format on */
