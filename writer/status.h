/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the database knows of the writer's state, read again and again while somebody needs it; GET
 * /status, which tells the last of it and what this process knows itself; and the gauges.
 */
#ifndef STATUS_H
#define STATUS_H

#include "common/base/buf.h"
#include "common/http/router.h"
#include "writer/intake/inbox.h"
#include "writer/registry/client.h"
#include "writer/scan/scan.h"
#include "writer/upkeep/sboms.h"

struct writer;
struct status;

enum { STATUS_DOCUMENT_MAX = 64 * 1024 };

struct status *status_new(struct writer *writer);
/* Before the store, after the server; NULL is fine. */
void status_free(struct status *status);
/* This process leads now: whatever the database refused before, it is asked anew. */
void status_begin_term(struct status *status);
/* The gauges say nothing more: those of the next leader are true, and alerts take the largest. */
void status_end_term(struct status *status);
/* Answers at once. */
void status_answer(struct status *status, struct ms_http_request *request);

/* What the document is made of. */
struct status_facts {
    uint64_t term;                             /* 0: standby */
    const struct ms_store_leader_info *leader; /* pid 0: nobody known */
    const struct ms_store_status *database;    /* NULL: never asked with success */
    int64_t as_of_ms;                          /* when the database said so */
    bool database_connected;
    const char *database_error; /* while it is not; "": not known */
    int64_t database_away_since_ms;
    const char *registry_url;
    struct registry_health registry;
    struct inbox_counts inbox;
    struct scan_progress scan;
    struct sbom_counts sboms;
};
/* Pure. */
void status_write(struct ms_buf *out, const struct status_facts *facts);

#endif
