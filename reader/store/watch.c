/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changes in the database, seen by one connection of its own. A connection is set up, then
 * looked through again and again:
 *
 *   connect      a session; when it fails, again after a growing pause
 *   set_up       read-only; primary or standby?
 *   listen       on a primary: be told of new generations
 *   look         sql/queries/read_watch.sql: the state, and what was touched since the last look
 *   (pause)      until a notification, or look_ms, or LOOK_STANDBY_MS
 *
 * Always: one query at a time; `generation` is the last one whose repository was told, or that was
 * told to be a gap. After each turn exactly one of these is pending: a session's outcome, a
 * query's, or the timer.
 */
#include "common/base/alloc.h"
#include "common/pg/session.h"
#include "reader/store/store.h"

#include <stdio.h>
#include <string.h>

extern const char ms_sql_read_watch[];

enum {
    SESSION_TIMEOUT_MS = 5000,
    LOOK_STANDBY_MS = 100,
    RETRY_BASE_MS = 100,
    RETRY_MAX_MS = 2000,
    TOUCHED_MAX = 4096, /* with the query's LIMIT one less */
    LOOK_TEXT_MAX = 8192
};

enum column {
    COLUMN_TERM,
    COLUMN_GENERATION,
    COLUMN_SCHEMA,
    COLUMN_MIN_READER,
    COLUMN_STANDBY,
    COLUMN_LAG,
    COLUMN_CAN_WRITE,
    COLUMN_TOUCHED,
    COLUMN_REPOSITORY,
    COLUMN_COUNT
};

/* One look's findings. */
struct look {
    bool has_state;
    bool malformed;
    bool gap;
    bool is_too_long;
    struct ms_store_watch_state state;
};

struct ms_store_watch {
    struct ms_loop *loop;
    char *url; /* NULL: environment */
    char *application_name;
    struct ms_store_watch_events events;
    void *arg;
    struct ms_pg_session *session;
    struct ms_timer *timer; /* the next look, or the next connection */
    struct ms_backoff backoff;
    uint64_t look_ms;
    bool connected;
    bool asking;
    bool look_again; /* a notification came while asking */
    bool standby;
    enum ms_status lost_as; /* what was told; MS_OK: it is seen, or was never */
    bool has_generation;
    bool freed;
    uint64_t generation;
    struct look look;
};

static void connect_session(struct ms_store_watch *watch);
static void look(struct ms_store_watch *watch);

/* --- failures --- */

static void tell_lost(struct ms_store_watch *watch, const struct ms_error *err)
{
    if (watch->lost_as == err->status)
        return;
    watch->lost_as = err->status;
    watch->events.on_lost(err, watch->arg);
}

static void on_session_lost(const struct ms_error *err, void *arg)
{
    struct ms_store_watch *watch = arg;
    watch->connected = false;
    watch->asking = false;
    ms_timer_start(watch->timer, ms_backoff_next_ms(&watch->backoff));
    tell_lost(watch, err);
}

/* --- asking --- */

static void ask(struct ms_store_watch *watch, const char *sql, ms_pg_row_call *on_row,
                ms_pg_done_call *on_done)
{
    ms_timer_stop(watch->timer);
    watch->look_again = false;
    watch->asking = ms_pg_session_query(watch->session, sql, on_row, on_done, watch) == MS_OK;
    if (!watch->asking) /* cannot be while `connected`; if it is, looking must not end with it */
        ms_timer_start(watch->timer, watch->look_ms);
}

static void wait_for_next_look(struct ms_store_watch *watch)
{
    if (watch->look_again)
        look(watch);
    else
        ms_timer_start(watch->timer, watch->standby ? LOOK_STANDBY_MS : watch->look_ms);
}

/* The server refused a statement: the connection is good, so it is asked again after a while. */
static void on_refused(struct ms_store_watch *watch, const struct ms_error *err)
{
    tell_lost(watch, err);
    if (!watch->freed)
        ms_timer_start(watch->timer, watch->look_ms);
}

