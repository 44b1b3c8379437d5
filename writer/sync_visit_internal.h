/* SPDX-License-Identifier: Apache-2.0 */
/* What sync_visit.c (list, chunks, publish) and sync_visit_removals.c (what the list lacks) share.
 */
#ifndef SYNC_VISIT_INTERNAL_H
#define SYNC_VISIT_INTERNAL_H

#include "common/refname.h"
#include "writer/sync_internal.h"

enum {
    VISIT_CHUNK_MAX = 200,  /* tags a step, */
    VISIT_CHUNK_MIN = 16,   /* and when events keep coming; a step of so few is not given up */
    VISIT_KNOWN_PAGE = 1000 /* known tags compared with the list in one step */
};

enum visit_phase {
    VISIT_LIST,
    VISIT_CHUNKS,
    VISIT_PUBLISH,
    VISIT_REMOVED,
    VISIT_GONE,
    VISIT_FINISHED
};

struct visit {
    struct sync_job *job;
    enum visit_phase phase;
    struct sync_report report;
    struct ms_error err;

    struct ms_arena *names_arena;
    struct ms_str *names; /* the registry's tags, byte order */
    size_t n_names;
    size_t begin, next;               /* names of the present chunk */
    size_t chunk_max;                 /* names of the next one */
    struct sync_report report_before; /* the present chunk */
    bool has_staged;
    struct ms_str after; /* last known tag compared with the list; in after_text */
    char after_text[MS_TAG_NAME_MAX];

    struct ms_arena *arena; /* of the present step */
    struct ms_known_tag *known;
    size_t n_known;
    struct ms_digest *held;    /* of a repository that may be gone; on the heap */
    bool is_without_manifests; /* the registry does not know its name, and we none of its manifests
                                */
    size_t n_held, held_capacity, n_asked;
    struct ms_tag_record *records;
    size_t n_records;
    bool has_dangling; /* a record's tag answered 404 and was not known to dangle */
    struct tags *asking;
    struct content *content;
    struct registry_call *call;
};

/* The end of a step; the next one is of this phase. */
void visit_end_step(struct visit *visit, enum visit_phase phase);
/* The end of the visit: the repository was not visited wholly. */
void visit_fail(struct visit *visit, const struct ms_error *err);
/* A store call of the job ended: the visit, or NULL when nobody waits or it failed (and was told).
 */
struct visit *visit_store_call_ended(struct sync_job *job, const struct ms_error *err);
/* A store call could not start. */
void visit_store_call_refused(struct visit *visit);
/* Copies into visit->known, which has room; `arg` is the job. */
void visit_note_known(const struct ms_known_tag *tag, void *arg);
/* The place of a name in the registry's list, or NULL. */
struct ms_str *visit_find_name(const struct visit *visit, struct ms_str name);
int visit_compare_names(const void *a, const void *b);

/* sync_visit_removals.c: the steps of these phases. */
void visit_step_removed(struct visit *visit);
void visit_step_gone(struct visit *visit);

#endif
