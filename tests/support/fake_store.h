/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's store that a test plays (fake_calls.h): it records each call with its parameters and
 * replays what the test answers. Stands in for writer/store in a program that links it.
 *
 * A call is logged as one line, a digest as its letter, what is absent as "-":
 *
 *     inbox_load team/app 500            inbox_postpone 1+20 2+50      inbox_bury 1 reason
 *     tags_named team/app v1 v2          tags_after team/app from 1000 tags_on team/app ab
 *     manifests_known team/app ab        configs_known p               contents_put ab
 *     apply team/app scan staged v1=a v2=-!why -v3 held:a,b!why gone:c before done:1,2
 *     stage team/app v1=a                removals_hold 7 team/app:v1   collect_confirm team/app a
 *     and so on
 */
#ifndef FAKE_STORE_H
#define FAKE_STORE_H

#include "tests/support/fake_calls.h"
#include "writer/store/store.h"

enum { FAKE_STORE_LINE_MAX = 512 };

struct ms_store_call {
    struct fake_call base;
    char line[FAKE_STORE_LINE_MAX]; /* as logged; its first word is the name of the call */
    void (*end)(struct ms_store_call *call, const struct ms_error *err);
    void *arg;
    union {
        ms_store_due_row *due;
        ms_store_inbox_row *event;
        ms_store_known_tag_row *tag;
        ms_store_tag_name_row *tag_name;
        ms_store_known_manifest_row *manifest;
        ms_store_old_document_row *old_document;
        ms_store_config_row *config;
        ms_store_repository_row *repository;
        ms_store_digest_row *digest;
        ms_store_candidate_row *candidate;
    } on_row;
    union {
        ms_store_done *plain;
        ms_store_count_done *count;
        ms_store_inbox_put_done *put;
        ms_store_due_done *due;
        ms_store_apply_done *apply;
        ms_store_scan_begun *begun;
        ms_store_removals_counted *counted;
        ms_store_status_done *status;
        ms_store_collected *collected;
    } on_done;
    /* What its end tells; zeros unless the test's answer sets something. */
    uint64_t count, last_id;
    bool new_instance;
    int64_t scan_id, next_due_ms;
    struct ms_apply_result applied;
    struct ms_removal_counts counts;
    struct ms_store_status status;
    enum ms_status failure; /* not MS_OK: it fails */
};

/* Tells the rows of a call, and sets what its end tells, before it ends; NULL: there are none. */
extern void (*fake_store_answer)(struct ms_store_call *call);
extern bool fake_store_is_connected;

bool fake_store_is(const struct ms_store_call *call, const char *name);

/* Rows. */
void fake_store_event(struct ms_store_call *call, int64_t id, const char *action, const char *tag,
                      char digest); /* due, not looked at yet; tag NULL: none; digest 0: none */
/* The same, of a repository that is not known. */
void fake_store_unknown_event(struct ms_store_call *call, int64_t id, const char *action,
                              const char *tag, char digest, unsigned attempts);
void fake_store_due(struct ms_store_call *call, const char *repository, enum ms_due_kind kind);
void fake_store_tag(struct ms_store_call *call, const char *name, char digest); /* readable */
void fake_store_tag_name(struct ms_store_call *call, const char *name);
void fake_store_manifest(struct ms_store_call *call, char digest, bool is_stored, bool is_held);
void fake_store_unreadable(struct ms_store_call *call, char digest); /* a manifest, not stored */
void fake_store_repository(struct ms_store_call *call, const char *name);
void fake_store_digest(struct ms_store_call *call, char digest);
/* The id of the manifest is its letter. */
void fake_store_candidate(struct ms_store_call *call, const char *repository, char digest,
                          bool may_delete);

#endif
