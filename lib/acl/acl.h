/* SPDX-License-Identifier: BSD-3-Clause */
/* An ordered list of permits and denies: the first that holds an address decides, and what it is
 * when none does is said. Compiled into ranges that lie side by side, so a look-up is one search
 * whatever the list.
 *
 * Threads: written by who makes it, then read by any. */
#ifndef ACL_ACL_H
#define ACL_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/address.h"

#define ACL_MOST_RULES 65536

struct acl_rule {
    struct ip_prefix prefix;
    bool permit;
};

struct acl;

/* Compiles `n` rules, at most ACL_MOST_RULES. 0; -E2BIG: more; -ENOMEM. The caller's:
 * acl_free(). */
int acl_compile(struct acl **out, const struct acl_rule *rules, size_t n, bool otherwise);
void acl_free(struct acl *acl);

bool acl_permits(const struct acl *acl, const struct ip_address *address);

/* Ranges in it, and bytes: for who tells how large it is. */
size_t acl_n_ranges(const struct acl *acl);

/* One rule as in a text; `text` is written to. 1: a rule; 0: nothing but space and a comment;
 * -EINVAL. */
int acl_parse_rule(char *text, struct acl_rule *out);

/* Reads rules from a text: one a line, "permit PREFIX", "deny PREFIX", or a prefix alone, which is
 * permitted; `#` begins a comment. Adds to *rules, of which there are *n (malloc'ed, the caller's,
 * also after an error). 0; -EINVAL: *line is the number of the line that is none; -E2BIG; -ENOMEM;
 * -EIO. */
int acl_read_rules(FILE *from, struct acl_rule **rules, size_t *n, size_t *line);

/* The same of a file, which must not change meanwhile: -EAGAIN when its size, time or inode did.
 * What open(2) says; -EISDIR. */
int acl_read_file(const char *path, struct acl_rule **rules, size_t *n, size_t *line);

#endif
