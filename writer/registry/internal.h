/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the registry client share. From the top down:
 *
 *   registry/client.c    the client's life, the queue, the slots
 *   registry/call.c      calls on one item: starting, manifests and blobs
 *   registry/list.c      calls on lists: catalog pages, tag lists over their pages
 *   registry/request.c   one request until it has an answer: credentials, pauses, tries
 *   registry/circuit.c   is the registry there at all
 *   registry/echo.c      what our requests make the registry notify us of
 *   registry/auth.c      credentials                 curl_loop.c   HTTP
 *
 * Pure, with headers of their own: registry/answer.c registry/challenge.c registry/jws.c
 * registry/link.c name_list.c.
 */
#ifndef REGISTRY_INTERNAL_H
#define REGISTRY_INTERNAL_H

#include "common/base/buf.h"
#include "common/base/refname.h"
#include "common/runtime/loop.h"
#include "writer/registry/answer.h"
#include "writer/registry/auth.h"
#include "writer/registry/client.h"
#include "writer/registry/curl_loop.h"
#include "writer/registry/name_list.h"

#include <sys/queue.h>

enum {
    REGISTRY_CALLS_MAX = 50000,  /* calls under way; beyond, they fail at once */
    REGISTRY_ATTEMPTS_MAX = 4,   /* of one request, when there is trouble */
    REGISTRY_SLOWDOWNS_MAX = 10, /* of one request, when the registry says "slower" */
    REGISTRY_AUTH_ROUNDS_MAX =
        2, /* 401s in a row: no token yet, then one that expired or falls short */
    REGISTRY_PAUSE_BASE_MS = 250, /* growing, jittered */
    REGISTRY_PAUSE_MAX_MS = 10000,
    REGISTRY_PATH_MAX = 8 * 1024,
    REGISTRY_URL_MAX = 16 * 1024,
    REGISTRY_PROBE_MAX = 1024 * 1024 /* bytes of an answer whose coming is all that counts */
};

/* --- circuit.c --- */

enum {
    REGISTRY_CIRCUIT_FAILURES = 5,      /* so many in a row, */
    REGISTRY_CIRCUIT_SILENCE_MS = 3000, /* for so long, open the circuit: requests fail at once, */
    REGISTRY_PROBE_BASE_MS = 500,       /* and one probe asks again and again until it closes */
    REGISTRY_PROBE_MAX_MS = 15000,
    REGISTRY_PROBE_TIMEOUT_MS = 10000
};

struct registry_circuit {
    bool is_open;
    bool has_answered;  /* ever */
    bool was_told_open; /* as on_reachable heard it last */
    unsigned failures;  /* in a row */
    int64_t last_alive_ms;
    struct ms_timer *timer;
    struct ms_backoff backoff;
    struct curl_exchange *probe;
};

void registry_circuit_init(struct registry_client *client);
void registry_circuit_close_down(struct registry_client *client); /* no callbacks any more */
/* Takes note of an answer, or of none. */
void registry_circuit_note(struct registry_client *client, bool is_alive, const char *error);

/* --- echo.c --- */

enum {
    /* Notifications of our own requests that may wait in the registry before a scan waits for them.
     * A push waits behind so many: at 1,000 a second for 64 ms. */
    REGISTRY_ECHO_WINDOW = 64,
    REGISTRY_ECHO_WATCH_MS = 1000, /* holding back for so long must bring at least */
    REGISTRY_ECHO_WATCH_MIN = 32   /* so many, else they are lost, or wait behind others' */
};

struct registry_echo {
    int64_t waiting; /* pulls that were answered and not notified of yet; below 0: notified first */
    int64_t window;  /* how many of them may be */
    bool is_heard;   /* the registry does notify us of them */
    size_t n_watched;       /* notifications since the timer was started */
    struct ms_timer *timer; /* running: a scan was held back */
};

void registry_echo_init(struct registry_client *client);
/* The registry gave us a manifest, or its head. */
void registry_echo_note_pull(struct registry_client *client);
/* Must the next request of a scan wait? registry_client_dispatch_soon follows when not any more. */
bool registry_echo_holds_back(struct registry_client *client);

/* --- client.c --- */

TAILQ_HEAD(registry_queue, registry_request);

