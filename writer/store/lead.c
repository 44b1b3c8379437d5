/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leadership: an advisory lock on a session of its own, and the term.
 *
 *   CONNECTING  the session is being opened and set up
 *   TRYING      is the lock free? else who has it; again after TRY_MS
 *   MIGRATING   we have the lock: bring the schema up to date, on another session
 *   TAKING      raise the term; who holds a lock of the term before for too long is ended
 *   LEADING     ping twice a second
 *   LOST        the session is gone: a new one after a pause
 *   IMPOSSIBLE  the schema is not for this program
 *
 * A leader that is stopped or cut off no longer pings: the server ends its session after
 * idle_session_timeout, and with it the lock; it itself learns by the session's time-out, and
 * whatever it still sends fails for its old term. While we have the lock the session is never
 * silent for longer than a ping and its answer, also during a long migration.
 *
 * How soon another one leads depends on the server's side and on the tries alone, and that two of
 * them never write is kept by the term. So on a busy machine a leader has time: two seconds between
 * two pings before the server ends its session, and longer than that to wait for an answer, for a
 * server that is late with it has not given the lock to anybody.
 */
#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/pg/link.h"
#include "common/pg/session.h"
#include "writer/store/migrate.h"
#include "writer/store/row.h"
#include "writer/store/store.h"

#include <stdio.h>
#include <string.h>

enum {
    TRY_MS = 250,
    PING_MS = 500,
    ANSWER_MAX_MS = 4000, /* a session that is silent for longer is lost */
    RETRY_MIN_MS = 250,
    RETRY_MAX_MS = 1000,
    TERM_QUERY_MAX_BYTES = 1024
};

/* The server's side of the time-outs: a leader that does not ping loses its session in 2.5 s; with
 * the tries of the others, a second apart, somebody leads within 5 s. */
static const char SETUP_SQL[] = "SET client_min_messages = warning;"
                                "SET standard_conforming_strings = on;"
                                "SET idle_session_timeout = '2500ms';"
                                "SET lock_timeout = '500ms';"
                                "SET statement_timeout = '3500ms';"
                                "SET tcp_keepalives_idle = 2;"
                                "SET tcp_keepalives_interval = 1;"
                                "SET tcp_keepalives_count = 2;";
static const char TRY_SQL[] = "SELECT pg_try_advisory_lock(" MS_STORE_LOCK_LEADER ")";
static const char WHO_SQL[] = "SELECT leader_host, leader_pid, (extract(epoch FROM leader_since) * "
                              "1000)::bigint, term FROM state";

enum lead_state { CONNECTING, TRYING, MIGRATING, TAKING, LEADING, LOST, IMPOSSIBLE };

struct ms_store_lead {
    struct ms_loop *loop;
    enum lead_state state;
    struct ms_pg_session *session;
    struct ms_store_migration *migration; /* in MIGRATING, until it is done */
    struct ms_timer *timer;               /* the next try, ping or connection */
    struct ms_backoff backoff;
    struct ms_store_lead_events events;
    void *arg;
    char *conninfo;
    char *application_name;
    struct ms_buf take_sql;
    bool is_asking; /* a query is under way */
    bool got_lock;
    bool has_told;                     /* who leads */
    struct ms_store_leader_info known; /* as told */
    struct ms_store_leader_info found; /* as just read */
    struct ms_error failure;           /* as told; MS_OK: none since somebody led */
    uint64_t term;
};

static void connect_session(struct ms_store_lead *lead);
static void try_lock(struct ms_store_lead *lead);
static void take_term(struct ms_store_lead *lead);

static void drop_session(struct ms_store_lead *lead)
{
    ms_store_migration_cancel(lead->migration);
    lead->migration = NULL;
    ms_pg_session_free(lead->session);
    lead->session = NULL;
    lead->is_asking = false;
}

/* Every failure ends here: the session goes, and the lock with it. */
static void fail(struct ms_store_lead *lead, const struct ms_error *err)
{
    bool was_leading = lead->state == LEADING;
    bool had_lock = lead->state == MIGRATING || lead->state == TAKING;
    struct ms_error copy = *err;
    drop_session(lead);
    lead->state = LOST;
    lead->has_told = false;
    ms_timer_start(lead->timer, ms_backoff_next_ms(&lead->backoff));
    bool is_told =
        lead->failure.status == copy.status && strcmp(lead->failure.text, copy.text) == 0;
    if (was_leading) {
        lead->events.on_lost(&copy, lead->arg);
    } else if (had_lock && !is_told) {
        lead->failure = copy;
        lead->events.on_failed(&copy, lead->arg);
    }
}

