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
#include "pennyline/eal_arguments.h"

#define MOST_WORDS 32

struct words {
    char text[256];
    char *list[MOST_WORDS + 1];
};

/* The words of a line, with single blanks between. */
static char *const *split(struct words *w, const char *line)
{
    size_t n = 0;

    snprintf(w->text, sizeof(w->text), "%s", line);
    for (char *word = strtok(w->text, " "); word != NULL; word = strtok(NULL, " "))
        w->list[n++] = word;
    w->list[n] = NULL;
    return w->list;
}

static const char *join(char *const *list, char *out, size_t n)
{
    size_t used = 0;

    out[0] = '\0';
    for (; *list != NULL; list++)
        used += (size_t)snprintf(out + used, n - used, "%s%s", used > 0 ? " " : "", *list);
    return out;
}

/* What pennyline says of itself, what eal.extra says, what the command line says: what is left. */
static const struct {
    const char *own, *extra, *given, *left;
} cases[] = {
    /* Once, in each spelling of the value. */
    {"--no-pci --no-huge", "--no-pci", "--no-pci --no-huge", "--no-pci --no-huge"},
    {"--file-prefix=a", "", "--file-prefix b", "--file-prefix b"},
    {"--file-prefix a", "--file-prefix=b", "", "--file-prefix=b"},
    {"--main-lcore=1 --no-pci", "", "--main-lcore 2", "--no-pci --main-lcore 2"},
    {"-m 512", "-m 600", "-m700", "-m700"},
    /* The command line goes before eal.extra, and there the last one. */
    {"", "--iova-mode va", "--iova-mode=pa", "--iova-mode=pa"},
    {"", "-n 2 -n 4", "", "-n 4"},
    /* Another name of the same, and what excludes it. */
    {"--lcores=0-1", "-l 0-2", "", "-l 0-2"},
    {"--lcores=0-1", "", "-c f", "-c f"},
    {"-m 512", "--socket-mem 512,512", "", "--socket-mem 512,512"},
    {"-m 512", "--memory-size 600", "--numa-mem=0,700", "--numa-mem=0,700"},
    {"", "--socket-limit 1,1", "--numa-limit 2,2", "--numa-limit 2,2"},
    {"", "-a 1 --telemetry", "--no-telemetry", "-a 1 --no-telemetry"},
    {"", "-r 2 -v -R", "--memory-ranks 4 --version --remap-lcore-ids=2",
     "--memory-ranks 4 --version --remap-lcore-ids=2"},
    {"", "-s f", "-S 3", "-S 3"},
    /* These may come again. */
    {"-a 0000:01:00.0", "--allow 0000:02:00.0", "-a 0000:01:00.0",
     "-a 0000:01:00.0 --allow 0000:02:00.0 -a 0000:01:00.0"},
    {"", "--vdev net_null0 --vdev=net_null1 -b 1 -b 2", "--vdev net_null2 -d a -d b",
     "--vdev net_null0 --vdev=net_null1 -b 1 -b 2 --vdev net_null2 -d a -d b"},
    {"--log-level=*:warning", "--log-level lib.eal:debug --trace a --trace b", "",
     "--log-level=*:warning --log-level lib.eal:debug --trace a --trace b"},
    /* One that begins alike is another one. */
    {"--huge-dir /a --trace-dir=/b", "--huge-unlink", "--trace-bufsz 1M",
     "--huge-dir /a --trace-dir=/b --huge-unlink --trace-bufsz 1M"},
    /* An option that nobody knew when this was written. */
    {"--new=1", "--new 2 --flag", "--new 3 --flag", "--new 3 --flag"},
    /* The word behind it is not taken for its value. */
    {"--no-huge", "--no-pci --no-huge", "--no-shconf", "--no-pci --no-huge --no-shconf"},
};

static void what_the_operator_says_wins_and_stands_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct words own, extra, given;
        char *const *lists[] = {split(&own, cases[i].own), split(&extra, cases[i].extra),
                                split(&given, cases[i].given)};
        char *out[MOST_WORDS + 1], text[256];
        int n = eal_arguments_merge(lists, 3, out, ARRAY_LENGTH(out));

        assert_string_equal(join(out, text, sizeof(text)), cases[i].left);
        assert_true(n >= 0 && n <= MOST_WORDS && out[n] == NULL);
    }
}

