/* SPDX-License-Identifier: Apache-2.0 */
/* One request to the registry until it has an answer that means something: a slot, credentials,
 * tries and pauses. */
#ifndef REGISTRY_REQUEST_H
#define REGISTRY_REQUEST_H

#include "common/base/digest.h"
#include "writer/registry/answer.h"
#include "writer/registry/auth.h"
#include "writer/registry/circuit.h"
#include "writer/registry/own_notifications.h"
#include "writer/registry/timing.h"

enum {
    REGISTRY_ATTEMPTS_MAX = 4,   /* of one request, when there is trouble */
    REGISTRY_SLOWDOWNS_MAX = 10, /* of one request, when the registry says "slower" */
    REGISTRY_AUTH_ROUNDS_MAX =
        2, /* 401s in a row: no token yet, then one that expired or falls short */
    REGISTRY_URL_MAX = 16 * 1024
};

/* The registry, as requests reach it. */
struct registry_peer {
    struct ms_loop *loop;
    struct curl_loop *curl;
    struct registry_auth *auth;
    struct registry_queue *queue;
    struct registry_circuit *circuit;
    struct registry_own_notifications *own;
    const struct registry_timing *timing;
    char *base_url;
    uint64_t timeout_ms;
    int64_t storage_read_us; /* when the registry last read something from its storage for us */
    uint64_t requests;
    uint64_t retries;
};

/* Everything is copied. */
struct registry_ask {
    enum registry_kind kind;
    enum registry_priority priority;
    const char *path; /* behind the base URL, with the query */
    const char *scope;
    struct ms_digest known; /* If-None-Match; none: unconditional */
    size_t max_bytes;
    /* Content as it comes, not collected; NULL: it is. Absent bytes: it comes from the start
     * (again).
     */
    void (*on_bytes)(struct ms_str bytes, void *arg);
    void *bytes_arg;
    bool expects_unreadable; /* it was so before: no tries when it perhaps still is */
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

struct registry_request; /* gone after its callback */
struct registry_request *registry_request_start(struct registry_peer *peer,
                                                const struct registry_ask *ask,
                                                registry_request_done *on_done, void *arg);
void registry_request_cancel(struct registry_request *request); /* NULL is fine */
/* As registry_ask.expects_unreadable; NULL is fine. */
void registry_request_expect_unreadable(struct registry_request *request);
/* From now on as for an event; NULL is fine. */
void registry_request_hurry(struct registry_request *request);

#endif
