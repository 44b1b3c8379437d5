/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See scan/once.h. In order:
 *
 *   probe   a page of the catalog, again and again with growing pauses until the registry answers
 *           (whatever: a registry may forbid its catalog)
 *   start   the scan
 *   end     scan.c tells
 */
#include "writer/scan/once.h"

#include "common/base/alloc.h"
#include "common/runtime/log.h"
#include "writer/env.h"
#include "writer/registry/client.h"
#include "writer/scan/progress.h"

#include <unistd.h>

enum { PAUSE_BASE_MS = 500, PAUSE_MAX_MS = 15 * 1000 };

struct scan_once {
    const struct env *env;
    struct scan *scan;
    scan_once_done *on_done;
    void *arg;
    struct progress *progress;
    struct registry_call *call;
    struct ms_timer *timer;
    struct ms_backoff backoff;
};

static void on_scan_end(bool complete, void *arg)
{
    struct scan_once *once = arg;
    scan_once_stop(once);
    once->on_done(complete, once->arg);
}

static bool is_answer(const struct registry_reply *reply)
{
    return reply->outcome != REGISTRY_FAILED ||
           (reply->http_status >= 400 && reply->http_status < 500);
}

static void on_probed(const struct registry_reply *reply, void *arg)
{
    struct scan_once *once = arg;
    once->call = NULL;
    if (!is_answer(reply)) {
        uint64_t pause_ms = ms_backoff_next_ms(&once->backoff);
        ms_log(MS_LOG_WARN, "waiting for the registry",
               MS_FIELDS(ms_field_u64("again_in_ms", pause_ms), ms_field_error(reply->error)));
        ms_timer_start(once->timer, pause_ms);
        return;
    }
    enum ms_status status = scan_start(once->scan, false);
    if (status == MS_OK) {
        once->progress = progress_new(once->env->loop, once->scan, STDERR_FILENO);
        return;
    }
    ms_log(MS_LOG_ERROR, "the scan could not be started",
           MS_FIELDS(ms_field_c("error", ms_status_name(status))));
    on_scan_end(false, once);
}

static void probe(void *arg)
{
    struct scan_once *once = arg;
    once->call = registry_catalog_page(once->env->registry, MS_STR_ABSENT, on_probed, once);
}

struct scan_once *scan_once_new(const struct env *env, struct scan *scan, scan_once_done *on_done,
                                void *arg)
{
    struct scan_once *once = ms_alloc(sizeof(*once));
    *once = (struct scan_once){.env = env,
                               .scan = scan,
                               .on_done = on_done,
                               .arg = arg,
                               .backoff = {.base_ms = PAUSE_BASE_MS, .max_ms = PAUSE_MAX_MS}};
    once->timer = ms_timer_new(env->loop, probe, once);
    scan_on_end(scan, on_scan_end, once);
    return once;
}

void scan_once_free(struct scan_once *once)
{
    if (once == NULL)
        return;
    scan_once_stop(once);
    ms_timer_free(once->timer);
    free(once);
}

void scan_once_begin(struct scan_once *once)
{
    probe(once);
}

void scan_once_stop(struct scan_once *once)
{
    ms_timer_stop(once->timer);
    registry_call_cancel(once->call);
    once->call = NULL;
    progress_free(once->progress);
    once->progress = NULL;
}
