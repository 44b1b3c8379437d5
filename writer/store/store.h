/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's storage API: what the daemon knows of the database. No libpq in sight.
 *
 * A call never fails to start and never calls back before it returns. It gives a handle, which is
 * gone when its one callback (the last, for a call that also tells rows) comes; what could not be
 * done is told there: MS_UNAVAILABLE, the database is away; MS_BUSY, too many calls wait;
 * MS_DEPOSED, another writer leads. `err` is NULL on success. Input is copied before a start
 * function returns; views in callbacks are valid during the callback.
 */
#ifndef WRITER_STORE_H
#define WRITER_STORE_H

#include "common/base/digest.h"
#include "common/pg/schema.h"
#include "common/runtime/loop.h"
#include "writer/parse/records.h"
#include "writer/store/sbom_state.h"

/* --- records --- */

/* A row of the inbox, as loaded for work. */
struct ms_inbox_row {
    int64_t id;
    unsigned attempts;
    int64_t age_ms; /* since it was committed */
    bool is_due;    /* else it was postponed, and may explain, or be explained by, others */
    bool is_of_unknown_repository;
    struct ms_event_record event; /* without instance_id and body */
};

/* Where a tag points, as the registry said. */
struct ms_tag_record {
    struct ms_str name;
    struct ms_digest
        digest; /* len 0: the registry does not even tell the digest; then unreadable */
    struct ms_str unreadable; /* absent: fine */
    int64_t event_time_ms;    /* 0: no event, a scan saw it */
    struct ms_str actor;      /* absent: unknown */
};

/* A manifest that a repository holds (or should: a child that is missing there). One that can be
 * read must be stored already, else the apply fails with MS_CONFLICT: look again what is known. */
struct ms_held_record {
    struct ms_digest digest;
    struct ms_str unreadable; /* absent: it can be read there */
};

/* One repository's changes: one short transaction. Empty lists are fine. */
struct ms_apply {
    uint64_t term;
    /* Created when unknown, revived when it was deleted, if anything is put there or a scan says
     * that it exists; events alone create none. */
    struct ms_str repository;
    bool from_scan; /* source of history: scan or event */
    bool staged;    /* also apply, and clear, what ms_store_stage collected for it */
    const struct ms_tag_record *tags;
    size_t n_tags;
    const struct ms_str *removed_tags; /* confirmed gone */
    size_t n_removed_tags;
    const struct ms_held_record *held; /* manifests of `tags` are held without saying so here */
    size_t n_held;
    /* Manifests the registry no longer serves in this repository. What a tag or an index here
     * still needs stays, as unreadable. */
    const struct ms_digest *gone;
    size_t n_gone;
    /* Not 0: also apply the removals put down for it before this time. With that of the repository
     * all its tags and manifests go, and history stays. */
    int64_t removals_before_ms;
    const int64_t *events_done;
    size_t n_events_done;
};

/* What an apply did. */
struct ms_apply_result {
    uint64_t generation; /* 0: nothing visible changed, the generation was not raised */
    uint64_t tags_changed;
    uint64_t tags_removed;
};

struct ms_known_tag {
    struct ms_str name;
    struct ms_digest digest; /* len 0: unknown */
    bool readable;           /* the tag, its manifest and all below it were readable here */
    bool is_unreadable;      /* its manifest was not, whatever is below it; so is an unknown one */
    int64_t event_time_ms;   /* of the event that moved it there; 0: none was seen */
    bool is_index;
};

struct ms_known_manifest {
    struct ms_digest digest;
    bool is_stored;     /* content is in the database: never fetch again */
    bool is_held;       /* this repository is known to hold it, readable */
    bool is_unreadable; /* … or to hold it, unreadable */
};

/* What contents that an older version of the program stored were made from. */
struct ms_old_document {
    uint64_t id;
    struct ms_digest digest;
    struct ms_str media_type, raw;
    struct ms_str config_raw; /* absent: not stored */
    struct ms_str repository; /* one that holds it, readable; absent: none does */
};
enum { MS_OLD_DOCUMENTS_MAX = 16 }; /* at once: their repositories wait until they are made again */

/* A manifest that may hold SBOM documents, or provenance. */
struct ms_sbom_source {
    uint64_t manifest_id;
    struct ms_digest about;   /* the image */
    struct ms_str manifest;   /* its bytes; absent: not stored */
    struct ms_str repository; /* holds both; absent: none does, yet */
};

