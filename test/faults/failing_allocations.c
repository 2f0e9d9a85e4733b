/* SPDX-License-Identifier: BSD-3-Clause */
/* To be preloaded: one allocation fails, the one that FAIL_AT numbers, from 1. Those count that the
 * program itself or jansson asks for: of the C library, of DPDK's memory, and of the objects that
 * DPDK makes. What DPDK's own code does when it finds no memory is not ours to mend.
 *
 * Says at the end, in the file that COUNT_FILE names, how many there were. */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct range {
    uintptr_t begin, end;
};

static struct range program, jansson;
static unsigned long fail_at;
static atomic_ulong n_asked;
static atomic_bool is_ready;

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

static int note_object(struct dl_phdr_info *info, size_t n_info, void *context)
{
    struct range *range = info->dlpi_name[0] == '\0'                         ? &program
                          : strstr(info->dlpi_name, "libjansson.so") != NULL ? &jansson
                                                                             : NULL;

    (void)n_info;
    (void)context;
    for (int i = 0; range != NULL && i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];

        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0)
            *range = (struct range){info->dlpi_addr + part->p_vaddr,
                                    info->dlpi_addr + part->p_vaddr + part->p_memsz};
    }
    return 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("FAIL_AT");

    dl_iterate_phdr(note_object, NULL);
    fail_at = at != NULL ? strtoul(at, NULL, 10) : 0;
    atomic_store(&is_ready, true);
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("COUNT_FILE");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;

    if (file == NULL)
        return;
    fprintf(file, "%lu\n", atomic_load(&n_asked));
    fclose(file);
}

static bool is_within(const struct range *range, const void *caller)
{
    return (uintptr_t)caller >= range->begin && (uintptr_t)caller < range->end;
}

static bool must_fail(const void *caller)
{
    if (!atomic_load(&is_ready) || (!is_within(&program, caller) && !is_within(&jansson, caller)))
        return false;
    if (atomic_fetch_add(&n_asked, 1) + 1 != fail_at)
        return false;
    errno = ENOMEM;
    return true;
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t n)
{
    return must_fail(CALLER) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return must_fail(CALLER) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t n)
{
    return must_fail(CALLER) ? NULL : __libc_realloc(old, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
    return must_fail(CALLER) ? NULL : __libc_memalign(alignment, n);
}

char *strdup(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = must_fail(CALLER) ? NULL : __libc_malloc(n);

    return copy != NULL ? memcpy(copy, text, n) : NULL;
}

int vasprintf(char **out, const char *format, va_list arguments)
{
    va_list again;
    int n;

    *out = NULL;
    if (must_fail(CALLER))
        return -1;
    va_copy(again, arguments);
    n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (n >= 0)
        *out = __libc_malloc((size_t)n + 1);
    return *out != NULL ? vsnprintf(*out, (size_t)n + 1, format, arguments) : -1;
}

/* rte_errno belongs to the thread, behind a function. */
static void set_rte_errno(void)
{
    int *(*location)(void) = (int *(*)(void))dlsym(RTLD_DEFAULT, "rte_errno_location");

    if (location != NULL)
        *location() = ENOMEM;
}

/* A function of DPDK that gives NULL when there is no memory. */
#define OF_DPDK(name, parameters, arguments)                                                       \
    void *name parameters;                                                                         \
    void *name parameters                                                                          \
    {                                                                                              \
        void *(*real)parameters = (void *(*)parameters)dlsym(RTLD_NEXT, #name);                    \
                                                                                                   \
        if (!must_fail(CALLER))                                                                    \
            return real arguments;                                                                 \
        set_rte_errno();                                                                           \
        return NULL;                                                                               \
    }

OF_DPDK(rte_zmalloc, (const char *type, size_t n, unsigned int align), (type, n, align))
OF_DPDK(rte_zmalloc_socket, (const char *type, size_t n, unsigned int align, int socket),
        (type, n, align, socket))
OF_DPDK(rte_memzone_reserve, (const char *name, size_t n, int socket, unsigned int flags),
        (name, n, socket, flags))
OF_DPDK(rte_ring_create_elem,
        (const char *name, unsigned int size, unsigned int count, int socket, unsigned int flags),
        (name, size, count, socket, flags))
OF_DPDK(rte_pktmbuf_pool_create,
        (const char *name, unsigned int n, unsigned int cache, uint16_t private_size, uint16_t room,
         int socket),
        (name, n, cache, private_size, room, socket))
OF_DPDK(rte_fib_create, (const char *name, int socket, void *config), (name, socket, config))
OF_DPDK(rte_fib6_create, (const char *name, int socket, void *config), (name, socket, config))
OF_DPDK(rte_tel_data_alloc, (void), ())
