/* SPDX-License-Identifier: Apache-2.0 */
/* See fake_registry_client.h. */
#include "tests/support/fake_registry_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

enum { BODY_MAX = 2048, REFERENCE_MAX = 160 };

struct fake_registry fake_registry;

enum kind { CATALOG, LIST, HEAD, GET, BLOB, DELETE, GET_UNLESS };

struct registry_call {
    struct fake_call base;
    enum kind kind;
    char reference[REFERENCE_MAX];
    struct ms_digest known;
    registry_done *on_done;
    void *arg;
    char body[BODY_MAX];
    struct ms_str names[FAKE_REGISTRY_TAGS_MAX];
};

void fake_registry_reset(void)
{
    fake_registry = (struct fake_registry){.deletion = REGISTRY_FOUND, .listing = REGISTRY_FOUND};
}

/* --- what it has --- */

static char letter_of(const char *reference)
{
    if (reference[0] == '@')
        return reference[1];
    for (const struct fake_tag *tag = fake_registry.tags; tag->name != NULL; tag++) {
        if (strcmp(tag->name, reference) == 0)
            return tag->digest;
    }
    return 0;
}

static bool has_letter(const char *letters, char letter)
{
    return letter != 0 && strchr(letters, letter) != NULL;
}

static void append_descriptor(char *out, const char *type, char letter)
{
    char text[MS_DIGEST_TEXT_MAX];
    struct ms_digest digest = fake_digest(letter);
    size_t length = strlen(out);
    (void)snprintf(out + length, BODY_MAX - length,
                   "{\"mediaType\":\"application/vnd.oci.image.%s+json\",\"digest\":\"%s\","
                   "\"size\":7}",
                   type, ms_digest_format(text, &digest));
}

static void make_body(char *out, char letter)
{
    (void)snprintf(out, BODY_MAX, "{\"schemaVersion\":2,");
    if (letter >= 'x') {
        (void)strncat(out, "\"mediaType\":\"application/vnd.oci.image.index.v1+json\",",
                      BODY_MAX / 4);
        (void)strncat(out, "\"manifests\":[", BODY_MAX / 4);
        append_descriptor(out, "manifest.v1", 'a');
        (void)strncat(out, ",", 2);
        append_descriptor(out, "manifest.v1", 'b');
        (void)strncat(out, "]}", 3);
        return;
    }
    bool has_config = letter >= 'p' && letter <= 's';
    (void)strncat(out, "\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",",
                  BODY_MAX / 4);
    (void)strncat(out, "\"config\":", BODY_MAX / 4);
    append_descriptor(out, has_config ? "config.v1" : "thing.v1", (char)(letter - 'a' + 'A'));
    (void)strncat(out, ",\"layers\":[]}", BODY_MAX / 4);
}

/* --- answers --- */

static void find_manifest(struct registry_call *call, struct registry_reply *reply)
{
    char letter = fake_registry.is_unknown ? 0 : letter_of(call->reference);
    bool is_there = letter != 0 && (fake_registry.manifests == NULL ||
                                    has_letter(fake_registry.manifests, letter));
    reply->outcome = is_there ? REGISTRY_FOUND : REGISTRY_ABSENT;
    if (!is_there)
        return;
    reply->digest = fake_digest(letter);
    if (fake_registry.unreadable != NULL && has_letter(fake_registry.unreadable, letter)) {
        if (call->kind == GET || !fake_registry.names_unreadable)
            reply->outcome = REGISTRY_UNREADABLE;
        if (call->kind == GET)
            reply->digest = (struct ms_digest){.len = 0};
    } else if (ms_digest_equal(&call->known, &reply->digest)) {
        reply->outcome = REGISTRY_NOT_MODIFIED;
    } else {
        make_body(call->body, letter);
        reply->body = ms_str(call->body);
        reply->media_type = letter >= 'x' ? MS_STR("application/vnd.oci.image.index.v1+json")
                                          : MS_STR("application/vnd.oci.image.manifest.v1+json");
    }
}

static void list_names(struct registry_call *call, struct registry_reply *reply)
{
    reply->names = call->names;
    for (size_t i = 0; call->kind == CATALOG && fake_registry.repositories[i] != NULL; i++)
        call->names[reply->n_names++] = ms_str(fake_registry.repositories[i]);
    for (size_t i = 0; call->kind == LIST && fake_registry.tags[i].name != NULL; i++) {
        const char *name = fake_registry.tags[i].name;
        if (fake_registry.unlisted == NULL || strcmp(name, fake_registry.unlisted) != 0)
            call->names[reply->n_names++] = ms_str(name);
    }
}

