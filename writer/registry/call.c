/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls: what callers start and cancel, and those on one item (manifest, blob). Each is one
 * request, or a few: a digest that does not match is asked for once more, a HEAD that is refused
 * becomes a GET, and an item that the registry fails at is called unreadable only when its storage
 * can be read otherwise. Lists are in list.c.
 */
#include "writer/registry/call.h"

#include "common/base/alloc.h"
#include "common/base/hash.h"
#include "common/runtime/limit.h"
#include "writer/registry/jws.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* --- any call --- */

enum { MEDIA_TYPE_MAX = 255 };

struct registry_call *registry_call_new(struct registry_client *client, enum registry_kind kind,
                                        enum registry_priority priority, registry_done *on_done,
                                        void *arg)
{
    struct registry_call *call = ms_alloc(sizeof(*call));
    call->client = client;
    call->file = -1;
    call->ask.kind = kind;
    call->ask.priority = priority;
    call->on_done = on_done;
    call->arg = arg;
    ms_buf_init(&call->path, REGISTRY_PATH_MAX);
    ms_buf_init(&call->scope, REGISTRY_PATH_MAX);
    LIST_INSERT_HEAD(&client->calls, call, link);
    client->n_calls++;
    return call;
}

/* Takes the call out of the client's books; its memory stays until the next turn. */
static void retire(struct registry_call *call)
{
    call->is_finished = true;
    call->client->n_calls--;
    LIST_REMOVE(call, link);
}

static void free_parts(struct registry_call *call)
{
    ms_buf_free(&call->path);
    ms_buf_free(&call->scope);
    name_list_free(call->names);
    ms_hash_free(call->hash);
}

static void discard(struct registry_call *call)
{
    free_parts(call);
    ms_loop_defer_free(call->client->peer.loop, call);
}

void registry_call_finish(struct registry_call *call, const struct registry_reply *reply)
{
    retire(call);
    call->on_done(reply, call->arg);
    discard(call);
}

/* None when the answer names none, or something that is no digest. */
static struct ms_digest digest_of(const struct curl_response *response)
{
    struct ms_digest digest = {.len = 0};
    struct ms_str text = curl_response_header(response, "Docker-Content-Digest", 0);
    if (ms_digest_parse(&digest, ms_str_trim(text)) != MS_OK)
        digest.len = 0;
    return digest;
}

void registry_call_fail(struct registry_call *call, enum registry_outcome outcome,
                        const struct ms_error *err, const struct registry_result *result)
{
    struct ms_error located = *err;
    /* The reason of something unreadable is shown beside its name; a failure is logged alone. */
    if (outcome == REGISTRY_FAILED)
        (void)ms_error_set(&located, err->status, "%s: %s",
                           call->path.data != NULL ? call->path.data : "", err->text);
    struct registry_reply reply = {.outcome = outcome, .error = &located};
    if (result != NULL && result->response != NULL) {
        reply.http_status = result->response->http_status;
        reply.error_code = ms_str(result->error_code);
        if (reply.http_status == 200)
            reply.digest = digest_of(result->response);
    }
    registry_call_finish(call, &reply);
}

void registry_call_hurry(struct registry_call *call)
{
    if (call == NULL)
        return;
    call->ask.priority = REGISTRY_EVENT;
    registry_request_hurry(call->request);
}

void registry_call_expect_unreadable(struct registry_call *call)
{
    if (call == NULL)
        return;
    call->ask.expects_unreadable = true;
    registry_request_expect_unreadable(call->request);
}

void registry_call_cancel(struct registry_call *call)
{
    if (call == NULL || call->is_finished)
        return;
    retire(call);
    registry_request_cancel(call->request);
    call->request = NULL;
    if (!call->is_refused)
        discard(call);
}

static void on_refused(void *arg)
{
    struct registry_call *call = arg;
    if (call->is_finished) { /* cancelled meanwhile; the client may be gone */
        free_parts(call);
        free(call);
        return;
    }
    registry_call_fail(call, call->refusal, &call->failure, NULL);
}

static void refuse(struct registry_call *call, enum registry_outcome outcome, enum ms_status status,
                   const char *why)
{
    call->is_refused = true;
    call->refusal = outcome;
    (void)ms_error_set(&call->failure, status, "%s", why);
    ms_loop_defer(call->client->peer.loop, on_refused, call);
}

void registry_call_begin(struct registry_call *call, registry_request_done *on_result)
{
    if (call->is_refused)
        return;
    if (call->client->n_calls <= REGISTRY_CALLS_MAX) {
        registry_call_ask(call, on_result);
        return;
    }
    ms_limit_reached(MS_LIMIT_REGISTRY_CALLS);
    refuse(call, REGISTRY_FAILED, MS_BUSY, "too many calls to the registry at once");
}