/* Of an SBOM document; empty, never absent: it says none. */
struct ms_package_record {
    struct ms_str name, version, type, purl;
};

/* Of provenance: what an image was made from. */
struct ms_material_record {
    struct ms_digest digest;
    struct ms_str uri; /* empty, never absent: it says none */
};

/* A document that was read, or refused. */
enum { MS_SBOMS_MAX = 16 /* documents of a manifest */ };
struct ms_sbom_record {
    struct ms_digest document;
    enum ms_sbom_state state;
    char reason[MS_ERROR_TEXT_MAX]; /* "": none */
    uint64_t left_out;              /* packages, materials */
    bool is_provenance;
};

struct ms_scan_record {
    int64_t id;
    bool complete;
    uint64_t repositories, tags, manifests, added, removed, unreadable, requests;
    struct ms_str error; /* absent: none */
};

/* What GET /status and the gauges show and only the database knows. Times 0: never. */
struct ms_store_status {
    uint64_t generation, term;
    int schema_version;
    char leader_host[256];
    int leader_pid;
    int64_t leader_since_ms;
    uint64_t inbox_waiting, inbox_dead;
    uint64_t inbox_oldest_seconds; /* of events of known repositories */
    /* Events of repositories that are not known. */
    uint64_t inbox_unknown_waiting, inbox_unknown_oldest_seconds;
    int64_t last_complete_scan_ms;
    bool has_last_scan;
    struct ms_scan_record last_scan; /* error absent */
    int64_t last_scan_started_ms, last_scan_ended_ms;
    uint64_t held_repositories, held_tags;
    int64_t held_since_ms;
    int64_t last_collection_ended_ms;
    uint64_t collected_manifests, collected_registry_manifests, collected_dry_run;
    uint64_t repositories, tags, unreadable;
    /* Since the last complete scan began a registry instance appeared, something was not read, or a
     * scan was interrupted. */
    bool wants_scan;
};

/* --- calls: every call that changes something names the caller's term and fails with MS_DEPOSED
 * when it is not the present one; but for migrations and the retry of dead letters --- */

struct ms_store_writer;

/* The database refuses the data itself: the same would be refused again. */
static inline bool ms_store_is_refusal(const struct ms_error *err)
{
    return err->status == MS_INVALID || err->status == MS_TOO_LARGE;
}

/* A row that is a repository's name. */
typedef void ms_store_repository_row(struct ms_str name, void *arg);

struct ms_store_writer *ms_store_writer_new(struct ms_loop *loop,
                                            const struct ms_store_options *options);
void ms_store_writer_free(struct ms_store_writer *store); /* no callbacks any more; NULL is fine */
bool ms_store_writer_is_connected(const struct ms_store_writer *store);
/* The names of its statements, for the metrics' label "query". */
const char *const *ms_store_writer_query_names(size_t *out_n);
/* Connects anew: what answers there may be silent now, or another server the primary. Calls under
 * way fail. */
void ms_store_writer_renew(struct ms_store_writer *store);
/* Calls back once, in a later turn, when the database works on no call any more, also on none that
 * was cancelled. */
void ms_store_writer_on_idle(struct ms_store_writer *store, ms_loop_call *on_idle, void *arg);

/* A call under way. */
struct ms_store_call;
/* No callback comes any more. What was sent may take place all the same. NULL is fine. */
void ms_store_call_cancel(struct ms_store_call *call);

/* Brings the schema to MS_SCHEMA_VERSION; a database newer than the program: MS_CONFLICT. */
struct ms_store_call *ms_store_migrate(struct ms_store_writer *store, ms_store_done *on_done,
                                       void *arg);

/* Leadership: an advisory lock on a session of its own that pings twice a second. Tries for ever.
 * on_leader: we lead with this term (schema migrated before). on_follower: somebody else leads
 * (told when it changes; the lock is tried every second). on_lost: stop all work of the term. */
