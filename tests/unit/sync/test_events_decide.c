/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pass over events decides: which events are done, when the registry is asked again,
 * and what changes. A pass is filled in as sync/events.c would, without registry or database.
 */
#include "tests/support/check_main.h"
#include "writer/sync/events_internal.h"

#include <stdio.h>
#include <string.h>

enum { ITEMS_MAX = 16, TAGS_MAX = 8, ARENA_BYTES = 1024 * 1024 };
enum { T0 = 1600000000 };

static struct ms_arena *arena;
static struct event_item items[ITEMS_MAX];
static struct named_tag tags[TAGS_MAX];
static struct named_tag *by_name[TAGS_MAX];
static struct deleted_digest deleted[TAGS_MAX];
static struct ms_held_record held[TAGS_MAX];
static struct events_pass pass;
static struct ms_apply change;

static void begin(void)
{
    arena = ms_arena_new(ARENA_BYTES);
    memset(items, 0, sizeof(items));
    memset(tags, 0, sizeof(tags));
    memset(deleted, 0, sizeof(deleted));
    pass = (struct events_pass){.arena = arena,
                                .items = items,
                                .tags = tags,
                                .by_name = by_name,
                                .deleted = deleted,
                                .held = held};
}

static void end(void)
{
    ms_arena_free(arena);
}

static struct ms_digest digest_of(char c)
{
    struct ms_digest digest;
    char text[72] = "sha256:";
    memset(text + 7, c, 64);
    ck_assert_int_eq(ms_digest_parse(&digest, ms_str_n(text, 71)), MS_OK);
    return digest;
}

/* Due, in the order of arrival. digest 0: none; tag NULL: none. */
static struct event_item *event(enum event_action action, const char *tag, char digest)
{
    struct event_item *item = &items[pass.n_items++];
    *item = (struct event_item){
        .id = (int64_t)pass.n_items, .is_due = true, .action = action, .tag = ms_str(tag)};
    if (digest != 0)
        item->digest = digest_of(digest);
    pass.n_due++;
    return item;
}

static struct named_tag *points(const char *name, char digest)
{
    struct named_tag *tag = events_add_tag(&pass, ms_str(name));
    tag->verdict = TAGS_POINTS;
    tag->digest = digest_of(digest);
    return tag;
}

static struct named_tag *absent(const char *name, bool is_listed)
{
    struct named_tag *tag = events_add_tag(&pass, ms_str(name));
    tag->verdict = TAGS_ABSENT;
    tag->is_listed = is_listed;
    return tag;
}

static void delete_of(char digest, bool is_gone)
{
    deleted[pass.n_deleted++] = (struct deleted_digest){digest_of(digest), is_gone};
}

static void decide(void)
{
    change = (struct ms_apply){.term = 1};
    events_decide(&pass);
    events_fill_change(&pass, &change);
}

static void assert_names(const struct ms_str *names, size_t n, const char *expected)
{
    char text[256] = "";
    for (size_t i = 0; i < n; i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%.*s", i > 0 ? " " : "",
                       MS_STR_ARG(names[i]));
    ck_assert_str_eq(text, expected);
}

/* --- agreement --- */

START_TEST(a_push_that_the_registry_confirms_is_done)
{
    struct event_item *item = event(EVENT_PUSH, "t", 'a');
    item->time_ms = T0;
    item->actor = MS_STR("ann");
    points("t", 'a');
    decide();
    ck_assert(item->is_done);
    ck_assert_uint_eq(change.n_tags, 1);
    ck_assert_int_eq(change.tags[0].event_time_ms, T0);
    ck_assert(ms_str_equal(change.tags[0].actor, MS_STR("ann")));
}
END_TEST

START_TEST(a_push_before_its_tag_is_looked_at_again)
{
    struct event_item *item = event(EVENT_PUSH, "t", 'a');
    absent("t", false);
    ck_assert(!events_need_list(&pass));
    decide();
    ck_assert(!item->is_done);
    ck_assert_uint_eq(item->again_after_ms, 20);
    ck_assert_uint_eq(change.n_tags + change.n_removed_tags, 0);
    uint64_t total_ms = 20;
    for (item->attempts = 1; item->attempts < EVENTS_ATTEMPTS_MAX; item->attempts++) {
        uint64_t before_ms = item->again_after_ms;
        decide();
        ck_assert(!item->is_done);
        ck_assert_uint_gt(item->again_after_ms, before_ms);
        total_ms += item->again_after_ms;
    }
    ck_assert_uint_lt(total_ms, 20000);
    ck_assert(events_need_list(&pass)); /* often enough: the registry's word stands */
    decide();
    ck_assert(item->is_done);
    assert_names(change.removed_tags, change.n_removed_tags, "t");
}
END_TEST