void registry_call_ask(struct registry_call *call, registry_request_done *on_result)
{
    call->ask.path = call->path.data;
    call->ask.scope = call->scope.data;
    call->request = registry_request_start(&call->client->peer, &call->ask, on_result, call);
}

void registry_call_set_repository(struct registry_call *call, struct ms_str repository,
                                  const char *action)
{
    if (!ms_refname_is_repository(repository)) {
        refuse(call, REGISTRY_UNREADABLE, MS_INVALID, "not the name of a repository");
        return;
    }
    memcpy(call->repository, repository.ptr, repository.len);
    ms_buf_printf(&call->scope, "repository:%s:%s", call->repository, action);
}

enum registry_outcome registry_outcome_of(enum registry_verdict verdict)
{
    switch (verdict) {
    case REGISTRY_SAYS_FOUND:
        return REGISTRY_FOUND;
    case REGISTRY_SAYS_NOT_MODIFIED:
        return REGISTRY_NOT_MODIFIED;
    case REGISTRY_SAYS_ABSENT:
        return REGISTRY_ABSENT;
    case REGISTRY_SAYS_UNREADABLE:
        return REGISTRY_UNREADABLE;
    case REGISTRY_SAYS_CHALLENGE:
    case REGISTRY_SAYS_SLOWER:
    case REGISTRY_SAYS_ASK_BY_GET:
    case REGISTRY_SAYS_NO:
    case REGISTRY_IN_TROUBLE:
    case REGISTRY_PERHAPS_UNREADABLE:
        break;
    }
    return REGISTRY_FAILED;
}

/* --- answers without content --- */

/* The item cannot be had. Is it the item, or the storage? Any answer that needs the storage will
 * do, also a list that is longer than we care for. */
static void on_storage_probed(const struct registry_result *result, void *arg)
{
    struct registry_call *call = arg;
    call->request = NULL;
    bool is_fine = result->verdict == REGISTRY_SAYS_FOUND ||
                   result->verdict == REGISTRY_SAYS_ABSENT ||
                   (result->error != NULL && result->error->status == MS_TOO_LARGE);
    registry_call_fail(call, is_fine ? REGISTRY_UNREADABLE : REGISTRY_FAILED, &call->failure,
                       result);
}

static void probe_storage(struct registry_call *call)
{
    struct registry_ask ask = {
        .kind = REGISTRY_KIND_TAGS,
        .priority = call->ask.priority,
        .scope = call->scope.data,
        .max_bytes = REGISTRY_PROBE_MAX,
    };
    struct ms_buf path;
    ms_buf_init(&path, REGISTRY_PATH_MAX);
    ms_buf_printf(&path, "/v2/%s/tags/list?n=1", call->repository);
    ask.path = path.data;
    call->request = registry_request_start(&call->client->peer, &ask, on_storage_probed, call);
    ms_buf_free(&path);
}

/* What manifests, blobs and deletions have in common: everything but "found". */
static void finish_without_content(struct registry_call *call, const struct registry_result *result)
{
    struct registry_peer *peer = &call->client->peer;
    enum registry_outcome outcome = registry_outcome_of(result->verdict);
    if (result->verdict == REGISTRY_PERHAPS_UNREADABLE) {
        bool is_item = call->ask.expects_unreadable || peer->storage_read_us > result->sent_us;
        if (!is_item) {
            call->failure = *result->error;
            probe_storage(call);
            return;
        }
        outcome = REGISTRY_UNREADABLE;
    }
    if (result->error != NULL) {
        registry_call_fail(call, outcome, result->error, result);
        return;
    }
    struct registry_reply reply = {
        .outcome = outcome,
        .http_status = result->response->http_status,
    };
    if (result->verdict == REGISTRY_SAYS_NOT_MODIFIED)
        reply.digest = call->ask.known;
    registry_call_finish(call, &reply);
}

/* --- contents: manifests and blobs --- */

/* What is longer than any that is registered is none: it is kept beside each manifest. */
static struct ms_str media_type_of(const struct curl_response *response)
{
    struct ms_str type = curl_response_header(response, "Content-Type", 0);
    if (ms_str_is_absent(type))
        return MS_STR("");
    type = ms_str_trim(ms_str_next(&type, ';'));
    return type.len > MEDIA_TYPE_MAX ? MS_STR("") : type;
}

static void found(struct registry_call *call, const struct curl_response *response,
                  const struct ms_digest *digest, struct ms_str body)
{
    struct registry_reply reply = {
        .outcome = REGISTRY_FOUND,
        .http_status = response->http_status,
        .digest = *digest,
        .media_type = media_type_of(response),
        .body = body,
    };
    registry_call_finish(call, &reply);
}

