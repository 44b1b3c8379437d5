/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry client on a loop of its own against the fake registry, with calls that look
 * synchronous. For component tests; everything is made inside the test, after check's fork.
 */
#ifndef REGISTRY_FIXTURE_H
#define REGISTRY_FIXTURE_H

#include "common/base/clock.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_registry.h"
#include "writer/registry/call.h"

/* Only for what hangs. */
enum { FIXTURE_PATIENCE_MS = 120000, FIXTURE_CASE_TIMEOUT_S = 180, FIXTURE_LOOK_MS = 2 };

/* Milliseconds for what a client that serves waits for seconds. */
static const struct registry_timing FIXTURE_TIMING = {
    .pause_base_ms = 2,
    .pause_max_ms = 10,
    .retry_after_max_ms = 10,
    .silence_ms = 20,
    .probe_base_ms = 2,
    .probe_max_ms = 10,
    .probe_timeout_ms = 5000,
    .own_notifications_ms = 3600 * 1000,
    .now_ms = ms_clock_mono_ms,
};

static const char FIXTURE_CONTENT[] =
    "{\"content\":{\"a\":{\"1\":{},\"2\":{},\"3\":{}},\"b\":{\"1\":{}}}}";

struct fixture {
    struct fake fake;
    char url[64];
    struct ms_config config;
    struct registry_timing timing;
    struct ms_loop *loop;
    struct registry_client *client;
    struct ms_timer *watchdog;
};

/* What a call ended with; strings are terminated copies. */
struct ended {
    struct fixture *fixture;
    bool is_done;
    enum registry_outcome outcome;
    int http_status;
    char error[MS_ERROR_TEXT_MAX];
    char code[64];
    char digest[MS_DIGEST_TEXT_MAX];
    char media_type[128];
    char next[256];
    char names[4096]; /* each followed by a space */
    size_t n_names;
    char *body;
    size_t body_len;
};

static inline void on_watchdog(void *arg)
{
    (void)arg;
    ck_abort_msg("nothing happened for %d ms", FIXTURE_PATIENCE_MS);
}

static inline void fixture_connect(struct fixture *f)
{
    (void)snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%d", f->fake.port);
    if (f->config.registry.url == NULL)
        f->config.registry.url = f->url;
    f->loop = ms_loop_new();
    f->client = registry_client_new_timed(f->loop, &f->config, &f->timing);
    f->watchdog = ms_timer_new(f->loop, on_watchdog, NULL);
}

/* `arguments` are the fake's. */
static inline void fixture_init_with(struct fixture *f, const char *const *arguments)
{
    *f = (struct fixture){.timing = FIXTURE_TIMING};
    f->config.registry.concurrency = 4;
    f->config.registry.timeout_ms = 60000;
    fake_start(&f->fake, arguments);
}

static inline void fixture_init(struct fixture *f)
{
    fixture_init_with(f, NULL);
}

static inline void fixture_start(struct fixture *f)
{
    fixture_init(f);
    fixture_connect(f);
}

static inline void fixture_disconnect(struct fixture *f)
{
    registry_client_free(f->client);
    ms_timer_free(f->watchdog);
    ms_loop_free(f->loop);
}

static inline void fixture_stop(struct fixture *f)
{
    fixture_disconnect(f);
    fake_stop(&f->fake);
}

static inline void on_look(void *arg)
{
    ms_loop_stop(arg);
}

/* Runs the loop until no request is under way and none may begin. */
static inline void run_until_idle(struct fixture *f)
{
    struct ms_timer *look = ms_timer_new(f->loop, on_look, f->loop);
    ms_timer_start(f->watchdog, FIXTURE_PATIENCE_MS);
    do {
        ms_timer_start(look, FIXTURE_LOOK_MS);
        while (ms_timer_is_running(look))
            ms_loop_run(f->loop);
    } while (!registry_queue_is_idle(f->client->peer.queue));
    ms_timer_stop(f->watchdog);
    ms_timer_free(look);
}

/* `settings` is behind those of the credentials. */
static inline void start_with_credentials(struct fixture *f, const char *settings)
{
    static char username[] = "scanner";
    static char password[] = "s3cret";
    fixture_init(f);
    f->config.registry.username = username;
    f->config.registry.password = password;
    fixture_connect(f);
    fake_do(&f->fake, "%s", FIXTURE_CONTENT);
    fake_do(&f->fake, "{\"settings\":{\"username\":\"scanner\",\"password\":\"s3cret\",%s}}",
            settings);
}

static inline void assert_report(struct fixture *f, const char *part, bool is_there)
{
    char *report = fake_report(&f->fake);
    ck_assert_msg((strstr(report, part) != NULL) == is_there, "%s: %s", part, report);
    free(report);
}

static inline void copy_view(char *out, size_t out_size, struct ms_str s)
{
    (void)snprintf(out, out_size, "%.*s", MS_STR_ARG(s));
}

