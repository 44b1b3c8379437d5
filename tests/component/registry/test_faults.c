/* SPDX-License-Identifier: Apache-2.0 */
/* writer/registry/client.c and below: a registry that misbehaves. What it says of an item, and what
 * it only seems to say; tries and pauses; the slots, the queue, cancelling; the circuit. */
#include "tests/support/registry_fixture.h"

#define MISSING "sha256:0000000000000000000000000000000000000000000000000000000000000000"
#define ERROR_BODY(code)                                                                           \
    "{\\\"errors\\\":[{\\\"code\\\":\\\"" code "\\\",\\\"message\\\":\\\"m\\\"}]}"

enum { ATTEMPTS = 4 }; /* REGISTRY_ATTEMPTS_MAX */

static void start_with_image(struct fixture *f)
{
    fixture_start(f);
    fake_do(&f->fake, "{\"content\":{\"a\":{\"1\":{}}}}");
}

static void set_fault(struct fixture *f, const char *path, int times, const char *members)
{
    if (times > 0)
        fake_do(&f->fake,
                "{\"clear_faults\":true,\"forget_requests\":true,\"fault\":{\"path\":\"%s\","
                "\"times\":%d,%s}}",
                path, times, members);
    else
        fake_do(&f->fake,
                "{\"clear_faults\":true,\"forget_requests\":true,\"fault\":{\"path\":\"%s\",%s}}",
                path, members);
}

/* --- trouble that passes --- */

START_TEST(trouble_that_passes)
{
    static const char *const FAULTS[] = {"\"kind\":\"status\",\"status\":500",
                                         "\"kind\":\"status\",\"status\":502",
                                         "\"kind\":\"status\",\"status\":503",
                                         "\"kind\":\"drop\"",
                                         "\"kind\":\"truncate\"",
                                         "\"kind\":\"html404\"",
                                         "\"kind\":\"html200\"",
                                         "\"kind\":\"status\",\"status\":429",
                                         "\"kind\":\"wrong_digest\"",
                                         "\"kind\":\"status\",\"status\":408"};
    struct fixture f;
    start_with_image(&f);
    for (size_t i = 0; i < sizeof(FAULTS) / sizeof(FAULTS[0]); i++) {
        set_fault(&f, "manifests/1", 1, FAULTS[i]);
        expect(get_manifest(&f, "a", "1"), REGISTRY_FOUND);
        ck_assert_int_eq(fake_count(&f.fake, "manifest"), 2);
    }
    struct registry_health health;
    registry_client_health(&health, f.client);
    /* The dropped one was curl's: it asks again itself when a kept connection was closed. */
    ck_assert_uint_ge(health.retries, sizeof(FAULTS) / sizeof(FAULTS[0]) - 1);
    ck_assert(health.reachable);
    fixture_stop(&f);
}
END_TEST

START_TEST(a_registry_that_asks_for_a_pause)
{
    struct fixture f;
    struct registry_health health;
    start_with_image(&f);
    set_fault(&f, "manifests/1", 2,
              "\"kind\":\"status\",\"status\":503,\"headers\":{\"Retry-After\":\"1\"}");
    expect(get_manifest(&f, "a", "1"), REGISTRY_FOUND);
    registry_client_health(&health, f.client);
    ck_assert_uint_eq(health.retries, 2);
    fixture_stop(&f);
}
END_TEST

START_TEST(a_pause_holds_for_every_request)
{
    enum { AN_HOUR_MS = 3600 * 1000 };
    struct fixture f;
    fixture_init(&f);
    f.timing.retry_after_max_ms = AN_HOUR_MS;
    fixture_connect(&f);
    fake_do(&f.fake, "{\"content\":{\"a\":{\"1\":{}}}}");
    set_fault(&f, "manifests/1", 0,
              "\"kind\":\"status\",\"status\":429,\"headers\":{\"Retry-After\":\"3600\"}");
    struct ended refused = {.fixture = &f};
    struct ended other = {.fixture = &f};
    registry_get_manifest(f.client, REGISTRY_EVENT, MS_STR("a"), MS_STR("1"), on_ended, &refused);
    run_until_idle(&f);
    registry_tags(f.client, REGISTRY_EVENT, MS_STR("a"), on_ended, &other);
    run_until_idle(&f);
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), 1);
    ck_assert_int_eq(fake_count(&f.fake, "tags"), 0);
    ck_assert(!refused.is_done && !other.is_done);
    fixture_stop(&f);
}
END_TEST

