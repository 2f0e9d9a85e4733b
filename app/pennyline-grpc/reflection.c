/* SPDX-License-Identifier: BSD-3-Clause */
#include "reflection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "reflection.pb-c.h"
#include "service.h"

typedef Grpc__Reflection__V1alpha__ServerReflectionRequest request_type;
typedef Grpc__Reflection__V1alpha__ServerReflectionResponse response_type;
typedef Grpc__Reflection__V1alpha__FileDescriptorResponse files_type;
typedef Grpc__Reflection__V1alpha__ListServiceResponse list_type;
typedef Grpc__Reflection__V1alpha__ServiceResponse service_type;
typedef Grpc__Reflection__V1alpha__ErrorResponse error_type;

/* A google.protobuf.FileDescriptorSet of the files below, in their order. Its field 1 are the
 * files, as it is of FileDescriptorResponse: so that reads it. */
static const uint8_t descriptors[] = {
#include "descriptors.h"
};

static const struct {
    const char *file, *package, *service;
} described[] = {
    {"penny.proto", "openpenny.api", "openpenny.api.PennyService"},
    {"health.proto", "grpc.health.v1", "grpc.health.v1.Health"},
    {"reflection.proto", "grpc.reflection.v1alpha", "grpc.reflection.v1alpha.ServerReflection"},
};

static int pack(const response_type *response, uint8_t **answer, size_t *n)
{
    *n = grpc__reflection__v1alpha__server_reflection_response__get_packed_size(response);
    *answer = malloc(*n + 1);
    if (*answer == NULL)
        return -ENOMEM;
    grpc__reflection__v1alpha__server_reflection_response__pack(response, *answer);
    return 0;
}

static int answer_error(response_type response, enum grpc_status code, const char *words,
                        uint8_t **answer, size_t *n)
{
    error_type error = GRPC__REFLECTION__V1ALPHA__ERROR_RESPONSE__INIT;

    error.error_code = (int)code;
    error.error_message = (char *)(uintptr_t)words;
    response.message_response_case =
        GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
    response.error_response = &error;
    return pack(&response, answer, n);
}

static int answer_file(response_type response, size_t i, uint8_t **answer, size_t *n)
{
    files_type *all = grpc__reflection__v1alpha__file_descriptor_response__unpack(
        NULL, sizeof(descriptors), descriptors);
    files_type one = GRPC__REFLECTION__V1ALPHA__FILE_DESCRIPTOR_RESPONSE__INIT;
    int result = -ENOMEM;

    if (all != NULL && i < all->n_file_descriptor_proto) {
        one.n_file_descriptor_proto = 1;
        one.file_descriptor_proto = &all->file_descriptor_proto[i];
        response.message_response_case =
            GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
        response.file_descriptor_response = &one;
        result = pack(&response, answer, n);
    }
    if (all != NULL)
        grpc__reflection__v1alpha__file_descriptor_response__free_unpacked(all, NULL);
    return result;
}

static int answer_list(response_type response, uint8_t **answer, size_t *n)
{
    service_type services[ARRAY_LENGTH(described)];
    service_type *pointers[ARRAY_LENGTH(described)];
    list_type list = GRPC__REFLECTION__V1ALPHA__LIST_SERVICE_RESPONSE__INIT;

    for (size_t i = 0; i < ARRAY_LENGTH(described); i++) {
        services[i] = (service_type)GRPC__REFLECTION__V1ALPHA__SERVICE_RESPONSE__INIT;
        services[i].name = (char *)(uintptr_t)described[i].service;
        pointers[i] = &services[i];
    }
    list.n_service = ARRAY_LENGTH(described);
    list.service = pointers;
    response.message_response_case =
        GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
    response.list_services_response = &list;
    return pack(&response, answer, n);
}

/* "openpenny.api.PennyService.StartTest" is of package openpenny.api. */
static bool is_in_package(const char *symbol, const char *package)
{
    size_t n = strlen(package);

    return strncmp(symbol, package, n) == 0 && (symbol[n] == '.' || symbol[n] == '\0');
}

static int answer_request(request_type *request, response_type response, uint8_t **answer,
                          size_t *n)
{
    switch (request->message_request_case) {
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
        return answer_list(response, answer, n);
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
        for (size_t i = 0; i < ARRAY_LENGTH(described); i++)
            if (strcmp(request->file_by_filename, described[i].file) == 0)
                return answer_file(response, i, answer, n);
        return answer_error(response, GRPC_NOT_FOUND, "no such file", answer, n);
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
        for (size_t i = 0; i < ARRAY_LENGTH(described); i++)
            if (is_in_package(request->file_containing_symbol, described[i].package))
                return answer_file(response, i, answer, n);
        return answer_error(response, GRPC_NOT_FOUND, "no such symbol", answer, n);
    default:
        return answer_error(response, GRPC_UNIMPLEMENTED, "there are no extensions", answer, n);
    }
}

int reflection_answer(const uint8_t *message, size_t n, uint8_t **answer, size_t *n_answer)
{
    request_type *request =
        grpc__reflection__v1alpha__server_reflection_request__unpack(NULL, n, message);
    response_type response = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__INIT;
    int result;

    if (request == NULL)
        return -EBADMSG;
    response.valid_host = request->host;
    response.original_request = request;
    result = answer_request(request, response, answer, n_answer);
    grpc__reflection__v1alpha__server_reflection_request__free_unpacked(request, NULL);
    return result;
}
