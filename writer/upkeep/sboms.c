/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sboms.h. A run, every second while this writer leads:
 *
 *   recount  images that became live, or ceased to be, since the last round: a batch
 *   due      the manifests that may hold documents and have waited longest; none: the end
 *   source   of one: no repository holds it and its image yet: later; else which of its layers are
 *            documents
 *   read     each document (sbom_document.c); what is said to be too large is not fetched
 *   put      what all of them say, and that the source is done with
 *
 * then the next source; behind the last of some the run begins again, since what is live, and
 * whether SBOMs are wanted, changes meanwhile. Where they are not, what there is of them is
 * forgotten, once a term. Trouble with one postpones it. A run that is cut off
 * by the end of a term has put whole sources only, and the next one goes on behind them.
 */
#include "writer/upkeep/sboms.h"

#include "common/base/alloc.h"
#include "common/config/config.h"
#include "common/runtime/limit.h"
#include "common/runtime/log.h"
#include "common/runtime/metrics.h"
#include "writer/env.h"
#include "writer/parse/sbom_manifest.h"
#include "writer/store/store.h"
#include "writer/upkeep/periodic_task.h"
#include "writer/upkeep/sbom_document.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { RUN_EVERY_MS = 1000, SOURCES_MAX = 20, RECOUNT_MAX = 5000, FORGET_MAX = 20000 };

static_assert((int)SBOM_LAYERS_MAX == (int)MS_SBOMS_MAX, "a source's documents are put at once");

struct source {
    uint64_t manifest_id;
    struct ms_digest about;
    char *repository; /* NULL: none, yet */
    struct sbom_layers documents;
};

struct sboms {
    const struct env *env;
    struct periodic_task *task;
    struct ms_store_call *call;
    struct sbom_document *reading;

    struct source sources[SOURCES_MAX];
    size_t n_sources, source; /* the present one */
    size_t document;          /* of it */
    struct ms_sbom_record records[MS_SBOMS_MAX];
    bool has_changed;  /* the counts */
    bool is_forgotten; /* SBOMs are not wanted, and nothing is left of them */

    uint64_t last_image;        /* recounted in this round; 0: none */
    int64_t round_generation;   /* when this round began */
    int64_t counted_generation; /* when the last whole round began; -1: there was none */
    struct sbom_counts counts, next_counts; /* the last ones, and those being read */
};

static void read_document(struct sboms *sboms);
static void next_source(struct sboms *sboms);
static void start(void *arg);

static void forget_sources(struct sboms *sboms)
{
    for (size_t i = 0; i < sboms->n_sources; i++)
        free(sboms->sources[i].repository);
    sboms->n_sources = sboms->source = 0;
}

static void finish(struct sboms *sboms, const struct ms_error *err)
{
    forget_sources(sboms);
    periodic_task_done(sboms->task, err);
}

/* --- counts --- */

static void on_count(enum ms_sbom_state state, uint64_t count, void *arg)
{
    struct sboms *sboms = arg;
    sboms->next_counts.of[state] = count;
}

static void on_counted(const struct ms_error *err, void *arg)
{
    struct sboms *sboms = arg;
    sboms->call = NULL;
    if (err != NULL) {
        sboms->has_changed = true;
        finish(sboms, err);
        return;
    }
    sboms->counts = sboms->next_counts;
    for (enum ms_sbom_state state = 0; state < MS_SBOM_STATE_COUNT; state++)
        ms_metrics_set(MS_METRIC_SBOMS, ms_sbom_state_text(state), NULL,
                       (double)sboms->counts.of[state]);
    finish(sboms, NULL);
}

/* The end of a run: counted again when it has changed something. */
static void count(struct sboms *sboms)
{
    if (!sboms->has_changed) {
        finish(sboms, NULL);
        return;
    }
    sboms->has_changed = false;
    sboms->next_counts = (struct sbom_counts){{0}};
    sboms->call = ms_store_sboms_count(sboms->env->store, on_count, on_counted, sboms);
}

/* --- put --- */

static void on_source_done(const struct ms_error *err, void *arg)
{
    struct sboms *sboms = arg;
    sboms->call = NULL;
    if (err != NULL) {
        finish(sboms, err);
        return;
    }
    sboms->source++;
    next_source(sboms);
}

