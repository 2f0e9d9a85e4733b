/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal_arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"

/* Spellings of DPDK 22.11 to 26.07 that mean the same, or exclude each other. Any other option
 * means its own name. */
static const struct {
    const char *spelling, *meaning;
} spellings[] = {
    {"-a", "--allow"},
    {"-b", "--block"},
    {"-c", "--lcores"},
    {"--coremask", "--lcores"},
    {"-d", "--driver-path"},
    {"-l", "--lcores"},
    {"-m", "--memory-size"},
    {"--socket-mem", "--memory-size"},
    {"--numa-mem", "--memory-size"},
    {"-n", "--memory-channels"},
    {"--no-telemetry", "--telemetry"},
    {"-r", "--memory-ranks"},
    {"-R", "--remap-lcore-ids"},
    {"-s", "--service-corelist"},
    {"-S", "--service-corelist"},
    {"--service-coremask", "--service-corelist"},
    {"--socket-limit", "--numa-limit"},
    {"-v", "--version"},
};

static const char *const repeatable[] = {
    "--allow", "--block", "--driver-path", "--log-level", "--trace", "--vdev",
};

struct option {
    const char *name;  /* `n_name` bytes: its long name */
    size_t n_name;     /* 0: the word is no option */
    const char *value; /* in the same word; NULL: in the next one, if any */
};

static struct option read_option(const char *word)
{
    struct option o = {.name = word, .n_name = 2};

    if (word[0] != '-' || word[1] == '\0') {
        o.n_name = 0;
    } else if (word[1] == '-') {
        o.n_name = strcspn(word, "=");
        o.value = word[o.n_name] == '=' ? word + o.n_name + 1 : NULL;
    } else if (word[2] != '\0') {
        o.value = word + 2;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(spellings); i++)
        if (strlen(spellings[i].spelling) == o.n_name &&
            memcmp(spellings[i].spelling, o.name, o.n_name) == 0) {
            o.name = spellings[i].meaning;
            o.n_name = strlen(o.name);
            break;
        }
    return o;
}

static bool is_named(const struct option *o, const char *name)
{
    return strlen(name) == o->n_name && memcmp(name, o->name, o->n_name) == 0;
}

static bool may_repeat(const struct option *o)
{
    for (size_t i = 0; i < ARRAY_LENGTH(repeatable); i++)
        if (is_named(o, repeatable[i]))
            return true;
    return false;
}

/* EAL knows no words beside options and their values, so one that is no option is a value. */
static size_t n_words_of(char *const *list, const struct option *o)
{
    return o->value == NULL && list[1] != NULL && read_option(list[1]).n_name == 0 ? 2 : 1;
}

const char *eal_arguments_value(char *const *list, const char *option)
{
    const char *value = NULL;

    for (; list != NULL && *list != NULL; list++) {
        struct option o = read_option(*list);

        if (is_named(&o, option))
            value = o.value != NULL ? o.value : n_words_of(list, &o) == 2 ? list[1] : "";
    }
    return value;
}

/* "0,2" for "5" or "0x5". A text that is no mask, or names more than there is room for, is given
 * back: whoever reads it as a list says what is wrong with it. */
static const char *list_of_mask(const char *mask, char out[EAL_LCORES_BYTES])
{
    const char *digits = strncasecmp(mask, "0x", 2) == 0 ? mask + 2 : mask;
    size_t n_digits = strlen(digits), used = 0;

    if (n_digits == 0 || strspn(digits, "0123456789abcdefABCDEF") != n_digits)
        return mask;
    out[0] = '\0';
    for (size_t bit = 0; bit < 4 * n_digits; bit++) {
        char digit[2] = {digits[n_digits - 1 - bit / 4]};

        if ((strtoul(digit, NULL, 16) >> bit % 4 & 1) == 0)
            continue;
        if (used + sizeof(",1023") >= EAL_LCORES_BYTES)
            return mask;
        used += (size_t)snprintf(out + used, EAL_LCORES_BYTES - used, "%s%zu", used > 0 ? "," : "",
                                 bit);
    }
    return used > 0 ? out : mask;
}

const char *eal_arguments_lcores(char *const *list, char out[EAL_LCORES_BYTES])
{
    const char *value = eal_arguments_value(list, "--lcores"), *last = "";

    for (; value != NULL && *list != NULL; list++) {
        struct option o = read_option(*list);

        if (is_named(&o, "--lcores"))
            last = *list;
    }
    if (strncmp(last, "-c", 2) == 0 || strncmp(last, "--coremask", 10) == 0)
        return list_of_mask(value, out);
    return value;
}

static void take_out(char **list, size_t n)
{
    do
        list[0] = list[n];
    while (*list++ != NULL);
}

void eal_arguments_remove(char **list, const char *option)
{
    while (*list != NULL) {
        struct option o = read_option(*list);

        if (is_named(&o, option))
            take_out(list, n_words_of(list, &o));
        else
            list++;
    }
}

/* Does a later one replace the option that stands here? */
static bool is_replaced(char *const *list, const struct option *o)
{
    if (o->n_name == 0 || may_repeat(o))
        return false;
    for (list++; *list != NULL; list++) {
        struct option later = read_option(*list);

        if (later.n_name == o->n_name && memcmp(later.name, o->name, o->n_name) == 0)
            return true;
    }
    return false;
}

int eal_arguments_merge(char *const *const *lists, size_t n_lists, char **out, size_t n_out)
{
    size_t n = 0;

    for (size_t i = 0; i < n_lists; i++)
        for (char *const *word = lists[i]; word != NULL && *word != NULL; word++) {
            if (n + 1 >= n_out)
                return -E2BIG;
            out[n++] = *word;
        }
    out[n] = NULL;
    for (char **word = out; *word != NULL;) {
        struct option o = read_option(*word);
        size_t n_words = n_words_of(word, &o);

        if (is_replaced(word, &o)) {
            take_out(word, n_words);
            n -= n_words;
        } else {
            word++;
        }
    }
    return (int)n;
}
