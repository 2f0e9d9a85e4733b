/* SPDX-License-Identifier: BSD-3-Clause */
/* Includes of OpenPenny 1.1.0: sections that stand in files of their own. Internal to the library.
 */
#ifndef OPENPENNY_INCLUDE_H
#define OPENPENNY_INCLUDE_H

#include "openpenny/notes.h"
#include "openpenny/tree.h"

/* Reads what `includes` of the root names, below `path`'s folder, into the root; what stands in the
 * root wins, key by key. Includes of included files are not followed, as there. 0, -EINVAL, -ENOMEM
 * or what reading says, with the error. */
int include_resolve(struct tree_store *store, struct tree_value *root, const char *path,
                    struct note_list *notes, char error[OPENPENNY_ERROR_BYTES]);

#endif