static void postpone(struct sboms *sboms)
{
    const struct source *source = &sboms->sources[sboms->source];
    sboms->call = ms_store_sbom_postpone(sboms->env->store, sboms->env->term, source->manifest_id,
                                         &source->about, on_source_done, sboms);
}

/* What the database refuses for its data comes again later, so that it is in nobody's way. */
static void on_put(const struct ms_error *err, void *arg)
{
    struct sboms *sboms = arg;
    if (err == NULL || (err->status != MS_INVALID && err->status != MS_CONFLICT)) {
        on_source_done(err, sboms);
        return;
    }
    sboms->call = NULL;
    ms_log(MS_LOG_WARN, "what an SBOM says cannot be stored: later",
           MS_FIELDS(ms_field_c("repository", sboms->sources[sboms->source].repository),
                     ms_field_error(err)));
    postpone(sboms);
}

static void put(struct sboms *sboms)
{
    const struct source *source = &sboms->sources[sboms->source];
    sboms->call =
        ms_store_sbom_put(sboms->env->store, sboms->env->term, source->manifest_id, &source->about,
                          sboms->records, source->documents.n, on_put, sboms);
}

/* --- read --- */

/* Once, when it is put down; the reason is kept and shown. */
static void log_refused(const struct source *source, const struct ms_sbom_record *record)
{
    char document[MS_DIGEST_TEXT_MAX], about[MS_DIGEST_TEXT_MAX];
    ms_log(MS_LOG_INFO, "a document is left alone",
           MS_FIELDS(ms_field_c("repository", source->repository),
                     ms_field_c("document", ms_digest_format(document, &record->document)),
                     ms_field_c("about", ms_digest_format(about, &source->about)),
                     ms_field_c("state", ms_sbom_state_text(record->state)),
                     ms_field_c("reason", record->reason)));
}

static void next_document(struct sboms *sboms)
{
    const struct source *source = &sboms->sources[sboms->source];
    const struct ms_sbom_record *record = &sboms->records[sboms->document++];
    if (record->state != MS_SBOM_DONE)
        log_refused(source, record);
    if (record->state == MS_SBOM_TOO_LARGE)
        ms_limit_reached(MS_LIMIT_SBOM);
    read_document(sboms);
}

static void on_read(const struct ms_error *err, const struct ms_sbom_record *record, void *arg)
{
    struct sboms *sboms = arg;
    sboms->reading = NULL;
    if (err != NULL) {
        ms_log(err->status == MS_IO ? MS_LOG_WARN : MS_LOG_DEBUG,
               "an SBOM cannot be read now: later", MS_FIELDS(ms_field_error(err)));
        postpone(sboms);
        return;
    }
    sboms->records[sboms->document] = *record;
    next_document(sboms);
}

static void read_document(struct sboms *sboms)
{
    const struct env *env = sboms->env;
    struct source *source = &sboms->sources[sboms->source];
    if (sboms->document == source->documents.n) {
        put(sboms);
        return;
    }
    const struct sbom_layer *layer = &source->documents.layers[sboms->document];
    uint64_t max_bytes = env->config->contents.sbom_max_bytes;
    if (layer->size > 0 && (uint64_t)layer->size > max_bytes) {
        struct ms_sbom_record *record = &sboms->records[sboms->document];
        *record = (struct ms_sbom_record){.document = layer->digest, .state = MS_SBOM_TOO_LARGE};
        (void)snprintf(record->reason, sizeof(record->reason),
                       "%lld bytes, more than contents.sbom_max", (long long)layer->size);
        next_document(sboms);
        return;
    }
    struct sbom_document_ask ask = {.repository = ms_str(source->repository),
                                    .document = layer->digest,
                                    .about = source->about};
    struct ms_error err;
    sboms->reading = sbom_document_start(env, &ask, on_read, sboms, &err);
    if (sboms->reading == NULL) /* so it is with every document: none is put off for it */
        finish(sboms, &err);
}

/* --- source --- */

static void on_begun(const struct ms_error *err, void *arg)
{
    struct sboms *sboms = arg;
    sboms->call = NULL;
    if (err != NULL)
        finish(sboms, err);
    else
        read_document(sboms);
}

