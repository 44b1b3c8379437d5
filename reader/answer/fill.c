/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From rows to an entry. Always:
 * what is in `result.body` comes behind what is in `file`.
 */
#include "reader/answer/fill.h"

#include "common/base/clock.h"
#include "common/runtime/limit.h"
#include "reader/answer/cache.h"
#include "reader/reader.h"

#include <stdio.h>
#include <string.h>

enum {
    SPILL_FROM_BYTES = 1024 * 1024, /* a larger body goes to disk */
    SPILL_PIECE_BYTES = 64 * 1024,  /* … in pieces of at least this */
    COUNTS_LIVE_MS = 60 * 1000,
    TAIL_MAX = 64
};

void fill_init(struct fill *fill, struct reader *reader, const struct answer_spec *spec,
               void *builder_state)
{
    *fill = (struct fill){.reader = reader, .spec = spec, .builder_state = builder_state};
    ms_buf_init(&fill->result.body, ANSWER_BODY_MAX);
    ms_buf_init(&fill->result.link, ANSWER_LINK_MAX);
}

void fill_release(struct fill *fill)
{
    ms_buf_free(&fill->result.body);
    ms_buf_free(&fill->result.link);
    spool_file_unref(fill->file);
    fill->file = NULL;
}

void fill_begin(struct fill *fill)
{
    const struct answer_spec *spec = fill->spec;
    fill->result.status = 200;
    fill->result.content_type = spec->content_type;
    fill->result.untagged = 0;
    fill->result.is_nothing = false;
    ms_buf_clear(&fill->result.body);
    ms_buf_clear(&fill->result.link);
    spool_file_unref(fill->file);
    fill->file = NULL;
    fill->has_snapshot = false;
    if (spec->state_bytes > 0)
        memcpy(fill->builder_state, spec->state, spec->state_bytes);
}

/* --- to disk --- */

/* Without the answer's first bytes and its last, if they say only when it was made. */
static struct ms_str tagged_part(const struct fill *fill, size_t untagged_end)
{
    struct ms_str body = ms_buf_view(&fill->result.body);
    size_t begin =
        fill->file == NULL || spool_file_bytes(fill->file) == 0 ? fill->result.untagged : 0;
    return ms_str_slice(body, begin, body.len - untagged_end);
}

/* Drops what was kept longest when the disk's share is used up. */
static enum ms_status append_to_file(struct fill *fill, size_t untagged_end, struct ms_error *err)
{
    struct ms_str tagged = tagged_part(fill, untagged_end);
    enum ms_status status;
    do
        status = spool_file_append(fill->file, ms_buf_view(&fill->result.body), err);
    while (status == MS_TOO_LARGE && cache_drop_oldest(fill->reader->large));
    if (status == MS_TOO_LARGE)
        ms_limit_reached(MS_LIMIT_SPOOL_BYTES);
    if (status != MS_OK)
        return status;
    spool_file_tag(fill->file, tagged);
    ms_buf_clear(&fill->result.body);
    return MS_OK;
}

static enum ms_status spill(struct fill *fill, struct ms_error *err)
{
    size_t least = fill->file == NULL ? SPILL_FROM_BYTES : SPILL_PIECE_BYTES;
    if (fill->result.body.len < least)
        return MS_OK;
    if (fill->file == NULL) {
        enum ms_status status = spool_file_new(&fill->file, fill->reader->spool, err);
        if (status != MS_OK)
            return status;
    }
    return append_to_file(fill, 0, err);
}

/* --- rows --- */

static enum ms_status check_body(const struct fill *fill, struct ms_error *err)
{
    if (ms_buf_status(&fill->result.body) == MS_OK && ms_buf_status(&fill->result.link) == MS_OK)
        return MS_OK;
    ms_limit_reached(MS_LIMIT_ANSWER_SIZE);
    return ms_error_set(err, MS_TOO_LARGE, "a part of the answer is too large");
}

static enum ms_status read_snapshot(struct fill *fill, const struct ms_str *columns,
                                    size_t n_columns, struct ms_error *err)
{
    if (n_columns == 0 || ms_str_to_u64(&fill->snapshot, columns[0]) != MS_OK)
        return ms_error_set(err, MS_PROTOCOL, "a row without a generation");
    fill->has_snapshot = true;
    return MS_OK;
}

enum ms_status fill_take_row(struct fill *fill, const struct ms_str *columns, size_t n_columns,
                             uint64_t floor, struct ms_error *err)
{
    enum ms_status status = MS_OK;
    if (!fill->has_snapshot)
        status = read_snapshot(fill, columns, n_columns, err);
    if (status != MS_OK || fill->snapshot < floor)
        return status;
    fill->spec->on_row(&fill->result, columns + 1, n_columns - 1, fill->builder_state);
    status = check_body(fill, err);
    return status == MS_OK ? spill(fill, err) : status;
}

/* --- the end --- */

/* A body that ends with its own generation is the same answer as with another one: its ETag is made
 * without it, so that a result which did not change keeps being answered 304. */
static size_t untagged_end(const struct fill *fill)
{
    char end[TAIL_MAX];
    int len =
        snprintf(end, sizeof(end), ",\"generation\":%llu}", (unsigned long long)fill->snapshot);
    struct ms_str tail = ms_str_n(end, (size_t)len);
    return ms_str_ends_with(ms_buf_view(&fill->result.body), tail) ? tail.len : 0;
}

static enum ms_status make_file(struct spool_file **out, struct fill *fill, struct ms_error *err)
{
    if (fill->result.status != 200)
        return ms_error_set(err, MS_PROTOCOL, "a large answer of status %d", fill->result.status);
    enum ms_status status = MS_OK;
    if (fill->file == NULL)
        status = spool_file_new(&fill->file, fill->reader->spool, err);
    if (status == MS_OK)
        status = append_to_file(fill, untagged_end(fill), err);
    if (status != MS_OK)
        return status;
    spool_file_finish(fill->file, fill->result.content_type);
    *out = fill->file;
    fill->file = NULL;
    return MS_OK;
}

static void make_entity(struct ms_http_entity *out, struct fill *fill)
{
    struct answer_result *result = &fill->result;
    struct ms_str tagged = tagged_part(fill, untagged_end(fill)); /* stays in its place */
    ms_http_entity_init_tagged(out, result->status, result->content_type,
                               ms_doc_take(&result->body), tagged);
}

enum ms_status fill_finish(struct cache_entry *out, struct fill *fill, struct ms_error *err)
{
    struct answer_result *result = &fill->result;
    struct cache_entry entry = {.generation = fill->snapshot};
    if (!fill->has_snapshot)
        return ms_error_set(err, MS_PROTOCOL, "a query without a row");
    if (fill->spec->on_finish != NULL)
        fill->spec->on_finish(result, fill->builder_state);
    enum ms_status status = check_body(fill, err);
    if (status == MS_OK && (fill->file != NULL || result->body.len >= SPILL_FROM_BYTES))
        status = make_file(&entry.file, fill, err);
    else if (status == MS_OK)
        make_entity(&entry.entity, fill);
    if (status != MS_OK)
        return status;
    if (result->link.len > 0)
        entry.link = ms_doc_take(&result->link);
    entry.is_nothing = result->is_nothing;
    if (fill->spec->shows_counts)
        entry.expires_ms = ms_clock_mono_ms() + COUNTS_LIVE_MS;
    *out = entry;
    return MS_OK;
}
