/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See documents.h. Batches, each: read what old documents were made from, make new ones, store
 * them; when there are no more, the end is put down and readers hear of it. Events and scans go on
 * between the batches. What this version cannot read keeps the document that it has.
 */
#include "writer/upkeep/documents.h"

#include "common/base/alloc.h"
#include "common/runtime/log.h"
#include "writer/env.h"
#include "writer/parse/manifest.h"
#include "writer/store/store.h"
#include "writer/upkeep/periodic_task.h"

#include <stdlib.h>

enum { DOCUMENTS_AGAIN_MS = 60 * 1000, DOCUMENTS_BATCH_MAX = 64 };

struct documents {
    const struct env *env;
    struct periodic_task *task;
    struct ms_store_call *call;
    struct ms_arena *arena; /* of the batch */
    struct ms_new_document batch[DOCUMENTS_BATCH_MAX];
    size_t n;
    uint64_t last_id; /* of the run */
    uint64_t made, kept;
    bool has_more; /* the batch had a row */
};

static void read_batch(struct documents *documents);

static void finish(struct documents *documents, const struct ms_error *err)
{
    ms_arena_free(documents->arena);
    documents->arena = NULL;
    if (err == NULL)
        periodic_task_end(documents->task); /* until the next term */
    else
        periodic_task_done(documents->task, err);
}

/* --- end --- */

static void on_ended(const struct ms_error *err, void *arg)
{
    struct documents *documents = arg;
    documents->call = NULL;
    if (err == NULL && documents->made + documents->kept > 0)
        ms_log(MS_LOG_INFO, "documents made again",
               MS_FIELDS(ms_field_u64("made", documents->made),
                         ms_field_u64("kept", documents->kept)));
    finish(documents, err);
}

/* --- put --- */

static void on_put(const struct ms_error *err, void *arg)
{
    struct documents *documents = arg;
    documents->call = NULL;
    if (err != NULL) {
        finish(documents, err);
        return;
    }
    documents->made += documents->n;
    read_batch(documents);
}

/* --- read --- */

static enum ms_status parse(struct ms_manifest_record *out, struct ms_arena *scratch,
                            const struct ms_old_document *old, struct ms_error *err)
{
    bool wants_config = false;
    enum ms_status status =
        manifest_parse(out, &wants_config, scratch, old->raw, old->media_type, &old->digest, err);
    if (status != MS_OK || !wants_config)
        return status;
    if (ms_str_is_absent(old->config_raw))
        return ms_error_set(err, MS_NOT_FOUND, "its configuration is not stored");
    return manifest_add_config(out, scratch, old->config_raw, err);
}

static void keep_document(struct documents *documents, const struct ms_manifest_record *record)
{
    struct ms_new_document *made = &documents->batch[documents->n++];
    *made = (struct ms_new_document){.digest = record->digest};
    made->document = ms_arena_dup(documents->arena, record->document);
    if (ms_str_is_absent(record->config_document))
        return;
    made->config_digest = record->config_digest;
    made->config_document = ms_arena_dup(documents->arena, record->config_document);
}

static void on_old(const struct ms_old_document *old, void *arg)
{
    struct documents *documents = arg;
    struct ms_error err;
    struct ms_manifest_record record;
    struct ms_arena *scratch = ms_arena_new(MANIFEST_ARENA_BYTES);
    documents->has_more = true;
    documents->last_id = old->id;
    if (documents->n == DOCUMENTS_BATCH_MAX || parse(&record, scratch, old, &err) != MS_OK)
        documents->kept++;
    else
        keep_document(documents, &record);
    ms_arena_free(scratch);
}

static void on_read(const struct ms_error *err, void *arg)
{
    struct documents *documents = arg;
    documents->call = NULL;
    if (err != NULL)
        finish(documents, err);
    else if (documents->n > 0)
        documents->call = ms_store_documents_put(documents->env->store, documents->env->term,
                                                 documents->batch, documents->n, on_put, documents);
    else if (documents->has_more)
        read_batch(documents);
    else
        documents->call = ms_store_documents_end(documents->env->store, documents->env->term,
                                                 documents->made > 0, on_ended, documents);
}

static void read_batch(struct documents *documents)
{
    ms_arena_free(documents->arena);
    documents->arena = ms_arena_new(MANIFEST_ARENA_BYTES);
    documents->n = 0;
    documents->has_more = false;
    documents->call = ms_store_documents_old(documents->env->store, documents->last_id, on_old,
                                             on_read, documents);
}

/* --- the run --- */

static void start(void *arg)
{
    struct documents *documents = arg;
    documents->last_id = documents->made = documents->kept = 0;
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
    ms_store_call_cancel(documents->call);
    documents->call = NULL;
    ms_arena_free(documents->arena);
    documents->arena = NULL;
}
