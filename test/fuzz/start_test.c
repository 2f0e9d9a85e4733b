/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a StartTestRequest: it is none, or it is refused in words, or it becomes a command
 * of the control socket; and each way there is an answer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "start_test.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct start_test_options options = {.allow_no_prefix = n % 2 == 0};
    struct start_test test;
    uint8_t *answer;
    size_t n_answer;
    int status = start_test_read(data, n, &options, &test);

    if (status == 0) {
        if ((test.error[0] == '\0') == (test.command == NULL))
            abort();
        if (test.command != NULL && *json_string_at(test.command, "source") == '\0')
            abort();
        answer = start_test_answer(&test, NULL, test.error, &n_answer);
        if (answer == NULL || n_answer == 0)
            abort();
        free(answer);
    } else if (status != -EBADMSG) {
        abort();
    }
    start_test_free(&test);
    return 0;
}
