/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's API as of 22.11 LTS and of later releases under one name: the only place that asks for
 * DPDK's version. */
#ifndef PORT_DPDK_COMPAT_H
#define PORT_DPDK_COMPAT_H

#include <pthread.h>
#include <rte_fib6.h>
#include <rte_lcore.h>
#include <rte_telemetry.h>
#include <rte_version.h>

#define DPDK_AT_LEAST(year, month) (RTE_VERSION >= RTE_VERSION_NUM(year, month, 0, 0))

/* IPv6 addresses are struct rte_ipv6_addr from 24.11 on, bytes before. Both are 16 bytes. */
#if DPDK_AT_LEAST(24, 11)
#include <rte_ip6.h>
typedef struct rte_ipv6_addr dpdk_ipv6;
static inline int dpdk_fib6_add(struct rte_fib6 *fib, const dpdk_ipv6 *a, uint8_t depth,
                                uint64_t next_hop)
{
    return rte_fib6_add(fib, a, depth, next_hop);
}

static inline int dpdk_fib6_lookup_bulk(struct rte_fib6 *fib, const dpdk_ipv6 *a,
                                        uint64_t *next_hops, int n)
{
    return rte_fib6_lookup_bulk(fib, a, next_hops, n);
}
#else
typedef struct {
    uint8_t a[16];
} dpdk_ipv6;

static inline int dpdk_fib6_add(struct rte_fib6 *fib, const dpdk_ipv6 *a, uint8_t depth,
                                uint64_t next_hop)
{
    return rte_fib6_add(fib, a->a, depth, next_hop);
}

static inline int dpdk_fib6_lookup_bulk(struct rte_fib6 *fib, dpdk_ipv6 *a, uint64_t *next_hops,
                                        int n)
{
    return rte_fib6_lookup_bulk(fib, (uint8_t(*)[16])a, next_hops, n);
}
#endif

/* A thread beside the lcores, where these leave room: 0 or a negative errno. Another call since
 * 23.11. */
#if DPDK_AT_LEAST(23, 11)
#include <rte_thread.h>
typedef rte_thread_t dpdk_thread;
#define DPDK_THREAD_RESULT uint32_t
static inline int dpdk_thread_create(dpdk_thread *thread, const char *name, uint32_t (*run)(void *),
                                     void *argument)
{
    return rte_thread_create_control(thread, name, run, argument);
}

static inline void dpdk_thread_join(dpdk_thread thread)
{
    rte_thread_join(thread, NULL);
}
#else
typedef pthread_t dpdk_thread;
#define DPDK_THREAD_RESULT void *
static inline int dpdk_thread_create(dpdk_thread *thread, const char *name, void *(*run)(void *),
                                     void *argument)
{
    return rte_ctrl_thread_create(thread, name, NULL, run, argument);
}

static inline void dpdk_thread_join(dpdk_thread thread)
{
    pthread_join(thread, NULL);
}
#endif

/* Renamed in 23.03. */
#if DPDK_AT_LEAST(23, 3)
#define dpdk_tel_dict_uint(d, name, value) rte_tel_data_add_dict_uint((d), (name), (value))
#define dpdk_tel_array_uint(d, value)      rte_tel_data_add_array_uint((d), (value))
#else
#define dpdk_tel_dict_uint(d, name, value) rte_tel_data_add_dict_u64((d), (name), (value))
#define dpdk_tel_array_uint(d, value)      rte_tel_data_add_array_u64((d), (value))
#endif

#endif
