/* SPDX-License-Identifier: BSD-3-Clause */
#include "lcores.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A set of numbers: "3", "1-4", "(1,3-5)". */
struct number_set {
    bool has[CPU_SETSIZE];
};

static const char *read_number(const char *text, unsigned long *out)
{
    char *end;

    if (!isdigit((unsigned char)*text))
        return NULL;
    *out = strtoul(text, &end, 10);
    return *out < CPU_SETSIZE ? end : NULL;
}

static const char *read_range(const char *text, struct number_set *out)
{
    unsigned long first, last;
    const char *rest = read_number(text, &first);

    last = first;
    if (rest != NULL && *rest == '-')
        rest = read_number(rest + 1, &last);
    if (rest == NULL || last < first)
        return NULL;
    for (unsigned long i = first; i <= last; i++)
        out->has[i] = true;
    return rest;
}

/* Returns what follows the set, or NULL. */
static const char *read_set(const char *text, struct number_set *out)
{
    memset(out, 0, sizeof(*out));
    if (*text != '(')
        return read_range(text, out);
    do
        text = read_range(text + 1, out);
    while (text != NULL && *text == ',');
    return text != NULL && *text == ')' ? text + 1 : NULL;
}

static void add_cpus(cpu_set_t *to, const struct number_set *cpus)
{
    for (unsigned int i = 0; i < CPU_SETSIZE; i++)
        if (cpus->has[i])
            CPU_SET(i, to);
}

/* One group: lcores, and the CPUs that they float on. Without '@' lcores in parentheses float on
 * the CPUs of their own numbers, others sit on the one CPU of their number. */
static const char *read_group(const char *text, struct lcores *out)
{
    struct number_set ids, cpus;
    bool in_parentheses = *text == '(';
    const char *rest = read_set(text, &ids);
    bool has_cpus = rest != NULL && *rest == '@';

    if (has_cpus)
        rest = read_set(rest + 1, &cpus);
    for (unsigned int i = 0; rest != NULL && i < CPU_SETSIZE; i++) {
        if (!ids.has[i])
            continue;
        if (i >= LCORES_MAX || out->used[i])
            return NULL;
        out->used[i] = true;
        out->n++;
        if (has_cpus || in_parentheses)
            add_cpus(&out->cpus[i], has_cpus ? &cpus : &ids);
        else
            CPU_SET(i, &out->cpus[i]);
    }
    return rest;
}

static int refuse(char *error, const char *text, const char *why)
{
    if (error != NULL)
        snprintf(error, LCORES_ERROR_BYTES, "lcores \"%.100s\": %s", text, why);
    return -EINVAL;
}

int lcores_parse(const char *text, uint32_t main_lcore, struct lcores *out, char *error)
{
    const char *rest = text;

    memset(out, 0, sizeof(*out));
    do
        rest = read_group(rest, out);
    while (rest != NULL && *rest++ == ',');
    if (rest == NULL || rest[-1] != '\0')
        return refuse(error, text,
                      "no list of lcores, each of them once and below 128; write it as EAL's "
                      "--lcores, like \"0-3\" or \"0@0,(1-2)@1\"");
    for (uint32_t i = 0; i < LCORES_MAX && main_lcore == UINT32_MAX; i++)
        if (out->used[i])
            main_lcore = i;
    if (main_lcore >= LCORES_MAX || !out->used[main_lcore])
        return refuse(error, text, "the main lcore, eal.main_lcore, is none of them");
    out->main_lcore = main_lcore;
    return 0;
}

cpu_set_t lcores_worker_cpus(const struct lcores *lcores)
{
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    for (uint32_t i = 0; i < LCORES_MAX; i++)
        if (lcores->used[i] && i != lcores->main_lcore)
            CPU_OR(&cpus, &cpus, &lcores->cpus[i]);
    return cpus;
}

uint32_t lcores_queues(const char *text, uint32_t wanted, uint32_t most)
{
    struct lcores lcores;

    if (wanted > 0)
        return wanted;
    if (lcores_parse(text, UINT32_MAX, &lcores, NULL) != 0 || lcores.n < 2)
        return 1;
    return lcores.n - 1 < most ? lcores.n - 1 : most;
}
