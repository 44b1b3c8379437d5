/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/changes: what happened after a generation. Always: a client that waits is answered by the
 * first change, or when its time is over, and costs the database nothing meanwhile; clients that
 * wait for the same share one query.
 */
#include "common/base/clock.h"
#include "common/base/json_write.h"
#include "reader/answer/answer.h"
#include "reader/answer/longpoll.h"
#include "reader/api/api.h"
#include "reader/api/rest_question.h"
#include "reader/shared/freshness.h"

#include <assert.h>
#include <string.h>

enum {
    N_DEFAULT = 100,
    N_MAX = 1000,
    /* On a standby a client may know more than we do: another reader has told it. So it waits for
     * this long, even if it did not ask to. */
    STANDBY_GRACE_MS = 2000,
    NUMBER_MAX = 24
};

enum { COLUMN_PROBLEM, COLUMN_OLDEST, COLUMN_NEXT, COLUMN_BODY, COLUMN_ID, COLUMN_COUNT };

/* What one client asked. In the request's arena. */
struct changes {
    struct answers *answers;
    struct ms_str key;
    bool has_since;
    uint64_t since;
    struct ms_str since_text; /* absent: no changes are wanted */
    struct ms_str n_text;
    uint64_t wait_ms;
    int64_t begun_ms;
    unsigned n_pauses; /* since a result came, or none was needed */
};

/* --- the feed --- */

struct feed_state {
    bool has_since;
    uint64_t since;
    bool is_problem;
    size_t n_changes;
    char next[NUMBER_MAX];
};

static uint64_t to_number(struct ms_str text)
{
    uint64_t number;
    return ms_str_to_u64(&number, text) == MS_OK ? number : 0;
}

static void take_head(struct answer_result *result, struct feed_state *state,
                      const struct ms_str *columns)
{
    struct ms_str problem = columns[COLUMN_PROBLEM];
    struct ms_str next = ms_str_slice(columns[COLUMN_NEXT], 0, sizeof(state->next) - 1);
    memcpy(state->next, next.ptr, next.len);
    state->is_problem = !ms_str_is_absent(problem);
    if (ms_str_equal(problem, MS_STR("expired"))) {
        rest_write_problem_with(result, 410,
                                MS_STR("changes from so long ago are not kept any more"),
                                "changes-expired", "oldest", to_number(columns[COLUMN_OLDEST]));
    } else if (state->is_problem) {
        rest_write_problem_with(result, 400, MS_STR("since is a generation of the future"), NULL,
                                "generation", to_number(columns[COLUMN_NEXT]));
        result->is_nothing = true; /* yet: see STANDBY_GRACE_MS */
    } else {
        ms_buf_append_c(&result->body, "{\"changes\":[");
    }
}

static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    struct feed_state *state = arg;
    assert(n_columns == COLUMN_COUNT);
    if (ms_str_is_absent(columns[COLUMN_BODY])) {
        take_head(result, state, columns);
        return;
    }
    if (state->n_changes++ > 0)
        ms_buf_append_char(&result->body, ',');
    ms_buf_append(&result->body, columns[COLUMN_BODY]);
}

static void on_finish(struct answer_result *result, void *arg)
{
    const struct feed_state *state = arg;
    if (state->is_problem)
        return;
    ms_buf_append_c(&result->body, "],\"next\":");
    if (state->has_since && state->n_changes == 0) {
        ms_buf_append_u64(&result->body, state->since);
        result->is_nothing = true;
    } else {
        ms_buf_append_c(&result->body, state->next);
    }
    ms_buf_append_char(&result->body, '}');
}

/* --- waiting --- */

static void serve(struct changes *changes, struct ms_http_request *request);

static void on_wake(struct ms_http_request *request, void *arg)
{
    serve(arg, request);
}

/* How long it may go on waiting; 0: it is time to answer. */
static uint64_t time_left(const struct changes *changes, uint64_t generation)
{
    const struct env *env = changes->answers->env;
    uint64_t limit_ms = changes->wait_ms;
    if (changes->since > generation && !freshness_is_standby(env->freshness))
        limit_ms = 0;
    else if (changes->since > generation && limit_ms < STANDBY_GRACE_MS)
        limit_ms = STANDBY_GRACE_MS;
    uint64_t waited_ms = (uint64_t)(ms_clock_mono_ms() - changes->begun_ms);
    bool is_over = waited_ms >= limit_ms || env->is_ending;
    return is_over ? 0 : limit_ms - waited_ms;
}

