/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SBOM documents and provenance: which are to be read, and what they say.
 */
#include "writer/store/call.h"

MS_STORE_STATEMENT(write_sboms_due);
MS_STORE_STATEMENT(write_sboms_count);
MS_STORE_STATEMENT(write_sbom_begin);
MS_STORE_STATEMENT(write_sbom_stage);
MS_STORE_STATEMENT(write_sbom_materials);
MS_STORE_STATEMENT(write_sbom_put);
MS_STORE_STATEMENT(write_sbom_postpone);
MS_STORE_STATEMENT(write_packages_forget);
MS_STORE_STATEMENT(write_packages_recount);

/* --- what is to be read --- */

static void on_source(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct rows_call *call = (struct rows_call *)base;
    struct ms_sbom_source source = {.manifest = row->columns[2], .repository = row->columns[3]};
    (void)step;
    if (ms_str_to_u64(&source.manifest_id, row->columns[0]) == MS_OK &&
        ms_digest_from_bytes(&source.about, row->columns[1]) == MS_OK)
        call->on_row.sbom_source(&source, call->arg);
}

struct ms_store_call *ms_store_sboms_due(struct ms_store_writer *store, size_t limit,
                                         ms_store_sbom_source_row *on_row, ms_store_done *done,
                                         void *arg)
{
    struct rows_call *call = ms_store_call_rows(store, &write_sboms_due, on_source, done, arg);
    call->on_row.sbom_source = on_row;
    call->base.binary_results = true;
    ms_store_call_u64(&call->base, limit);
    return ms_store_call_start(&call->base);
}

struct ms_store_call *ms_store_sbom_postpone(struct ms_store_writer *store, uint64_t term,
                                             uint64_t manifest_id, const struct ms_digest *about,
                                             ms_store_done *done, void *arg)
{
    struct ms_store_call *base = ms_store_call_plain(store, term, &write_sbom_postpone, done, arg);
    ms_store_call_u64(base, manifest_id);
    ms_store_call_bytes(base, ms_digest_bytes(about));
    return ms_store_call_start(base);
}

/* --- what was read --- */

struct ms_store_call *ms_store_sbom_begin(struct ms_store_writer *store, uint64_t term,
                                          ms_store_done *done, void *arg)
{
    return ms_store_call_start(ms_store_call_plain(store, term, &write_sbom_begin, done, arg));
}

struct ms_store_call *ms_store_sbom_stage(struct ms_store_writer *store, uint64_t term,
                                          const struct ms_digest *document,
                                          const struct ms_package_record *packages, size_t n,
                                          ms_store_done *done, void *arg)
{
    struct ms_store_call *base = ms_store_call_plain(store, term, &write_sbom_stage, done, arg);
    ms_store_call_bytes(base, ms_digest_bytes(document));
    struct ms_buf *names = ms_store_call_array(base);
    struct ms_buf *types = ms_store_call_array(base);
    struct ms_buf *versions = ms_store_call_array(base);
    struct ms_buf *purls = ms_store_call_array(base);
    for (size_t i = 0; i < n; i++) {
        ms_store_add_text(names, packages[i].name);
        ms_store_add_text(types, packages[i].type);
        ms_store_add_text(versions, packages[i].version);
        ms_store_add_text(purls, packages[i].purl);
    }
    return ms_store_call_start(base);
}

struct ms_store_call *ms_store_sbom_materials(struct ms_store_writer *store, uint64_t term,
                                              const struct ms_digest *document,
                                              const struct ms_material_record *materials, size_t n,
                                              ms_store_done *done, void *arg)
{
    struct ms_store_call *base = ms_store_call_plain(store, term, &write_sbom_materials, done, arg);
    ms_store_call_bytes(base, ms_digest_bytes(document));
    struct ms_buf *digests = ms_store_call_array(base);
    struct ms_buf *uris = ms_store_call_array(base);
    for (size_t i = 0; i < n; i++) {
        ms_store_add_digest(digests, &materials[i].digest);
        ms_store_add_text(uris, materials[i].uri);
    }
    return ms_store_call_start(base);
}