static void on_content(const struct registry_result *result, void *arg);

/* A cut by a proxy, a cache: once more, then it is the item. */
static void repeat_or_fail(struct registry_call *call, const struct registry_result *result)
{
    struct ms_error err;
    if (!call->has_mismatched && !call->ask.expects_unreadable) {
        call->has_mismatched = true;
        call->client->peer.retries++;
        registry_call_ask(call, on_content);
        return;
    }
    (void)ms_error_set(&err, MS_MISMATCH, "digest mismatch: the registry serves other content");
    registry_call_fail(call, REGISTRY_UNREADABLE, &err, result);
}

static void check_content(struct registry_call *call, const struct registry_result *result,
                          struct ms_str content)
{
    struct ms_digest named = digest_of(result->response);
    struct ms_digest digest = call->expected;
    if (ms_digest_is_none(&digest))
        digest = named;
    if (ms_digest_is_none(&digest))
        ms_hash_digest(&digest, MS_SHA256, content);
    if (ms_hash_matches(&digest, content))
        found(call, result->response, &digest, content);
    else
        repeat_or_fail(call, result);
}

static void check_signed(struct registry_call *call, const struct registry_result *result)
{
    struct ms_buf payload;
    struct ms_error err;
    ms_buf_init(&payload, call->ask.max_bytes);
    enum ms_status status = registry_jws_payload(&payload, result->response->body);
    if (status == MS_OK) {
        check_content(call, result, ms_buf_view(&payload));
    } else if (status == MS_NOT_FOUND) {
        check_content(call, result, result->response->body);
    } else {
        (void)ms_error_set(&err, MS_INVALID, "a signed manifest with malformed signatures");
        registry_call_fail(call, REGISTRY_UNREADABLE, &err, result);
    }
    ms_buf_free(&payload);
}

/* Content that is in a file. */
static void check_file(struct registry_call *call, const struct registry_result *result)
{
    struct ms_digest digest;
    struct ms_error err;
    ms_hash_finish(&digest, call->hash);
    call->hash = NULL;
    if (call->file_error != 0) {
        (void)ms_error_set(&err, MS_IO, "cannot be written to a file: %s",
                           strerror(call->file_error));
        registry_call_fail(call, REGISTRY_FAILED, &err, result);
    } else if (ms_digest_equal(&digest, &call->expected)) {
        found(call, result->response, &digest, MS_STR_ABSENT);
    } else {
        repeat_or_fail(call, result);
    }
}

static void on_content(const struct registry_result *result, void *arg)
{
    static const struct ms_str SIGNED_TYPE =
        MS_STR_INIT("application/vnd.docker.distribution.manifest.v1+prettyjws");
    struct registry_call *call = arg;
    call->request = NULL;
    if (result->verdict != REGISTRY_SAYS_FOUND) {
        finish_without_content(call, result);
    } else if (call->file >= 0) {
        check_file(call, result);
    } else if (call->ask.kind == REGISTRY_KIND_MANIFEST &&
               ms_str_equal(media_type_of(result->response), SIGNED_TYPE)) {
        check_signed(call, result);
    } else {
        check_content(call, result, result->response->body);
    }
}

static void on_head(const struct registry_result *result, void *arg)
{
    struct registry_call *call = arg;
    call->request = NULL;
    if (result->verdict == REGISTRY_SAYS_ASK_BY_GET) {
        call->ask.kind = REGISTRY_KIND_MANIFEST;
        registry_call_ask(call, on_content);
    } else if (result->verdict == REGISTRY_SAYS_FOUND) {
        struct ms_digest named = digest_of(result->response);
        found(call, result->response, ms_digest_is_none(&named) ? &call->expected : &named,
              MS_STR_ABSENT);
    } else {
        finish_without_content(call, result);
    }
}

static void on_deleted(const struct registry_result *result, void *arg)
{
    struct registry_call *call = arg;
    call->request = NULL;
    finish_without_content(call, result);
}

/* --- starting --- */

static struct registry_call *new_item_call(struct registry_client *client, enum registry_kind kind,
                                           enum registry_priority priority,
                                           struct ms_str repository, const char *action,
                                           registry_done *on_done, void *arg)
{
    struct registry_call *call = registry_call_new(client, kind, priority, on_done, arg);
    call->ask.max_bytes = REGISTRY_MANIFEST_MAX;
    registry_call_set_repository(call, repository, action);
    return call;
}

