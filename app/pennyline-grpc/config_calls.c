/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_calls.h"

#include <stdlib.h>

#include "health.pb-c.h"
#include "penny.pb-c.h"
#include "json/json.h"

static char *text_of(const json_t *value)
{
    return value != NULL ? json_dumps(value, JSON_COMPACT | JSON_ALL_DIGITS) : NULL;
}

uint8_t *config_answer(const char *status, const json_t *effective, size_t *n)
{
    Openpenny__Api__ConfigResponse r = OPENPENNY__API__CONFIG_RESPONSE__INIT;
    char *text = text_of(effective);
    uint8_t *bytes;

    r.status = (char *)(uintptr_t)status;
    if (text != NULL)
        r.effective_config_json = text;
    *n = openpenny__api__config_response__get_packed_size(&r);
    bytes = malloc(*n + 1);
    if (bytes != NULL)
        openpenny__api__config_response__pack(&r, bytes);
    free(text);
    return bytes;
}

uint8_t *status_answer(const char *status, const json_t *said, size_t *n)
{
    Openpenny__Api__RuntimeStatusResponse r = OPENPENNY__API__RUNTIME_STATUS_RESPONSE__INIT;
    char *text = text_of(said);
    uint8_t *bytes;

    r.status = (char *)(uintptr_t)status;
    if (text != NULL)
        r.effective_config_json = text;
    *n = openpenny__api__runtime_status_response__get_packed_size(&r);
    bytes = malloc(*n + 1);
    if (bytes != NULL)
        openpenny__api__runtime_status_response__pack(&r, bytes);
    free(text);
    return bytes;
}

uint8_t *health_answer(bool is_serving, size_t *n)
{
    Grpc__Health__V1__HealthCheckResponse r = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    uint8_t *bytes;

    r.status = is_serving ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
                          : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING;
    *n = grpc__health__v1__health_check_response__get_packed_size(&r);
    bytes = malloc(*n + 1);
    if (bytes != NULL)
        grpc__health__v1__health_check_response__pack(&r, bytes);
    return bytes;
}
