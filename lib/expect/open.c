/* SPDX-License-Identifier: BSD-3-Clause */
/* A file is believed when all of it was checked: then every index points to a row, and every chain
 * of parents ends, since parents stand before their children. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "config/named_ingress.h"
#include "expect/expect.h"
#include "expect/search.h"

_Static_assert(sizeof(struct expect_prefix) == 24, "no padding");
_Static_assert(sizeof(struct expect_route) == 28, "no padding");
_Static_assert(sizeof(struct expect_sender) == 48, "no padding");
_Static_assert(sizeof(struct expect_accept) == 24 + 16 + 8 + EXPECT_NOTE_BYTES, "no padding");
_Static_assert(sizeof(struct expect_file) == EXPECT_PATH_BYTES + 32, "no padding");

static int refuse(char error[EXPECT_ERROR_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int refuse(char error[EXPECT_ERROR_BYTES], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error, EXPECT_ERROR_BYTES, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static const struct {
    const char *name;
    size_t row_bytes;
} tables[] = {
#define X(name, type) {#name, sizeof(type)},
    EXPECT_TABLES(X)
#undef X
};

static int check_header(const struct expect_header *h, size_t n, char error[EXPECT_ERROR_BYTES])
{
    if (n < sizeof(h->magic) || memcmp(h->magic, EXPECT_MAGIC, sizeof(h->magic)) != 0)
        return refuse(error, "it was not written by pennyline-map build");
    if (n < offsetof(struct expect_header, n_bytes))
        return refuse(error, "it is cut within its header");
    if (h->byte_order != EXPECT_BYTE_ORDER)
        return refuse(error, "it was written on a machine of another byte order");
    if (h->version != EXPECT_LAYOUT_VERSION)
        return refuse(error,
                      "its layout is of version %u, and this program reads %u: build it anew",
                      h->version, EXPECT_LAYOUT_VERSION);
    if (n < sizeof(*h))
        return refuse(error, "it is cut within its header");
    if (h->n_bytes != n)
        return refuse(error, "it has %zu bytes, and should have %llu%s", n,
                      (unsigned long long)h->n_bytes, h->n_bytes > n ? ": it is cut" : "");
    return 0;
}

static int check_checksum(const struct expect_header *h, size_t n, char error[EXPECT_ERROR_BYTES])
{
    struct expect_header head = *h;
    uLong sum = crc32_z(0, NULL, 0);

    head.checksum = 0;
    sum = crc32_z(sum, (const Bytef *)&head, sizeof(head));
    sum = crc32_z(sum, (const Bytef *)h + sizeof(head), n - sizeof(head));
    return sum == h->checksum ? 0 : refuse(error, "its checksum is wrong: it was changed");
}

static int check_extents(const struct expect_header *h, char error[EXPECT_ERROR_BYTES])
{
    uint64_t at = sizeof(*h);

    for (int i = 0; i < EXPECT_N_TABLES; i++) {
        const struct expect_extent *t = &h->tables[i];

        if (t->at != at || t->n >= EXPECT_NONE || t->n > (h->n_bytes - at) / tables[i].row_bytes)
            return refuse(error, "table %s does not lie where it should", tables[i].name);
        at += (t->n * tables[i].row_bytes + 7) & ~(uint64_t)7;
        if (at > h->n_bytes)
            return refuse(error, "table %s reaches beyond the file", tables[i].name);
    }
    return at == h->n_bytes ? 0 : refuse(error, "bytes behind the last table");
}

static int bad_row(const char *table, uint32_t row, char error[EXPECT_ERROR_BYTES])
{
    return refuse(error, "row %u of table %s is not as it should be", row, table);
}

static bool is_ended(const char *text, size_t n)
{
    return memchr(text, '\0', n) != NULL;
}

static bool is_prefix(const struct expect_prefix *p)
{
    struct ip_prefix given = expect_ip_prefix(p), kept;

    if (p->is_ipv4 > 1 || p->length > (p->is_ipv4 ? 32 : 128) ||
        ip_address_is_ipv4(&p->address) != (p->is_ipv4 != 0))
        return false;
    kept = ip_prefix_of_address(&p->address, p->length);
    return ip_prefix_equal(&given, &kept);
}

/* Each in order, and each with the parent that it would be given. */
static int check_prefixes(const char *table, const void *rows, uint32_t n, size_t stride,
                          bool is_distinct, char error[EXPECT_ERROR_BYTES])
{
    for (uint32_t i = 0; i < n; i++) {
        const struct expect_prefix *p = expect_row(rows, stride, i);
        uint32_t at = i > 0 ? i - 1 : EXPECT_NONE;
        int order = i > 0 ? expect_compare_prefixes(expect_row(rows, stride, at), p) : -1;

        if (!is_prefix(p) || order > 0 || (is_distinct && order == 0))
            return bad_row(table, i, error);
        while (at != EXPECT_NONE && !expect_holds(expect_row(rows, stride, at), p))
            at = expect_row(rows, stride, at)->parent;
        if (p->parent != at)
            return bad_row(table, i, error);
    }
    return 0;
}

