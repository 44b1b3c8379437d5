/* SPDX-License-Identifier: Apache-2.0 */
/* Which statements a connection has prepared, by name. Internal to pg/conn.c. */
#ifndef MS_PG_PREPARED_H
#define MS_PG_PREPARED_H

#include "common/base/map.h"
#include "common/pg/pg.h"

enum { MS_PG_WIRE_NAME_MAX = 64 }; /* NAMEDATALEN: the server tells no more characters apart */

struct ms_pg_prepared {
    const struct ms_pg_statement *statement;
    bool usable;     /* a Parse was sent and has not failed so far */
    bool confirmed;  /* it has succeeded */
    unsigned serial; /* of that Parse */
    char wire_name[MS_PG_WIRE_NAME_MAX];
};

struct ms_pg_prepared_set {
    struct ms_map by_name;
    unsigned serial; /* of the last Parse */
};

/* The statement's entry, made when there is none (not usable). Entries never move. */
struct ms_pg_prepared *ms_pg_prepared_get(struct ms_pg_prepared_set *set,
                                          const struct ms_pg_statement *statement);
/* Right before a Parse: usable from now on, under a name that this session has never used. */
void ms_pg_prepared_renew(struct ms_pg_prepared_set *set, struct ms_pg_prepared *prepared);
/* The Parse with that serial succeeded. */
void ms_pg_prepared_confirm(struct ms_pg_prepared *prepared, unsigned serial);
/* The Parse with that serial failed, or the server no longer wants to know of it. A later Parse of
 * the same statement is not touched. */
void ms_pg_prepared_forget(struct ms_pg_prepared *prepared, unsigned serial);
void ms_pg_prepared_set_free(struct ms_pg_prepared_set *set);

#endif
