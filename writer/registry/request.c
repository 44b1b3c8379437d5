/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps, from the top to the bottom of this file:
 *
 *   registry_request_start  QUEUED: waits for a slot
 *   on_slot                 has one; fails at once when the registry is away
 *   authorize, on_token     AUTHORIZING: has a slot, waits for a token
 *   send                    SENT: has a slot, waits for the answer
 *   on_answer, act          what the answer means: the end, authorize again, or try again
 *   pause_and_queue         PAUSED: without a slot; then QUEUED again, before the others
 *   finish                  FINISHED: the callback
 *
 * Always holds: a request has a slot exactly while AUTHORIZING or SENT.
 */
#include "writer/registry/request.h"

#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/runtime/limit.h"
#include "common/runtime/metrics.h"

#include <stdio.h>
#include <string.h>

enum state { QUEUED, AUTHORIZING, SENT, PAUSED, FINISHED };

struct registry_request {
    struct registry_waiter waiter;
    struct registry_peer *peer;
    enum state state;
    struct registry_ask ask; /* its pointers are those below */
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

static const char ACCEPT_MANIFESTS[] = "Accept: application/vnd.oci.image.index.v1+json, "
                                       "application/vnd.docker.distribution.manifest.list.v2+json, "
                                       "application/vnd.oci.image.manifest.v1+json, "
                                       "application/vnd.docker.distribution.manifest.v2+json, "
                                       "application/vnd.docker.distribution.manifest.v1+prettyjws";

static void on_slot(void *arg);
static void authorize(struct registry_request *request);
static void on_token(const struct ms_error *err, uint64_t pause_ms, void *arg);
static void send(struct registry_request *request, const struct registry_credentials *credentials);
static void on_answer(const struct curl_response *response, void *arg);
static void act(struct registry_request *request, struct registry_result *result);
static void finish(struct registry_request *request, const struct registry_result *result);

static bool has_slot(const struct registry_request *request)
{
    return request->state == AUTHORIZING || request->state == SENT;
}

static void set_state(struct registry_request *request, enum state state)
{
    bool had_slot = has_slot(request);
    request->state = state;
    if (had_slot && !has_slot(request))
        registry_queue_release(request->peer->queue);
}

/* --- the beginning --- */

struct registry_request *registry_request_start(struct registry_peer *peer,
                                                const struct registry_ask *ask,
                                                registry_request_done *on_done, void *arg)
{
    struct registry_request *request = ms_alloc(sizeof(*request));
    request->peer = peer;
    request->ask = *ask;
    request->path = ms_alloc_copy(ask->path);
    request->scope = ms_alloc_copy(ask->scope);
    request->backoff = (struct ms_backoff){.base_ms = peer->timing->pause_base_ms,
                                           .max_ms = peer->timing->pause_max_ms};
    request->on_done = on_done;
    request->arg = arg;
    request->state = QUEUED;
    request->waiter =
        (struct registry_waiter){.priority = ask->priority, .on_slot = on_slot, .arg = request};
    registry_queue_wait(peer->queue, &request->waiter, false);
    return request;
}

static void on_slot(void *arg)
{
    struct registry_request *request = arg;
    struct ms_error err;
    request->auth_rounds = 0;
    set_state(request, AUTHORIZING);
    if (!registry_circuit_is_open(request->peer->circuit)) {
        authorize(request);
        return;
    }
    (void)ms_error_set(&err, MS_UNAVAILABLE, "the registry is away: %s",
                       registry_circuit_last_error(request->peer->circuit));
    struct registry_result result = {
        .verdict = REGISTRY_IN_TROUBLE, .error = &err, .sent_us = request->sent_us};
    finish(request, &result);
}

/* --- sending --- */

static void authorize(struct registry_request *request)
{
    struct registry_auth *auth = request->peer->auth;
    struct registry_credentials credentials;
    set_state(request, AUTHORIZING);
    if (registry_auth_get(&credentials, auth, request->scope))
        send(request, &credentials);
    else
        request->wait = registry_auth_wait(auth, request->scope, on_token, request);
}

static enum curl_method method_of(enum registry_kind kind)
{
    if (kind == REGISTRY_KIND_HEAD)
        return EXCHANGE_HEAD;
    return kind == REGISTRY_KIND_DELETE ? EXCHANGE_DELETE : EXCHANGE_GET;
}

static enum registry_redirects redirects_of(enum registry_kind kind)
{
    if (kind == REGISTRY_KIND_DELETE)
        return REGISTRY_REDIRECTS_NONE;
    return kind == REGISTRY_KIND_BLOB ? REGISTRY_REDIRECTS_ANYWHERE : REGISTRY_REDIRECTS_OWN_ORIGIN;
}

static bool is_for_manifest(enum registry_kind kind)
{
    return kind == REGISTRY_KIND_HEAD || kind == REGISTRY_KIND_MANIFEST;
}

static void send(struct registry_request *request, const struct registry_credentials *credentials)
{
    struct registry_peer *peer = request->peer;
    enum registry_kind kind = request->ask.kind;
    char digest[MS_DIGEST_TEXT_MAX];
    char condition[MS_DIGEST_TEXT_MAX + 32];
    const char *headers[3] = {NULL}; /* ended by NULL */
    size_t n_headers = 0;
    if (is_for_manifest(kind))
        headers[n_headers++] = ACCEPT_MANIFESTS;
    if (!ms_digest_is_none(&request->ask.known)) {
        (void)snprintf(condition, sizeof(condition), "If-None-Match: \"%s\"",
                       ms_digest_format(digest, &request->ask.known));
        headers[n_headers++] = condition;
    }
    struct ms_buf url;
    ms_buf_init(&url, REGISTRY_URL_MAX);
    ms_buf_append_c(&url, peer->base_url);
    ms_buf_append_c(&url, request->path);
    struct curl_request ask = {
        .method = method_of(kind),
        .url = url.data,
        .headers = headers,
        .bearer = credentials->bearer,
        .username = credentials->username,
        .password = credentials->password,
        .is_own = true,
        .redirects = redirects_of(kind),
        .max_body_bytes = request->ask.max_bytes,
        .on_bytes = request->ask.on_bytes,
        .bytes_arg = request->ask.bytes_arg,
        .timeout_ms = peer->timeout_ms,
        .stall_ms = peer->timing->stall_ms,
    };
    if (request->ask.on_bytes != NULL)
        request->ask.on_bytes(MS_STR_ABSENT, request->ask.bytes_arg);
    peer->requests++;
    request->used = *credentials;
    request->sent_us = ms_clock_mono_us();
    set_state(request, SENT);
    request->exchange = curl_loop_start(peer->curl, &ask, on_answer, request);
    ms_buf_free(&url);
}

/* --- answers --- */

/* In words for people: what is stored as the reason of something unreadable. */
static void describe(struct ms_error *out, const struct curl_response *response,
                     const struct registry_error_body *body)
{
    if (response->error != NULL)
        *out = *response->error;
    else if (body == NULL)
        (void)ms_error_set(out, MS_PROTOCOL, "the registry answers %d", response->http_status);
    else if (body->message[0] == '\0')
        (void)ms_error_set(out, MS_PROTOCOL, "the registry answers %d %s", response->http_status,
                           body->code);
    else
        (void)ms_error_set(out, MS_PROTOCOL, "the registry answers %d %s: %s",
                           response->http_status, body->code, body->message);
}

static void count(enum registry_kind kind, const struct curl_response *response)
{
    static const double US_PER_S = 1e6;
    bool is_too_large = response->error != NULL && response->error->status == MS_TOO_LARGE;
    bool has_answer = response->error == NULL || is_too_large;
    ms_metrics_add(MS_METRIC_REGISTRY_REQUESTS, registry_kind_name(kind),
                   registry_code_name(has_answer ? response->http_status : 0), 1);
    ms_metrics_observe(MS_METRIC_REGISTRY_REQUEST_SECONDS, NULL,
                       (double)response->duration_us / US_PER_S);
    if (is_too_large)
        ms_limit_reached(MS_LIMIT_REGISTRY_BODY);
    if (response->is_refused)
        ms_limit_reached(MS_LIMIT_REGISTRY_REDIRECTS);
}

static bool is_html(const struct curl_response *response)
{
    struct ms_str type = curl_response_header(response, "Content-Type", 0);
    return ms_str_equal_ci(ms_str_slice(type, 0, 9), MS_STR("text/html"));
}

static bool reads_storage(enum registry_kind kind)
{
    return is_for_manifest(kind) || kind == REGISTRY_KIND_TAGS || kind == REGISTRY_KIND_BLOB;
}

static void on_answer(const struct curl_response *response, void *arg)
{
    struct registry_request *request = arg;
    struct registry_peer *peer = request->peer;
    enum registry_kind kind = request->ask.kind;
    struct registry_error_body body;
    struct ms_error err;
    request->exchange = NULL;
    count(kind, response);
    bool has_body = response->error == NULL && response->http_status >= 400 &&
                    registry_error_parse(&body, response->body);
    struct registry_answer answer = {
        .kind = kind,
        .transport = response->error != NULL ? response->error->status : MS_OK,
        .http_status = response->http_status,
        .is_conditional = !ms_digest_is_none(&request->ask.known),
        .was_sent_away = response->was_sent_away,
        .is_refused = response->is_refused,
        .is_html = is_html(response),
        .names_pause = !ms_str_is_absent(curl_response_header(response, "Retry-After", 0)),
        .error_code = has_body ? body.code : NULL,
    };
    describe(&err, response, has_body ? &body : NULL);
    struct registry_result result = {
        .verdict = registry_judge(&answer),
        .error = &err,
        .error_code = answer.error_code,
        .response = response,
        .sent_us = request->sent_us,
    };
    if (result.verdict == REGISTRY_SAYS_FOUND && reads_storage(kind))
        peer->storage_read_us = ms_clock_mono_us();
    if (result.verdict == REGISTRY_SAYS_FOUND && is_for_manifest(kind))
        registry_own_notifications_expect(peer->own);
    registry_circuit_note(peer->circuit, registry_is_alive(&answer), err.text);
    act(request, &result);
}

static void on_paused(void *arg)
{
    struct registry_request *request = arg;
    set_state(request, QUEUED);
    registry_queue_wait(request->peer->queue, &request->waiter, true);
}

static void pause_and_queue(struct registry_request *request, uint64_t at_least_ms)
{
    uint64_t own_ms = ms_backoff_next_ms(&request->backoff);
    request->peer->retries++;
    set_state(request, PAUSED);
    if (request->timer == NULL)
        request->timer = ms_timer_new(request->peer->loop, on_paused, request);
    ms_timer_start(request->timer, at_least_ms > own_ms ? at_least_ms : own_ms);
}

/* Once more, unless it was tried often enough: then the result stands. */
static void try_again(struct registry_request *request, const struct registry_result *result,
                      uint64_t pause_ms)
{
    request->attempts++;
    if (request->attempts >= REGISTRY_ATTEMPTS_MAX ||
        registry_circuit_is_open(request->peer->circuit))
        finish(request, result);
    else
        pause_and_queue(request, pause_ms);
}

/* The registry says "slower": all requests pause, and this one is patient. */
static void slow_down(struct registry_request *request, struct registry_result *result,
                      uint64_t pause_ms)
{
    request->slowdowns++;
    if (request->slowdowns >= REGISTRY_SLOWDOWNS_MAX) {
        ms_limit_reached(MS_LIMIT_REGISTRY_SLOWDOWNS);
        result->verdict = REGISTRY_IN_TROUBLE;
        finish(request, result);
        return;
    }
    registry_queue_pause(request->peer->queue, pause_ms);
    pause_and_queue(request, pause_ms);
}

/* A 401 that stays is "no", not "unreadable": credentials that have lost their rights would empty
 * the whole index. */
static void answer_challenge(struct registry_request *request, struct registry_result *result)
{
    struct ms_error err;
    request->auth_rounds++;
    result->verdict = REGISTRY_SAYS_NO;
    if (request->auth_rounds > REGISTRY_AUTH_ROUNDS_MAX) {
        finish(request, result);
        return;
    }
    if (registry_auth_challenged(request->peer->auth, request->scope, &request->used,
                                 result->response, &err) == MS_OK) {
        authorize(request);
        return;
    }
    result->error = &err; /* cppcheck-suppress autoVariables ; until finish() has told it */
    finish(request, result);
}

static void act(struct registry_request *request, struct registry_result *result)
{
    uint64_t pause_ms =
        registry_retry_after_ms(curl_response_header(result->response, "Retry-After", 0),
                                ms_clock_wall_ms(), request->peer->timing->retry_after_max_ms);
    switch (result->verdict) {
    case REGISTRY_SAYS_CHALLENGE:
        answer_challenge(request, result);
        break;
    case REGISTRY_SAYS_SLOWER:
        slow_down(request, result, pause_ms);
        break;
    case REGISTRY_PERHAPS_UNREADABLE:
        if (request->ask.expects_unreadable)
            finish(request, result);
        else
            try_again(request, result, pause_ms);
        break;
    case REGISTRY_IN_TROUBLE:
        try_again(request, result, pause_ms);
        break;
    case REGISTRY_SAYS_FOUND:
    case REGISTRY_SAYS_NOT_MODIFIED:
        result->error = NULL;
        finish(request, result);
        break;
    case REGISTRY_SAYS_ABSENT:
    case REGISTRY_SAYS_UNREADABLE:
    case REGISTRY_SAYS_ASK_BY_GET:
    case REGISTRY_SAYS_NO:
        finish(request, result);
        break;
    }
}

static void on_token(const struct ms_error *err, uint64_t pause_ms, void *arg)
{
    struct registry_request *request = arg;
    struct registry_result result = {
        .verdict = REGISTRY_IN_TROUBLE, .error = err, .sent_us = request->sent_us};
    request->wait = NULL;
    if (err == NULL) {
        authorize(request);
    } else if (err->status == MS_UNAUTHORIZED) {
        result.verdict = REGISTRY_SAYS_NO;
        finish(request, &result);
    } else {
        try_again(request, &result, pause_ms);
    }
}

/* --- the end --- */

/* Leaves whatever it waits for; its memory stays until the next turn. */
static void stop_waiting(struct registry_request *request)
{
    registry_queue_leave(request->peer->queue, &request->waiter);
    registry_auth_wait_cancel(request->wait);
    curl_exchange_cancel(request->exchange);
    request->wait = NULL;
    request->exchange = NULL;
    set_state(request, FINISHED);
}

static void discard(struct registry_request *request)
{
    ms_timer_free(request->timer);
    free(request->path);
    free(request->scope);
    ms_loop_defer_free(request->peer->loop, request);
}

static void finish(struct registry_request *request, const struct registry_result *result)
{
    struct registry_circuit *circuit = request->peer->circuit;
    if (result->error != NULL && result->verdict != REGISTRY_SAYS_ABSENT &&
        !registry_circuit_is_open(circuit))
        registry_circuit_note_error(circuit, result->error->text);
    stop_waiting(request);
    request->on_done(result, request->arg);
    discard(request);
}

void registry_request_cancel(struct registry_request *request)
{
    if (request == NULL || request->state == FINISHED)
        return;
    stop_waiting(request);
    discard(request);
}

void registry_request_expect_unreadable(struct registry_request *request)
{
    if (request != NULL)
        request->ask.expects_unreadable = true;
}

void registry_request_hurry(struct registry_request *request)
{
    if (request == NULL)
        return;
    request->ask.priority = REGISTRY_EVENT;
    registry_queue_hurry(request->peer->queue, &request->waiter);
}