struct ms_store_call *ms_store_sbom_put(struct ms_store_writer *store, uint64_t term,
                                        uint64_t manifest_id, const struct ms_digest *about,
                                        const struct ms_sbom_record *sboms, size_t n,
                                        ms_store_done *done, void *arg)
{
    struct ms_store_call *base = ms_store_call_plain(store, term, &write_sbom_put, done, arg);
    int64_t left_out[MS_SBOMS_MAX];
    ms_store_call_u64(base, term);
    ms_store_call_u64(base, manifest_id);
    ms_store_call_bytes(base, ms_digest_bytes(about));
    struct ms_buf *documents = ms_store_call_array(base);
    struct ms_buf *states = ms_store_call_array(base);
    struct ms_buf *reasons = ms_store_call_array(base);
    for (size_t i = 0; i < n; i++) {
        ms_store_add_digest(documents, &sboms[i].document);
        ms_store_add_text(states, ms_str(ms_sbom_state_text(sboms[i].state)));
        ms_store_add_text(reasons,
                          sboms[i].reason[0] != '\0' ? ms_str(sboms[i].reason) : MS_STR_ABSENT);
        left_out[i] = (int64_t)sboms[i].left_out;
    }
    ms_store_call_ids(base, left_out, n);
    struct ms_buf *are_provenance = ms_store_call_array(base);
    for (size_t i = 0; i < n; i++)
        ms_store_add_bool(are_provenance, sboms[i].is_provenance);
    return ms_store_call_start(base);
}

/* --- counts --- */

static void on_count(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct rows_call *call = (struct rows_call *)base;
    enum ms_sbom_state state = ms_sbom_state_of(row->columns[0]);
    (void)step;
    if (state < MS_SBOM_STATE_COUNT)
        call->on_row.sbom_count(state, row_u64(row, 1), call->arg);
}

struct ms_store_call *ms_store_sboms_count(struct ms_store_writer *store,
                                           ms_store_sbom_count_row *on_row, ms_store_done *done,
                                           void *arg)
{
    struct rows_call *call = ms_store_call_rows(store, &write_sboms_count, on_count, done, arg);
    call->on_row.sbom_count = on_row;
    return ms_store_call_start(&call->base);
}

struct recount_call {
    struct ms_store_call base;
    uint64_t last_image, generation;
    ms_store_recounted *on_done;
    void *arg;
};

static void on_recount_row(struct ms_store_call *base, size_t step, const struct ms_pg_row *row)
{
    struct recount_call *call = (struct recount_call *)base;
    (void)step;
    call->last_image = row_u64(row, 0);
    call->generation = row_u64(row, 1);
}

static void on_recounted(struct ms_store_call *base, const struct ms_error *err,
                         const uint64_t *affected)
{
    struct recount_call *call = (struct recount_call *)base;
    (void)affected;
    call->on_done(err, call->last_image, call->generation, call->arg);
}

struct ms_store_call *ms_store_packages_recount(struct ms_store_writer *store, uint64_t term,
                                                uint64_t after_image, size_t limit,
                                                int64_t done_generation, ms_store_recounted *done,
                                                void *arg)
{
    struct recount_call *call =
        ms_store_call_new(store, sizeof(*call), on_recount_row, on_recounted);
    call->on_done = done;
    call->arg = arg;
    ms_store_call_term(&call->base, term);
    ms_store_call_step(&call->base, &write_packages_recount);
    ms_store_call_u64(&call->base, term);
    ms_store_call_u64(&call->base, after_image);
    ms_store_call_u64(&call->base, limit);
    ms_store_call_i64(&call->base, done_generation);
    return ms_store_call_start(&call->base);
}

struct ms_store_call *ms_store_packages_forget(struct ms_store_writer *store, uint64_t term,
                                               size_t limit, ms_store_count_done *done, void *arg)
{
    struct ms_store_call *base =
        ms_store_call_count(store, term, &write_packages_forget, done, arg);
    ms_store_call_u64(base, term);
    ms_store_call_u64(base, limit);
    return ms_store_call_start(base);
}