static void a_list_that_is_not_there_is_empty(void **state)
{
    struct words own;
    char *const *lists[] = {split(&own, "pennyline --no-pci"), NULL};
    char *out[MOST_WORDS + 1], text[64];

    (void)state;
    assert_int_equal(eal_arguments_merge(lists, 2, out, ARRAY_LENGTH(out)), 2);
    assert_string_equal(join(out, text, sizeof(text)), "pennyline --no-pci");
    assert_null(eal_arguments_value(NULL, "--lcores"));
}

static void lcores_of_a_mask_are_listed(void **state)
{
    static const struct {
        const char *line, *lcores;
    } values[] = {
        {"-c f", "0,1,2,3"},
        {"-c5", "0,2"},
        {"--coremask=0x30", "4,5"},
        {"--coremask 8000000000000001", "0,63"},
        {"-l 5", "5"},
        {"--lcores (0-1)@2", "(0-1)@2"},
        {"-l 3 -c 10", "4"},
        {"-c 10 -l 3", "3"},
        {"-s 3 -S 3", NULL},
        {"-c 0", "0"}, /* no lcore: the reader of lists tells */
        {"-c 0-3", "0-3"},
        {"-c", ""},
        {"-c ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
         "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        char out[EAL_LCORES_BYTES];
        struct words line;
        const char *lcores = eal_arguments_lcores(split(&line, values[i].line), out);

        if (values[i].lcores == NULL)
            assert_null(lcores);
        else
            assert_string_equal(lcores, values[i].lcores);
    }
}

static void too_many_words_are_refused(void **state)
{
    struct words own;
    char *const *lists[] = {split(&own, "a b c")};
    char *out[MOST_WORDS + 1];

    (void)state;
    assert_int_equal(eal_arguments_merge(lists, 1, out, 4), 3);
    assert_int_equal(eal_arguments_merge(lists, 1, out, 3), -E2BIG);
}

static void a_value_is_read_in_each_spelling(void **state)
{
    static const struct {
        const char *line, *option, *value; /* NULL: not there */
    } values[] = {
        {"--lcores 0-3", "--lcores", "0-3"},
        {"--lcores=0-3", "--lcores", "0-3"},
        {"-l 0-3", "--lcores", "0-3"},
        {"-l0-3", "--lcores", "0-3"},
        {"-l 0-3 --lcores 1-2", "--lcores", "1-2"},
        {"--no-pci --lcores", "--lcores", ""},
        {"--lcores --no-pci", "--lcores", ""},
        {"--no-pci", "--no-pci", ""},
        {"--file-prefix=", "--file-prefix", ""},
        {"--socket-mem 1,2", "--memory-size", "1,2"},
        {"--lcores-of-another 1", "--lcores", NULL},
        {"lcores --no-pci -", "--lcores", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        struct words w;
        const char *value = eal_arguments_value(split(&w, values[i].line), values[i].option);

        assert_int_equal(value == NULL, values[i].value == NULL);
        if (value != NULL)
            assert_string_equal(value, values[i].value);
    }
}

static void an_option_is_removed_with_its_values(void **state)
{
    struct words w;
    char text[256];

    (void)state;
    split(&w, "x --in-memory -m 5 --in-memory --no-pci -m7 --memory-size=9 y");
    eal_arguments_remove(w.list, "--in-memory");
    assert_string_equal(join(w.list, text, sizeof(text)), "x -m 5 --no-pci -m7 --memory-size=9 y");
    eal_arguments_remove(w.list, "--memory-size");
    assert_string_equal(join(w.list, text, sizeof(text)), "x --no-pci y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_operator_says_wins_and_stands_once),
        cmocka_unit_test(a_list_that_is_not_there_is_empty),
        cmocka_unit_test(lcores_of_a_mask_are_listed),
        cmocka_unit_test(too_many_words_are_refused),
        cmocka_unit_test(a_value_is_read_in_each_spelling),
        cmocka_unit_test(an_option_is_removed_with_its_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