static void give_up(struct ms_store_lead *lead, const struct ms_error *err)
{
    struct ms_error copy = *err;
    drop_session(lead);
    ms_timer_stop(lead->timer);
    lead->state = IMPOSSIBLE;
    lead->events.on_impossible(&copy, lead->arg);
}

static void ask(struct ms_store_lead *lead, const char *sql, ms_pg_row_call *on_row,
                ms_pg_done_call *on_done)
{
    lead->is_asking = true;
    if (ms_pg_session_query(lead->session, sql, on_row, on_done, lead) == MS_OK)
        return;
    struct ms_error err = {.status = MS_UNAVAILABLE, .text = "the leader's session was lost"};
    fail(lead, &err);
}

/* What every query ends with. False: it failed, and everything is done. */
static bool take_answer(struct ms_store_lead *lead, const struct ms_pg_outcome *outcome)
{
    struct ms_error err;
    lead->is_asking = false;
    if (row_status(&err, outcome) == MS_OK)
        return true;
    fail(lead, &err);
    return false;
}

/* --- TRYING --- */

static void on_who_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    struct ms_store_lead *lead = arg;
    (void)statement;
    (void)snprintf(lead->found.host, sizeof(lead->found.host), "%.*s", MS_STR_ARG(row->columns[0]));
    lead->found.pid = (int)row_i64(row, 1);
    lead->found.since_ms = row_i64(row, 2);
    lead->found.term = row_u64(row, 3);
}

static void on_who(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_lead *lead = arg;
    struct ms_error err;
    enum ms_status status = row_status(&err, outcome);
    lead->is_asking = false;
    if (status != MS_OK && status != MS_NOT_FOUND) { /* no table yet: its first leader migrates */
        fail(lead, &err);
        return;
    }
    ms_timer_start(lead->timer, TRY_MS);
    if (lead->has_told && lead->known.term == lead->found.term)
        return;
    lead->has_told = true;
    lead->failure.status = MS_OK;
    lead->known = lead->found;
    lead->events.on_follower(&lead->known, lead->arg);
}

static void on_migrated(const struct ms_error *err, void *arg);

static void on_tried(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_lead *lead = arg;
    if (!take_answer(lead, outcome))
        return;
    ms_backoff_reset(&lead->backoff);
    if (!lead->got_lock) {
        lead->found = (struct ms_store_leader_info){.pid = 0};
        ask(lead, WHO_SQL, on_who_row, on_who);
        return;
    }
    lead->state = MIGRATING;
    lead->migration = ms_store_migration_start(lead->loop, lead->conninfo, lead->application_name,
                                               on_migrated, lead);
    ms_timer_start(lead->timer, PING_MS);
}

static void on_tried_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    struct ms_store_lead *lead = arg;
    (void)statement;
    lead->got_lock = row_bool(row, 0);
}

static void try_lock(struct ms_store_lead *lead)
{
    lead->state = TRYING;
    lead->got_lock = false;
    ask(lead, TRY_SQL, on_tried_row, on_tried);
}

/* --- MIGRATING --- */

static void on_migrated(const struct ms_error *err, void *arg)
{
    struct ms_store_lead *lead = arg;
    lead->migration = NULL;
    if (err != NULL && (err->status == MS_UNAVAILABLE || err->status == MS_TIMEOUT))
        fail(lead, err);
    else if (err != NULL)
        give_up(lead, err);
    else if (!lead->is_asking) /* else when the ping is answered */
        take_term(lead);
}

/* --- TAKING --- */

static void on_evicted(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_lead *lead = arg;
    if (take_answer(lead, outcome))
        take_term(lead);
}

static void on_taken_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    struct ms_store_lead *lead = arg;
    (void)statement;
    lead->term = row_u64(row, 0);
}