/* --- what says nothing of the item --- */

START_TEST(a_404_that_is_not_the_registrys)
{
    struct fixture f;
    start_with_image(&f);
    set_fault(&f, "/v2/", 0, "\"kind\":\"html404\"");
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED, "404");
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), ATTEMPTS);
    expect_error(list_tags(&f, "a"), REGISTRY_FAILED, "/v2/a/tags/list");
    expect(get_blob(&f, "a", MISSING, 10), REGISTRY_FAILED); /* the page is longer than the blob */
    set_fault(&f, "/v2/", 0,
              "\"kind\":\"status\",\"status\":404,\"body\":\"{\\\"error\\\":\\\"Not Found\\\"}\"");
    expect(get_manifest(&f, "a", "1"), REGISTRY_FAILED);
    fixture_stop(&f);
}
END_TEST

START_TEST(pages_for_people)
{
    struct fixture f;
    start_with_image(&f);
    set_fault(&f, "/v2/", 0, "\"kind\":\"html200\"");
    expect(get_manifest(&f, "a", "1"), REGISTRY_FAILED);
    expect(list_tags(&f, "a"), REGISTRY_FAILED);
    fixture_stop(&f);
}
END_TEST

START_TEST(redirects_without_end)
{
    struct fixture f;
    start_with_image(&f);
    set_fault(&f, "manifests", 0, "\"kind\":\"redirect\"");
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED, "redirects");
    ck_assert_int_le(fake_count(&f.fake, "manifest"), ATTEMPTS * 6);
    set_fault(&f, "manifests", 0, "\"kind\":\"redirect\",\"to\":\"file:///etc/passwd\"");
    expect(get_manifest(&f, "a", "1"), REGISTRY_FAILED);
    struct registry_health health;
    registry_client_health(&health, f.client);
    ck_assert(health.reachable);
    fixture_stop(&f);
}
END_TEST

START_TEST(a_storage_that_is_down)
{
    struct fixture f;
    start_with_image(&f);
    set_fault(&f, "/v2/a/", 0, "\"kind\":\"status\",\"status\":500");
    expect(get_manifest(&f, "a", "1"), REGISTRY_FAILED);
    expect(head_manifest(&f, "a", "1"), REGISTRY_FAILED);
    fixture_stop(&f);
}
END_TEST

/* --- items that cannot be had --- */

START_TEST(a_manifest_that_the_registry_fails_at)
{
    struct fixture f;
    start_with_image(&f);
    set_fault(&f, "manifests/1", 0,
              "\"kind\":\"status\",\"status\":500,\"body\":\"" ERROR_BODY("UNKNOWN") "\"");
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_UNREADABLE,
                 "the registry answers 500 UNKNOWN: m");
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), ATTEMPTS);
    ck_assert_int_eq(fake_count(&f.fake, "tags"), 1); /* the storage was probed */
    expect(head_manifest(&f, "a", "1"), REGISTRY_UNREADABLE);
    fixture_stop(&f);
}
END_TEST

static struct ended get_unreadable(struct fixture *f, const char *reference)
{
    struct ended ended = {.fixture = f};
    registry_call_expect_unreadable(registry_get_manifest(f->client, REGISTRY_SCAN, MS_STR("a"),
                                                          ms_str(reference), on_ended, &ended));
    await(&ended);
    return ended;
}

