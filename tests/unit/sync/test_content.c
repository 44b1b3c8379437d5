/* SPDX-License-Identifier: Apache-2.0 */
/* The walk below some digests: what is asked of the store and of the registry, and what is stored.
 */
#include "common/config/config.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_registry_client.h"
#include "tests/support/fake_store.h"
#include "writer/env.h"
#include "writer/sync/content.h"

#include <stdio.h>
#include <string.h>

static struct ms_config config = {.registry = {.concurrency = 4}};
static struct env env;
static struct content *content;
static struct content_root roots[4];
static size_t n_roots;
static enum registry_priority priority;
static unsigned n_ended;
static bool has_failed;
static char held[64]; /* letters; '!' behind one that cannot be read */

static void set_up(void)
{
    fake_calls_begin();
    fake_registry_reset();
    fake_store_answer = NULL;
    env = (struct env){.loop = fake_calls.loop, .config = &config, .term = 3};
    n_roots = 0;
    priority = REGISTRY_SCAN;
}

static void tear_down(void)
{
    fake_calls_end();
}

static void root(char digest, bool was_seen)
{
    roots[n_roots++] = (struct content_root){.digest = fake_digest(digest), .was_seen = was_seen};
}

static void on_done(const struct content_result *result, void *arg)
{
    (void)arg;
    n_ended++;
    content = NULL;
    has_failed = result->err != NULL;
    held[0] = '\0';
    for (size_t i = 0; i < result->n_held && !has_failed; i++)
        (void)snprintf(held + strlen(held), sizeof(held) - strlen(held), "%c%s",
                       fake_letter(&result->held[i].digest),
                       ms_str_is_absent(result->held[i].unreadable) ? "" : "!");
}

static void start(void)
{
    n_ended = 0;
    content = content_start(&env, MS_STR("team/app"), priority, roots, n_roots, on_done, NULL);
}

static void cancel(void)
{
    content_cancel(content);
    content = NULL;
}

static void check(enum fake_how how, unsigned call)
{
    (void)call;
    ck_assert_uint_eq(n_ended, how != FAKE_CANCELLED);
    ck_assert_ptr_null(content);
    ck_assert(how != FAKE_FAILED || has_failed);
}

static void expect(const char *expected_held)
{
    start();
    fake_calls_run();
    check(FAKE_WELL, 0);
    ck_assert(!has_failed);
    ck_assert_str_eq(held, expected_held);
}

