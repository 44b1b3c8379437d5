/* SPDX-License-Identifier: Apache-2.0 */
/* Is it a connection string of libpq? Used by config/url.c. */
#ifndef MS_PG_CONNINFO_H
#define MS_PG_CONNINFO_H

#include "common/base/status.h"
#include "common/base/str.h"

/* Reads `conninfo` (a URI or keyword string) as libpq will, without connecting. MS_INVALID: `err`
 * says what is wrong in libpq's words, and quotes nothing of it: it may hold a password. */
enum ms_status ms_pg_conninfo_check(struct ms_str conninfo, struct ms_error *err) MS_CHECKED;

#endif