START_TEST(a_deletion_is_done_when_the_tag_list_lacks_it)
{
    struct event_item *item = event(EVENT_DELETE, "t", 0);
    struct named_tag *tag = absent("t", true);
    ck_assert(events_need_list(&pass));
    decide();
    ck_assert(!item->is_done);
    ck_assert_uint_eq(change.n_tags + change.n_removed_tags, 0);
    tag->is_listed = false;
    decide();
    ck_assert(item->is_done);
    assert_names(change.removed_tags, change.n_removed_tags, "t");
}
END_TEST

START_TEST(deleted_and_pushed_anew)
{
    struct event_item *item = event(EVENT_DELETE, "t", 'a');
    points("t", 'b');
    decide();
    ck_assert(item->is_done);
    ck_assert_uint_eq(change.n_tags, 1);
    ck_assert_uint_eq(change.n_removed_tags, 0);
}
END_TEST

START_TEST(a_deletion_by_digest_waits_for_its_tags)
{
    struct event_item *item = event(EVENT_DELETE, NULL, 'a');
    struct named_tag *tag = absent("t", true);
    tag->is_touched = true;
    delete_of('a', true);
    decide();
    ck_assert(!item->is_done);
    ck_assert_uint_eq(change.n_gone + change.n_removed_tags + change.n_tags, 0);
    tag->is_listed = false;
    decide();
    ck_assert(item->is_done);
    ck_assert_uint_eq(change.n_gone, 1);
    assert_names(change.removed_tags, change.n_removed_tags, "t");
}
END_TEST

START_TEST(a_deletion_by_digest_that_did_not_happen)
{
    struct event_item *item = event(EVENT_DELETE, NULL, 'a');
    delete_of('a', false);
    decide();
    ck_assert(!item->is_done);
    item->attempts = EVENTS_ATTEMPTS_MAX;
    decide();
    ck_assert(item->is_done);
    ck_assert_uint_eq(change.n_gone, 0);
}
END_TEST

START_TEST(a_push_by_digest_is_done_when_it_is_held)
{
    struct event_item *item = event(EVENT_PUSH, NULL, 'a');
    decide();
    ck_assert(!item->is_done);
    held[0] = (struct ms_held_record){.digest = digest_of('a')};
    pass.n_held = 1;
    decide();
    ck_assert(item->is_done);
}
END_TEST

START_TEST(what_names_nothing_is_done)
{
    struct event_item *other = event(EVENT_OTHER, NULL, 'a');
    struct event_item *push = event(EVENT_PUSH, NULL, 0);
    decide();
    ck_assert(other->is_done && push->is_done);
}
END_TEST

START_TEST(what_cannot_be_read_is_recorded)
{
    struct event_item *item = event(EVENT_PUSH, "t", 'a');
    struct named_tag *tag = events_add_tag(&pass, MS_STR("t"));
    tag->verdict = TAGS_UNREADABLE;
    tag->reason = MS_STR("500");
    decide();
    ck_assert(item->is_done);
    ck_assert_uint_eq(change.n_tags, 1);
    ck_assert(ms_str_equal(change.tags[0].unreadable, MS_STR("500")));
}
END_TEST

START_TEST(a_tag_that_dangles_when_all_is_over)
{
    struct event_item *item = event(EVENT_PUSH, "t", 'a');
    absent("t", true);
    item->attempts = EVENTS_ATTEMPTS_MAX;
    decide();
    ck_assert(item->is_done);
    ck_assert_uint_eq(change.n_tags, 1);
    ck_assert(!ms_str_is_absent(change.tags[0].unreadable));
}
END_TEST

/* --- events that overtake each other --- */

START_TEST(a_later_event_explains_after_a_while)
{
    struct event_item *first = event(EVENT_PUSH, "t", 'a');
    struct event_item *second = event(EVENT_PUSH, "t", 'b');
    struct event_item *other = event(EVENT_PUSH, "u", 'a');
    points("t", 'b');
    points("u", 'b');
    first->age_ms = 500; /* its tag may still be written: two pushes at once */
    decide();
    ck_assert(!first->is_done && !other->is_done);
    ck_assert_uint_eq(first->again_after_ms, EVENTS_QUIET_MS - 500);
    ck_assert(!second->is_done); /* else nothing would explain the first any more */
    ck_assert_uint_eq(second->again_after_ms, EVENTS_QUIET_MS - 500);
    ck_assert_uint_eq(change.n_tags, 2); /* the tag itself waits for nobody */
    first->age_ms = other->age_ms = EVENTS_QUIET_MS;
    decide();
    ck_assert(first->is_done && second->is_done && !other->is_done);
}
END_TEST

