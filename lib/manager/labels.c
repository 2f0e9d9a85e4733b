/* SPDX-License-Identifier: BSD-3-Clause */
/* The labels that callers give to tests. Few tests have one, so they lie in a pool and not in each
 * aggregate. Who asks for a test may read it until the aggregate is tested again, or until the
 * label of a later test needs the room. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager/internal.h"

/* C1 controls begin with C2 80 to C2 9F, and LINE and PARAGRAPH SEPARATOR are E2 80 A8 and A9
 * (Unicode 23.1, 23.2): readers of logs take them for ends of lines. */
static bool is_control(const unsigned char *c)
{
    return *c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) ||
           (*c == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9));
}

const char *test_label_trouble(const char *label)
{
    size_t n = strlen(label);

    if (n == 0)
        return "is empty; leave it out, or say what the test is for";
    if (n > TEST_LABEL_MOST_BYTES)
        return "has more than 128 bytes; allowed: at most 128";
    for (const unsigned char *c = (const unsigned char *)label; *c != '\0'; c++)
        if (is_control(c))
            return "has a newline or another control character; allowed: one line of text";
    return NULL;
}

size_t labels_memory_bytes(const struct manager_config *c)
{
    return c->max_tests_by_command != 0 ? TEST_MOST_BY_COMMAND * sizeof(struct label) : 0;
}

int labels_init(struct manager *m)
{
    if (m->config.max_tests_by_command == 0)
        return 0;
    m->labels = calloc(TEST_MOST_BY_COMMAND, sizeof(*m->labels));
    for (uint32_t i = 0; m->labels != NULL && i < TEST_MOST_BY_COMMAND; i++)
        m->labels[i].owner = AGGREGATE_NONE;
    return m->labels != NULL ? 0 : -1;
}

/* Has none, or one whose test is over. */
static bool is_free(const struct manager *m, const struct label *l)
{
    return l->owner == AGGREGATE_NONE || m->aggregates[l->owner].test.state == TEST_DONE;
}

/* No more tests with a label are under way than there are labels, so there is always one. */
void label_give(struct manager *m, struct aggregate_state *a, const char *text)
{
    for (uint32_t i = 0; m->labels != NULL && text != NULL && i < TEST_MOST_BY_COMMAND; i++) {
        uint32_t index = m->next_label++ % TEST_MOST_BY_COMMAND;
        struct label *l = &m->labels[index];

        if (!is_free(m, l))
            continue;
        if (l->owner != AGGREGATE_NONE)
            m->aggregates[l->owner].test.label = INDEX_NONE;
        l->owner = a->number;
        snprintf(l->text, sizeof(l->text), "%s", text);
        a->test.label = index;
        return;
    }
}

void label_forget(struct manager *m, struct test *t)
{
    if (t->label != INDEX_NONE)
        m->labels[t->label].owner = AGGREGATE_NONE;
    t->label = INDEX_NONE;
}

const char *label_of(const struct manager *m, const struct test *t)
{
    return t->label != INDEX_NONE ? m->labels[t->label].text : NULL;
}