START_TEST(an_index_and_an_image_are_fetched_and_stored)
{
    root('x', true);
    root('p', true);
    expect("xpab");
    ck_assert(fake_calls_has("manifests_known team/app xp"));
    ck_assert(fake_calls_has("configs_known P") && fake_calls_has("blob team/app @P"));
    ck_assert(fake_calls_has("manifests_known team/app ab"));
    ck_assert_uint_eq(fake_calls_count("get"), 4);
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

static void know_all(struct ms_store_call *call)
{
    if (!fake_store_is(call, "manifests_known"))
        return;
    fake_store_manifest(call, 'x', true, true);
    fake_store_manifest(call, 'a', true, true);
    fake_store_manifest(call, 'b', true, false); /* of another repository */
}

START_TEST(what_is_stored_is_not_fetched_again)
{
    fake_store_answer = know_all;
    root('x', true);
    expect("xab");
    ck_assert_str_eq(fake_calls.log, "manifests_known team/app x\nhead team/app @b\n");
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

START_TEST(what_the_registry_lacks_is_held_as_unreadable_unless_nobody_saw_it)
{
    fake_registry.manifests = "x";
    root('x', true);
    root('c', false);
    expect("xa!b!");
    ck_assert(fake_calls_has("contents_put x"));
}
END_TEST

START_TEST(what_cannot_be_read_ends_nothing)
{
    fake_registry.unreadable = "a";
    root('x', true);
    expect("xa!b");
    ck_assert_uint_eq(fake_calls_count("get team/app @a"), 1);
}
END_TEST

static void know_unreadable(struct ms_store_call *call)
{
    if (!fake_store_is(call, "manifests_known"))
        return;
    fake_store_manifest(call, 'x', true, true);
    fake_store_unreadable(call, 'a');
    fake_store_unreadable(call, 'p');
}

START_TEST(a_scan_asks_once_for_what_was_unreadable)
{
    fake_store_answer = know_unreadable;
    fake_registry.unreadable = "a";
    root('x', true);
    root('p', true);
    expect("xpa!");
    ck_assert_str_eq(fake_calls.log, "manifests_known team/app xp\n"
                                     "get team/app @p\nexpect_unreadable @p\n"
                                     "get team/app @a\nexpect_unreadable @a\n"
                                     "configs_known P\n"
                                     "blob team/app @P\nexpect_unreadable @P\n"
                                     "contents_put p\n");
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

START_TEST(an_event_may_tell_of_a_repair)
{
    fake_store_answer = know_unreadable;
    priority = REGISTRY_EVENT;
    root('p', true);
    expect("pxa");
    ck_assert_uint_eq(fake_calls_count("expect_unreadable"), 0);
}
END_TEST

/* Manifests of three images with two configurations, one of them stored. */
static const char *const IMAGES[] = {
    "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
    "\"digest\":\"sha256:"
    "5050505050505050505050505050505050505050505050505050505050505050\",\"size\":7},\"layers\":[]}",
    "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
    "\"digest\":\"sha256:"
    "5050505050505050505050505050505050505050505050505050505050505050\",\"size\":8},\"layers\":[]}",
    "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
    "\"digest\":\"sha256:"
    "5151515151515151515151515151515151515151515151515151515151515151\",\"size\":7},\"layers\":[]"
    "}"};

static void know_config_q(struct ms_store_call *call)
{
    struct ms_digest digest = fake_digest('Q');
    if (fake_store_is(call, "configs_known"))
        call->on_row.config(&digest, MS_STR("{\"os\":\"linux\",\"architecture\":\"arm\"}"),
                            call->arg);
}

START_TEST(what_the_roots_bring_is_not_asked_for)
{
    fake_store_answer = know_config_q;
    for (int i = 0; i < 3; i++) {
        root((char)('a' + i), true);
        roots[i].manifest = ms_str(IMAGES[i]);
        roots[i].media_type = MS_STR("application/vnd.oci.image.manifest.v1+json");
    }
    root('d', true);
    roots[3].unreadable = MS_STR("too large");
    expect("abcd!");
    ck_assert_str_eq(fake_calls.log, "manifests_known team/app abcd\n"
                                     "configs_known PQ\n"
                                     "blob team/app @P\n"
                                     "contents_put cba\n");
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

static void refuse_a(struct ms_store_call *call)
{
    if (fake_store_is(call, "contents_put") && strchr(strchr(call->line, ' '), 'a') != NULL)
        call->failure = MS_INVALID;
}

START_TEST(a_record_that_the_database_refuses_harms_only_itself)
{
    fake_store_answer = refuse_a;
    root('a', true);
    root('b', true);
    root('c', true);
    expect("a!bc");
    ck_assert(fake_calls_has("contents_put abc"));
    ck_assert(fake_calls_has("contents_put a") && fake_calls_has("contents_put bc"));
    fake_calls_play(&(struct fake_scenario){start, cancel, check});
}
END_TEST

static const char *refused; /* letters */

static void refuse_some(struct ms_store_call *call)
{
    if (fake_store_is(call, "contents_put") && strpbrk(strchr(call->line, ' '), refused) != NULL)
        call->failure = MS_INVALID;
}

START_TEST(records_that_the_database_refuses_harm_no_others_wherever_they_stand)
{
    static const struct {
        const char *refused, *held;
    } CASES[] = {{"b", "ab!cd"},   {"c", "abc!d"},   {"d", "abcd!"},
                 {"ad", "a!bcd!"}, {"bc", "ab!c!d"}, {"abcd", "a!b!c!d!"}};
    refused = CASES[_i].refused;
    fake_store_answer = refuse_some;
    for (char digest = 'a'; digest <= 'd'; digest++)
        root(digest, true);
    expect(CASES[_i].held);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("content");
    TCase *cases = tcase_create("content");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, an_index_and_an_image_are_fetched_and_stored);
    tcase_add_test(cases, what_is_stored_is_not_fetched_again);
    tcase_add_test(cases, what_the_registry_lacks_is_held_as_unreadable_unless_nobody_saw_it);
    tcase_add_test(cases, what_cannot_be_read_ends_nothing);
    tcase_add_test(cases, a_scan_asks_once_for_what_was_unreadable);
    tcase_add_test(cases, an_event_may_tell_of_a_repair);
    tcase_add_test(cases, what_the_roots_bring_is_not_asked_for);
    tcase_add_test(cases, a_record_that_the_database_refuses_harms_only_itself);
    tcase_add_loop_test(cases, records_that_the_database_refuses_harm_no_others_wherever_they_stand,
                        0, 6);
    suite_add_tcase(suite, cases);
    return suite;
}
