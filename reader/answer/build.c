/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From rows to an entry. Always: what is in `result.body` comes behind what is in `file`.
 */
#include "reader/answer/build.h"

#include "common/base/clock.h"
#include "common/runtime/limit.h"

#include <string.h>

enum {
    SPOOL_FROM_BYTES = 1024 * 1024, /* a larger body goes to disk */
    SPOOL_PIECE_BYTES = 64 * 1024,  /* … in pieces of at least this */
    COUNTS_LIVE_MS = 60 * 1000
};

void build_init(struct build *build, const struct caches *caches, const struct answer_query *query,
                void *builder_state)
{
    *build = (struct build){.caches = caches, .query = query, .builder_state = builder_state};
    ms_buf_init(&build->result.body, ANSWER_BODY_MAX);
    ms_buf_init(&build->result.link, ANSWER_LINK_MAX);
}

void build_release(struct build *build)
{
    ms_buf_free(&build->result.body);
    ms_buf_free(&build->result.link);
    spool_file_unref(build->file);
    build->file = NULL;
}

enum ms_status build_begin(struct build *build, struct ms_error *err)
{
    struct answer_result *result = &build->result;
    struct ms_buf body = result->body, link = result->link;
    ms_buf_clear(&body);
    ms_buf_clear(&link);
    *result = (struct answer_result){
        .status = 200, .content_type = build->query->content_type, .body = body, .link = link};
    spool_file_unref(build->file);
    build->file = NULL;
    if (build->query->state_bytes > 0)
        memcpy(build->builder_state, build->query->state, build->query->state_bytes);
    if (!build->query->is_large)
        return MS_OK;
    return spool_file_new(&build->file, build->caches->spool, SPOOL_FROM_BYTES, err);
}

/* --- to disk --- */

static bool is_in_memory(const struct build *build)
{
    return build->file == NULL || spool_file_bytes(build->file) == 0;
}

/* The part of the body in memory that the ETag is made from. */
static struct ms_str tagged_part(const struct build *build)
{
    const struct answer_result *result = &build->result;
    struct ms_str body = ms_buf_view(&result->body);
    bool is_start = is_in_memory(build);
    return ms_str_slice(body, is_start ? result->untagged : 0, body.len - result->untagged_end);
}

/* Moves the body to the file. */
static enum ms_status move_to_file(struct build *build, struct ms_error *err)
{
    enum ms_status status = MS_OK;
    if (build->file == NULL)
        status = spool_file_new(&build->file, build->caches->spool, 0, err);
    if (status != MS_OK)
        return status;
    struct ms_str tagged = tagged_part(build);
    status = spool_file_append(build->file, ms_buf_view(&build->result.body), err);
    if (status != MS_OK)
        return status;
    spool_file_tag(build->file, tagged);
    ms_buf_clear(&build->result.body);
    build->result.untagged_end = 0;
    return MS_OK;
}

/* --- rows --- */

static enum ms_status check_size(const struct build *build, struct ms_error *err)
{
    if (ms_buf_status(&build->result.body) == MS_OK && ms_buf_status(&build->result.link) == MS_OK)
        return MS_OK;
    ms_limit_reached(MS_LIMIT_ANSWER_SIZE);
    return ms_error_set(err, MS_TOO_LARGE, "a part of the answer is too large");
}

enum ms_status build_add_row(struct build *build, uint64_t generation, const struct ms_str *columns,
                             size_t n_columns, struct ms_error *err)
{
    build->result.generation = generation;
    build->query->on_row(&build->result, columns, n_columns, build->builder_state);
    enum ms_status status = check_size(build, err);
    size_t at_least = is_in_memory(build) ? SPOOL_FROM_BYTES : SPOOL_PIECE_BYTES;
    if (status == MS_OK && build->result.body.len >= at_least)
        status = move_to_file(build, err);
    return status;
}

/* --- the end --- */

static enum ms_status finish_file(struct cache_entry *entry, struct build *build,
                                  struct ms_error *err)
{
    if (build->result.status != 200)
        return ms_error_set(err, MS_PROTOCOL, "a large answer of status %d", build->result.status);
    enum ms_status status = move_to_file(build, err);
    if (status != MS_OK)
        return status;
    spool_file_finish(build->file, build->result.content_type);
    entry->file = build->file;
    build->file = NULL;
    return MS_OK;
}

enum ms_status build_finish(struct cache_entry *out, struct build *build, struct ms_error *err)
{
    struct answer_result *result = &build->result;
    struct cache_entry entry = {.generation = result->generation};
    if (build->query->on_finish != NULL)
        build->query->on_finish(result, build->builder_state);
    enum ms_status status = check_size(build, err);
    if (status == MS_OK && (!is_in_memory(build) || result->body.len >= SPOOL_FROM_BYTES)) {
        status = finish_file(&entry, build, err);
    } else if (status == MS_OK) {
        struct ms_str tagged = tagged_part(build); /* it stays in its place */
        ms_http_entity_init_tagged(&entry.entity, result->status, result->content_type,
                                   ms_doc_take(&result->body), tagged);
    }
    if (status != MS_OK)
        return status;
    if (result->link.len > 0)
        entry.link = ms_doc_take(&result->link);
    entry.is_nothing = result->is_nothing;
    if (build->query->shows_counts)
        entry.expires_ms = ms_clock_mono_ms() + COUNTS_LIVE_MS;
    *out = entry;
    return MS_OK;
}
