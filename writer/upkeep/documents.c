/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See documents.h. In batches, each in order:
 *
 *   read    what some old contents were made from; parse it
 *   fetch   (where this version reads a configuration that the one before did not) ask the registry
 *   put     store what was read in the place of the old, and count it anew
 *
 * When there are no more, the end is put down and readers hear of it. Events and scans go on
 * between the batches. What was put is of this version and not read again, whenever a run ends.
 * What this version cannot read, or the database refuses, stays as it is.
 */
#include "writer/upkeep/documents.h"

#include "common/base/alloc.h"
#include "common/runtime/log.h"
#include "writer/env.h"
#include "writer/parse/manifest.h"
#include "writer/registry/client.h"
#include "writer/store/store.h"
#include "writer/sync/write.h"
#include "writer/upkeep/periodic_task.h"

#include <stdlib.h>

enum { DOCUMENTS_AGAIN_MS = 60 * 1000 };

struct old_content {
    struct ms_arena *arena; /* of all that follows */
    struct ms_manifest_record record;
    struct ms_str repository; /* where its configuration is to be had; absent: it is there */
};

struct documents {
    const struct env *env;
    struct periodic_task *task;
    struct ms_store_call *store_call;
    struct registry_call *call;
    struct old_content batch[MS_OLD_DOCUMENTS_MAX];
    size_t n;
    size_t next;          /* of the batch: to be fetched, then to be put */
    size_t n_putting;     /* from there on */
    bool is_one_by_one;   /* the database refused some of this batch */
    bool has_more;        /* the batch had a row */
    uint64_t last_id;     /* of the run */
    uint64_t made, kept;  /* of the run */
    struct ms_error away; /* a configuration could not be asked for: the run is to be repeated */
};

static void read_batch(struct documents *documents);
static void fetch_next(struct documents *documents);
static void put_next(struct documents *documents);

static void drop_batch(struct documents *documents)
{
    for (size_t i = 0; i < documents->n; i++)
        ms_arena_free(documents->batch[i].arena);
    documents->n = documents->next = 0;
    documents->is_one_by_one = false;
}

static void finish(struct documents *documents, const struct ms_error *err)
{
    drop_batch(documents);
    if (err == NULL)
        periodic_task_end(documents->task); /* until the next term */
    else
        periodic_task_done(documents->task, err);
}

/* --- end --- */

static void on_ended(const struct ms_error *err, void *arg)
{
    struct documents *documents = arg;
    documents->store_call = NULL;
    if (err == NULL && documents->made + documents->kept > 0)
        ms_log(MS_LOG_INFO, "contents made again",
               MS_FIELDS(ms_field_u64("made", documents->made),
                         ms_field_u64("kept", documents->kept)));
    finish(documents, err);
}

static void end(struct documents *documents)
{
    if (documents->away.status != MS_OK)
        finish(documents, &documents->away);
    else
        documents->store_call = ms_store_documents_end(documents->env->store, documents->env->term,
                                                       documents->made > 0, on_ended, documents);
}

/* --- put --- */

static void on_put(const struct ms_error *err, void *arg)
{
    struct documents *documents = arg;
    bool is_refused = err != NULL && ms_store_is_refusal(err);
    documents->store_call = NULL;
    if (err != NULL && !is_refused) {
        finish(documents, err);
        return;
    }
    if (is_refused && documents->n_putting > 1) {
        documents->is_one_by_one = true;
        put_next(documents);
        return;
    }
    documents->made += is_refused ? 0 : documents->n_putting;
    documents->kept += is_refused;
    documents->next += documents->n_putting;
    put_next(documents);
}

static void put_next(struct documents *documents)
{
    struct ms_manifest_record records[MS_OLD_DOCUMENTS_MAX];
    size_t left = documents->n - documents->next;
    if (left == 0) {
        read_batch(documents);
        return;
    }
    documents->n_putting = documents->is_one_by_one ? 1 : left;
    for (size_t i = 0; i < documents->n_putting; i++)
        records[i] = documents->batch[documents->next + i].record;
    documents->store_call =
        ms_store_contents_remake(documents->env->store, documents->env->term, records,
                                 documents->n_putting, on_put, documents);
}

/* --- fetch --- */

static void leave_out(struct documents *documents, size_t place)
{
    ms_arena_free(documents->batch[place].arena);
    documents->n--;
    documents->batch[place] = documents->batch[documents->n];
    documents->kept++;
}