/* By tag or digest; what is neither is refused. */
static void set_reference(struct registry_call *call, struct ms_str reference)
{
    if (call->is_refused)
        return;
    if (ms_digest_parse(&call->expected, reference) != MS_OK && !ms_refname_is_tag(reference)) {
        refuse(call, REGISTRY_UNREADABLE, MS_INVALID, "neither a tag nor a digest");
        return;
    }
    ms_buf_printf(&call->path, "/v2/%s/manifests/%.*s", call->repository, MS_STR_ARG(reference));
}

struct registry_call *registry_head_manifest(struct registry_client *client,
                                             enum registry_priority priority,
                                             struct ms_str repository, struct ms_str reference,
                                             registry_done *on_done, void *arg)
{
    struct registry_call *call =
        new_item_call(client, REGISTRY_KIND_HEAD, priority, repository, "pull", on_done, arg);
    set_reference(call, reference);
    registry_call_begin(call, on_head);
    return call;
}

struct registry_call *registry_get_manifest(struct registry_client *client,
                                            enum registry_priority priority,
                                            struct ms_str repository, struct ms_str reference,
                                            registry_done *on_done, void *arg)
{
    const struct ms_digest none = {.len = 0};
    return registry_get_manifest_unless(client, priority, repository, reference, &none, on_done,
                                        arg);
}

struct registry_call *
registry_get_manifest_unless(struct registry_client *client, enum registry_priority priority,
                             struct ms_str repository, struct ms_str reference,
                             const struct ms_digest *known, registry_done *on_done, void *arg)
{
    struct registry_call *call =
        new_item_call(client, REGISTRY_KIND_MANIFEST, priority, repository, "pull", on_done, arg);
    set_reference(call, reference);
    call->ask.known = *known;
    registry_call_begin(call, on_content);
    return call;
}

struct registry_call *registry_get_blob(struct registry_client *client,
                                        enum registry_priority priority, struct ms_str repository,
                                        const struct ms_digest *digest, size_t max_bytes,
                                        registry_done *on_done, void *arg)
{
    char text[MS_DIGEST_TEXT_MAX];
    struct registry_call *call =
        new_item_call(client, REGISTRY_KIND_BLOB, priority, repository, "pull", on_done, arg);
    call->expected = *digest;
    call->ask.max_bytes = max_bytes;
    ms_buf_printf(&call->path, "/v2/%s/blobs/%s", call->repository, ms_digest_format(text, digest));
    registry_call_begin(call, on_content);
    return call;
}

static void on_bytes(struct ms_str bytes, void *arg)
{
    struct registry_call *call = arg;
    if (ms_str_is_absent(bytes)) {
        ms_hash_free(call->hash);
        call->hash = ms_hash_new((enum ms_digest_algorithm)call->expected.bytes[0]);
        bool is_empty = ftruncate(call->file, 0) == 0 && lseek(call->file, 0, SEEK_SET) == 0;
        call->file_error = is_empty ? 0 : errno;
        return;
    }
    ms_hash_update(call->hash, bytes);
    while (bytes.len > 0 && call->file_error == 0) {
        ssize_t n = write(call->file, bytes.ptr, bytes.len);
        if (n > 0)
            bytes = ms_str_skip(bytes, (size_t)n);
        else if (n < 0 && errno != EINTR)
            call->file_error = errno;
    }
}

struct registry_call *registry_save_blob(struct registry_client *client,
                                         enum registry_priority priority, struct ms_str repository,
                                         const struct ms_digest *digest, size_t max_bytes, int file,
                                         registry_done *on_done, void *arg)
{
    char text[MS_DIGEST_TEXT_MAX];
    struct registry_call *call =
        new_item_call(client, REGISTRY_KIND_BLOB, priority, repository, "pull", on_done, arg);
    call->expected = *digest;
    call->file = file;
    call->ask.on_bytes = on_bytes;
    call->ask.bytes_arg = call;
    call->ask.max_bytes = max_bytes;
    ms_buf_printf(&call->path, "/v2/%s/blobs/%s", call->repository, ms_digest_format(text, digest));
    registry_call_begin(call, on_content);
    return call;
}

struct registry_call *registry_delete_manifest(struct registry_client *client,
                                               struct ms_str repository,
                                               const struct ms_digest *digest,
                                               registry_done *on_done, void *arg)
{
    char text[MS_DIGEST_TEXT_MAX];
    struct registry_call *call = new_item_call(client, REGISTRY_KIND_DELETE, REGISTRY_SCAN,
                                               repository, "delete", on_done, arg);
    ms_buf_printf(&call->path, "/v2/%s/manifests/%s", call->repository,
                  ms_digest_format(text, digest));
    registry_call_begin(call, on_deleted);
    return call;
}