struct ms_store_leader_info {
    char host[256];
    int pid;
    int64_t since_ms;
    uint64_t term;
};
struct ms_store_lead_events {
    void (*on_leader)(uint64_t term, void *arg);
    void (*on_follower)(const struct ms_store_leader_info *leader, void *arg);
    void (*on_lost)(const struct ms_error *err, void *arg);
    /* The lock is ours, the term cannot begin: tried on. Told once, unless the reason changes. */
    void (*on_failed)(const struct ms_error *err, void *arg);
    /* The schema is newer than the program, or cannot be migrated: no use to go on. */
    void (*on_impossible)(const struct ms_error *err, void *arg);
};
struct ms_store_lead;
struct ms_store_lead *ms_store_lead_new(struct ms_loop *loop,
                                        const struct ms_store_options *options, const char *host,
                                        int pid, const struct ms_store_lead_events *events,
                                        void *arg);
void ms_store_lead_free(struct ms_store_lead *lead); /* gives the lock back; NULL is fine */

/* Inbox. `wants_scan`: something was not read, and a scan is asked for in the same transaction; the
 * request lasts until a scan that began after it is complete. Pulls alone are committed
 * asynchronously: a crash of the database may undo those of its last moments. `n_new` excludes
 * duplicates and events without an id; `new_instance`: an instance id was never seen before, and no
 * scan covers it that runs, or has just run, on a database that knew none. */
typedef void ms_store_inbox_put_done(const struct ms_error *err, size_t n_new, bool new_instance,
                                     void *arg);
struct ms_store_call *ms_store_inbox_put(struct ms_store_writer *store, uint64_t term,
                                         const struct ms_event_record *events, size_t n_events,
                                         bool wants_scan, ms_store_inbox_put_done *on_done,
                                         void *arg);
/* A scan is asked for, as `wants_scan` does. */
struct ms_store_call *ms_store_scan_want(struct ms_store_writer *store, uint64_t term,
                                         ms_store_done *on_done, void *arg);
/* Repositories that have events (other than pulls) due now, kind after kind, one perhaps several
 * times. `limit` of each kind, and the cost depends on nothing else. `next_due_ms`: delay until the
 * next row that is not due yet, or -1. */
enum ms_due_kind {
    MS_DUE_LATEST, /* of the last 4 * limit events to come: the last first */
    MS_DUE_FRESH,  /* with events that nobody has looked at: by name, only after the name `after` */
    MS_DUE_AGAIN,  /* with events to be looked at again: the longest due first */
    MS_DUE_KINDS
};
typedef void ms_store_due_row(struct ms_str repository, enum ms_due_kind kind, void *arg);
typedef void ms_store_due_done(const struct ms_error *err, int64_t next_due_ms, void *arg);
struct ms_store_call *ms_store_inbox_due(struct ms_store_writer *store, struct ms_str after,
                                         size_t limit, ms_store_due_row *on_row,
                                         ms_store_due_done *on_done, void *arg);
/* The waiting events of one repository: those that are due, fresh ones first, then the postponed
 * ones, each in order of arrival. */
typedef void ms_store_inbox_row(const struct ms_inbox_row *row, void *arg);
struct ms_store_call *ms_store_inbox_load(struct ms_store_writer *store, struct ms_str repository,
                                          size_t limit, ms_store_inbox_row *on_row,
                                          ms_store_done *on_done, void *arg);
/* Looks at them again, each after its delay (attempts + 1), or never again. */
struct ms_inbox_delay {
    int64_t id;
    uint64_t delay_ms;
};
struct ms_store_call *ms_store_inbox_postpone(struct ms_store_writer *store, uint64_t term,
                                              const struct ms_inbox_delay *delays, size_t n_delays,
                                              ms_store_done *on_done, void *arg);
struct ms_store_call *ms_store_inbox_bury(struct ms_store_writer *store, uint64_t term,
                                          const int64_t *ids, size_t n_ids, struct ms_str reason,
                                          ms_store_done *on_done, void *arg);
/* Forgets ids of events older than yesterday, touched generations, days beyond 400, dead letters
 * that lead nowhere, changes, history (0: for ever). */
struct ms_store_call *ms_store_prune(struct ms_store_writer *store, uint64_t term,
                                     uint64_t changes_ms, uint64_t history_ms,
                                     ms_store_done *on_done, void *arg);
/* Keeps what pages show and is counted from scratch: sizes of today, evidence, what is shared. */
struct ms_store_call *ms_store_keep_sizes(struct ms_store_writer *store, uint64_t term,
                                          ms_store_done *on_done, void *arg);

