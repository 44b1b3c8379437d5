/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /assert: waits until an index has, or has not, what the request says. Off by default; for
 * tests of what pushes to a registry. PostgreSQL reads the JSON, for it compares it, too. The life
 * of a request:
 *
 *   request   what does it ask?
 *   index     the index as it is now
 *   assert    does it hold?
 *   finish    it does, or time is over: answers
 *   or        waits for the next change (longpoll.c), and again from the index on
 *
 * It does not go the way of answer.c: the steps are three statements, of which each needs what the
 * one before it gave, and what a client posts is nobody else's question, so there is nothing to
 * share or to keep. What it may show is decided by the same rules (timeline.c).
 *
 * Always: between the steps nothing is held but the request's own memory, so it may go at any time.
 */
#include "common/base/clock.h"
#include "reader/answer/answer.h"
#include "reader/answer/cache.h"
#include "reader/answer/longpoll.h"
#include "reader/api/api.h"
#include "reader/api/index_body.h"
#include "reader/api/rest_question.h"
#include "reader/query/index_query.h"
#include "reader/store/store.h"

#include <assert.h>

enum {
    TIMEOUT_MAX_S = 600,
    MS_PER_SECOND = 1000,
    PAUSE_MS = 100,              /* before a database that is behind is asked again */
    QUERY_MAX = 256 * 1024,      /* of the index query as a URL would have it */
    INDEX_MAX = 16 * 1024 * 1024 /* larger indexes are not what anybody asserts */
};

/* In the request's arena. */
struct assertion {
    struct answers *answers;
    struct ms_http_request *request;
    struct ms_arena *arena;
    struct ms_str body; /* as it was sent */
    int64_t deadline_ms;
    struct index_query query;
    struct ms_store_read *read; /* the step under way */
    struct ms_buf text;         /* what the step collects; empty between steps */
    struct ms_buf results;      /* the index, while it is asserted */
    struct ms_str problem;      /* of the request; absent: none */
    struct index_body index;
    struct timeline_query asked; /* when the index was, and of which generation it is */
    bool holds;
};

static void ask_index(struct assertion *assertion);

/* --- the end --- */

/* The client has gone, or an answer is about to be sent. */
static void stop(void *arg)
{
    struct assertion *assertion = arg;
    ms_store_read_cancel(assertion->read);
    assertion->read = NULL;
    ms_buf_free(&assertion->text);
    ms_buf_free(&assertion->results);
}

static void refuse(struct assertion *assertion, struct ms_str detail, struct ms_str parameter)
{
    stop(assertion);
    send_error(assertion->request, 400, NULL, detail, parameter);
}

/* The database does not answer; or it does, and says that the body is no JSON. */
static void fail(struct assertion *assertion, const struct ms_error *err)
{
    stop(assertion);
    if (err->status == MS_INVALID)
        send_error(assertion->request, 400, NULL, MS_STR("the body is no JSON"), MS_STR_ABSENT);
    else
        send_query_error(assertion->request, err->status);
}

static void on_wake(struct ms_http_request *request, void *arg)
{
    (void)request;
    struct assertion *assertion = arg;
    tracker_refresh(&assertion->answers->tracker);
    ask_index(assertion);
}

static uint64_t time_left(const struct assertion *assertion)
{
    int64_t left_ms = assertion->deadline_ms - ms_clock_mono_ms();
    bool is_over = left_ms <= 0 || assertion->answers->env->is_ending;
    return is_over ? 0 : (uint64_t)left_ms;
}

static void wait_and_ask_again(struct assertion *assertion, uint64_t at_most_ms)
{
    stop(assertion);
    longpoll_wait(assertion->answers->longpoll, assertion->request, 0, at_most_ms, on_wake,
                  assertion);
}

static void finish(struct assertion *assertion)
{
    struct timeline *now = &assertion->answers->tracker.now;
    const struct answer_reply plain = {.n_headers = 0};
    uint64_t generation = assertion->asked.snapshot;
    struct cache_entry entry = {.generation = generation};
    ms_http_entity_init(&entry.entity, assertion->holds ? 200 : 400, "application/json",
                        ms_doc_take(&assertion->text));
    stop(assertion);
    timeline_note_shown(now, generation);
    send_entry(assertion->request, &entry, generation, now->stale_seconds, &plain);
    cache_entry_release(&entry);
}