static int check_ases(const struct expectation *e, const char *table, const struct expect_as *rows,
                      uint32_t n, char error[EXPECT_ERROR_BYTES])
{
    for (uint32_t i = 0; i < n; i++)
        if ((i > 0 && rows[i - 1].as >= rows[i].as) || rows[i].first > e->n_as_ingresses ||
            rows[i].n > e->n_as_ingresses - rows[i].first)
            return bad_row(table, i, error);
    return 0;
}

static int check_small_tables(const struct expectation *e, char error[EXPECT_ERROR_BYTES])
{
    if (e->n_ingresses >= EXPECT_NO_INGRESS)
        return refuse(error, "%u ingresses", e->n_ingresses);
    for (uint32_t i = 0; i < e->n_ingresses; i++)
        if (!is_ended(e->ingresses[i].name, EXPECT_NAME_BYTES) ||
            e->ingresses[i].relation > INGRESS_INTERNAL)
            return bad_row("ingresses", i, error);
    for (uint32_t i = 0; i < e->n_files; i++)
        if (!is_ended(e->files[i].path, EXPECT_PATH_BYTES) || e->files[i].kind > EXPECT_FILE_VRPS)
            return bad_row("files", i, error);
    for (uint32_t i = 0; i < e->n_senders; i++)
        if (e->senders[i].file >= e->n_files || e->senders[i].by > EXPECT_BY_AS ||
            (e->senders[i].ingress >= e->n_ingresses && e->senders[i].ingress != EXPECT_NO_INGRESS))
            return bad_row("senders", i, error);
    for (uint32_t i = 0; i < e->n_as_ingresses; i++)
        if (e->as_ingresses[i] >= e->n_ingresses)
            return bad_row("as_ingresses", i, error);
    return 0;
}

static int check_sets(const struct expectation *e, char error[EXPECT_ERROR_BYTES])
{
    if (e->n_set_starts == 0 || e->set_starts[0] != 0 ||
        e->set_starts[e->n_set_starts - 1] != e->n_members)
        return refuse(error, "its sets do not cover their members");
    for (uint32_t i = 1; i < e->n_set_starts; i++)
        if (e->set_starts[i - 1] >= e->set_starts[i])
            return bad_row("set_starts", i, error);
    for (uint32_t i = 0; i < e->n_members; i++)
        if (e->members[i].sender >= e->n_senders)
            return bad_row("members", i, error);
    for (uint32_t i = 0; i < e->n_routes; i++)
        if (e->routes[i].set >= e->n_set_starts - 1)
            return bad_row("routes", i, error);
    return 0;
}