static enum ms_status add_config(struct old_content *old, struct ms_str raw, struct ms_error *err)
{
    struct ms_str kept;
    if (ms_arena_copy(&kept, old->arena, raw) != MS_OK)
        return ms_error_set(err, MS_TOO_LARGE, "the configuration is too large");
    return manifest_add_config(&old->record, old->arena, kept, err);
}

static void on_config(const struct registry_reply *reply, void *arg)
{
    struct documents *documents = arg;
    struct ms_error err;
    documents->call = NULL;
    if (reply->outcome == REGISTRY_FAILED)
        documents->away = *reply->error;
    if (reply->outcome == REGISTRY_FOUND &&
        add_config(&documents->batch[documents->next], reply->body, &err) == MS_OK)
        documents->next++;
    else
        leave_out(documents, documents->next);
    fetch_next(documents);
}

static void fetch_next(struct documents *documents)
{
    while (documents->next < documents->n &&
           ms_str_is_absent(documents->batch[documents->next].repository))
        documents->next++;
    if (documents->next == documents->n) {
        documents->next = 0;
        put_next(documents);
        return;
    }
    const struct old_content *old = &documents->batch[documents->next];
    documents->call =
        registry_get_blob(documents->env->registry, REGISTRY_SCAN, old->repository,
                          &old->record.config_digest, REGISTRY_CONFIG_MAX, on_config, documents);
}

/* --- read --- */

static enum ms_status parse(struct old_content *out, const struct ms_old_document *old,
                            struct ms_error *err)
{
    bool wants_config = false;
    enum ms_status status =
        manifest_parse(&out->record, &wants_config, out->arena, ms_arena_dup(out->arena, old->raw),
                       ms_arena_dup(out->arena, old->media_type), &old->digest, err);
    if (status != MS_OK || !wants_config)
        return status;
    if (!ms_str_is_absent(old->config_raw))
        return add_config(out, old->config_raw, err);
    if (ms_str_is_absent(old->repository))
        return ms_error_set(err, MS_NOT_FOUND, "its configuration is not stored");
    out->repository = ms_arena_dup(out->arena, old->repository);
    return MS_OK;
}

static void on_old(const struct ms_old_document *old, void *arg)
{
    struct documents *documents = arg;
    struct ms_error err;
    documents->has_more = true;
    documents->last_id = old->id;
    if (documents->n == MS_OLD_DOCUMENTS_MAX)
        return; /* as many as were asked for */
    struct old_content *place = &documents->batch[documents->n++];
    *place = (struct old_content){.arena = ms_arena_new(MANIFEST_ARENA_BYTES)};
    if (parse(place, old, &err) != MS_OK)
        leave_out(documents, documents->n - 1);
}

static void on_read(const struct ms_error *err, void *arg)
{
    struct documents *documents = arg;
    documents->store_call = NULL;
    if (err != NULL)
        finish(documents, err);
    else if (documents->has_more)
        fetch_next(documents);
    else
        end(documents);
}

static void read_batch(struct documents *documents)
{
    drop_batch(documents);
    documents->has_more = false;
    documents->store_call = ms_store_documents_old(documents->env->store, documents->last_id,
                                                   on_old, on_read, documents);
}

/* --- the run --- */

static void start(void *arg)
{
    struct documents *documents = arg;
    documents->last_id = documents->made = documents->kept = 0;
    documents->away = (struct ms_error){.status = MS_OK};
    read_batch(documents);
}

struct documents *documents_new(const struct env *env)
{
    struct documents *documents = ms_alloc(sizeof(*documents));
    documents->env = env;
    documents->task = periodic_task_new(env, "documents", start, documents);
    return documents;
}

void documents_free(struct documents *documents)
{
    if (documents == NULL)
        return;
    documents_end_term(documents);
    periodic_task_free(documents->task);
    free(documents);
}

void documents_begin_term(struct documents *documents)
{
    periodic_task_begin(documents->task, 0, DOCUMENTS_AGAIN_MS);
}

void documents_end_term(struct documents *documents)
{
    periodic_task_end(documents->task);
    ms_store_call_cancel(documents->store_call);
    registry_call_cancel(documents->call);
    documents->store_call = NULL;
    documents->call = NULL;
    drop_batch(documents);
}