START_TEST(what_is_known_to_be_unreadable_costs_one_request)
{
    static const char *const FAULTS[] = {"\"kind\":\"status\",\"status\":500",
                                         "\"kind\":\"truncate\"", "\"kind\":\"wrong_digest\""};
    struct fixture f;
    struct registry_health health;
    start_with_image(&f);
    for (size_t i = 0; i < sizeof(FAULTS) / sizeof(FAULTS[0]); i++) {
        set_fault(&f, "manifests/1", 0, FAULTS[i]);
        expect(get_unreadable(&f, "1"), REGISTRY_UNREADABLE);
        ck_assert_int_eq(fake_count(&f.fake, "manifest"), 1);
        ck_assert_int_eq(fake_count(&f.fake, "tags"), 0);
    }
    registry_client_health(&health, f.client);
    ck_assert_uint_eq(health.retries, 0);
    set_fault(&f, "manifests/1", 1, "\"kind\":\"status\",\"status\":502"); /* not of the item */
    expect(get_unreadable(&f, "1"), REGISTRY_FOUND);
    registry_call_expect_unreadable(NULL);
    fixture_stop(&f);
}
END_TEST

START_TEST(a_manifest_with_another_digest)
{
    struct fixture f;
    start_with_image(&f);
    set_fault(&f, "manifests/1", 0, "\"kind\":\"wrong_digest\"");
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_UNREADABLE, "digest mismatch");
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), 2);
    fixture_stop(&f);
}
END_TEST

START_TEST(a_body_without_end)
{
    struct fixture f;
    start_with_image(&f);
    set_fault(&f, "manifests/1", 0, "\"kind\":\"endless\"");
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_UNREADABLE, "too large");
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), 1);
    fixture_stop(&f);
}
END_TEST

START_TEST(a_list_without_end)
{
    struct fixture f;
    start_with_image(&f);
    set_fault(&f, "tags/list", 0, "\"kind\":\"endless\"");
    expect_error(list_tags(&f, "a"), REGISTRY_FAILED, "too large");
    ck_assert_int_eq(fake_count(&f.fake, "tags"), 1);
    fixture_stop(&f);
}
END_TEST

START_TEST(an_error_page_without_end)
{
    struct fixture f;
    start_with_image(&f);
    set_fault(&f, "manifests/1", 1, "\"kind\":\"endless\",\"status\":502");
    expect(get_manifest(&f, "a", "1"), REGISTRY_FOUND);
    set_fault(&f, "manifests/1", 0, "\"kind\":\"endless\",\"status\":404");
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED,
                 "404"); /* its beginning did, and was no word of the registry */
    fixture_stop(&f);
}
END_TEST

START_TEST(a_digest_header_that_lies)
{
    struct fixture f;
    start_with_image(&f);
    fake_do(&f.fake,
            "{\"put_manifest\":{\"repository\":\"a\",\"tag\":\"lie\",\"type\":\"t\",\"body\":"
            "\"{}\",\"digest\":\"" MISSING "\"}}");
    expect_error(get_manifest(&f, "a", "lie"), REGISTRY_UNREADABLE, "digest mismatch");
    expect_error(get_manifest(&f, "a", MISSING), REGISTRY_UNREADABLE, "digest mismatch");
    fixture_stop(&f);
}
END_TEST

START_TEST(a_body_that_drips)
{
    struct fixture f;
    fixture_init(&f);
    f.config.registry.timeout_ms = 1000;
    fixture_connect(&f);
    fake_do(&f.fake, "{\"content\":{\"a\":{\"1\":{}}}}");
    set_fault(&f, "manifests/1", 0, "\"kind\":\"drip\",\"seconds\":0.05");
    expect(get_unreadable(&f, "1"), REGISTRY_UNREADABLE);
    fixture_stop(&f);
}
END_TEST

/* It gives something, but hardly anything: it is not waited for until the whole time is over. */
START_TEST(a_body_that_stalls)
{
    enum { AN_HOUR_MS = 3600 * 1000 };
    struct fixture f;
    fixture_init(&f);
    f.config.registry.timeout_ms = AN_HOUR_MS;
    f.timing.stall_ms = 1000; /* curl counts seconds */
    fixture_connect(&f);
    fake_do(&f.fake, "{\"content\":{\"a\":{\"1\":{}}}}");
    set_fault(&f, "manifests/1", 1, "\"kind\":\"drip\",\"seconds\":0.5");
    expect(get_manifest(&f, "a", "1"), REGISTRY_FOUND);
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), 2);
    fixture_stop(&f);
}
END_TEST

