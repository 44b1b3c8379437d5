/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to the registry until it has an answer that means something.
 *
 * Steps: QUEUED -> begin -> AUTHORIZING -> send -> SENT -> on_answer, which ends it (finish), goes
 * back to AUTHORIZING after a 401, or pauses (PAUSED) and queues again. Always holds: a request has
 * a slot exactly while AUTHORIZING or SENT.
 */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/runtime/limit.h"
#include "common/runtime/metrics.h"
#include "writer/registry/internal.h"

#include <stdio.h>
#include <string.h>

static const char ACCEPT_MANIFESTS[] = "Accept: application/vnd.oci.image.index.v1+json, "
                                       "application/vnd.docker.distribution.manifest.list.v2+json, "
                                       "application/vnd.oci.image.manifest.v1+json, "
                                       "application/vnd.docker.distribution.manifest.v2+json, "
                                       "application/vnd.docker.distribution.manifest.v1+prettyjws";

/* --- the end --- */

static bool has_slot(const struct registry_request *request)
{
    return request->state == REQUEST_AUTHORIZING || request->state == REQUEST_SENT;
}

static void set_state(struct registry_request *request, enum registry_request_state state)
{
    bool had_slot = has_slot(request);
    request->state = state;
    if (had_slot && !has_slot(request))
        registry_client_release_slot(request->client);
}

/* Leaves whatever it waits for. */
static void let_go(struct registry_request *request)
{
    if (request->state == REQUEST_QUEUED)
        registry_client_dequeue(request->client, request);
    registry_auth_wait_cancel(request->wait);
    curl_exchange_cancel(request->exchange);
    request->wait = NULL;
    request->exchange = NULL;
    set_state(request, REQUEST_FINISHED);
}

static void discard(struct registry_request *request)
{
    ms_timer_free(request->timer);
    free(request->path);
    free(request->scope);
    ms_loop_defer_free(request->client->loop, request);
}

static void finish(struct registry_request *request, const struct registry_result *result)
{
    struct registry_client *client = request->client;
    if (result->error != NULL && result->verdict != REGISTRY_SAYS_ABSENT)
        registry_client_note_error(client, result->error->text);
    let_go(request);
    request->on_done(result, request->arg);
    discard(request);
}

/* Ends without an answer to show. */
static void fail(struct registry_request *request, enum registry_verdict verdict,
                 const struct ms_error *err)
{
    struct registry_result result = {.verdict = verdict, .error = err, .sent_us = request->sent_us};
    finish(request, &result);
}

void registry_request_cancel(struct registry_request *request)
{
    if (request == NULL || request->state == REQUEST_FINISHED)
        return;
    let_go(request);
    discard(request);
}

void registry_request_hurry(struct registry_request *request)
{
    if (request == NULL || request->ask.priority == REGISTRY_EVENT)
        return;
    bool is_queued = request->state == REQUEST_QUEUED;
    if (is_queued)
        registry_client_dequeue(request->client, request);
    request->ask.priority = REGISTRY_EVENT;
    if (is_queued)
        registry_client_enqueue(request->client, request, false);
}

/* --- pauses --- */

static void on_paused(void *arg)
{
    struct registry_request *request = arg;
    set_state(request, REQUEST_QUEUED);
    registry_client_enqueue(request->client, request, true);
}

static void pause_at_least(struct registry_request *request, uint64_t pause_ms)
{
    uint64_t own_ms = ms_backoff_next_ms(&request->backoff);
    request->client->retries++;
    set_state(request, REQUEST_PAUSED);
    if (request->timer == NULL)
        request->timer = ms_timer_new(request->client->loop, on_paused, request);
    ms_timer_start(request->timer, pause_ms > own_ms ? pause_ms : own_ms);
}

/* Tries once more, unless it was tried often enough: then the result stands. */
static void again(struct registry_request *request, const struct registry_result *result,
                  uint64_t pause_ms)
{
    request->attempts++;
    if (request->attempts >= REGISTRY_ATTEMPTS_MAX || request->client->circuit.is_open)
        finish(request, result);
    else
        pause_at_least(request, pause_ms);
}