/* Dead letters, oldest first. Retry puts back into the inbox those that lead somewhere. */
struct ms_dead_letter {
    struct ms_str id, died, action, repository, tag, digest, reason; /* absent: none */
};
typedef void ms_store_dead_row(const struct ms_dead_letter *letter, void *arg);
struct ms_store_call *ms_store_dead_list(struct ms_store_writer *store, ms_store_dead_row *on_row,
                                         ms_store_done *on_done, void *arg);
typedef void ms_store_count_done(const struct ms_error *err, uint64_t count, void *arg);
typedef void ms_store_dead_retried(const struct ms_error *err, uint64_t n_back, uint64_t n_left,
                                   void *arg);
struct ms_store_call *ms_store_dead_retry(struct ms_store_writer *store,
                                          ms_store_dead_retried *on_done, void *arg);

/* What is known of a repository's tags, by name, after `after` (empty: from the start). */
typedef void ms_store_known_tag_row(const struct ms_known_tag *tag, void *arg);
struct ms_store_call *ms_store_tags_after(struct ms_store_writer *store, struct ms_str repository,
                                          struct ms_str after, size_t limit,
                                          ms_store_known_tag_row *on_row, ms_store_done *on_done,
                                          void *arg);
/* The same of named tags only; unknown ones give no row. */
struct ms_store_call *ms_store_tags_named(struct ms_store_writer *store, struct ms_str repository,
                                          const struct ms_str *names, size_t n_names,
                                          ms_store_known_tag_row *on_row, ms_store_done *on_done,
                                          void *arg);
/* Names of the tags that are on one of these digests, or will be when a scan has ended. */
typedef void ms_store_tag_name_row(struct ms_str name, void *arg);
struct ms_store_call *ms_store_tags_on(struct ms_store_writer *store, struct ms_str repository,
                                       const struct ms_digest *digests, size_t n_digests,
                                       size_t limit, ms_store_tag_name_row *on_row,
                                       ms_store_done *on_done, void *arg);
/* What is known of manifests and of everything below them, each once; digests never seen
 * give no row. */
typedef void ms_store_known_manifest_row(const struct ms_known_manifest *manifest, void *arg);
struct ms_store_call *ms_store_manifests_known(struct ms_store_writer *store,
                                               struct ms_str repository,
                                               const struct ms_digest *digests, size_t n_digests,
                                               ms_store_known_manifest_row *on_row,
                                               ms_store_done *on_done, void *arg);
/* Some manifests with contents of a version before MS_DOCUMENT_VERSION, after this id and in its
 * order, at most MS_OLD_DOCUMENTS_MAX; no row: there are no more. */
typedef void ms_store_old_document_row(const struct ms_old_document *old, void *arg);
struct ms_store_call *ms_store_documents_old(struct ms_store_writer *store, uint64_t after_id,
                                             ms_store_old_document_row *on_row,
                                             ms_store_done *on_done, void *arg);
/* There are no more; from now on ms_store_documents_old gives none. Readers hear of changes. */
struct ms_store_call *ms_store_documents_end(struct ms_store_writer *store, uint64_t term,
                                             bool are_changed, ms_store_done *on_done, void *arg);
/* Manifests that may hold SBOM documents and were not read yet, those first that have waited
 * longest; postponed ones are left out until their time has come. */
typedef void ms_store_sbom_source_row(const struct ms_sbom_source *source, void *arg);
struct ms_store_call *ms_store_sboms_due(struct ms_store_writer *store, size_t limit,
                                         ms_store_sbom_source_row *on_row, ms_store_done *on_done,
                                         void *arg);
/* Looks again later, the longer the more often it was postponed. */
struct ms_store_call *ms_store_sbom_postpone(struct ms_store_writer *store, uint64_t term,
                                             uint64_t manifest_id, const struct ms_digest *about,
                                             ms_store_done *on_done, void *arg);
/* The documents of one manifest at a time: begin forgets what was staged before, stage and
 * materials collect what a document says without making it visible, put makes that of documents in
 * state "done" visible, in place of what that manifest's documents said before, and never comes
 * back to it. */
struct ms_store_call *ms_store_sbom_begin(struct ms_store_writer *store, uint64_t term,
                                          ms_store_done *on_done, void *arg);
struct ms_store_call *ms_store_sbom_stage(struct ms_store_writer *store, uint64_t term,
                                          const struct ms_digest *document,
                                          const struct ms_package_record *packages, size_t n,
                                          ms_store_done *on_done, void *arg);
