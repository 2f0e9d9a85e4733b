/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "config/config.h"
#include "config/services.h"

#define NO_NUMBER UINT32_MAX

static const struct config_service *find_service(const struct config *config, const char *name)
{
    for (uint32_t i = 0; config != NULL && i < config->n_services; i++)
        if (strcmp(config->services[i].name, name) == 0)
            return &config->services[i];
    return NULL;
}

static uint32_t find_member(const struct config *config, const struct config_service *s,
                            const char *name)
{
    for (uint32_t i = 0; s != NULL && i < s->n_members; i++)
        if (strcmp(config->next_hops[s->members[i]].name, name) == 0)
            return s->member_numbers[i];
    return NO_NUMBER;
}

/* Numbers that were there before, then the lowest that nobody has; those that nobody had before
 * first, so that what is counted under a number changes its owner as seldom as can be. */
static void give_numbers(uint32_t *numbers, uint32_t n, const bool *was_used, uint32_t n_most)
{
    bool is_used[CONFIG_MAX_SERVICES] = {false};

    for (uint32_t i = 0; i < n; i++)
        if (numbers[i] != NO_NUMBER)
            is_used[numbers[i]] = true;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; numbers[i] == NO_NUMBER && k < n_most; k++)
            if (!is_used[k] && !was_used[k])
                numbers[i] = k;
        for (uint32_t k = 0; numbers[i] == NO_NUMBER && k < n_most; k++)
            if (!is_used[k])
                numbers[i] = k;
        is_used[numbers[i]] = true;
    }
}

static void number_members(struct config *config, struct config_service *s,
                           const struct config *before)
{
    const struct config_service *old = find_service(before, s->name);
    uint32_t numbers[CONFIG_MAX_SERVICE_MEMBERS];
    bool was_used[CONFIG_MAX_SERVICE_MEMBERS] = {false};

    for (uint32_t i = 0; i < s->n_members; i++)
        numbers[i] = find_member(before, old, config->next_hops[s->members[i]].name);
    for (uint32_t i = 0; old != NULL && i < old->n_members; i++)
        was_used[old->member_numbers[i]] = true;
    give_numbers(numbers, s->n_members, was_used, CONFIG_MAX_SERVICE_MEMBERS);
    for (uint32_t i = 0; i < s->n_members; i++)
        s->member_numbers[i] = (uint8_t)numbers[i];
}

static void number_services(struct config *config, const struct config *before)
{
    uint32_t numbers[CONFIG_MAX_SERVICES];
    bool was_used[CONFIG_MAX_SERVICES] = {false};

    for (uint32_t i = 0; i < config->n_services; i++) {
        const struct config_service *old = find_service(before, config->services[i].name);

        numbers[i] = old != NULL ? old->number : NO_NUMBER;
        number_members(config, &config->services[i], before);
    }
    for (uint32_t i = 0; before != NULL && i < before->n_services; i++)
        was_used[before->services[i].number] = true;
    give_numbers(numbers, config->n_services, was_used, CONFIG_MAX_SERVICES);
    for (uint32_t i = 0; i < config->n_services; i++)
        config->services[i].number = (uint16_t)numbers[i];
}

static uint32_t find_responder(const struct config *config, const char *name)
{
    for (uint32_t i = 0; config != NULL && i < config->n_responders; i++)
        if (strcmp(config->responders[i].name, name) == 0)
            return config->responders[i].number;
    return NO_NUMBER;
}

static void number_responders(struct config *config, const struct config *before)
{
    uint32_t numbers[CONFIG_MAX_RESPONDERS];
    bool was_used[CONFIG_MAX_RESPONDERS] = {false};

    for (uint32_t i = 0; i < config->n_responders; i++)
        numbers[i] = find_responder(before, config->responders[i].name);
    for (uint32_t i = 0; before != NULL && i < before->n_responders; i++)
        was_used[before->responders[i].number] = true;
    give_numbers(numbers, config->n_responders, was_used, CONFIG_MAX_RESPONDERS);
    for (uint32_t i = 0; i < config->n_responders; i++)
        config->responders[i].number = (uint16_t)numbers[i];
}

void config_take_numbers(struct config *config, const struct config *before)
{
    number_services(config, before);
    number_responders(config, before);
}
