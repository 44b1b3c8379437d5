/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From SQLSTATE to enum ms_status. Pure. The first row that fits decides: whole codes stand before
 * their classes (the first two characters).
 */
#include "common/pg/pg.h"

#include <string.h>

static const struct {
    const char *prefix;
    enum ms_status status;
} MEANINGS[] = {
    {"MS001", MS_DEPOSED},      /* raised by our own SQL */
    {"25006", MS_UNAVAILABLE},  /* read-only: we wrote to a standby */
    {"25P03", MS_TIMEOUT},      /* idle in transaction */
    {"25P04", MS_TIMEOUT},      /* transaction */
    {"26000", MS_UNAVAILABLE},  /* the prepared statement is gone: the next try makes it again */
    {"42501", MS_UNAUTHORIZED}, /* insufficient privilege */
    {"42703", MS_NOT_FOUND},    /* column */
    {"42704", MS_NOT_FOUND},    /* object */
    {"42883", MS_NOT_FOUND},    /* function */
    {"42P01", MS_NOT_FOUND},    /* table */
    {"57014", MS_TIMEOUT},      /* statement_timeout, or cancelled by an administrator */
    {"57P05", MS_TIMEOUT},      /* idle session */
    {"08", MS_UNAVAILABLE},     /* connection */
    {"22", MS_INVALID},         /* data */
    {"23", MS_INVALID},         /* constraints */
    {"28", MS_UNAUTHORIZED},    /* who are you */
    {"3D", MS_NOT_FOUND},       /* database */
    {"3F", MS_NOT_FOUND},       /* schema */
    {"40", MS_CONFLICT},        /* serialization failure, deadlock */
    {"53", MS_UNAVAILABLE},     /* connections, disk, memory */
    {"54", MS_TOO_LARGE},       /* program limits */
    {"55", MS_CONFLICT},        /* lock not available, object in use */
    {"57", MS_UNAVAILABLE},     /* shutting down, starting up */
    {"58", MS_UNAVAILABLE},     /* the server's operating system */
};

enum ms_status ms_pg_status_of(const char *sqlstate)
{
    if (sqlstate[0] == '\0')
        return MS_UNAVAILABLE;
    for (size_t i = 0; i < sizeof(MEANINGS) / sizeof(MEANINGS[0]); i++)
        if (strncmp(sqlstate, MEANINGS[i].prefix, strlen(MEANINGS[i].prefix)) == 0)
            return MEANINGS[i].status;
    return MS_PROTOCOL; /* a faulty statement; internal error, corruption */
}