struct registry_client {
    struct ms_loop *loop;
    struct curl_loop *curl;
    struct registry_auth *auth;
    char *base_url;
    struct ms_str host; /* view of base_url */
    size_t concurrency;
    uint64_t timeout_ms;
    struct registry_queue queues[2]; /* by priority */
    size_t n_in_flight;              /* slots taken */
    struct ms_timer *quiet;          /* running: the registry asked for a pause */
    int64_t quiet_until_ms;
    LIST_HEAD(registry_calls, registry_call) calls;
    size_t n_calls;
    struct registry_circuit circuit;
    struct registry_echo echo;
    int64_t storage_read_us; /* when the registry last read something from its storage for us */
    uint64_t requests;
    uint64_t retries;
    char last_error[MS_ERROR_TEXT_MAX];
    int64_t last_error_ms;
    void (*on_reachable)(bool reachable, void *arg);
    void *on_reachable_arg;
    bool is_dispatching; /* a dispatch is deferred */
    bool is_freed;
};

/* A request waits for a slot; registry_request_begin follows. `is_first`: before all others. */
void registry_client_enqueue(struct registry_client *client, struct registry_request *request,
                             bool is_first);
void registry_client_dequeue(struct registry_client *client, struct registry_request *request);
void registry_client_release_slot(struct registry_client *client);
/* Begins what can be begun, in the next turn of the loop. */
void registry_client_dispatch_soon(struct registry_client *client);
/* What /status shows until the registry comes back from being away. */
void registry_client_note_error(struct registry_client *client, const char *text);
/* No request begins for a while. */
void registry_client_keep_quiet(struct registry_client *client, uint64_t pause_ms);

/* --- request.c --- */

/* Everything is copied. */
struct registry_ask {
    enum registry_kind kind;
    enum registry_priority priority;
    const char *path; /* behind the base URL, with the query */
    const char *scope;
    struct ms_digest known; /* If-None-Match; none: unconditional */
    size_t max_bytes;
};

/* Valid during the callback. The verdict is never CHALLENGE or SLOWER. */
struct registry_result {
    enum registry_verdict verdict;
    const struct ms_error *error;         /* NULL: found or not modified */
    const char *error_code;               /* the registry's; NULL: none */
    const struct curl_response *response; /* NULL: it was not even asked */
    int64_t sent_us;
};
typedef void registry_request_done(const struct registry_result *result, void *arg);

/* One request until it has an answer; gone after its callback. */
enum registry_request_state {
    REQUEST_QUEUED,      /* waits for a slot */
    REQUEST_AUTHORIZING, /* has a slot, waits for a token */
    REQUEST_SENT,        /* has a slot, waits for the answer */
    REQUEST_PAUSED,      /* waits for its timer, without a slot */
    REQUEST_FINISHED
};
struct registry_request {
    TAILQ_ENTRY(registry_request) link; /* while queued */
    struct registry_client *client;
    enum registry_request_state state;
    struct registry_ask ask; /* its strings are owned */
    char *path;
    char *scope;
    struct registry_credentials used; /* by the last sending; only compared */
    struct registry_auth_wait *wait;
    struct curl_exchange *exchange;
    struct ms_timer *timer;
    struct ms_backoff backoff;
    unsigned attempts;
    unsigned slowdowns;
    unsigned auth_rounds;
    int64_t sent_us;
    registry_request_done *on_done;
    void *arg;
};

struct registry_request *registry_request_start(struct registry_client *client,
                                                const struct registry_ask *ask,
                                                registry_request_done *on_done, void *arg);
void registry_request_cancel(struct registry_request *request); /* NULL is fine */
/* From now on as for an event; NULL is fine. */
void registry_request_hurry(struct registry_request *request);
/* For registry/client.c: the request has a slot, which it gives back itself. */
void registry_request_begin(struct registry_request *request);

/* --- call.c --- */

/* A call under way. */
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
    bool is_refused; /* its end is deferred: `refusal`, with `doubt` as the reason */
    enum registry_outcome refusal;

    char repository[MS_REPOSITORY_NAME_MAX + 1];
    struct ms_digest expected; /* none: whatever the tag points to */
    bool has_mismatched;       /* once already */
    struct ms_error doubt;     /* why the item is doubtful, while the storage is probed */

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