/* The generation may have moved since the query began: then it is asked again at once. */
static bool on_nothing(struct ms_http_request *request, uint64_t generation, void *arg)
{
    struct changes *changes = arg;
    uint64_t left_ms = time_left(changes, generation);
    if (left_ms == 0)
        return false;
    changes->n_pauses = 0;
    bool has_moved = changes->answers->tracker.now.seen > generation;
    longpoll_wait(changes->answers->longpoll, request, 0, has_moved ? 0 : left_ms, on_wake,
                  changes);
    return true;
}

/* A change wakes all who wait for any. */
static bool on_busy(struct ms_http_request *request, void *arg)
{
    struct changes *changes = arg;
    uint64_t left_ms = time_left(changes, changes->answers->tracker.now.seen);
    if (left_ms == 0)
        return false;
    longpoll_pause(changes->answers->longpoll, request, &changes->n_pauses, left_ms, on_wake,
                   changes);
    return true;
}

static void ask(struct changes *changes, struct ms_http_request *request)
{
    const struct ms_str params[] = {changes->since_text, changes->n_text};
    const struct feed_state state = {.has_since = changes->has_since, .since = changes->since};
    answer_serve(
        changes->answers, request,
        &(struct answer_query){
            .key = changes->key,
            .statement = MS_READ_CHANGES,
            .params = params,
            .n_params = sizeof(params) / sizeof(params[0]),
            .content_type = "application/json",
            .on_row = on_row,
            .on_finish = on_finish,
            .state = &state,
            .state_bytes = sizeof(state),
        },
        &(struct answer_reply){.on_nothing = on_nothing, .on_busy = on_busy, .hold_arg = changes});
}

/* Nobody needs to be asked when nothing has happened. */
static void serve(struct changes *changes, struct ms_http_request *request)
{
    struct tracker *tracker = &changes->answers->tracker;
    tracker_refresh(tracker);
    bool is_up_to_date = changes->has_since && timeline_is_latest(changes->since, &tracker->now);
    uint64_t left_ms = time_left(changes, tracker->now.seen);
    if (!is_up_to_date || left_ms == 0) {
        ask(changes, request);
        return;
    }
    changes->n_pauses = 0;
    longpoll_wait(changes->answers->longpoll, request, 0, left_ms, on_wake, changes);
}

/* --- the question --- */

static const struct query_param TABLE[] = {
    {"n", QUERY_PLAIN},
    {"since", QUERY_PLAIN},
    {"wait", QUERY_PLAIN},
};

/* Equal feeds have equal keys, however long somebody waits for them. */
static struct ms_str make_key(struct ms_arena *arena, const struct changes *changes, uint64_t n)
{
    struct ms_buf key;
    ms_buf_init(&key, 4 * NUMBER_MAX);
    ms_buf_append_c(&key, "/api/v1/changes?n=");
    ms_buf_append_u64(&key, n);
    if (changes->has_since) {
        ms_buf_append_c(&key, "&since=");
        ms_buf_append_u64(&key, changes->since);
    }
    struct ms_str copy = ms_arena_dup(arena, ms_buf_view(&key));
    ms_buf_free(&key);
    return copy;
}

void api_changes(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_question question;
    uint64_t n = N_DEFAULT;
    (void)match;
    if (!rest_question_read(&question, request, TABLE, sizeof(TABLE) / sizeof(TABLE[0])))
        return;
    struct changes *changes = ms_arena_alloc(question.arena, sizeof(*changes));
    changes->answers = arg;
    changes->begun_ms = ms_clock_mono_ms();
    if (!rest_question_number(&n, &question, "n", 1, N_MAX) ||
        !rest_question_value(&changes->since_text, &question, "since") ||
        !rest_question_number(&changes->since, &question, "since", 0, INT64_MAX) ||
        !rest_question_wait(&changes->wait_ms, &question))
        return;
    changes->has_since = !ms_str_is_absent(changes->since_text);
    changes->n_text = rest_number_text(question.arena, n);
    changes->key = make_key(question.arena, changes, n);
    serve(changes, request);
}