static inline void on_ended(const struct registry_reply *reply, void *arg)
{
    struct ended *ended = arg;
    ck_assert(!ended->is_done);
    ended->is_done = true;
    ended->outcome = reply->outcome;
    ended->http_status = reply->http_status;
    if (reply->error != NULL)
        copy_view(ended->error, sizeof(ended->error), ms_str(reply->error->text));
    copy_view(ended->code, sizeof(ended->code), reply->error_code);
    ms_digest_format(ended->digest, &reply->digest);
    copy_view(ended->media_type, sizeof(ended->media_type), reply->media_type);
    copy_view(ended->next, sizeof(ended->next), reply->next);
    ended->n_names = reply->n_names;
    size_t used = 0;
    for (size_t i = 0; i < reply->n_names && used + 160 < sizeof(ended->names); i++)
        used += (size_t)snprintf(ended->names + used, sizeof(ended->names) - used, "%.*s ",
                                 MS_STR_ARG(reply->names[i]));
    ended->body = calloc(1, reply->body.len + 1);
    ck_assert_ptr_nonnull(ended->body);
    if (reply->body.len > 0)
        memcpy(ended->body, reply->body.ptr, reply->body.len);
    ended->body_len = reply->body.len;
    ms_loop_stop(ended->fixture->loop);
}

static inline void ended_free(struct ended *ended)
{
    free(ended->body);
    ended->body = NULL;
}

/* Runs the loop until the call has ended. */
static inline void await(struct ended *ended)
{
    ms_timer_start(ended->fixture->watchdog, FIXTURE_PATIENCE_MS);
    while (!ended->is_done)
        ms_loop_run(ended->fixture->loop);
    ms_timer_stop(ended->fixture->watchdog);
}

static inline struct ended get_manifest(struct fixture *f, const char *repository,
                                        const char *reference)
{
    struct ended ended = {.fixture = f};
    registry_get_manifest(f->client, REGISTRY_EVENT, ms_str(repository), ms_str(reference),
                          on_ended, &ended);
    ck_assert(!ended.is_done); /* never before the start function returns */
    await(&ended);
    return ended;
}

static inline struct ended get_manifest_unless(struct fixture *f, const char *repository,
                                               const char *reference, const char *known)
{
    struct ended ended = {.fixture = f};
    struct ms_digest digest;
    ck_assert_int_eq(ms_digest_parse(&digest, ms_str(known)), MS_OK);
    registry_get_manifest_unless(f->client, REGISTRY_EVENT, ms_str(repository), ms_str(reference),
                                 &digest, on_ended, &ended);
    await(&ended);
    return ended;
}

static inline struct ended head_manifest(struct fixture *f, const char *repository,
                                         const char *reference)
{
    struct ended ended = {.fixture = f};
    registry_head_manifest(f->client, REGISTRY_EVENT, ms_str(repository), ms_str(reference),
                           on_ended, &ended);
    await(&ended);
    return ended;
}

static inline struct ended get_blob(struct fixture *f, const char *repository, const char *digest,
                                    size_t max_bytes)
{
    struct ended ended = {.fixture = f};
    struct ms_digest parsed;
    ck_assert_int_eq(ms_digest_parse(&parsed, ms_str(digest)), MS_OK);
    registry_get_blob(f->client, REGISTRY_SCAN, ms_str(repository), &parsed, max_bytes, on_ended,
                      &ended);
    await(&ended);
    return ended;
}

static inline struct ended delete_manifest(struct fixture *f, const char *repository,
                                           const char *digest)
{
    struct ended ended = {.fixture = f};
    struct ms_digest parsed;
    ck_assert_int_eq(ms_digest_parse(&parsed, ms_str(digest)), MS_OK);
    registry_delete_manifest(f->client, ms_str(repository), &parsed, on_ended, &ended);
    await(&ended);
    return ended;
}

static inline struct ended list_tags(struct fixture *f, const char *repository)
{
    struct ended ended = {.fixture = f};
    registry_tags(f->client, REGISTRY_SCAN, ms_str(repository), on_ended, &ended);
    await(&ended);
    return ended;
}

static inline struct ended catalog_page(struct fixture *f, const char *next)
{
    struct ended ended = {.fixture = f};
    registry_catalog_page(f->client, ms_str(next), on_ended, &ended);
    await(&ended);
    return ended;
}

/* Checks the outcome and frees. */
static inline void expect(struct ended ended, enum registry_outcome outcome)
{
    ck_assert_msg(ended.outcome == outcome, "outcome %d instead of %d: %d %s", (int)ended.outcome,
                  (int)outcome, ended.http_status, ended.error);
    ck_assert((ended.error[0] == '\0') ==
              (outcome == REGISTRY_FOUND || outcome == REGISTRY_NOT_MODIFIED));
    ended_free(&ended);
}

/* The same, and the error says so. */
static inline void expect_error(struct ended ended, enum registry_outcome outcome, const char *part)
{
    ck_assert_msg(strstr(ended.error, part) != NULL, "no '%s' in '%s'", part, ended.error);
    expect(ended, outcome);
}

#endif
