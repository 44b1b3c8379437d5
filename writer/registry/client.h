/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry, as the writer sees it: a handful of asynchronous calls over one curl multi handle
 * (curl_loop.h) with a fixed number of requests in flight, credentials (registry/auth.h), retries,
 * time-outs, capped bodies and checked digests.
 *
 * Calls keep the rules of loop.h, and can be cancelled.
 */
#ifndef REGISTRY_CLIENT_H
#define REGISTRY_CLIENT_H

#include "common/base/digest.h"
#include "common/config/config.h"
#include "common/runtime/loop.h"

struct registry_client;
struct registry_call; /* one call under way (one or more HTTP requests); gone after its callback */

/* What the registry said. Only ABSENT is its word that something does not exist. */
enum registry_outcome {
    REGISTRY_FOUND,
    REGISTRY_NOT_MODIFIED, /* the digest is still the one that was named */
    REGISTRY_ABSENT,       /* 404 with the registry's own error code, or any 404 of a HEAD */
    /* This one item cannot be had, now or later: too large, wrong digest, 400 or 403 with the
     * registry's own error code, no whole answer while others of its kind can be read (500, a body
     * that always ends early), 405 for a deletion. `error` says why, in words for people. */
    REGISTRY_UNREADABLE,
    /* Trouble of the registry, the network or the credentials: says nothing about the item. */
    REGISTRY_FAILED
};

enum registry_priority { REGISTRY_EVENT, REGISTRY_SCAN };

enum {
    REGISTRY_MANIFEST_MAX = 4 * 1024 * 1024,
    REGISTRY_CONFIG_MAX = 8 * 1024 * 1024,
    REGISTRY_PAGE_MAX = 64 * 1024 * 1024 /* a page of the catalog or of a tag list */
};

/* The answer to any call. Views are valid during the callback. */
struct registry_reply {
    enum registry_outcome outcome;
    const struct ms_error *error; /* NULL when found, not modified; else one line for people */
    int http_status;              /* 0: none came */
    struct ms_str error_code; /* the registry's own, e.g. "MANIFEST_UNKNOWN"; absent without one */
    /* Of a manifest: of a GET checked, of a HEAD as the header says. When it is unreadable: as the
     * header of the answer says, if one with a content came. */
    struct ms_digest digest;
    struct ms_str media_type; /* Content-Type without parameters */
    struct ms_str body;
    const struct ms_str *names; /* catalog page or whole tag list, as the registry ordered them */
    size_t n_names;
    struct ms_str next; /* catalog: where the next page is; absent: that was the last */
};

typedef void registry_done(const struct registry_reply *reply, void *arg);

struct registry_client *registry_client_new(struct ms_loop *loop, const struct ms_config *config);
void registry_client_free(struct registry_client *client); /* no callbacks any more; NULL is fine */
/* What can change at run time: concurrency, time-out, credentials. */
void registry_client_reload(struct registry_client *client, const struct ms_config *config);

/* One page of the catalog; `next` absent: the first. What comes next is what Link says, or what
 * lies behind a full page without one; names that break the grammar and repeated ones are left out.
 * A page whose link leads to itself is FAILED; longer cycles are the caller's to notice. */
struct registry_call *registry_catalog_page(struct registry_client *client, struct ms_str next,
                                            registry_done *on_done, void *arg);
/* The whole tag list of a repository, over all its pages, names that break the grammar and repeated
 * ones left out. ABSENT only on NAME_UNKNOWN. A page that repeats itself is FAILED. */
struct registry_call *registry_tags(struct registry_client *client, enum registry_priority priority,
                                    struct ms_str repository, registry_done *on_done, void *arg);
/* HEAD by tag or digest. A HEAD has no body: its 404 is ABSENT without error_code: ask again with a
 * GET before something is removed for it. FOUND without a digest: the registry names none. A HEAD
 * that is refused otherwise is repeated as a GET, to learn why. */
struct registry_call *registry_head_manifest(struct registry_client *client,
                                             enum registry_priority priority,
                                             struct ms_str repository, struct ms_str reference,
                                             registry_done *on_done, void *arg);
/* GET by tag or digest. The body has the digest that the reference or the answer named; of a signed
 * schema 1 manifest it is the payload, which the digest is made of. */
struct registry_call *registry_get_manifest(struct registry_client *client,
                                            enum registry_priority priority,
                                            struct ms_str repository, struct ms_str reference,
                                            registry_done *on_done, void *arg);
/* The same, unless it is the one that is known (If-None-Match): then NOT_MODIFIED. Mind that a
 * registry answers so before it reads anything, also of what dangles. `known` none: as
 * registry_get_manifest. */
struct registry_call *
registry_get_manifest_unless(struct registry_client *client, enum registry_priority priority,
                             struct ms_str repository, struct ms_str reference,
                             const struct ms_digest *known, registry_done *on_done, void *arg);
struct registry_call *registry_get_blob(struct registry_client *client,
                                        enum registry_priority priority, struct ms_str repository,
                                        const struct ms_digest *digest, size_t max_bytes,
                                        registry_done *on_done, void *arg);
/* The same into a file, from its beginning, in memory that does not depend on its length: the file
 * holds the content, and `body` is absent. The file stays the caller's. */
struct registry_call *registry_save_blob(struct registry_client *client,
                                         enum registry_priority priority, struct ms_str repository,
                                         const struct ms_digest *digest, size_t max_bytes, int file,
                                         registry_done *on_done, void *arg);
struct registry_call *registry_delete_manifest(struct registry_client *client,
                                               struct ms_str repository,
                                               const struct ms_digest *digest,
                                               registry_done *on_done, void *arg);
/* From now on it has the priority of an event; NULL is fine. */
void registry_call_hurry(struct registry_call *call);
/* The item was UNREADABLE before: if it still looks so, one answer is enough, without tries, pauses
 * and a look at the storage. To be called right after the start; NULL is fine. */
void registry_call_expect_unreadable(struct registry_call *call);
/* No callback comes any more; NULL is fine. */
void registry_call_cancel(struct registry_call *call);

/* For /status. `last_error` is "" when there was none since the registry last came back. */
struct registry_health {
    bool is_known;  /* false: nothing was asked of it yet */
    bool reachable; /* it has answered, and the circuit is closed */
    const char *last_error;
    int64_t last_error_ms; /* wall clock */
    uint64_t requests;
    uint64_t retries;
    /* Notifications of our own requests: so many are missing, and with so many a scan waits. */
    int64_t own_notifications_missing;
    int64_t own_notifications_window;
};
void registry_client_health(struct registry_health *out, const struct registry_client *client);
/* Told when `reachable` changes. */
void registry_client_on_reachable(struct registry_client *client,
                                  void (*on_change)(bool reachable, void *arg), void *arg);

/* So many notifications of our own requests for manifests came: a scan asks no faster than they
 * come, so that those of pushes do not wait behind them. */
void registry_client_note_own_notifications(struct registry_client *client, size_t n);
/* A scan begins: whether, and how fast, they come is learnt anew. */
void registry_client_forget_own_notifications(struct registry_client *client);

/* The User-Agent of every request; its pulls are not counted. */
#define REGISTRY_USER_AGENT "metastore-writer/" METASTORE_VERSION

#endif
