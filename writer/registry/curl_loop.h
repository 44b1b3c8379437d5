/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests over one curl multi handle on the event loop. One exchange is one request and its
 * answer, redirects followed; no retries, no queue, no knowledge of what registries answer.
 *
 * Credentials and the client certificate stay with the origin that was asked first. To an address
 * of a kind that the registry itself was not found at (registry/address.h) nothing connects but
 * requests to the registry's own origin: the address is judged when it is connected to, whatever
 * name led there.
 *
 * Exchanges keep the rules of loop.h. How many run at once is the caller's business: an exchange
 * that has to wait inside curl would count that as its own time.
 */
#ifndef CURL_LOOP_H
#define CURL_LOOP_H

#include "common/base/str.h"
#include "common/runtime/loop.h"
#include "writer/registry/address.h"
#include "writer/registry/redirect.h"

struct curl_loop;
struct curl_exchange; /* gone after its callback */

struct curl_loop_options {
    const char *own_url; /* of the registry: its scheme, host and port are its origin */
    const char *ca_file; /* NULL: the system's; borrowed only until curl_loop_new returns, as all */
    const char *client_cert;
    const char *client_key;
    const char *user_agent;
    size_t max_connections; /* to all hosts together, idle ones included */
};

enum {
    CURL_LOOP_REDIRECTS_MAX = 5,
    CURL_LOOP_CONNECT_MS = 10000, /* or the whole time of the exchange, if that is shorter */
    CURL_LOOP_ERROR_BODY_MAX = 64 * 1024, /* of an answer from 400 on; there it is cut off */
    CURL_LOOP_STALL_BYTES_PER_S = 64
};

enum curl_method { EXCHANGE_GET, EXCHANGE_HEAD, EXCHANGE_DELETE };

/* Everything is copied. */
struct curl_request {
    enum curl_method method;
    const char *url;
    bool is_own;                /* the URL is the registry's, which may be at any address */
    const char *const *headers; /* "Name: value", ended by NULL; NULL: none. Never credentials: they
                                   would follow a redirect */
    const char *bearer;         /* NULL: none; sent to the first origin only */
    const char *username;       /* basic; NULL: none; likewise */
    const char *password;
    enum registry_redirects redirects;
    size_t max_body_bytes;
    uint64_t timeout_ms;
    /* Gets the content (the body of a status below 300) as it comes; curl_response.body is empty
     * then. NULL: it is collected. */
    void (*on_bytes)(struct ms_str bytes, void *arg);
    void *bytes_arg;
    uint64_t stall_ms; /* slower than CURL_LOOP_STALL_BYTES_PER_S for so many whole seconds is given
                          up; 0: half of timeout_ms */
};

/* Valid during the callback. */
struct curl_response {
    /* NULL: an answer came, whole. MS_TOO_LARGE: http_status is known, the body was longer than
     * max_body_bytes. Else MS_UNAVAILABLE, MS_TIMEOUT or MS_PROTOCOL. */
    const struct ms_error *error;
    int http_status; /* 0: none came */
    bool
        was_sent_away; /* the answer is that of another origin, to which the first one redirected */
    bool is_refused;   /* by ourselves: a redirect or an address; `error` says why */
    struct ms_str body; /* decoded, should it have come coded */
    uint64_t duration_us;
    struct curl_exchange *exchange; /* for curl_response_header */
};

typedef void curl_exchange_done(const struct curl_response *response, void *arg);

struct curl_loop *curl_loop_new(struct ms_loop *loop, const struct curl_loop_options *options);
void curl_loop_free(struct curl_loop *curl); /* no callbacks any more; NULL is fine */
void curl_loop_set_connections(struct curl_loop *curl, size_t max_connections);
/* Instead of registry_address_kind, for tests: everything on their machine is loopback. */
typedef enum registry_address_kind curl_loop_judge_address(const struct sockaddr *address);
void curl_loop_judge_addresses_by(struct curl_loop *curl, curl_loop_judge_address *judge);

struct curl_exchange *curl_loop_start(struct curl_loop *curl, const struct curl_request *request,
                                      curl_exchange_done *on_done, void *arg);
/* NULL is fine; without effect inside the exchange's own callback. */
void curl_exchange_cancel(struct curl_exchange *exchange);

/* The index-th header of that name in the last answer; absent: no more. Valid as the response. */
struct ms_str curl_response_header(const struct curl_response *response, const char *name,
                                   size_t index);

#endif
