/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the database knows already: tags, manifests, configurations, repositories. Reads only.
 */
#include "writer/store/call.h"

MS_STORE_STATEMENT(write_tags_after);
MS_STORE_STATEMENT(write_tags_named);
MS_STORE_STATEMENT(write_tags_on);
MS_STORE_STATEMENT(write_manifests_known);
MS_STORE_STATEMENT(write_configs_known);
MS_STORE_STATEMENT(write_repositories_after);
MS_STORE_STATEMENT(write_held_digests);

/* --- tags --- */

static void on_tag(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct rows_call *call = (struct rows_call *)base;
    (void)step;
    struct ms_known_tag tag = {
        .name = row->columns[0],
        .digest = row_digest(row, 1),
        .readable = row_bool(row, 2),
        .event_time_ms = row_i64(row, 3),
        .is_index = row_bool(row, 4),
        .is_unreadable = row_bool(row, 5),
    };
    call->on_row.tag(&tag, call->arg);
}

struct ms_store_call *ms_store_tags_after(struct ms_store_writer *store, struct ms_str repository,
                                          struct ms_str after, size_t limit,
                                          ms_store_known_tag_row *on_row, ms_store_done *done,
                                          void *arg)
{
    struct rows_call *call = ms_store_call_rows(store, &write_tags_after, on_tag, done, arg);
    call->on_row.tag = on_row;
    ms_store_call_text(&call->base, repository);
    ms_store_call_text(&call->base, ms_str_is_absent(after) ? MS_STR("") : after);
    ms_store_call_u64(&call->base, limit);
    return ms_store_call_start(&call->base);
}

struct ms_store_call *ms_store_tags_named(struct ms_store_writer *store, struct ms_str repository,
                                          const struct ms_str *names, size_t n_names,
                                          ms_store_known_tag_row *on_row, ms_store_done *done,
                                          void *arg)
{
    struct rows_call *call = ms_store_call_rows(store, &write_tags_named, on_tag, done, arg);
    call->on_row.tag = on_row;
    ms_store_call_text(&call->base, repository);
    ms_store_call_texts(&call->base, names, n_names);
    return ms_store_call_start(&call->base);
}

static void on_tag_name(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct rows_call *call = (struct rows_call *)base;
    (void)step;
    call->on_row.tag_name(row->columns[0], call->arg);
}

struct ms_store_call *ms_store_tags_on(struct ms_store_writer *store, struct ms_str repository,
                                       const struct ms_digest *digests, size_t n_digests,
                                       size_t limit, ms_store_tag_name_row *on_row,
                                       ms_store_done *done, void *arg)
{
    struct rows_call *call = ms_store_call_rows(store, &write_tags_on, on_tag_name, done, arg);
    call->on_row.tag_name = on_row;
    ms_store_call_text(&call->base, repository);
    ms_store_call_digests(&call->base, digests, n_digests);
    ms_store_call_u64(&call->base, limit);
    return ms_store_call_start(&call->base);
}

/* --- contents --- */

static void on_manifest(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct rows_call *call = (struct rows_call *)base;
    (void)step;
    struct ms_known_manifest manifest = {
        .digest = row_digest(row, 0),
        .is_stored = row_bool(row, 1),
        .is_held = row_bool(row, 2),
        .is_unreadable = row_bool(row, 3),
    };
    call->on_row.manifest(&manifest, call->arg);
}

struct ms_store_call *ms_store_manifests_known(struct ms_store_writer *store,
                                               struct ms_str repository,
                                               const struct ms_digest *digests, size_t n_digests,
                                               ms_store_known_manifest_row *on_row,
                                               ms_store_done *done, void *arg)
{
    struct rows_call *call =
        ms_store_call_rows(store, &write_manifests_known, on_manifest, done, arg);
    call->on_row.manifest = on_row;
    ms_store_call_text(&call->base, repository);
    ms_store_call_digests(&call->base, digests, n_digests);
    return ms_store_call_start(&call->base);
}

static void on_config(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct rows_call *call = (struct rows_call *)base;
    struct ms_digest digest;
    (void)step;
    if (ms_digest_from_bytes(&digest, row->columns[0]) == MS_OK)
        call->on_row.config(&digest, row->columns[1], call->arg);
}

struct ms_store_call *ms_store_configs_known(struct ms_store_writer *store,
                                             const struct ms_digest *digests, size_t n_digests,
                                             ms_store_config_row *on_row, ms_store_done *done,
                                             void *arg)
{
    struct rows_call *call = ms_store_call_rows(store, &write_configs_known, on_config, done, arg);
    call->on_row.config = on_row;
    call->base.binary_results = true;
    ms_store_call_digests(&call->base, digests, n_digests);
    return ms_store_call_start(&call->base);
}

/* --- repositories --- */

static void on_repository(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct rows_call *call = (struct rows_call *)base;
    (void)step;
    call->on_row.repository(row->columns[0], call->arg);
}

struct ms_store_call *ms_store_repositories_after(struct ms_store_writer *store,
                                                  struct ms_str after, size_t limit,
                                                  ms_store_repository_row *on_row,
                                                  ms_store_done *done, void *arg)
{
    struct rows_call *call =
        ms_store_call_rows(store, &write_repositories_after, on_repository, done, arg);
    call->on_row.repository = on_row;
    ms_store_call_text(&call->base, ms_str_is_absent(after) ? MS_STR("") : after);
    ms_store_call_u64(&call->base, limit);
    return ms_store_call_start(&call->base);
}

static void on_digest(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct rows_call *call = (struct rows_call *)base;
    struct ms_digest digest = row_digest(row, 0);
    (void)step;
    call->on_row.digest(&digest, call->arg);
}

struct ms_store_call *ms_store_held_digests(struct ms_store_writer *store, struct ms_str repository,
                                            size_t limit, ms_store_digest_row *on_row,
                                            ms_store_done *done, void *arg)
{
    struct rows_call *call = ms_store_call_rows(store, &write_held_digests, on_digest, done, arg);
    call->on_row.digest = on_row;
    ms_store_call_text(&call->base, repository);
    ms_store_call_u64(&call->base, limit);
    return ms_store_call_start(&call->base);
}