static void slower(struct registry_request *request, struct registry_result *result,
                   uint64_t pause_ms)
{
    request->slowdowns++;
    if (request->slowdowns >= REGISTRY_SLOWDOWNS_MAX) {
        ms_limit_reached(MS_LIMIT_REGISTRY_SLOWDOWNS);
        result->verdict = REGISTRY_IN_TROUBLE;
        finish(request, result);
        return;
    }
    registry_client_keep_quiet(request->client, pause_ms);
    pause_at_least(request, pause_ms);
}

/* --- sending --- */

static void on_answer(const struct curl_response *response, void *arg);

static enum curl_method method_of(enum registry_kind kind)
{
    if (kind == REGISTRY_KIND_HEAD)
        return EXCHANGE_HEAD;
    return kind == REGISTRY_KIND_DELETE ? EXCHANGE_DELETE : EXCHANGE_GET;
}

static void send(struct registry_request *request, const struct registry_credentials *credentials)
{
    struct registry_client *client = request->client;
    enum registry_kind kind = request->ask.kind;
    char digest[MS_DIGEST_TEXT_MAX];
    char condition[MS_DIGEST_TEXT_MAX + 32];
    const char *headers[3] = {NULL, NULL, NULL};
    size_t n_headers = 0;
    if (kind == REGISTRY_KIND_HEAD || kind == REGISTRY_KIND_MANIFEST)
        headers[n_headers++] = ACCEPT_MANIFESTS;
    if (!ms_digest_is_none(&request->ask.known)) {
        snprintf(condition, sizeof(condition), "If-None-Match: \"%s\"",
                 ms_digest_format(digest, &request->ask.known));
        headers[n_headers++] = condition;
    }
    struct ms_buf url;
    ms_buf_init(&url, REGISTRY_URL_MAX);
    ms_buf_append_c(&url, client->base_url);
    ms_buf_append_c(&url, request->path);
    struct curl_request ask = {
        .method = method_of(kind),
        .url = url.data,
        .headers = headers,
        .bearer = credentials->bearer,
        .username = credentials->username,
        .password = credentials->password,
        .follow_redirects = kind != REGISTRY_KIND_DELETE,
        .max_body_bytes = request->ask.max_bytes,
        .timeout_ms = client->timeout_ms,
    };
    client->requests++;
    request->used = *credentials;
    request->sent_us = ms_clock_mono_us();
    set_state(request, REQUEST_SENT);
    request->exchange = curl_loop_start(client->curl, &ask, on_answer, request);
    ms_buf_free(&url);
}

static void on_token(const struct ms_error *err, uint64_t pause_ms, void *arg);

static void authorize(struct registry_request *request)
{
    struct registry_credentials credentials;
    set_state(request, REQUEST_AUTHORIZING);
    if (registry_auth_get(&credentials, request->client->auth, request->scope) == MS_OK)
        send(request, &credentials);
    else
        request->wait =
            registry_auth_wait(request->client->auth, request->scope, on_token, request);
}

static void on_token(const struct ms_error *err, uint64_t pause_ms, void *arg)
{
    struct registry_request *request = arg;
    request->wait = NULL;
    if (err == NULL) {
        authorize(request);
    } else if (err->status == MS_UNAUTHORIZED) {
        fail(request, REGISTRY_SAYS_NO, err);
    } else {
        struct registry_result result = {
            .verdict = REGISTRY_IN_TROUBLE, .error = err, .sent_us = request->sent_us};
        again(request, &result, pause_ms);
    }
}

