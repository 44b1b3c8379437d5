/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by sync/visit.c (list, chunks, publish) and sync/visit_removals.c (what the list lacks);
 * the functions are sync/visit_state.c's, below both. */
#ifndef VISIT_INTERNAL_H
#define VISIT_INTERNAL_H

#include "common/base/refname.h"
#include "writer/env.h"
#include "writer/sync/chunk.h"
#include "writer/sync/tags.h"
#include "writer/sync/visit.h"

enum {
    VISIT_CHUNK_MAX = 200,    /* tags at a time, */
    VISIT_CHUNK_MIN = 16,     /* and when events keep coming; so few are not given up */
    VISIT_CHUNKS_AT_ONCE = 2, /* one keeps the registry busy while the other is written */
    VISIT_KNOWN_PAGE = 1000,  /* known tags compared with the list in one step */
    VISIT_YIELDS_MAX = 8      /* to events, in a row, of what can be made no smaller */
};

enum visit_phase {
    VISIT_LIST,
    VISIT_CHUNKS,
    VISIT_PUBLISH,
    VISIT_REMOVED,
    VISIT_GONE,
    VISIT_FINISHED
};

struct visit_chunk {
    struct chunk *chunk;
    const struct ms_str *names;
    size_t n_names;
    bool is_ready, is_writing;
};

struct visit {
    const struct env *env;
    struct ms_str repository;
    int64_t scan_id;
    visit_stepped *on_stepped;
    void *arg;
    enum visit_phase phase;
    struct sync_report report;
    struct ms_error err;

    struct ms_arena *names_arena;
    struct ms_str *names; /* the registry's tags, byte order */
    size_t n_names;
    size_t next;                                     /* the first that is in no chunk yet */
    size_t chunk_max;                                /* names of the next chunk */
    size_t page_max;                                 /* known tags of the next page */
    unsigned yields;                                 /* since the last chunk that came to its end */
    struct visit_chunk chunks[VISIT_CHUNKS_AT_ONCE]; /* under way, in order */
    size_t n_chunks;
    bool is_yielding;    /* events wait: no new chunk, the step ends when there is none */
    struct ms_str *gone; /* names that were deleted since the list was read; on the heap */
    size_t n_gone;
    bool has_staged;
    bool is_piecemeal;   /* each chunk is applied on its own: the whole was refused */
    struct ms_str after; /* last known tag compared with the list; in after_text */
    char after_text[MS_TAG_NAME_MAX];

    struct ms_arena *arena; /* of the present step */
    struct ms_known_tag *known;
    size_t n_known;
    struct ms_digest *held;    /* of a repository that may be gone; on the heap */
    bool is_without_manifests; /* the registry does not know its name, and we none of its manifests
                                */
    size_t n_held, held_capacity, n_asked;

    struct tags *asking; /* under way in this step, or NULL */
    struct registry_call *call;
    struct ms_store_call *store_call;
};

/* The end of a step; the next one is of this phase. */
void visit_end_step(struct visit *visit, enum visit_phase phase);
/* The end of the visit: the repository was not visited wholly. */
void visit_fail(struct visit *visit, const struct ms_error *err);
/* Nothing of the step is under way any more, but for its chunks. */
void visit_cancel_calls(struct visit *visit);
/* The place of a name in the registry's list, or NULL. */
struct ms_str *visit_find_name(const struct visit *visit, struct ms_str name);
void visit_sort_names(struct visit *visit);

/* sync/visit_removals.c: the steps of these phases. */
void visit_step_removed(struct visit *visit);
void visit_step_gone(struct visit *visit);

#endif
