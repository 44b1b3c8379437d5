/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which statements a connection has prepared. An entry is "usable" from the moment its Parse is
 * sent, because what is sent behind it on the same connection will find it. A statement that has to
 * be prepared again gets a new name on the wire: the old one may still exist on the server, with a
 * plan that no longer fits.
 */
#include "common/pg/prepared.h"

#include "common/base/alloc.h"

#include <stdio.h>

struct ms_pg_prepared *ms_pg_prepared_get(struct ms_pg_prepared_set *set,
                                          const struct ms_pg_statement *statement)
{
    struct ms_pg_prepared *prepared = ms_map_get(&set->by_name, ms_str(statement->name));
    if (prepared == NULL) {
        prepared = ms_alloc(sizeof(*prepared));
        prepared->statement = statement;
        (void)ms_map_put(&set->by_name, ms_str(statement->name), prepared);
    }
    return prepared;
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
    for (const struct ms_map_entry *entry = ms_map_next(&set->by_name, NULL); entry != NULL;
         entry = ms_map_next(&set->by_name, entry))
        free(entry->value);
    ms_map_free(&set->by_name);
}