static int check_accepts(const struct expectation *e, const char *table,
                         const struct expect_accept *rows, uint32_t n, bool is_as,
                         char error[EXPECT_ERROR_BYTES])
{
    for (uint32_t i = 0; i < n; i++)
        if (rows[i].ingress >= e->n_ingresses || rows[i].file >= e->n_files ||
            !is_ended(rows[i].note, EXPECT_NOTE_BYTES) || (rows[i].as != 0) != is_as ||
            (is_as && i > 0 && rows[i - 1].as > rows[i].as))
            return bad_row(table, i, error);
    return 0;
}

static int check_tables(const struct expectation *e, char error[EXPECT_ERROR_BYTES])
{
    int status;

    if ((status = check_small_tables(e, error)) != 0 || (status = check_sets(e, error)) != 0 ||
        (status = check_prefixes("routes", e->routes, e->n_routes, sizeof(*e->routes), true,
                                 error)) != 0 ||
        (status = check_ases(e, "origins", e->origins, e->n_origins, error)) != 0 ||
        (status = check_ases(e, "cones", e->cones, e->n_cones, error)) != 0 ||
        (status = check_accepts(e, "accepts", e->accepts, e->n_accepts, false, error)) != 0 ||
        (status = check_prefixes("accepts", e->accepts, e->n_accepts, sizeof(*e->accepts), false,
                                 error)) != 0 ||
        (status = check_accepts(e, "accept_ases", e->accept_ases, e->n_accept_ases, true, error)) !=
            0)
        return status;
    return check_prefixes("vrps", e->vrps, e->n_vrps, sizeof(*e->vrps), false, error);
}

int expect_open_memory(const void *bytes, size_t n, struct expectation *out,
                       char error[EXPECT_ERROR_BYTES])
{
    const struct expect_header *h = bytes;
    int status;

    if ((status = check_header(h, n, error)) != 0 || (status = check_checksum(h, n, error)) != 0 ||
        (status = check_extents(h, error)) != 0)
        return status;
    *out = (struct expectation){.header = h,
                                .n_bytes = n,
#define X(name, type)                                                                              \
    .name = (const type *)(const void *)((const char *)bytes + h->tables[EXPECT_TABLE_##name].at), \
    .n_##name = (uint32_t)h->tables[EXPECT_TABLE_##name].n,
                                EXPECT_TABLES(X)
#undef X
    };
    return check_tables(out, error);
}

/* All of it, into memory of our own: what was checked cannot change any more. */
static int read_all(int file, size_t n, void **out)
{
    uint8_t *bytes = malloc(n);
    size_t done = 0;

    *out = bytes;
    if (bytes == NULL)
        return -ENOMEM;
    while (done < n) {
        ssize_t got = read(file, bytes + done, n - done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        done += (size_t)got;
    }
    return 0;
}

int expect_open(const char *path, struct expectation *out, char error[EXPECT_ERROR_BYTES])
{
    int file = open(path, O_RDONLY | O_CLOEXEC), status = 0;
    void *bytes = NULL;
    struct stat s;

    if (file < 0 || fstat(file, &s) != 0)
        status = -errno;
    else if (!S_ISREG(s.st_mode) || s.st_size == 0)
        status = refuse(error, S_ISREG(s.st_mode) ? "it is empty" : "it is no regular file");
    else if ((status = read_all(file, (size_t)s.st_size, &bytes)) == 0)
        status = expect_open_memory(bytes, (size_t)s.st_size, out, error);
    if (file >= 0)
        close(file);
    if (status == 0) {
        out->owned = bytes;
        return 0;
    }
    if (status != -EINVAL)
        refuse(error, "%s", strerror(-status));
    free(bytes);
    return status;
}

void expect_close(struct expectation *e)
{
    free(e->owned);
    *e = (struct expectation){0};
}

struct ip_prefix expect_ip_prefix(const struct expect_prefix *p)
{
    return (struct ip_prefix){
        .address = p->address, .length = p->length, .is_ipv4 = p->is_ipv4 != 0};
}
