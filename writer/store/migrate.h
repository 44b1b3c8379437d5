/* SPDX-License-Identifier: Apache-2.0 */
/* Migrations of the schema, on a session of their own. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "writer/store/store.h"

struct ms_store_migration;

/* Brings the schema to MS_SCHEMA_VERSION, one transaction a migration; somebody who migrates at the
 * same time is waited for. A newer schema is MS_CONFLICT and nothing is changed. */
struct ms_store_migration *ms_store_migration_start(struct ms_loop *loop, const char *conninfo,
                                                    const char *application_name,
                                                    ms_store_done *on_done, void *arg);
/* No callback any more; the transaction under way is rolled back. Not needed after on_done, which
 * may call it all the same. NULL is fine. */
void ms_store_migration_cancel(struct ms_store_migration *migration);

#endif
