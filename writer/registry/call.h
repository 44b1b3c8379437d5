/* SPDX-License-Identifier: Apache-2.0 */
/* A call under way, and what calls on items (call.c) and on lists (list.c) have in common. */
#ifndef REGISTRY_CALL_H
#define REGISTRY_CALL_H

#include "common/base/buf.h"
#include "common/base/hash.h"
#include "common/base/refname.h"
#include "writer/registry/client.h"
#include "writer/registry/name_list.h"
#include "writer/registry/request.h"

enum {
    REGISTRY_CALLS_MAX = 50000, /* calls under way; beyond, they fail at once */
    REGISTRY_PATH_MAX = 8 * 1024,
    REGISTRY_PROBE_MAX = 1024 * 1024 /* bytes of an answer whose coming is all that counts */
};

/* The registry, and the calls to it that are under way. */
struct registry_client {
    struct registry_peer peer;
    LIST_HEAD(registry_calls, registry_call) calls;
    size_t n_calls;
    bool is_freed;
};

struct registry_call {
    LIST_ENTRY(registry_call) link;
    struct registry_client *client;
    struct registry_ask ask;
    struct ms_buf path;
    struct ms_buf scope;
    struct registry_request *request;
    registry_done *on_done;
    void *arg;
    bool is_finished;
    bool is_refused; /* its end is deferred: `refusal`, with `failure` as the reason */
    enum registry_outcome refusal;

    char repository[MS_REPOSITORY_NAME_MAX + 1];
    struct ms_digest expected; /* none: whatever the tag points to */
    bool has_mismatched;       /* once already */
    struct ms_error failure;   /* while the storage is probed: why the item cannot be had */

    int file;             /* that content is written into, the caller's; -1: none */
    struct ms_hash *hash; /* of what was written */
    int file_error;       /* errno of the first write that failed; 0: none did */

    struct name_list *names; /* of lists; else NULL */
    size_t n_pages;
    size_t n_empty_pages; /* in a row */
};

struct registry_call *registry_call_new(struct registry_client *client, enum registry_kind kind,
                                        enum registry_priority priority, registry_done *on_done,
                                        void *arg);
/* Sets the repository and the scope; what is no repository's name refuses the call. */
void registry_call_set_repository(struct registry_call *call, struct ms_str repository,
                                  const char *action);
/* Asks call->path for the first time, unless the call was refused. */
void registry_call_begin(struct registry_call *call, registry_request_done *on_result);
/* Asks call->path; `on_result` gets the answer and clears call->request. */
void registry_call_ask(struct registry_call *call, registry_request_done *on_result);
/* Ends the call with its callback: with a reply, or with an error. */
void registry_call_finish(struct registry_call *call, const struct registry_reply *reply);
void registry_call_fail(struct registry_call *call, enum registry_outcome outcome,
                        const struct ms_error *err, const struct registry_result *result);
/* The outcome of a verdict that needs no further step. */
enum registry_outcome registry_outcome_of(enum registry_verdict verdict);

#endif
