/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/repositories/<name>/-/tags/<tag>: one tag, now, or as soon as it is there, on the digest
 * that is asked for: what a deployment waits for. Always: a client that waits holds nothing of the
 * database, is woken by changes of its repository alone, and clients that wait for the same tag
 * share one query.
 */
#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/base/json_write.h"
#include "common/base/refname.h"
#include "reader/answer/answer.h"
#include "reader/answer/longpoll.h"
#include "reader/api/api.h"
#include "reader/api/rest_question.h"

#include <assert.h>
#include <string.h>

enum { KEY_MAX = 4096 };
enum { COLUMN_PLACE, COLUMN_FOUND, COLUMN_BODY = 5, COLUMN_COUNT };

#define UNKNOWN_REPOSITORY MS_STR("no repository of this name is known")
#define UNKNOWN_TAG MS_STR("the repository has no such tag, or not on this digest")

/* What one client asked. In the request's arena; its texts live as long. */
struct tag_question {
    struct answers *answers;
    struct ms_str repository, tag;
    struct ms_str digest; /* absent: any */
    struct ms_str key;
    uint64_t wait_ms;
    int64_t begun_ms;
    unsigned n_pauses; /* since a result came */
};

/* --- the answer --- */

struct tag_state {
    bool is_known; /* the repository */
    bool is_found;
    char repository[MS_REPOSITORY_NAME_MAX]; /* a query outlives the request that began it */
    size_t repository_len;
};

/* The tag's members behind that of its repository. */
static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    struct tag_state *state = arg;
    assert(n_columns == COLUMN_COUNT);
    if (ms_str_is_absent(columns[COLUMN_PLACE])) {
        state->is_known = ms_str_equal(columns[COLUMN_FOUND], MS_STR("t"));
        return;
    }
    struct ms_str members = ms_str_skip(columns[COLUMN_BODY], 1);
    state->is_found = true;
    ms_buf_append_c(&result->body, "{\"repository\":");
    ms_json_append_string(&result->body, ms_str_n(state->repository, state->repository_len));
    ms_buf_append_char(&result->body, ',');
    ms_buf_append(&result->body, ms_str_slice(members, 0, members.len - 1));
}

static void on_finish(struct answer_result *result, void *arg)
{
    const struct tag_state *state = arg;
    if (state->is_found) {
        answer_result_end_object(result);
        return;
    }
    result->is_nothing = true; /* yet */
    rest_write_problem(result, 404, state->is_known ? UNKNOWN_TAG : UNKNOWN_REPOSITORY);
}

/* --- waiting --- */

static void serve(struct tag_question *question, struct ms_http_request *request);

static void on_wake(struct ms_http_request *request, void *arg)
{
    serve(arg, request);
}

/* How long it may go on waiting; 0: it is time to answer. */
static uint64_t time_left(const struct tag_question *question)
{
    uint64_t waited_ms = (uint64_t)(ms_clock_mono_ms() - question->begun_ms);
    bool is_over = waited_ms >= question->wait_ms || question->answers->env->is_ending;
    return is_over ? 0 : question->wait_ms - waited_ms;
}

/* The generation may have moved since the query began: then it is asked again at once. */
static bool on_nothing(struct ms_http_request *request, uint64_t generation, void *arg)
{
    struct tag_question *question = arg;
    uint64_t left_ms = time_left(question);
    if (left_ms == 0)
        return false;
    question->n_pauses = 0;
    bool has_moved = question->answers->tracker.now.seen > generation;
    longpoll_wait(question->answers->longpoll, request, ms_str_hash(question->repository),
                  has_moved ? 0 : left_ms, on_wake, question);
    return true;
}

/* A change wakes all who wait for tags of the repository, and each asks something else. */
static bool on_busy(struct ms_http_request *request, void *arg)
{
    struct tag_question *question = arg;
    uint64_t left_ms = time_left(question);
    if (left_ms == 0)
        return false;
    longpoll_pause(question->answers->longpoll, request, &question->n_pauses, left_ms, on_wake,
                   question);
    return true;
}

static void serve(struct tag_question *question, struct ms_http_request *request)
{
    const struct ms_str params[] = {
        MS_STR_ABSENT, MS_STR_ABSENT,        MS_STR("1"),   MS_STR_ABSENT, MS_STR("f"),
        MS_STR("f"),   question->repository, question->tag, MS_STR("f"),   question->digest};
    struct tag_state state = {.repository_len = question->repository.len};
    memcpy(state.repository, question->repository.ptr, question->repository.len);
    answer_serve(
        question->answers, request,
        &(struct answer_query){
            .key = question->key,
            .statement = MS_READ_TAG,
            .params = params,
            .n_params = sizeof(params) / sizeof(params[0]),
            .repository = question->repository,
            .shows_counts = true,
            .content_type = "application/json",
            .on_row = on_row,
            .on_finish = on_finish,
            .state = &state,
            .state_bytes = sizeof(state),
        },
        &(struct answer_reply){.on_nothing = on_nothing, .on_busy = on_busy, .hold_arg = question});
}

/* --- the question --- */

static const struct query_param TABLE[] = {{"digest", QUERY_PLAIN}, {"wait", QUERY_PLAIN}};

/* Equal questions have equal keys, however long somebody waits. */
static void make_key(struct tag_question *question, struct ms_arena *arena)
{
    struct ms_buf key;
    ms_buf_init(&key, KEY_MAX);
    ms_buf_append_c(&key, "/api/v1/repositories/");
    ms_buf_append(&key, question->repository);
    ms_buf_append_c(&key, "/-/tags/");
    ms_buf_append(&key, question->tag);
    if (!ms_str_is_absent(question->digest)) {
        ms_buf_append_c(&key, "?digest=");
        ms_buf_append(&key, question->digest);
    }
    question->key = ms_arena_dup(arena, ms_buf_view(&key));
    ms_buf_free(&key);
}

void api_tag(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_question rest;
    struct ms_digest digest;
    if (!rest_question_read(&rest, request, TABLE, sizeof(TABLE) / sizeof(TABLE[0])))
        return;
    struct tag_question *question = ms_arena_alloc(rest.arena, sizeof(*question));
    question->answers = arg;
    question->begun_ms = ms_clock_mono_ms();
    if (!rest_question_value(&question->digest, &rest, "digest") ||
        !rest_question_wait(&question->wait_ms, &rest))
        return;
    if (!ms_str_is_absent(question->digest) &&
        ms_digest_parse(&digest, question->digest) != MS_OK) {
        rest_question_refuse(&rest, "digest", " is no digest");
        return;
    }
    if (!ms_refname_is_repository(match->captures[0]) || !ms_refname_is_tag(match->captures[1])) {
        send_error(request, 404, NULL, UNKNOWN_TAG, MS_STR_ABSENT);
        return;
    }
    question->repository = ms_arena_dup(rest.arena, match->captures[0]);
    question->tag = ms_arena_dup(rest.arena, match->captures[1]);
    make_key(question, rest.arena);
    serve(question, request);
}