static void on_taken(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_lead *lead = arg;
    if (strcmp(outcome->sqlstate, "55P03") == 0) { /* lock_timeout */
        lead->is_asking = false;
        ask(lead, "SELECT end_term_holders()", NULL, on_evicted);
        return;
    }
    if (!take_answer(lead, outcome))
        return;
    lead->state = LEADING;
    lead->has_told = false;
    lead->failure.status = MS_OK;
    ms_timer_start(lead->timer, PING_MS);
    lead->events.on_leader(lead->term, lead->arg);
}

static void take_term(struct ms_store_lead *lead)
{
    lead->state = TAKING;
    ms_timer_stop(lead->timer);
    ask(lead, lead->take_sql.data, on_taken_row, on_taken);
}

/* --- LEADING, and having the lock while migrating --- */

static void on_ping_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    struct ms_store_lead *lead = arg;
    (void)statement;
    lead->found.term = row_u64(row, 0);
}

static void on_pong(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_lead *lead = arg;
    if (!take_answer(lead, outcome))
        return;
    if (lead->state == LEADING && lead->found.term != lead->term) {
        struct ms_error err = {.status = MS_DEPOSED, .text = "another writer raised the term"};
        fail(lead, &err);
    } else if (lead->state == MIGRATING && lead->migration == NULL) {
        take_term(lead);
    } else {
        ms_timer_start(lead->timer, PING_MS);
    }
}

/* --- CONNECTING, LOST --- */

static void on_set_up(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_lead *lead = arg;
    if (take_answer(lead, outcome))
        try_lock(lead);
}

static void on_ready(void *arg)
{
    ask(arg, SETUP_SQL, NULL, on_set_up);
}

static void on_session_lost(const struct ms_error *err, void *arg)
{
    fail(arg, err);
}

static void connect_session(struct ms_store_lead *lead)
{
    static const struct ms_pg_session_events EVENTS = {.on_ready = on_ready,
                                                       .on_lost = on_session_lost};
    lead->state = CONNECTING;
    lead->session = ms_pg_session_new(lead->loop, lead->conninfo, lead->application_name,
                                      ANSWER_MAX_MS, &EVENTS, lead);
}

static void on_timer(void *arg)
{
    struct ms_store_lead *lead = arg;
    switch (lead->state) {
    case LOST:
        connect_session(lead);
        break;
    case TRYING:
        try_lock(lead);
        break;
    case MIGRATING:
    case LEADING:
        ask(lead, lead->state == LEADING ? "SELECT term FROM state" : "SELECT 0", on_ping_row,
            on_pong);
        break;
    case CONNECTING:
    case TAKING:
    case IMPOSSIBLE:
        break;
    }
}

/* --- life --- */

static void make_take_sql(struct ms_buf *out, const char *host, int pid)
{
    ms_buf_init(out, TERM_QUERY_MAX_BYTES);
    ms_buf_append_c(out, "SELECT begin_term('");
    for (const char *c = host; *c != '\0' && out->len < TERM_QUERY_MAX_BYTES / 2; c++) {
        if (*c == '\'')
            ms_buf_append_char(out, '\'');
        ms_buf_append_char(out, *c);
    }
    ms_buf_printf(out, "', %d)", pid);
}

struct ms_store_lead *ms_store_lead_new(struct ms_loop *loop,
                                        const struct ms_store_options *options, const char *host,
                                        int pid, const struct ms_store_lead_events *events,
                                        void *arg)
{
    struct ms_store_lead *lead = ms_alloc(sizeof(*lead));
    lead->loop = loop;
    lead->events = *events;
    lead->arg = arg;
    lead->conninfo = ms_pg_secret_copy(options->url);
    lead->application_name = ms_pg_secret_copy(options->application_name);
    lead->backoff = (struct ms_backoff){.base_ms = RETRY_MIN_MS, .max_ms = RETRY_MAX_MS};
    lead->timer = ms_timer_new(loop, on_timer, lead);
    make_take_sql(&lead->take_sql, host, pid);
    connect_session(lead);
    return lead;
}

void ms_store_lead_free(struct ms_store_lead *lead)
{
    if (lead == NULL)
        return;
    drop_session(lead);
    ms_timer_free(lead->timer);
    ms_buf_free(&lead->take_sql);
    ms_alloc_wipe(lead->conninfo);
    ms_alloc_wipe(lead->application_name);
    ms_loop_defer_free(lead->loop, lead);
}