/* --- a step: a statement, whose rows are collected --- */

static void run(struct assertion *assertion, enum ms_read_query query, const struct ms_str *params,
                size_t n_params, ms_store_row *on_row, ms_store_done *on_done)
{
    struct ms_error err;
    const struct ms_store_query statement = {.query = query,
                                             .params = params,
                                             .n_params = n_params,
                                             .on_row = on_row,
                                             .on_done = on_done,
                                             .arg = assertion};
    enum ms_status status =
        ms_store_reader_run(&assertion->read, assertion->answers->env->store, &statement, &err);
    if (status == MS_OK)
        ms_http_request_on_gone(assertion->request, stop, assertion);
    else
        fail(assertion, &err);
}

/* False: it failed, and the request has been answered. */
static bool end_step(struct assertion *assertion, const struct ms_error *err)
{
    struct ms_error too_large;
    assertion->read = NULL;
    if (err == NULL && ms_buf_status(&assertion->text) == MS_OK)
        return true;
    if (err == NULL) {
        (void)ms_error_set(&too_large, MS_TOO_LARGE, "the index is too large to be asserted");
        err = &too_large;
    }
    fail(assertion, err);
    return false;
}

/* --- does it hold? --- */

enum { COLUMN_GENERATION, ASSERT_SUCCESS, ASSERT_BODY };

static void on_assert_row(const struct ms_str *columns, size_t n_columns, void *arg)
{
    struct assertion *assertion = arg;
    assert(n_columns == ASSERT_BODY + 1);
    assertion->holds = ms_str_equal(columns[ASSERT_SUCCESS], MS_STR("t"));
    ms_buf_append(&assertion->text, columns[ASSERT_BODY]);
}

static void on_assert_done(const struct ms_error *err, void *arg)
{
    struct assertion *assertion = arg;
    if (!end_step(assertion, err))
        return;
    tracker_refresh(&assertion->answers->tracker);
    ms_buf_free(&assertion->results);
    const struct timeline *now = &assertion->answers->tracker.now;
    uint64_t left_ms = time_left(assertion);
    if (timeline_is_behind(&assertion->asked, now)) {
        /* The index is of a standby that lags behind what was shown before, or of another epoch. */
        if (left_ms > 0) {
            wait_and_ask_again(assertion, left_ms < PAUSE_MS ? left_ms : PAUSE_MS);
            return;
        }
        struct ms_error behind;
        (void)ms_error_set(&behind, MS_CONFLICT, "the database is behind");
        fail(assertion, &behind);
        return;
    }
    if (assertion->holds || left_ms == 0)
        finish(assertion);
    else /* at once when the generation has moved since the index was asked for */
        wait_and_ask_again(assertion, now->seen > assertion->asked.snapshot ? 0 : left_ms);
}

/* --- the index --- */

static void on_index_row(const struct ms_str *columns, size_t n_columns, void *arg)
{
    struct assertion *assertion = arg;
    struct timeline_query *asked = &assertion->asked;
    assert(n_columns == INDEX_COLUMN_COUNT + 1);
    asked->has_snapshot = ms_str_to_u64(&asked->snapshot, columns[COLUMN_GENERATION]) == MS_OK;
    index_body_add(&assertion->text, &assertion->index, columns + 1);
}

static void on_index_done(const struct ms_error *err, void *arg)
{
    struct assertion *assertion = arg;
    if (err == NULL)
        index_body_finish(&assertion->text, &assertion->index);
    if (!end_step(assertion, err))
        return;
    assertion->results = assertion->text;
    ms_buf_init(&assertion->text, 2 * INDEX_MAX); /* the index, and what failed */
    const struct ms_str params[] = {ms_buf_view(&assertion->results), assertion->body};
    run(assertion, MS_READ_ASSERT, params, sizeof(params) / sizeof(params[0]), on_assert_row,
        on_assert_done);
}