static void tell(struct fake_call *base, const struct ms_error *err)
{
    struct registry_call *call = (struct registry_call *)base;
    struct ms_error why = {.status = MS_NOT_FOUND, .text = "played"};
    struct registry_reply reply = {.outcome = REGISTRY_FOUND};
    if (err != NULL)
        reply.outcome = REGISTRY_FAILED;
    else if (call->kind == HEAD || call->kind == GET)
        find_manifest(call, &reply);
    else if (call->kind == DELETE)
        reply.outcome = fake_registry.deletion;
    else if (call->kind == BLOB)
        reply.body = MS_STR("{\"os\":\"linux\",\"architecture\":\"amd64\"}");
    else if (call->kind == LIST &&
             (fake_registry.is_unknown || fake_registry.listing != REGISTRY_FOUND))
        reply.outcome = fake_registry.is_unknown ? REGISTRY_ABSENT : fake_registry.listing;
    else
        list_names(call, &reply);
    if (reply.outcome == REGISTRY_FAILED)
        why.status = MS_UNAVAILABLE;
    if (reply.outcome != REGISTRY_FOUND && reply.outcome != REGISTRY_NOT_MODIFIED)
        reply.error = err != NULL ? err : &why;
    call->on_done(&reply, call->arg);
}

static struct registry_call *start(enum kind kind, struct ms_str repository,
                                   struct ms_str reference, registry_done *on_done, void *arg)
{
    static const char *const NAMES[] = {"catalog", "list",   "head",      "get",
                                        "blob",    "delete", "get_unless"};
    struct registry_call *call = calloc(1, sizeof(*call));
    struct ms_digest digest;
    ck_assert_ptr_nonnull(call);
    call->base.tell = tell;
    call->kind = kind;
    call->on_done = on_done;
    call->arg = arg;
    if (ms_digest_parse(&digest, reference) == MS_OK)
        (void)snprintf(call->reference, REFERENCE_MAX, "@%c", fake_letter(&digest));
    else
        (void)snprintf(call->reference, REFERENCE_MAX, "%.*s", MS_STR_ARG(reference));
    fake_calls_log("%s %.*s%s%s\n", NAMES[kind], MS_STR_ARG(repository),
                   call->reference[0] != '\0' ? " " : "", call->reference);
    fake_registry.n_requests++;
    fake_calls_start(&call->base);
    return call;
}

/* --- the client --- */

struct registry_call *registry_catalog_page(struct registry_client *client, struct ms_str next,
                                            registry_done *on_done, void *arg)
{
    (void)client;
    return start(CATALOG, next, MS_STR_ABSENT, on_done, arg);
}

struct registry_call *registry_tags(struct registry_client *client, enum registry_priority priority,
                                    struct ms_str repository, registry_done *on_done, void *arg)
{
    (void)client;
    (void)priority;
    return start(LIST, repository, MS_STR_ABSENT, on_done, arg);
}

struct registry_call *registry_head_manifest(struct registry_client *client,
                                             enum registry_priority priority,
                                             struct ms_str repository, struct ms_str reference,
                                             registry_done *on_done, void *arg)
{
    (void)client;
    (void)priority;
    return start(HEAD, repository, reference, on_done, arg);
}

struct registry_call *registry_get_manifest(struct registry_client *client,
                                            enum registry_priority priority,
                                            struct ms_str repository, struct ms_str reference,
                                            registry_done *on_done, void *arg)
{
    (void)client;
    (void)priority;
    return start(GET, repository, reference, on_done, arg);
}

struct registry_call *
registry_get_manifest_unless(struct registry_client *client, enum registry_priority priority,
                             struct ms_str repository, struct ms_str reference,
                             const struct ms_digest *known, registry_done *on_done, void *arg)
{
    (void)client;
    (void)priority;
    struct registry_call *call =
        start(ms_digest_is_none(known) ? GET : GET_UNLESS, repository, reference, on_done, arg);
    call->kind = GET;
    call->known = *known;
    return call;
}

struct registry_call *registry_get_blob(struct registry_client *client,
                                        enum registry_priority priority, struct ms_str repository,
                                        const struct ms_digest *digest, size_t max_bytes,
                                        registry_done *on_done, void *arg)
{
    char text[MS_DIGEST_TEXT_MAX];
    (void)client;
    (void)priority;
    (void)max_bytes;
    return start(BLOB, repository, ms_str(ms_digest_format(text, digest)), on_done, arg);
}

struct registry_call *registry_delete_manifest(struct registry_client *client,
                                               struct ms_str repository,
                                               const struct ms_digest *digest,
                                               registry_done *on_done, void *arg)
{
    char text[MS_DIGEST_TEXT_MAX];
    (void)client;
    return start(DELETE, repository, ms_str(ms_digest_format(text, digest)), on_done, arg);
}

void registry_call_expect_unreadable(struct registry_call *call)
{
    ck_assert_ptr_nonnull(call);
    fake_calls_log("expect_unreadable %s\n", call->reference);
}

void registry_call_hurry(struct registry_call *call)
{
    if (call != NULL)
        ck_assert(!call->base.is_cancelled);
}

void registry_call_cancel(struct registry_call *call)
{
    if (call == NULL)
        return;
    ck_assert(!call->base.is_cancelled);
    call->base.is_cancelled = true;
    fake_calls.n_pending--;
}

void registry_client_health(struct registry_health *out, const struct registry_client *client)
{
    (void)client;
    *out = (struct registry_health){.reachable = !fake_registry.is_unreachable,
                                    .requests = fake_registry.n_requests,
                                    .last_error = ""};
}

void registry_client_forget_own_notifications(struct registry_client *client)
{
    (void)client;
}