/* Somebody whose queue of connections is full, as behind a firewall that drops. */
START_TEST(a_connection_that_does_not_come)
{
    struct fixture f;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int waiting[3];
    char url[64];
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, len), 0);
    ck_assert_int_eq(listen(listener, 0), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    for (size_t i = 0; i < 3; i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        int at_once = connect(waiting[i], (struct sockaddr *)&address, len);
        ck_assert(at_once == 0 || errno == EINPROGRESS || errno == EAGAIN);
    }
    fixture_init(&f);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(address.sin_port));
    f.config.registry.url = url;
    f.config.registry.timeout_ms = 50;
    fixture_connect(&f);
    expect(get_manifest(&f, "a", "1"), REGISTRY_FAILED);
    struct registry_health health;
    registry_client_health(&health, f.client);
    ck_assert_uint_eq(health.requests, ATTEMPTS);
    for (size_t i = 0; i < 3; i++)
        close(waiting[i]);
    close(listener);
    fixture_stop(&f);
}
END_TEST

START_TEST(an_answer_that_does_not_come)
{
    struct fixture f;
    fixture_init(&f);
    f.config.registry.timeout_ms = 200;
    fixture_connect(&f);
    set_fault(&f, "manifests/1", 0, "\"kind\":\"hang\"");
    expect(get_manifest(&f, "a", "1"), REGISTRY_FAILED);
    fixture_stop(&f);
}
END_TEST

START_TEST(refusals)
{
    struct fixture f;
    start_with_image(&f);
    set_fault(&f, "manifests/1", 0,
              "\"kind\":\"status\",\"status\":400,\"body\":\"" ERROR_BODY("TAG_INVALID") "\"");
    expect(get_manifest(&f, "a", "1"), REGISTRY_UNREADABLE);
    ck_assert_int_eq(fake_count(&f.fake, "manifest"), 1);
    set_fault(&f, "manifests/1", 0,
              "\"kind\":\"status\",\"status\":403,\"body\":\"" ERROR_BODY("DENIED") "\"");
    struct ended head = head_manifest(&f, "a", "1"); /* a GET tells why */
    ck_assert_str_eq(head.code, "DENIED");
    expect(head, REGISTRY_UNREADABLE);
    set_fault(&f, "_catalog", 0,
              "\"kind\":\"status\",\"status\":403,\"body\":\"" ERROR_BODY("DENIED") "\"");
    expect_error(catalog_page(&f, NULL), REGISTRY_FAILED, "DENIED");
    ck_assert_int_eq(fake_count(&f.fake, "catalog"), 1);
    fixture_stop(&f);
}
END_TEST

/* --- many at once --- */

enum { MANY = 40 };

static void start_many(struct fixture *f, struct ended *ended, struct registry_call **calls,
                       size_t count, enum registry_priority priority, const char *prefix)
{
    char tag[32];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(tag, sizeof(tag), "%s-%zu", prefix, i);
        ended[i] = (struct ended){.fixture = f};
        calls[i] = registry_head_manifest(f->client, priority, MS_STR("a"), ms_str(tag), on_ended,
                                          &ended[i]);
    }
}

START_TEST(no_more_at_once_than_slots)
{
    static struct ended ended[MANY];
    struct registry_call *calls[MANY];
    struct fixture f;
    start_with_image(&f);
    set_fault(&f, "manifests", 0, "\"kind\":\"slow\",\"seconds\":0.02");
    start_many(&f, ended, calls, MANY, REGISTRY_SCAN, "scan");
    for (size_t i = 0; i < MANY; i++) {
        await(&ended[i]);
        expect(ended[i], REGISTRY_ABSENT);
    }
    char *report = fake_report(&f.fake);
    ck_assert_int_eq(fake_number(report, "max_parallel"), (long)f.config.registry.concurrency);
    ck_assert_int_eq(fake_number(report, "max_open"), (long)f.config.registry.concurrency);
    /* Kept alive; two are those of this report and of the command before it. */
    ck_assert_int_le(fake_number(report, "connections"), (long)f.config.registry.concurrency + 2);
    ck_assert_int_eq(fake_number(report, "head"), MANY);
    free(report);
    fixture_stop(&f);
}
END_TEST

