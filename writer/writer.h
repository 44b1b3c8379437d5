/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer: what its parts share, and their life. Wiring and shutdown order are in writer.c.
 */
#ifndef WRITER_H
#define WRITER_H

#include "common/config/config.h"
#include "common/http/server.h"
#include "writer/env.h"
#include "writer/registry/client.h"
#include "writer/store/store.h"

struct inbox;
struct webhook;
struct scheduler;
struct scan;
struct gc;
struct counts;
struct documents;
struct sboms;
struct status;

struct writer {
    struct env env;
    struct ms_http_server *server; /* NULL in --scan */
    struct ms_error store_error;   /* why the database is away; "" as long as nothing was heard */
    int64_t store_away_since_ms;   /* wall clock; 0: it is there */
    struct ms_store_lead *lead;
    struct ms_store_leader_info other; /* who leads while we do not; pid 0: nobody known */
    struct inbox *inbox;
    struct webhook *webhook;
    struct scheduler *scheduler;
    struct scan *scan;
    struct gc *gc;
    struct counts *counts;
    struct documents *documents;
    struct sboms *sboms;
    struct status *status;      /* NULL in --scan */
    int64_t lead_since_ms;      /* wall clock */
    struct ms_error lead_error; /* why no term can begin; MS_OK: nothing is known against it */
    char host[256];             /* our own name, as the database shows it */
    bool scan_only;             /* --scan: no events, exit after one scan */
    int exit_status;
};

/* Runs the daemon, or one scan in the foreground, until it ends. Returns the exit status. */
int writer_run(struct ms_config *config, const char *config_path, bool scan_only);

#endif