/* True when the query's end is to be handled: the watch lives and so does the connection. */
static bool end_query(struct ms_store_watch *watch, const struct ms_pg_outcome *outcome)
{
    watch->asking = false;
    bool connection_failed = outcome->err != NULL && outcome->sqlstate[0] == '\0';
    return !watch->freed && !connection_failed; /* else on_session_lost comes next */
}

/* --- look --- */

static bool is_true(struct ms_str column)
{
    return ms_str_equal(column, MS_STR("t"));
}

static bool read_u64(uint64_t *out, struct ms_str column)
{
    return ms_str_to_u64(out, column) == MS_OK;
}

static bool read_state(struct ms_store_watch_state *out, const struct ms_str *columns)
{
    uint64_t schema, min_reader, lag;
    bool well_formed = read_u64(&out->term, columns[COLUMN_TERM]) &&
                       read_u64(&out->generation, columns[COLUMN_GENERATION]) &&
                       read_u64(&schema, columns[COLUMN_SCHEMA]) && schema <= INT32_MAX &&
                       read_u64(&min_reader, columns[COLUMN_MIN_READER]) && min_reader <= INT32_MAX;
    if (!well_formed)
        return false;
    out->schema_version = (int)schema;
    out->min_reader_version = (int)min_reader;
    out->standby = is_true(columns[COLUMN_STANDBY]);
    out->can_write = is_true(columns[COLUMN_CAN_WRITE]);
    out->replay_lag_ms = read_u64(&lag, columns[COLUMN_LAG]) ? (int64_t)lag : -1;
    return true;
}

static void begin_findings(struct ms_store_watch *watch, const struct ms_str *columns)
{
    struct look *found = &watch->look;
    found->has_state = true;
    found->malformed = !read_state(&found->state, columns);
    uint64_t generation = found->state.generation;
    if (!watch->has_generation)
        return;
    found->is_too_long =
        generation > watch->generation && generation - watch->generation > TOUCHED_MAX;
    found->gap = found->is_too_long || generation < watch->generation;
}

static void on_touched_row(struct ms_store_watch *watch, const struct ms_str *columns)
{
    uint64_t generation;
    if (watch->look.gap || ms_str_is_absent(columns[COLUMN_TOUCHED]))
        return;
    if (!read_u64(&generation, columns[COLUMN_TOUCHED]) || generation != watch->generation + 1) {
        watch->look.gap = true;
        return;
    }
    watch->generation = generation;
    watch->events.on_touched(generation, columns[COLUMN_REPOSITORY], watch->arg);
}

static void on_look_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    (void)statement;
    struct ms_store_watch *watch = arg;
    if (row->n_columns != COLUMN_COUNT)
        watch->look.malformed = true;
    else if (!watch->look.has_state)
        begin_findings(watch, row->columns);
    if (!watch->look.malformed && watch->has_generation)
        on_touched_row(watch, row->columns);
}

static void tell_findings(struct ms_store_watch *watch)
{
    struct look *found = &watch->look;
    found->gap =
        found->gap || (watch->has_generation && watch->generation != found->state.generation);
    watch->generation = found->state.generation;
    watch->has_generation = found->has_state;
    watch->lost_as = MS_OK;
    ms_backoff_reset(&watch->backoff);
    if (found->gap)
        watch->events.on_gap(found->is_too_long, watch->arg);
    if (!watch->freed)
        watch->events.on_state(&found->state, watch->arg);
}

static void set_up(struct ms_store_watch *watch);

static void on_looked(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_watch *watch = arg;
    if (!end_query(watch, outcome))
        return;
    bool no_schema = outcome->err != NULL && strcmp(outcome->sqlstate, "42P01") == 0;
    if (outcome->err != NULL && !no_schema) {
        on_refused(watch, outcome->err);
        return;
    }
    if (watch->look.malformed) {
        struct ms_error err;
        (void)ms_error_set(&err, MS_PROTOCOL, "the database's state is not what it should be");
        on_refused(watch, &err);
        return;
    }
    if (no_schema || !watch->look.has_state)
        watch->look = (struct look){.gap = watch->has_generation,
                                    .state = {.standby = watch->standby, .replay_lag_ms = -1}};
    tell_findings(watch);
    if (watch->freed)
        return;
    if (watch->look.state.standby != watch->standby)
        set_up(watch); /* promoted: from now on it can be listened to */
    else
        wait_for_next_look(watch);
}