void registry_request_begin(struct registry_request *request)
{
    struct registry_client *client = request->client;
    struct ms_error err;
    request->auth_rounds = 0;
    set_state(request, REQUEST_AUTHORIZING);
    if (!client->circuit.is_open) {
        authorize(request);
        return;
    }
    (void)ms_error_set(&err, MS_UNAVAILABLE, "the registry is away: %s", client->last_error);
    struct registry_result result = {
        .verdict = REGISTRY_IN_TROUBLE, .error = &err, .sent_us = request->sent_us};
    let_go(request);
    request->on_done(&result, request->arg); /* its error is last_error already */
    discard(request);
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

static void count(struct registry_request *request, const struct curl_response *response)
{
    enum { MICROSECONDS = 1000000 };
    ms_metrics_add(
        MS_METRIC_REGISTRY_REQUESTS, registry_kind_name(request->ask.kind),
        registry_code_name(response->error != NULL && response->error->status != MS_TOO_LARGE
                               ? 0
                               : response->http_status),
        1);
    ms_metrics_observe(MS_METRIC_REGISTRY_REQUEST_SECONDS, NULL,
                       (double)response->duration_us / MICROSECONDS);
    if (response->error != NULL && response->error->status == MS_TOO_LARGE)
        ms_limit_reached(MS_LIMIT_REGISTRY_BODY);
}

static void challenged(struct registry_request *request, struct registry_result *result)
{
    struct ms_error err;
    request->auth_rounds++;
    result->verdict = REGISTRY_SAYS_NO;
    /* Not "unreadable": credentials that have lost their rights would empty the whole index. */
    if (request->auth_rounds > REGISTRY_AUTH_ROUNDS_MAX) {
        finish(request, result);
        return;
    }
    if (registry_auth_challenged(request->client->auth, request->scope, &request->used,
                                 result->response, &err) == MS_OK) {
        authorize(request);
        return;
    }
    struct registry_result refused = *result;
    refused.error = &err;
    finish(request, &refused);
}

static void act(struct registry_request *request, struct registry_result *result)
{
    uint64_t pause_ms = registry_retry_after_ms(
        curl_response_header(result->response, "Retry-After", 0), ms_clock_wall_ms());
    switch (result->verdict) {
    case REGISTRY_SAYS_CHALLENGE:
        challenged(request, result);
        break;
    case REGISTRY_SAYS_SLOWER:
        slower(request, result, pause_ms);
        break;
    case REGISTRY_IN_TROUBLE:
    case REGISTRY_DOUBTFUL:
        again(request, result, pause_ms);
        break;
    case REGISTRY_SAYS_FOUND:
    case REGISTRY_SAYS_NOT_MODIFIED:
        result->error = NULL;
        finish(request, result);
        break;
    case REGISTRY_SAYS_ABSENT:
    case REGISTRY_SAYS_UNREADABLE:
    case REGISTRY_SAYS_ASK_WHOLLY:
    case REGISTRY_SAYS_NO:
        finish(request, result);
        break;
    }
}

static bool reads_storage(enum registry_kind kind)
{
    return kind == REGISTRY_KIND_TAGS || kind == REGISTRY_KIND_HEAD ||
           kind == REGISTRY_KIND_MANIFEST || kind == REGISTRY_KIND_BLOB;
}

static bool makes_echo(enum registry_kind kind)
{
    return kind == REGISTRY_KIND_HEAD || kind == REGISTRY_KIND_MANIFEST;
}

static bool is_html(const struct curl_response *response)
{
    struct ms_str type = curl_response_header(response, "Content-Type", 0);
    return ms_str_equal_ci(ms_str_slice(type, 0, 9), MS_STR("text/html"));
}

static void on_answer(const struct curl_response *response, void *arg)
{
    struct registry_request *request = arg;
    struct registry_client *client = request->client;
    struct registry_error_body body;
    struct ms_error err;
    request->exchange = NULL;
    count(request, response);
    bool has_body = response->error == NULL && response->http_status >= 400 &&
                    registry_error_parse(&body, response->body);
    struct registry_answer answer = {
        .kind = request->ask.kind,
        .transport = response->error != NULL ? response->error->status : MS_OK,
        .http_status = response->http_status,
        .is_conditional = !ms_digest_is_none(&request->ask.known),
        .was_redirected = response->was_redirected,
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
    if (result.verdict == REGISTRY_SAYS_FOUND && reads_storage(request->ask.kind))
        client->storage_read_us = ms_clock_mono_us();
    if (result.verdict == REGISTRY_SAYS_FOUND && makes_echo(request->ask.kind))
        registry_echo_note_pull(client);
    registry_circuit_note(client, registry_is_alive(&answer), err.text);
    act(request, &result);
}

/* --- the beginning --- */

struct registry_request *registry_request_start(struct registry_client *client,
                                                const struct registry_ask *ask,
                                                registry_request_done *on_done, void *arg)
{
    struct registry_request *request = ms_alloc(sizeof(*request));
    request->client = client;
    request->ask = *ask;
    request->path = ms_alloc_copy(ask->path);
    request->scope = ms_alloc_copy(ask->scope);
    request->backoff =
        (struct ms_backoff){.base_ms = REGISTRY_PAUSE_BASE_MS, .max_ms = REGISTRY_PAUSE_MAX_MS};
    request->on_done = on_done;
    request->arg = arg;
    request->state = REQUEST_QUEUED;
    registry_client_enqueue(client, request, false);
    return request;
}
