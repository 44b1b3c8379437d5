/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sbom_document.h. The steps of a document:
 *
 *   fetch   the blob into a file, at the priority of scans
 *   read    a piece of the file through the parser, which gives packages and subjects
 *   stage   the packages of the pieces so far, when they are enough; then the next piece
 *   judge   at the end: is it whole, and about the image?
 *   stage   the materials, of provenance
 *
 * Each piece is a turn of the loop: events go on between them.
 */
#include "writer/upkeep/sbom_document.h"

#include "common/base/alloc.h"
#include "common/base/arena.h"
#include "common/base/refname.h"
#include "common/base/unnamed_file.h"
#include "common/config/config.h"
#include "writer/env.h"
#include "writer/parse/sbom.h"
#include "writer/registry/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    PIECE_BYTES = 32 * 1024,
    BATCH_ENOUGH = 1000,
    BATCH_MAX = BATCH_ENOUGH + PIECE_BYTES / 8, /* a package is longer than 8 bytes */
    ARENA_MAX_BYTES = 16 * 1024 * 1024
};

struct sbom_document {
    const struct env *env;
    char repository[MS_REPOSITORY_NAME_MAX + 1];
    struct ms_digest about;
    struct ms_sbom_record record;
    int file;
    struct sbom *sbom;
    bool is_about;                 /* a subject of the statement is the image */
    struct ms_arena *arena, *kept; /* of the batch; of the materials */
    struct ms_package_record batch[BATCH_MAX];
    size_t n_batch;
    struct ms_material_record materials[SBOM_MATERIALS_MAX]; /* their URIs are kept */
    size_t n_materials;
    bool is_at_end;

    struct registry_call *call; /* what is under way, one of these three */
    struct ms_store_call *store_call;
    struct ms_timer *next;

    sbom_document_done *on_done;
    void *arg;
};

static void on_next(void *arg);

/* --- the end --- */

void sbom_document_cancel(struct sbom_document *reading)
{
    if (reading == NULL)
        return;
    registry_call_cancel(reading->call);
    ms_store_call_cancel(reading->store_call);
    ms_timer_free(reading->next);
    sbom_free(reading->sbom);
    ms_arena_free(reading->arena);
    ms_arena_free(reading->kept);
    if (reading->file >= 0)
        close(reading->file);
    ms_loop_defer_free(reading->env->loop, reading);
}

static void end(struct sbom_document *reading, const struct ms_error *err)
{
    reading->on_done(err, &reading->record, reading->arg);
    sbom_document_cancel(reading);
}

static void refuse(struct sbom_document *reading, enum ms_sbom_state state, const char *reason)
{
    reading->record.state = state;
    (void)snprintf(reading->record.reason, sizeof(reading->record.reason), "%s", reason);
    end(reading, NULL);
}

/* --- judge --- */

static void refuse_by(struct sbom_document *reading, const struct ms_error *err)
{
    refuse(reading, err->status == MS_TOO_LARGE ? MS_SBOM_TOO_LARGE : MS_SBOM_MALFORMED, err->text);
}

static void on_materials(const struct ms_error *err, void *arg)
{
    struct sbom_document *reading = arg;
    reading->store_call = NULL;
    end(reading, err);
}

static void judge(struct sbom_document *reading)
{
    struct ms_error err;
    struct sbom_totals totals;
    if (sbom_end(&totals, reading->sbom, &err) != MS_OK) {
        refuse_by(reading, &err);
    } else if (totals.subjects > 0 && !reading->is_about) {
        refuse(reading, MS_SBOM_ABOUT_OTHER, "its statement names another subject");
    } else {
        reading->record.state = MS_SBOM_DONE;
        reading->record.left_out = totals.left_out;
        reading->record.is_provenance = totals.is_provenance;
        if (totals.is_provenance && reading->n_materials > 0)
            reading->store_call = ms_store_sbom_materials(
                reading->env->store, reading->env->term, &reading->record.document,
                reading->materials, reading->n_materials, on_materials, reading);
        else
            end(reading, NULL);
    }
}

/* --- read and stage --- */

static void on_package(const struct sbom_package *package, void *arg)
{
    struct sbom_document *reading = arg;
    struct ms_arena *arena = reading->arena;
    if (reading->n_batch == BATCH_MAX)
        return;
    reading->batch[reading->n_batch++] =
        (struct ms_package_record){.name = ms_arena_dup(arena, package->name),
                                   .version = ms_arena_dup(arena, package->version),
                                   .type = ms_arena_dup(arena, package->type),
                                   .purl = ms_arena_dup(arena, package->purl)};
}