START_TEST(a_push_is_shown_once_and_not_when_it_was_overtaken)
{
    struct event_item *first = event(EVENT_PUSH, "t", 'a');
    struct event_item *second = event(EVENT_PUSH, "t", 'b');
    struct event_item *early = event(EVENT_PUSH, "u", 'c'); /* came before its tag */
    struct event_item *deletion = event(EVENT_DELETE, "v", 0);
    points("t", 'b');
    struct named_tag *tag = absent("u", false);
    absent("v", false);
    decide();
    ck_assert(!first->is_shown && second->is_shown && !early->is_shown && !deletion->is_shown);
    first->age_ms = EVENTS_QUIET_MS;
    first->attempts = second->attempts = early->attempts = 1;
    tag->verdict = TAGS_POINTS;
    tag->digest = digest_of('c');
    decide();
    ck_assert(second->is_done && !second->is_shown); /* it stayed to explain the first */
    ck_assert(!first->is_shown && early->is_shown);
}
END_TEST

START_TEST(later_by_the_registrys_clock)
{
    struct event_item *late = event(EVENT_PUSH, "t", 'b');
    struct event_item *early = event(EVENT_PUSH, "t", 'a');
    points("t", 'b');
    early->age_ms = EVENTS_QUIET_MS;
    decide(); /* without times, the order of arrival is all there is */
    ck_assert(!early->is_done);
    early->time_ms = T0;
    late->time_ms = T0 + 1;
    decide();
    ck_assert(early->is_done);
}
END_TEST

START_TEST(what_was_applied_before_explains_too)
{
    struct event_item *early = event(EVENT_PUSH, "t", 'a');
    struct named_tag *tag = points("t", 'b');
    ck_assert(!events_need_history(&pass)); /* without a time there is nothing to compare */
    early->time_ms = T0;
    ck_assert(events_need_history(&pass));
    early->age_ms = EVENTS_QUIET_MS;
    tag->moved_ms = T0;
    decide();
    ck_assert(!early->is_done);
    tag->moved_ms = T0 + 1;
    decide();
    ck_assert(early->is_done);
}
END_TEST

START_TEST(a_deletion_explains_a_push_and_the_reverse)
{
    struct event_item *push = event(EVENT_PUSH, "gone", 'a');
    event(EVENT_DELETE, "gone", 0);
    struct event_item *deletion = event(EVENT_DELETE, "back", 0);
    event(EVENT_PUSH, "back", 'b');
    absent("gone", false);
    points("back", 'b');
    push->age_ms = deletion->age_ms = EVENTS_QUIET_MS;
    decide();
    ck_assert(push->is_done && deletion->is_done);
    assert_names(change.removed_tags, change.n_removed_tags, "gone");
}
END_TEST

START_TEST(an_event_that_is_not_due_may_be_done_but_asks_for_nothing)
{
    struct event_item *witness = event(EVENT_PUSH, "t", 'a');
    witness->is_due = false;
    witness->attempts = EVENTS_ATTEMPTS_MAX;
    pass.n_due = 0;
    points("t", 'b');
    decide();
    ck_assert(!witness->is_done); /* it has its own time */
    ck_assert(!events_need_history(&pass));
}
END_TEST

START_TEST(the_last_exact_push_has_the_credit)
{
    event(EVENT_PUSH, "t", 'b')->actor = MS_STR("bob");
    event(EVENT_PUSH, "t", 'a')->actor = MS_STR("ann");
    struct event_item *last = event(EVENT_PUSH, "t", 'b');
    last->actor = MS_STR("ben");
    last->received_ms = T0;
    event(EVENT_PUSH, "t", 'c')->actor = MS_STR("cid");
    points("t", 'b');
    decide();
    ck_assert(ms_str_equal(change.tags[0].actor, MS_STR("ben")));
    ck_assert_int_eq(change.tags[0].event_time_ms, T0); /* it names no time */
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("sync_decide");
    TCase *cases = tcase_create("decide");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, a_push_that_the_registry_confirms_is_done);
    tcase_add_test(cases, a_push_before_its_tag_is_looked_at_again);
    tcase_add_test(cases, a_deletion_is_done_when_the_tag_list_lacks_it);
    tcase_add_test(cases, deleted_and_pushed_anew);
    tcase_add_test(cases, a_deletion_by_digest_waits_for_its_tags);
    tcase_add_test(cases, a_deletion_by_digest_that_did_not_happen);
    tcase_add_test(cases, a_push_by_digest_is_done_when_it_is_held);
    tcase_add_test(cases, what_names_nothing_is_done);
    tcase_add_test(cases, what_cannot_be_read_is_recorded);
    tcase_add_test(cases, a_tag_that_dangles_when_all_is_over);
    tcase_add_test(cases, a_later_event_explains_after_a_while);
    tcase_add_test(cases, a_push_is_shown_once_and_not_when_it_was_overtaken);
    tcase_add_test(cases, later_by_the_registrys_clock);
    tcase_add_test(cases, what_was_applied_before_explains_too);
    tcase_add_test(cases, a_deletion_explains_a_push_and_the_reverse);
    tcase_add_test(cases, an_event_that_is_not_due_may_be_done_but_asks_for_nothing);
    tcase_add_test(cases, the_last_exact_push_has_the_credit);
    suite_add_tcase(suite, cases);
    return suite;
}