struct ms_store_call *ms_store_sbom_materials(struct ms_store_writer *store, uint64_t term,
                                              const struct ms_digest *document,
                                              const struct ms_material_record *materials, size_t n,
                                              ms_store_done *on_done, void *arg);
struct ms_store_call *ms_store_sbom_put(struct ms_store_writer *store, uint64_t term,
                                        uint64_t manifest_id, const struct ms_digest *about,
                                        const struct ms_sbom_record *sboms, size_t n,
                                        ms_store_done *on_done, void *arg);
/* Documents by state. */
typedef void ms_store_sbom_count_row(enum ms_sbom_state state, uint64_t count, void *arg);
struct ms_store_call *ms_store_sboms_count(struct ms_store_writer *store,
                                           ms_store_sbom_count_row *on_row, ms_store_done *on_done,
                                           void *arg);
/* Looks at images with packages, after one of them and in order: those that have become live are
 * counted, those that are no longer are not; nothing is done when the generation is still
 * `done_generation` (-1: none). `last_image` 0: there were no more. `generation` is that before. */
typedef void ms_store_recounted(const struct ms_error *err, uint64_t last_image,
                                uint64_t generation, void *arg);
struct ms_store_call *ms_store_packages_recount(struct ms_store_writer *store, uint64_t term,
                                                uint64_t after_image, size_t limit,
                                                int64_t done_generation,
                                                ms_store_recounted *on_done, void *arg);
/* Removes all that documents said, a batch; 0: nothing was left. They would be read again. */
struct ms_store_call *ms_store_packages_forget(struct ms_store_writer *store, uint64_t term,
                                               size_t limit, ms_store_count_done *on_done,
                                               void *arg);
/* Which of these configurations are stored (their labels need not be fetched again): their
 * bytes. */
typedef void ms_store_config_row(const struct ms_digest *digest, struct ms_str raw, void *arg);
struct ms_store_call *ms_store_configs_known(struct ms_store_writer *store,
                                             const struct ms_digest *digests, size_t n_digests,
                                             ms_store_config_row *on_row, ms_store_done *on_done,
                                             void *arg);
/* Repositories that are known and not deleted, by name. */
struct ms_store_call *ms_store_repositories_after(struct ms_store_writer *store,
                                                  struct ms_str after, size_t limit,
                                                  ms_store_repository_row *on_row,
                                                  ms_store_done *on_done, void *arg);
/* Digests of the manifests that a repository holds (for confirming that it is gone). */
typedef void ms_store_digest_row(const struct ms_digest *digest, void *arg);
struct ms_store_call *ms_store_held_digests(struct ms_store_writer *store, struct ms_str repository,
                                            size_t limit, ms_store_digest_row *on_row,
                                            ms_store_done *on_done, void *arg);

/* Stores contents: invisible until an apply makes a repository hold them. Idempotent. */
struct ms_store_call *ms_store_contents_put(struct ms_store_writer *store, uint64_t term,
                                            const struct ms_manifest_record *manifests,
                                            size_t n_manifests, ms_store_done *on_done, void *arg);
/* Stores contents that are stored already as if they were new, and counts them anew in every
 * repository that shows them, in one transaction. Readers hear of it by ms_store_documents_end. */
struct ms_store_call *ms_store_contents_remake(struct ms_store_writer *store, uint64_t term,
                                               const struct ms_manifest_record *manifests,
                                               size_t n_manifests, ms_store_done *on_done,
                                               void *arg);
/* The one short transaction. */
typedef void ms_store_apply_done(const struct ms_error *err, const struct ms_apply_result *result,
                                 void *arg);
struct ms_store_call *ms_store_apply(struct ms_store_writer *store, const struct ms_apply *apply,
                                     ms_store_apply_done *on_done, void *arg);

/* Scans. Stage collects a chunk of a repository's changed tags without making them visible;
 * ms_apply.staged applies them all at once. */
typedef void ms_store_scan_begun(const struct ms_error *err, int64_t scan_id, void *arg);
struct ms_store_call *ms_store_scan_begin(struct ms_store_writer *store, uint64_t term,
                                          ms_store_scan_begun *on_done, void *arg);
struct ms_store_call *ms_store_scan_end(struct ms_store_writer *store, uint64_t term,
                                        const struct ms_scan_record *scan, ms_store_done *on_done,
                                        void *arg);
