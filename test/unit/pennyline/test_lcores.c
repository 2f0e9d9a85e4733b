/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "pennyline/lcores.h"

/* "0:0 1:2,3" for lcore 0 on CPU 0, and lcore 1 on CPUs 2 and 3. */
static const char *describe(const struct lcores *l, char *out, size_t n)
{
    size_t used = 0;

    out[0] = '\0';
    for (unsigned int i = 0; i < LCORES_MAX; i++) {
        const char *separator = ":";

        if (!l->used[i])
            continue;
        used += (size_t)snprintf(out + used, n - used, "%s%u", used > 0 ? " " : "", i);
        for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
            if (CPU_ISSET(cpu, &l->cpus[i])) {
                used += (size_t)snprintf(out + used, n - used, "%s%u", separator, cpu);
                separator = ",";
            }
    }
    return out;
}

/* What EAL makes of the same texts (rte_eal's usage text, and its eal_parse_lcores()). */
static const struct {
    const char *text, *lcores;
} good[] = {
    {"0", "0:0"},
    {"0-2", "0:0 1:1 2:2"},
    {"0,2-3", "0:0 2:2 3:3"},
    {"0@0,1@0", "0:0 1:0"},
    {"0@0,(1-2)@1", "0:0 1:1 2:1"},
    {"(0-1)", "0:0,1 1:0,1"},
    {"1@(2,3),0@4-5", "0:4,5 1:2,3"},
    {"(0,2-3)@(1,5)", "0:1,5 2:1,5 3:1,5"},
};

static void lists_are_read_as_eal_reads_them(void **state)
{
    char text[256];

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        struct lcores l;

        assert_int_equal(lcores_parse(good[i].text, UINT32_MAX, &l, NULL), 0);
        assert_string_equal(describe(&l, text, sizeof(text)), good[i].lcores);
    }
}

static void what_is_no_list_is_refused(void **state)
{
    static const char *const bad[] = {"",    "a",     "0,",     ",0",    "3-1",   "0@", "(0",
                                      "0)",  "0@(1",  "0 1",    "0--1",  "0-",    "-1", "128",
                                      "0,0", "0@0@0", "(0,1)x", "99999", "0@9999"};
    char error[LCORES_ERROR_BYTES];
    struct lcores l;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        if (lcores_parse(bad[i], UINT32_MAX, &l, error) != -EINVAL)
            fail_msg("\"%s\" was taken", bad[i]);
        assert_non_null(
            strstr(error, "no list of lcores, each of them once and below 128; write it as"));
    }
}

static void the_lowest_lcore_is_the_main_one_unless_said_otherwise(void **state)
{
    char error[LCORES_ERROR_BYTES];
    struct lcores l;

    (void)state;
    assert_int_equal(lcores_parse("4,2-3", UINT32_MAX, &l, NULL), 0);
    assert_int_equal(l.main_lcore, 2);
    assert_int_equal(lcores_parse("4,2-3", 4, &l, NULL), 0);
    assert_int_equal(l.main_lcore, 4);
    assert_int_equal(lcores_parse("4,2-3", 7, &l, error), -EINVAL);
    assert_string_equal(error, "lcores \"4,2-3\": the main lcore, eal.main_lcore, is none of them");
    assert_int_equal(l.n, 3);
}

static void worker_cpus_leave_out_the_main_lcores(void **state)
{
    struct lcores l;
    cpu_set_t cpus;

    (void)state;
    assert_int_equal(lcores_parse("0@5,(1-2)@(6,7),3@5", UINT32_MAX, &l, NULL), 0);
    cpus = lcores_worker_cpus(&l);
    assert_int_equal(CPU_COUNT(&cpus), 3); /* lcore 3 works on the manager's CPU */
    assert_true(CPU_ISSET(5, &cpus) && CPU_ISSET(6, &cpus) && CPU_ISSET(7, &cpus));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_read_as_eal_reads_them),
        cmocka_unit_test(what_is_no_list_is_refused),
        cmocka_unit_test(the_lowest_lcore_is_the_main_one_unless_said_otherwise),
        cmocka_unit_test(worker_cpus_leave_out_the_main_lcores),
    };

    return cmocka_run_group_tests_name("lcores", tests, NULL, NULL);
}
