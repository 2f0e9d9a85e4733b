/* SPDX-License-Identifier: BSD-3-Clause */
/* How well a source fits to an ingress, and what says so. */
#include <stdio.h>
#include <time.h>

#include <jansson.h>

#include "common/exit_codes.h"
#include "common/why_words.h"
#include "expect/why.h"
#include "pennyline-map/commands.h"
#include "pennyline-map/say.h"

static int find(const struct options *o, const struct expectation *e, struct ip_prefix *source,
                uint16_t *ingress)
{
    if (ip_prefix_parse(o->words[0], source) != 0) {
        say("\"%s\"; allowed: a prefix or an address, as 192.0.2.0/24 or 2001:db8::1", o->words[0]);
        return -1;
    }
    *ingress = expect_find_ingress(e, o->words[1]);
    if (*ingress != EXPECT_NO_INGRESS)
        return 0;
    say("\"%s\" is no ingress of %s, which has:", o->words[1], o->expectation);
    for (uint32_t i = 0; i < e->n_ingresses; i++)
        fprintf(stderr, "  %s\n", e->ingresses[i].name);
    return -1;
}

int command_why(const struct options *o)
{
    uint64_t now_s = (uint64_t)time(NULL);
    char error[EXPECT_ERROR_BYTES];
    struct ip_prefix source;
    struct expectation e;
    uint16_t ingress;
    int code = EXIT_USAGE;

    if (expect_open(o->expectation, &e, error) != 0) {
        say("%s: %s", o->expectation, error);
        return EXIT_ERROR;
    }
    if (find(o, &e, &source, &ingress) == 0) {
        json_t *why = expect_why(&e, &source, ingress, now_s);

        if (o->json)
            json_dumpf(why, stdout, JSON_INDENT(2));
        else
            why_words_print(stdout, why);
        if (o->json)
            printf("\n");
        json_decref(why);
        code = EXIT_SUCCESS;
    }
    expect_close(&e);
    return code;
}