struct ms_store_call *ms_store_stage(struct ms_store_writer *store, uint64_t term,
                                     struct ms_str repository, const struct ms_tag_record *tags,
                                     size_t n_tags, ms_store_done *on_done, void *arg);

/* Removals that a scan found. Put down while it runs (keeping the time of the first finding); at
 * its end those that it did not find again are forgotten, and the rest is applied, or held. */
struct ms_removal_record {
    struct ms_str repository;
    struct ms_str tag; /* empty: the repository */
};
struct ms_store_call *ms_store_removals_hold(struct ms_store_writer *store, uint64_t term,
                                             int64_t scan_id,
                                             const struct ms_removal_record *removals,
                                             size_t n_removals, ms_store_done *on_done, void *arg);
/* Forgets removals that the scan did not find, and counts what is left beside all that there is. */
struct ms_removal_counts {
    uint64_t repositories, tags;         /* to be removed; tags include those of the repositories */
    uint64_t all_repositories, all_tags; /* known, not deleted */
};
typedef void ms_store_removals_counted(const struct ms_error *err,
                                       const struct ms_removal_counts *counts, void *arg);
struct ms_store_call *ms_store_removals_count(struct ms_store_writer *store, uint64_t term,
                                              int64_t scan_id, ms_store_removals_counted *on_done,
                                              void *arg);
/* Repositories, by name after `after`, that have removals first found before `before_ms`. Applied
 * by ms_apply.removals_before_ms, in the same transaction that takes them out: an event's apply for
 * the tag takes its row out too, and so wins. */
struct ms_store_call *ms_store_removals_after(struct ms_store_writer *store, struct ms_str after,
                                              int64_t before_ms, size_t limit,
                                              ms_store_repository_row *on_row,
                                              ms_store_done *on_done, void *arg);

/* Flatpak refs that the tag latest of more than one repository offers. */
struct ms_store_call *ms_store_flatpak_doubled(struct ms_store_writer *store, uint64_t term,
                                               ms_store_count_done *on_done, void *arg);

/* Turns the pull events of the inbox into counts; they raise no generation. */
struct ms_store_call *ms_store_pulls_collect(struct ms_store_writer *store, uint64_t term,
                                             ms_store_count_done *on_done, void *arg);

/* Garbage collection of the database, one bounded batch behind `after_id` (0: from the start);
 * `count` manifests went, `last_id` is where to go on (0: that was the last). */
typedef void ms_store_collected(const struct ms_error *err, uint64_t count, uint64_t last_id,
                                void *arg);
struct ms_store_call *ms_store_collect(struct ms_store_writer *store, uint64_t term,
                                       uint64_t after_id, uint64_t grace_ms, size_t limit,
                                       ms_store_collected *on_done, void *arg);
/* Untagged manifests that repositories hold and nothing there needs: to be asked for again (gone
 * ones go to ms_apply.gone), and what may be deleted from the registry, if nothing in the
 * repository could not be read. Those of one repository, by id; the next ones are behind the last
 * row of the batch before (absent: from the start). */
struct ms_candidate {
    struct ms_str repository;
    uint64_t manifest_id;
    struct ms_digest digest;
    bool may_delete;
};
typedef void ms_store_candidate_row(const struct ms_candidate *candidate, void *arg);
struct ms_store_call *ms_store_collect_candidates(struct ms_store_writer *store, uint64_t grace_ms,
                                                  struct ms_str after_repository, uint64_t after_id,
                                                  size_t limit, ms_store_candidate_row *on_row,
                                                  ms_store_done *on_done, void *arg);
/* The same of these manifests of a repository alone: those that are candidates still. */
struct ms_store_call *ms_store_collect_confirm(struct ms_store_writer *store, uint64_t grace_ms,
                                               struct ms_str repository,
                                               const struct ms_digest *digests, size_t n_digests,
                                               ms_store_candidate_row *on_row,
                                               ms_store_done *on_done, void *arg);
struct ms_store_call *ms_store_collection_end(struct ms_store_writer *store, uint64_t term,
                                              int64_t started_ms, uint64_t manifests,
                                              uint64_t registry_manifests, uint64_t dry_run,
                                              ms_store_done *on_done, void *arg);

typedef void ms_store_status_done(const struct ms_error *err, const struct ms_store_status *status,
                                  void *arg);
struct ms_store_call *ms_store_status(struct ms_store_writer *store, ms_store_status_done *on_done,
                                      void *arg);

#endif