static void on_subject(const struct ms_digest *digest, void *arg)
{
    struct sbom_document *reading = arg;
    reading->is_about |= ms_digest_equal(digest, &reading->about);
}

static void on_material(const struct sbom_material *material, void *arg)
{
    struct sbom_document *reading = arg;
    if (reading->n_materials == SBOM_MATERIALS_MAX)
        return;
    reading->materials[reading->n_materials++] = (struct ms_material_record){
        .digest = material->digest, .uri = ms_arena_dup(reading->kept, material->uri)};
}

static void on_staged(const struct ms_error *err, void *arg)
{
    struct sbom_document *reading = arg;
    reading->store_call = NULL;
    ms_arena_free(reading->arena);
    reading->arena = ms_arena_new(ARENA_MAX_BYTES);
    reading->n_batch = 0;
    if (err != NULL)
        end(reading, err);
    else if (reading->is_at_end)
        judge(reading);
    else
        on_next(reading);
}

static void on_next(void *arg)
{
    struct sbom_document *reading = arg;
    const struct env *env = reading->env;
    char piece[PIECE_BYTES];
    struct ms_error err;
    ssize_t n = read(reading->file, piece, sizeof(piece));
    if (n < 0) {
        (void)ms_error_set(&err, MS_IO, "a document cannot be read back: %s", strerror(errno));
        end(reading, &err);
        return;
    }
    reading->is_at_end = n == 0;
    if (n > 0 && sbom_write(reading->sbom, ms_str_n(piece, (size_t)n), &err) != MS_OK)
        refuse_by(reading, &err);
    else if (reading->n_batch >= BATCH_ENOUGH || (reading->is_at_end && reading->n_batch > 0))
        reading->store_call =
            ms_store_sbom_stage(env->store, env->term, &reading->record.document, reading->batch,
                                reading->n_batch, on_staged, reading);
    else if (reading->is_at_end)
        judge(reading);
    else
        ms_timer_start(reading->next, 0);
}

/* --- fetch --- */

static void on_saved(const struct registry_reply *reply, void *arg)
{
    struct sbom_document *reading = arg;
    struct ms_error err;
    reading->call = NULL;
    if (reply->outcome == REGISTRY_FOUND && lseek(reading->file, 0, SEEK_SET) == 0) {
        on_next(reading);
    } else if (reply->outcome == REGISTRY_ABSENT) {
        refuse(reading, MS_SBOM_GONE, "the registry does not have it");
    } else if (reply->outcome == REGISTRY_UNREADABLE) {
        refuse(reading, reply->error->status == MS_TOO_LARGE ? MS_SBOM_TOO_LARGE : MS_SBOM_GONE,
               reply->error->text);
    } else if (reply->error != NULL) {
        end(reading, reply->error);
    } else {
        (void)ms_error_set(&err, MS_IO, "a document cannot be read back: %s", strerror(errno));
        end(reading, &err);
    }
}

struct sbom_document *sbom_document_start(const struct env *env,
                                          const struct sbom_document_ask *ask,
                                          sbom_document_done *on_done, void *arg,
                                          struct ms_error *err)
{
    static const struct sbom_events EVENTS = {
        .on_package = on_package, .on_subject = on_subject, .on_material = on_material};
    int file = ms_unnamed_file(env->config->cache.spool_dir);
    if (file < 0) {
        (void)ms_error_set(err, MS_IO, "cache.spool_dir %s: %s", env->config->cache.spool_dir,
                           strerror(errno));
        return NULL;
    }
    struct sbom_document *reading = ms_alloc(sizeof(*reading));
    reading->env = env;
    (void)snprintf(reading->repository, sizeof(reading->repository), "%.*s",
                   MS_STR_ARG(ask->repository));
    reading->record.document = ask->document;
    reading->about = ask->about;
    reading->on_done = on_done;
    reading->arg = arg;
    reading->sbom = sbom_new(&EVENTS, reading);
    reading->arena = ms_arena_new(ARENA_MAX_BYTES);
    reading->kept = ms_arena_new(ARENA_MAX_BYTES);
    reading->file = file;
    reading->next = ms_timer_new(env->loop, on_next, reading);
    reading->call = registry_save_blob(
        env->registry, REGISTRY_SCAN, ms_str(reading->repository), &reading->record.document,
        env->config->contents.sbom_max_bytes, reading->file, on_saved, reading);
    return reading;
}