/* Behind the scans, none of which ends before it, the event would wait for ever. */
START_TEST(events_go_first)
{
    static struct ended scans[MANY];
    static struct ended event;
    struct registry_call *calls[MANY];
    struct registry_call *event_call;
    struct fixture f;
    start_with_image(&f);
    set_fault(&f, "manifests/scan", 0, "\"kind\":\"hold\"");
    start_many(&f, scans, calls, MANY, REGISTRY_SCAN, "scan");
    start_many(&f, &event, &event_call, 1, REGISTRY_EVENT, "event");
    await(&event);
    expect(event, REGISTRY_ABSENT);
    fake_do(&f.fake, "{\"clear_faults\":true}");
    for (size_t i = 0; i < MANY; i++) {
        await(&scans[i]);
        ended_free(&scans[i]);
    }
    fixture_stop(&f);
}
END_TEST

START_TEST(cancelled_calls_say_nothing)
{
    static struct ended ended[MANY];
    static struct ended last;
    struct registry_call *calls[MANY];
    struct registry_call *last_call;
    struct fixture f;
    start_with_image(&f);
    start_many(&f, ended, calls, MANY, REGISTRY_SCAN, "scan");
    for (size_t i = 0; i < MANY; i += 2)
        registry_call_cancel(calls[i]); /* before anything was sent */
    await(&ended[1]);
    for (size_t i = 3; i < MANY; i += 2) {
        if (!ended[i].is_done)
            registry_call_cancel(calls[i]); /* queued and under way */
        ended_free(&ended[i]);
    }
    start_many(&f, &last, &last_call, 1, REGISTRY_SCAN, "last");
    await(&last);
    expect(last, REGISTRY_ABSENT);
    for (size_t i = 0; i < MANY; i += 2)
        ck_assert(!ended[i].is_done);
    ended_free(&ended[1]);
    fixture_stop(&f);
}
END_TEST

START_TEST(refused_calls_can_be_cancelled)
{
    struct fixture f;
    struct ended ended = {.fixture = &f};
    start_with_image(&f);
    registry_call_cancel(
        registry_tags(f.client, REGISTRY_SCAN, MS_STR("No Name"), on_ended, &ended));
    registry_tags(f.client, REGISTRY_SCAN, MS_STR("No Name"), on_ended, &ended);
    fixture_disconnect(&f); /* frees the client with one refusal under way */
    ck_assert(!ended.is_done);
    fake_stop(&f.fake);
}
END_TEST

static void on_done_free_client(const struct registry_reply *reply, void *arg)
{
    struct fixture *f = arg;
    ck_assert_int_eq(reply->outcome, REGISTRY_FOUND);
    registry_client_free(f->client);
    f->client = NULL;
    ms_loop_stop(f->loop);
}

START_TEST(the_client_may_be_freed_at_any_time)
{
    static struct ended ended[MANY];
    struct registry_call *calls[MANY];
    struct fixture f;
    start_with_image(&f);
    registry_get_manifest(f.client, REGISTRY_EVENT, MS_STR("a"), MS_STR("1"), on_done_free_client,
                          &f);
    start_many(&f, ended, calls, MANY, REGISTRY_SCAN, "scan");
    ms_timer_start(f.watchdog, FIXTURE_PATIENCE_MS);
    while (f.client != NULL)
        ms_loop_run(f.loop);
    for (size_t i = 0; i < MANY; i++)
        ended_free(&ended[i]); /* those that ended before */
    fixture_stop(&f);
}
END_TEST

/* --- the circuit --- */

struct reachability {
    struct ms_loop *loop;
    int told;
    bool reachable;
};

static void on_reachable(bool reachable, void *arg)
{
    struct reachability *seen = arg;
    seen->told++;
    seen->reachable = reachable;
    ms_loop_stop(seen->loop);
}

