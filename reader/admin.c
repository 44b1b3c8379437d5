/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health and metrics. Always: health is the worker's own affair (it answers, so it lives),
 * readiness is what a load balancer should know.
 */
#include "reader/admin.h"

#include "common/config/config.h"
#include "common/http/server.h"
#include "common/runtime/metrics.h"
#include "reader/answer/answer.h"
#include "reader/answer/flight.h"
#include "reader/answer/longpoll.h"
#include "reader/process/supervisor.h"
#include "reader/shared/freshness.h"
#include "reader/shared/shared.h"

#include <stdio.h>

enum { METRICS_TEXT_MAX = 8 * 1024 * 1024, REASON_MAX = 256 };

static void send_text(struct ms_http_request *request, int status, struct ms_str text)
{
    struct ms_http_header retry = {"Retry-After", MS_STR("2")};
    ms_http_send(request, status, "text/plain; charset=utf-8", text, &retry, status == 503 ? 1 : 0);
}

void admin_healthz(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    (void)match;
    (void)arg;
    send_text(request, 200, MS_STR("ok\n"));
}

/* False: it is ready. Else `out` says why not. */
static bool find_obstacle(char out[static REASON_MAX], const struct env *env)
{
    const struct freshness *freshness = env->freshness;
    const char *problem = freshness_schema_problem(freshness);
    const char *loss = freshness_loss(freshness);
    uint64_t age_ms = freshness_age_ms(freshness);
    uint64_t limit_ms = env->config->reader.max_stale_ms;
    if (limit_ms < FRESHNESS_FRESH_MS)
        limit_ms = FRESHNESS_FRESH_MS; /* it is not seen more often than every second */
    if (env->is_ending)
        snprintf(out, REASON_MAX, "shutting down\n");
    else if (!freshness_is_known(freshness))
        snprintf(out, REASON_MAX, "the database has not been seen yet%s%s\n",
                 loss != NULL ? ": " : "", loss != NULL ? loss : "");
    else if (problem != NULL)
        snprintf(out, REASON_MAX, "%s\n", problem);
    else if (age_ms > limit_ms)
        snprintf(out, REASON_MAX, "the database was last seen %llu s ago%s%s\n",
                 (unsigned long long)(age_ms / 1000), loss != NULL ? ": " : "",
                 loss != NULL ? loss : "");
    else
        return false;
    return true;
}

void admin_readyz(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    (void)match;
    const struct answers *answers = arg;
    char reason[REASON_MAX];
    if (find_obstacle(reason, answers->env))
        send_text(request, 503, ms_str(reason));
    else
        send_text(request, 200, MS_STR("ready\n"));
}

void admin_update_gauges(const struct answers *answers)
{
    const struct freshness *freshness = answers->env->freshness;
    const struct caches *caches = &answers->caches;
    ms_metrics_set(MS_METRIC_GENERATION, NULL, NULL, (double)freshness_generation(freshness));
    ms_metrics_set(MS_METRIC_STALE_SECONDS, NULL, NULL, (double)freshness_stale_seconds(freshness));
    ms_metrics_set(MS_METRIC_HTTP_CONNECTIONS, NULL, NULL,
                   (double)ms_http_server_connections(answers->env->server));
    flights_update_gauges(answers->flights);
    ms_metrics_set(MS_METRIC_CACHE_BYTES, NULL, NULL, (double)cache_bytes(caches->memory));
    ms_metrics_set(MS_METRIC_PARKED_REQUESTS, NULL, NULL,
                   (double)longpoll_count(answers->longpoll));
    ms_metrics_set(MS_METRIC_SPOOL_BYTES, NULL, NULL, (double)spool_bytes(caches->spool));
}

void admin_metrics(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    (void)match;
    const struct answers *answers = arg;
    const struct child_info *child = answers->env->child;
    struct ms_buf text;
    ms_buf_init(&text, METRICS_TEXT_MAX);
    admin_update_gauges(answers);
    ms_metrics_render(&text, false, shared_slot(child->shared, 0), shared_n_slots(child->n_workers),
                      shared_slot_stride());
    if (ms_buf_status(&text) == MS_OK)
        ms_http_send(request, 200, "text/plain; version=0.0.4; charset=utf-8", ms_buf_view(&text),
                     NULL, 0);
    else
        send_text(request, 500, MS_STR("too many metrics\n"));
    ms_buf_free(&text);
}
