/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/check.h"
#include "config/config.h"
#include "config/document.h"
#include "config/option.h"

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (uint32_t i = 0; i < config->n_slices; i++) {
        free(config->slices[i].sources);
        free(config->slices[i].destinations);
    }
    for (uint32_t i = 0; i < config->n_ingresses; i++)
        free(config->ingresses[i].neighbors);
    for (uint32_t i = 0; i < config->n_countings; i++)
        free(config->countings[i].destinations);
    free(config->countings);
    free(config->ingresses);
    machine_list_free(config->machines, config->n_machines);
    for (uint32_t i = 0; i < config->n_services; i++)
        free(config->services[i].addresses);
    free(config->services);
    for (uint32_t i = 0; i < config->n_responders; i++)
        free(config->responders[i].rules);
    free(config->responders);
    free(config->slices);
    free(config->never_drop.prefixes);
    free(config->map.own);
    free(config->next_hops);
    free(config->ports);
    free(config);
}

int config_load_json(json_t *root, struct config **out, struct config_error *error)
{
    struct option_reader r = {.error = error, .path = "$", .path_length = 1};
    int status;

    memset(error, 0, sizeof(*error));
    r.config = calloc(1, sizeof(*r.config));
    if (r.config == NULL)
        return reader_no_memory(&r);
    status = option_read_object(&r, &object_root, root, r.config, SWEEP_VALUES);
    if (status == 0)
        status = config_check(&r);
    if (status == 0)
        *out = r.config;
    else
        config_free(r.config);
    return status;
}

int config_load_text(const char *text, struct config **out, struct config_error *error)
{
    json_t *root = NULL;
    int status = document_parse(text, strlen(text), &root, error);

    if (status == 0)
        status = config_load_json(root, out, error);
    json_decref(root);
    return status;
}

int config_load_file(const char *path, struct config **out, struct config_error *error)
{
    json_t *root = NULL;
    int status = document_load(path, &root, error);

    if (status == 0)
        status = config_load_json(root, out, error);
    if (status != 0)
        document_name_file(path, error);
    json_decref(root);
    return status;
}

json_t *config_to_json(const struct config *config)
{
    return option_write_object(&object_root, config, config);
}

json_t *config_slice_to_json(const struct config *config, uint32_t slot)
{
    return option_write_object(&object_slice, &config->slices[slot], config);
}