static void await_told(struct fixture *f, const struct reachability *seen, int told)
{
    ms_timer_start(f->watchdog, FIXTURE_PATIENCE_MS);
    while (seen->told < told)
        ms_loop_run(f->loop);
    ms_timer_stop(f->watchdog);
}

/* A free one, and none of those that the kernel gives to others while nobody listens there. */
static int find_port(void)
{
    enum { FIRST = 6000, COUNT = 2000 }; /* the system tests' and PostgreSQL's are above */
    int port = 0;
    for (int i = 0; i < COUNT && port == 0; i++) {
        int tried = FIRST + (getpid() + i) % COUNT;
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)tried)};
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
            port = tried;
        close(fd);
    }
    ck_assert_int_ne(port, 0);
    return port;
}

START_TEST(a_registry_that_goes_away_and_comes_back)
{
    struct fixture f;
    struct registry_health health;
    char port[16];
    const char *const arguments[] = {"--port", port, NULL};
    (void)snprintf(port, sizeof(port), "%d", find_port());
    fixture_init_with(&f, arguments);
    fixture_connect(&f);
    fake_do(&f.fake, "{\"content\":{\"a\":{\"1\":{}}}}");
    struct reachability seen = {.loop = f.loop};
    registry_client_on_reachable(f.client, on_reachable, &seen);
    fake_stop(&f.fake);
    while (seen.told == 0)
        expect(get_manifest(&f, "a", "1"), REGISTRY_FAILED);
    ck_assert(!seen.reachable);
    registry_client_health(&health, f.client);
    ck_assert(!health.reachable);
    ck_assert_uint_gt(strlen(health.last_error), 0);
    uint64_t retries = health.retries;
    expect_error(get_manifest(&f, "a", "1"), REGISTRY_FAILED, "the registry is away");
    registry_client_health(&health, f.client);
    ck_assert_uint_eq(health.retries, retries); /* at once */
    fake_start(&f.fake, arguments);
    await_told(&f, &seen, 2);
    ck_assert(seen.reachable);
    expect(get_manifest(&f, "a", "1"), REGISTRY_ABSENT);
    fixture_stop(&f);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *tests = tcase_create("registry_faults");
    tcase_set_timeout(tests, FIXTURE_CASE_TIMEOUT_S);
    tcase_add_test(tests, trouble_that_passes);
    tcase_add_test(tests, a_registry_that_asks_for_a_pause);
    tcase_add_test(tests, a_pause_holds_for_every_request);
    tcase_add_test(tests, a_404_that_is_not_the_registrys);
    tcase_add_test(tests, pages_for_people);
    tcase_add_test(tests, redirects_without_end);
    tcase_add_test(tests, a_storage_that_is_down);
    tcase_add_test(tests, a_manifest_that_the_registry_fails_at);
    tcase_add_test(tests, what_is_known_to_be_unreadable_costs_one_request);
    tcase_add_test(tests, a_manifest_with_another_digest);
    tcase_add_test(tests, a_body_without_end);
    tcase_add_test(tests, a_list_without_end);
    tcase_add_test(tests, an_error_page_without_end);
    tcase_add_test(tests, a_digest_header_that_lies);
    tcase_add_test(tests, a_body_that_drips);
    tcase_add_test(tests, a_body_that_stalls);
    tcase_add_test(tests, a_connection_that_does_not_come);
    tcase_add_test(tests, an_answer_that_does_not_come);
    tcase_add_test(tests, refusals);
    tcase_add_test(tests, no_more_at_once_than_slots);
    tcase_add_test(tests, events_go_first);
    tcase_add_test(tests, cancelled_calls_say_nothing);
    tcase_add_test(tests, refused_calls_can_be_cancelled);
    tcase_add_test(tests, the_client_may_be_freed_at_any_time);
    tcase_add_test(tests, a_registry_that_goes_away_and_comes_back);
    Suite *suite = suite_create("registry_faults");
    suite_add_tcase(suite, tests);
    return suite;
}