static void ask_index(struct assertion *assertion)
{
    ms_buf_init(&assertion->text, INDEX_MAX);
    timeline_ask(&assertion->asked, &assertion->answers->tracker.now);
    assertion->index = (struct index_body){.config = assertion->answers->env->config};
    /* Whatever it holds: a bounded statement gives no row of what is larger. */
    run(assertion, queries_unbounded(assertion->query.statement), assertion->query.params,
        assertion->query.n_params, on_index_row, on_index_done);
}

/* --- what does it ask? --- */

enum { REQUEST_PROBLEM = 1, REQUEST_NAME, REQUEST_VALUE, REQUEST_COLUMN_COUNT };

/* Collects the parameters as a URL would have them. */
static void on_request_row(const struct ms_str *columns, size_t n_columns, void *arg)
{
    struct assertion *assertion = arg;
    assert(n_columns == REQUEST_COLUMN_COUNT);
    if (!ms_str_is_absent(columns[REQUEST_PROBLEM]))
        assertion->problem = ms_arena_dup(assertion->arena, columns[REQUEST_PROBLEM]);
    if (ms_str_is_absent(columns[REQUEST_NAME]))
        return;
    ms_http_percent_encode(&assertion->text, columns[REQUEST_NAME], ":");
    ms_buf_append_char(&assertion->text, '=');
    ms_http_percent_encode(&assertion->text, columns[REQUEST_VALUE], "");
    ms_buf_append_char(&assertion->text, '&');
}

/* Statements borrow their parameters, which have to end with a NUL; these may be parts of `raw`. */
static bool keep_params(struct assertion *assertion)
{
    struct index_query *query = &assertion->query;
    for (size_t i = 0; i < query->n_params; i++) {
        if (ms_arena_copy(&query->params[i], assertion->arena, query->params[i]) != MS_OK)
            return false;
    }
    return true;
}

static void on_request_done(const struct ms_error *err, void *arg)
{
    struct assertion *assertion = arg;
    struct query_fault fault;
    struct ms_str raw;
    if (!end_step(assertion, err))
        return;
    if (!ms_str_is_absent(assertion->problem)) {
        refuse(assertion, assertion->problem, MS_STR_ABSENT);
        return;
    }
    if (ms_arena_copy(&raw, assertion->arena, ms_buf_view(&assertion->text)) != MS_OK)
        refuse(assertion, MS_STR("the query is too long"), MS_STR_ABSENT);
    else if (index_query_parse(&assertion->query, raw, assertion->arena, &fault) != MS_OK)
        refuse(assertion, fault.detail, fault.parameter);
    else if (!keep_params(assertion))
        refuse(assertion, MS_STR("the query is too long"), MS_STR_ABSENT);
    else {
        ms_buf_free(&assertion->text);
        ask_index(assertion);
    }
}

void api_assert(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    static const struct query_param TABLE[] = {{"timeout", QUERY_PLAIN}};
    struct rest_question question;
    uint64_t timeout_s = 0;
    (void)match;
    if (!rest_question_read(&question, request, TABLE, sizeof(TABLE) / sizeof(TABLE[0])) ||
        !rest_question_number(&timeout_s, &question, "timeout", 0, TIMEOUT_MAX_S))
        return;
    struct assertion *assertion = ms_arena_alloc(question.arena, sizeof(*assertion));
    assertion->answers = arg;
    assertion->request = request;
    assertion->arena = question.arena;
    assertion->body = ms_http_request_body(request);
    assertion->deadline_ms = ms_clock_mono_ms() + (int64_t)timeout_s * MS_PER_SECOND;
    if (assertion->body.len == 0 || !ms_str_is_utf8(assertion->body)) {
        send_error(request, 400, NULL, MS_STR("the body is no JSON"), MS_STR_ABSENT);
        return;
    }
    ms_buf_init(&assertion->text, QUERY_MAX);
    run(assertion, MS_READ_ASSERT_REQUEST, &assertion->body, 1, on_request_row, on_request_done);
}
