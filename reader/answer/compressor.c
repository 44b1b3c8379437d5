/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gzip variants on demand. The jobs take turns, a piece each, so that a small answer does not wait
 * for a large one that came first; AT_ONCE_MAX of them, since each holds a compressor's memory.
 * Always: a job has somebody who waits for it, else it is dropped. A variant with which
 * a kept file would be larger than its cache is given up.
 */
#include "reader/answer/compressor.h"

#include "common/base/alloc.h"
#include "common/runtime/log.h"
#include "common/runtime/loop.h"

#include <string.h>
#include <sys/queue.h>

enum { AT_ONCE_MAX = 32 };

struct gzip_waiter {
    TAILQ_ENTRY(gzip_waiter) link;
    struct job *job;
    struct ms_http_request *request;
    struct answer_reply reply;
    uint64_t generation;
    uint64_t stale_seconds;
};
TAILQ_HEAD(waiter_list, gzip_waiter);

struct job {
    TAILQ_ENTRY(job) link;
    struct compressor *compressor;
    struct cache_entry entry;
    struct waiter_list waiters;
    size_t key_len;
    char key[];
};
TAILQ_HEAD(job_list, job);

struct compressor {
    const struct caches *caches;
    struct job_list jobs; /* the first one is next; the first AT_ONCE_MAX take turns */
    struct ms_timer *timer;
};

static void end_job(struct job *job)
{
    TAILQ_REMOVE(&job->compressor->jobs, job, link);
    cache_entry_release(&job->entry);
    free(job);
}

static void remove_gzip_waiter(struct gzip_waiter *waiter)
{
    TAILQ_REMOVE(&waiter->job->waiters, waiter, link);
    free(waiter);
}

static void on_gone(void *arg)
{
    struct gzip_waiter *waiter = arg;
    struct job *job = waiter->job;
    remove_gzip_waiter(waiter);
    if (TAILQ_EMPTY(&job->waiters)) {
        spool_file_stop_compressing(job->entry.file);
        end_job(job);
    }
}

/* Requests that come while it is sent begin another job: it is in no list any more. */
static void deliver(struct job *job)
{
    struct gzip_waiter *waiter;
    TAILQ_REMOVE(&job->compressor->jobs, job, link);
    cache_recount(job->compressor->caches->files, ms_str_n(job->key, job->key_len));
    while ((waiter = TAILQ_FIRST(&job->waiters)) != NULL) {
        struct gzip_waiter taken = *waiter;
        remove_gzip_waiter(waiter);
        send_entry(taken.request, &job->entry, taken.generation, taken.stale_seconds, &taken.reply);
    }
    cache_entry_release(&job->entry);
    free(job);
}

/* With one more piece of the variant the file, if it is kept, still has its place in the cache. */
static bool may_go_on(const struct job *job)
{
    struct cache *files = job->compressor->caches->files;
    struct ms_str key = ms_str_n(job->key, job->key_len);
    const struct cache_entry *kept = cache_find(files, key);
    return kept == NULL || kept->file != job->entry.file ||
           cache_may_grow(files, key, SPOOL_GZIP_PIECE_MAX);
}

/* Behind the others that take turns. */
static void move_back(struct job *job)
{
    struct job *before = job;
    for (size_t n = 1; n < AT_ONCE_MAX && TAILQ_NEXT(before, link) != NULL; n++)
        before = TAILQ_NEXT(before, link);
    if (before == job)
        return;
    TAILQ_REMOVE(&job->compressor->jobs, job, link);
    TAILQ_INSERT_AFTER(&job->compressor->jobs, before, job, link);
}

static void on_turn(void *arg)
{
    struct compressor *compressor = arg;
    struct job *job = TAILQ_FIRST(&compressor->jobs);
    struct ms_error err;
    bool done = false;
    if (job == NULL)
        return;
    if (!may_go_on(job)) {
        spool_file_refuse_gzip(job->entry.file);
        done = true;
    } else if (spool_file_compress(&done, job->entry.file, &err) != MS_OK) {
        ms_log(MS_LOG_WARN, "a large answer stays uncompressed", MS_FIELDS(ms_field_error(&err)));
        done = true;
    }
    if (done)
        deliver(job);
    else
        move_back(job);
    ms_timer_start(compressor->timer, 0);
}

struct compressor *compressor_new(struct ms_loop *loop, const struct caches *caches)
{
    struct compressor *compressor = ms_alloc(sizeof(*compressor));
    compressor->caches = caches;
    TAILQ_INIT(&compressor->jobs);
    compressor->timer = ms_timer_new(loop, on_turn, compressor);
    return compressor;
}

void compressor_free(struct compressor *compressor)
{
    struct job *job;
    if (compressor == NULL)
        return;
    while ((job = TAILQ_FIRST(&compressor->jobs)) != NULL)
        end_job(job);
    ms_timer_free(compressor->timer);
    free(compressor);
}

void compressor_serve(struct compressor *compressor, struct ms_http_request *request,
                      struct ms_str key, const struct cache_entry *entry, uint64_t generation,
                      uint64_t stale_seconds, const struct answer_reply *reply)
{
    struct job *job;
    TAILQ_FOREACH(job, &compressor->jobs, link) {
        if (job->entry.file == entry->file)
            break;
    }
    if (job == NULL) {
        job = ms_alloc(sizeof(*job) + key.len);
        job->compressor = compressor;
        job->key_len = key.len;
        memcpy(job->key, key.ptr, key.len);
        cache_entry_copy(&job->entry, entry);
        TAILQ_INIT(&job->waiters);
        TAILQ_INSERT_TAIL(&compressor->jobs, job, link);
        ms_timer_start(compressor->timer, 0);
    }
    struct gzip_waiter *waiter = ms_alloc(sizeof(*waiter));
    *waiter = (struct gzip_waiter){.job = job,
                                   .request = request,
                                   .reply = *reply,
                                   .generation = generation,
                                   .stale_seconds = stale_seconds};
    TAILQ_INSERT_TAIL(&job->waiters, waiter, link);
    ms_http_request_on_gone(request, on_gone, waiter);
}
