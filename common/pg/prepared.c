/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which statements a connection has prepared: a small hash table by name. pg/conn.c calls it. An
 * entry is "usable" from the moment its Parse is sent, because what is sent behind it on the same
 * connection will find it. A statement that has to be prepared again gets a new name on the wire:
 * the old one may still exist on the server, with a plan that no longer fits.
 */
#include "common/pg/prepared.h"

#include "common/base/alloc.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

static struct ms_pg_prepared **find_slot(const struct ms_pg_prepared_set *set, const char *name)
{
    size_t mask = set->capacity - 1;
    size_t at = (size_t)ms_str_hash(ms_str(name)) & mask;
    while (set->slots[at] != NULL && strcmp(set->slots[at]->statement->name, name) != 0)
        at = (at + 1) & mask;
    return &set->slots[at];
}

static void grow(struct ms_pg_prepared_set *set)
{
    struct ms_pg_prepared_set old = *set;
    set->capacity = old.capacity == 0 ? FIRST_CAPACITY : old.capacity * 2;
    set->slots = ms_alloc(set->capacity * sizeof(struct ms_pg_prepared *));
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i] != NULL)
            *find_slot(set, old.slots[i]->statement->name) = old.slots[i];
    free(old.slots);
}

struct ms_pg_prepared *ms_pg_prepared_get(struct ms_pg_prepared_set *set,
                                          const struct ms_pg_statement *statement)
{
    if (set->count >= set->capacity / 4 * 3)
        grow(set);
    struct ms_pg_prepared **slot = find_slot(set, statement->name);
    if (*slot == NULL) {
        *slot = ms_alloc(sizeof(**slot));
        (*slot)->statement = statement;
        set->count++;
    }
    return *slot;
}

void ms_pg_prepared_renew(struct ms_pg_prepared_set *set, struct ms_pg_prepared *prepared)
{
    prepared->usable = true;
    prepared->confirmed = false;
    prepared->serial = ++set->serial;
    (void)snprintf(prepared->wire_name, sizeof(prepared->wire_name), "%.50s.%u",
                   prepared->statement->name, prepared->serial);
}

void ms_pg_prepared_confirm(struct ms_pg_prepared *prepared, unsigned serial)
{
    if (prepared->serial == serial)
        prepared->confirmed = true;
}

void ms_pg_prepared_forget(struct ms_pg_prepared *prepared, unsigned serial)
{
    if (prepared->serial == serial)
        prepared->usable = false;
}

void ms_pg_prepared_set_free(struct ms_pg_prepared_set *set)
{
    for (size_t i = 0; i < set->capacity; i++)
        free(set->slots[i]);
    free(set->slots);
    *set = (struct ms_pg_prepared_set){0};
}