static void look(struct ms_store_watch *watch)
{
    char sql[LOOK_TEXT_MAX];
    char seen[32] = "";
    if (watch->has_generation)
        snprintf(seen, sizeof(seen), "%llu", (unsigned long long)watch->generation);
    int len = snprintf(sql, sizeof(sql), "SET metastore.seen = '%s'; %s", seen, ms_sql_read_watch);
    if (len < 0 || (size_t)len >= sizeof(sql))
        abort(); /* the text is ours and fixed */
    watch->look = (struct look){0};
    ask(watch, sql, on_look_row, on_looked);
}

/* --- setting up --- */

static void on_listening(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_watch *watch = arg;
    if (!end_query(watch, outcome))
        return;
    if (outcome->err != NULL)
        on_refused(watch, outcome->err); /* looking goes on by the timer */
    else
        look(watch);
}

static void on_set_up_row(size_t statement, const struct ms_pg_row *row, void *arg)
{
    (void)statement;
    struct ms_store_watch *watch = arg;
    watch->standby = row->n_columns == 1 && is_true(row->columns[0]);
}

static void on_set_up(const struct ms_pg_outcome *outcome, void *arg)
{
    struct ms_store_watch *watch = arg;
    if (!end_query(watch, outcome))
        return;
    if (outcome->err != NULL)
        on_refused(watch, outcome->err);
    else if (watch->standby)
        look(watch);
    else
        ask(watch, "LISTEN metastore", NULL, on_listening);
}

static void set_up(struct ms_store_watch *watch)
{
    ask(watch, "SET default_transaction_read_only = on; SELECT pg_is_in_recovery()", on_set_up_row,
        on_set_up);
}

static void on_session_ready(void *arg)
{
    struct ms_store_watch *watch = arg;
    watch->connected = true;
    set_up(watch);
}

static void on_notify(struct ms_str channel, struct ms_str payload, void *arg)
{
    (void)channel;
    (void)payload; /* only says that there is something to look at */
    struct ms_store_watch *watch = arg;
    if (watch->asking)
        watch->look_again = true;
    else
        look(watch);
}

static void connect_session(struct ms_store_watch *watch)
{
    static const struct ms_pg_session_events EVENTS = {
        .on_ready = on_session_ready,
        .on_lost = on_session_lost,
        .on_notify = on_notify,
    };
    ms_pg_session_free(watch->session);
    watch->session = ms_pg_session_new(watch->loop, watch->url, watch->application_name,
                                       SESSION_TIMEOUT_MS, &EVENTS, watch);
}

static void on_timer(void *arg)
{
    struct ms_store_watch *watch = arg;
    if (watch->connected)
        look(watch);
    else
        connect_session(watch);
}

/* --- the interface --- */

struct ms_store_watch *ms_store_watch_new(struct ms_loop *loop,
                                          const struct ms_store_options *options, uint64_t look_ms,
                                          const struct ms_store_watch_events *events, void *arg)
{
    struct ms_store_watch *watch = ms_alloc(sizeof(*watch));
    watch->loop = loop;
    watch->url = ms_alloc_copy(options->url);
    watch->application_name = ms_alloc_copy(options->application_name);
    watch->look_ms = look_ms;
    watch->events = *events;
    watch->arg = arg;
    watch->timer = ms_timer_new(loop, on_timer, watch);
    watch->backoff = (struct ms_backoff){.base_ms = RETRY_BASE_MS, .max_ms = RETRY_MAX_MS};
    connect_session(watch);
    return watch;
}

void ms_store_watch_free(struct ms_store_watch *watch)
{
    if (watch == NULL)
        return;
    watch->freed = true;
    ms_pg_session_free(watch->session);
    ms_timer_free(watch->timer);
    ms_alloc_wipe(watch->url); /* it may hold a password */
    free(watch->application_name);
    ms_loop_defer_free(watch->loop, watch); /* we may be inside one of its callbacks */
}
