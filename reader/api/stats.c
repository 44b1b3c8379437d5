/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/stats and /api/v1/status: how much there is, and how far it is behind. The lag of this
 * reader itself comes from shared memory.
 */
#include "common/base/json_write.h"
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/rest_question.h"
#include "reader/shared/freshness.h"

#include <assert.h>

static const double MS_PER_SECOND = 1000;

/* --- totals --- */

static void on_stats(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                     void *arg)
{
    (void)arg;
    assert(n_columns == 1);
    ms_buf_append(&result->body, columns[0]);
}

static void on_end(struct answer_result *result, void *arg)
{
    (void)arg;
    answer_result_end_object(result);
}

void api_stats(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_question question;
    (void)match;
    if (!rest_question_read(&question, request, NULL, 0))
        return;
    answer_serve(arg, request,
                 &(struct answer_query){
                     .key = MS_STR("/api/v1/stats"),
                     .statement = MS_READ_STATS,
                     .shows_counts = true,
                     .content_type = "application/json",
                     .on_row = on_stats,
                     .on_finish = on_end,
                 },
                 NULL);
}

/* --- status --- */

enum { COLUMN_SCAN, COLUMN_IS_RUNNING, COLUMN_OLDEST, COLUMN_COUNT };

struct status_state {
    const struct freshness *freshness;
};

/* What this reader itself knows of the database. */
static void write_lag(struct ms_json_writer *json, const struct freshness *freshness)
{
    int64_t lag_ms = freshness_replay_lag_ms(freshness);
    bool is_standby = freshness_is_standby(freshness);
    ms_json_key(json, "stale_seconds");
    ms_json_u64(json, freshness_stale_seconds(freshness));
    ms_json_key(json, "standby");
    ms_json_bool(json, is_standby);
    ms_json_key(json, "replay_lag_seconds");
    if (is_standby && lag_ms >= 0)
        ms_json_f64(json, (double)lag_ms / MS_PER_SECOND);
    else
        ms_json_null(json);
}

static void on_status(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                      void *arg)
{
    const struct status_state *state = arg;
    struct ms_json_writer json;
    assert(n_columns == COLUMN_COUNT);
    ms_json_begin(&json, &result->body);
    ms_json_object(&json);
    ms_json_key(&json, "last_complete_scan");
    ms_json_string(&json, columns[COLUMN_SCAN]);
    ms_json_key(&json, "scan_running");
    ms_json_bool(&json, ms_str_equal(columns[COLUMN_IS_RUNNING], MS_STR("t")));
    ms_json_key(&json, "oldest_event_seconds");
    ms_json_raw(&json, columns[COLUMN_OLDEST]);
    write_lag(&json, state->freshness);
}

void api_status(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    const struct answers *answers = arg;
    const struct status_state state = {.freshness = answers->env->freshness};
    struct rest_question question;
    (void)match;
    if (!rest_question_read(&question, request, NULL, 0))
        return;
    answer_serve(arg, request,
                 &(struct answer_query){
                     .key = MS_STR("/api/v1/status"),
                     .statement = MS_READ_STATUS,
                     .is_momentary = true,
                     .content_type = "application/json",
                     .on_row = on_status,
                     .on_finish = on_end,
                     .state = &state,
                     .state_bytes = sizeof(state),
                 },
                 NULL);
}