static void next_source(struct sboms *sboms)
{
    if (sboms->source == sboms->n_sources) {
        start(sboms);
        return;
    }
    struct source *source = &sboms->sources[sboms->source];
    sboms->document = 0;
    if (source->repository == NULL)
        postpone(sboms);
    else if (source->documents.n == 0)
        put(sboms);
    else
        sboms->call = ms_store_sbom_begin(sboms->env->store, sboms->env->term, on_begun, sboms);
}

/* --- due --- */

static void on_due_row(const struct ms_sbom_source *due, void *arg)
{
    struct sboms *sboms = arg;
    if (sboms->n_sources == SOURCES_MAX)
        return;
    struct source *source = &sboms->sources[sboms->n_sources++];
    *source = (struct source){.manifest_id = due->manifest_id, .about = due->about};
    if (ms_str_is_absent(due->repository))
        return;
    source->repository = ms_alloc_str(due->repository);
    sbom_manifest_layers(&source->documents, due->manifest);
    if (source->documents.has_more)
        ms_limit_reached(MS_LIMIT_SBOM);
}

static void on_due(const struct ms_error *err, void *arg)
{
    struct sboms *sboms = arg;
    sboms->call = NULL;
    if (err != NULL) {
        finish(sboms, err);
    } else if (sboms->n_sources == 0) {
        count(sboms);
    } else {
        sboms->has_changed = true; /* waiting ones are counted, too */
        next_source(sboms);
    }
}

static void ask_due(struct sboms *sboms)
{
    forget_sources(sboms);
    sboms->call = ms_store_sboms_due(sboms->env->store, SOURCES_MAX, on_due_row, on_due, sboms);
}

/* --- recount --- */

static void on_recounted(const struct ms_error *err, uint64_t last_image, uint64_t generation,
                         void *arg)
{
    struct sboms *sboms = arg;
    sboms->call = NULL;
    if (err != NULL) {
        finish(sboms, err);
        return;
    }
    if (sboms->last_image == 0)
        sboms->round_generation = (int64_t)generation;
    if (last_image == 0)
        sboms->counted_generation = sboms->round_generation;
    sboms->last_image = last_image;
    ask_due(sboms);
}

static void on_forgotten(const struct ms_error *err, uint64_t n, void *arg)
{
    struct sboms *sboms = arg;
    const struct env *env = sboms->env;
    sboms->call = NULL;
    sboms->has_changed |= n > 0;
    if (err != NULL) {
        finish(sboms, err);
    } else if (n > 0) {
        sboms->call =
            ms_store_packages_forget(env->store, env->term, FORGET_MAX, on_forgotten, sboms);
    } else {
        sboms->is_forgotten = true;
        count(sboms);
    }
}

static void start(void *arg)
{
    struct sboms *sboms = arg;
    const struct env *env = sboms->env;
    sboms->is_forgotten &= !env->config->contents.sbom;
    if (sboms->is_forgotten)
        count(sboms);
    else if (!env->config->contents.sbom)
        sboms->call =
            ms_store_packages_forget(env->store, env->term, FORGET_MAX, on_forgotten, sboms);
    else
        sboms->call = ms_store_packages_recount(
            env->store, env->term, sboms->last_image, RECOUNT_MAX,
            sboms->last_image == 0 ? sboms->counted_generation : -1, on_recounted, sboms);
}

/* --- life --- */

void sboms_get_counts(struct sbom_counts *out, const struct sboms *sboms)
{
    *out = sboms->counts;
}

struct sboms *sboms_new(const struct env *env)
{
    struct sboms *sboms = ms_alloc(sizeof(*sboms));
    sboms->env = env;
    sboms->task = periodic_task_new(env, "sboms", start, sboms);
    return sboms;
}

void sboms_free(struct sboms *sboms)
{
    if (sboms == NULL)
        return;
    sboms_end_term(sboms);
    periodic_task_free(sboms->task);
    free(sboms);
}

void sboms_begin_term(struct sboms *sboms)
{
    sboms->last_image = 0;
    sboms->counted_generation = -1;
    sboms->has_changed = true;
    sboms->is_forgotten = false;
    periodic_task_begin(sboms->task, RUN_EVERY_MS, RUN_EVERY_MS);
}

void sboms_end_term(struct sboms *sboms)
{
    periodic_task_end(sboms->task);
    ms_store_call_cancel(sboms->call);
    sbom_document_cancel(sboms->reading);
    sboms->call = NULL;
    sboms->reading = NULL;
    forget_sources(sboms);
}
