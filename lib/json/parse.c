/* SPDX-License-Identifier: BSD-3-Clause */
/* jansson's parser does not look whether its buffers grew, and frees what it never got (load.c,
 * lex_save(), lex_scan_string()). So it never hears that there is no memory: its allocator leaves
 * the parser altogether. */
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"

/* Set while this thread is within the parser. */
static _Thread_local jmp_buf *leave;

static void *allocate(size_t n)
{
    void *memory = malloc(n);

    if (memory == NULL && leave != NULL)
        longjmp(*leave, 1);
    return memory;
}

/* Before main(), since no other thread may be in jansson meanwhile. */
__attribute__((constructor)) static void set_allocator(void)
{
    json_set_alloc_funcs(allocate, free);
}

static json_t *no_memory(json_error_t *error)
{
    leave = NULL;
    if (error != NULL) {
        memset(error, 0, sizeof(*error));
        error->line = error->column = -1;
        strcpy(error->text, "not enough memory");
    }
    errno = ENOMEM;
    return NULL;
}

json_t *json_parse(const char *text, size_t n, size_t flags, json_error_t *error)
{
    jmp_buf here;
    json_t *value;

    if (setjmp(here) != 0)
        return no_memory(error);
    leave = &here;
    value = json_loadb(text, n, flags, error);
    leave = NULL;
    return value;
}
