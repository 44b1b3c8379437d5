/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of freshness, as tables: what is known at present, a query or an entry of the cache,
 * and what follows.
 */
#include "reader/answer/timeline.h"
#include "tests/support/check_main.h"

/* The watcher sees the database at generation 100; 90 was shown. */
static const struct timeline WATCHED = {.epoch = 7, .seen = 100, .shown = 90, .is_known = true};
/* A query has shown 105, and then the watcher lost sight. */
static const struct timeline SHOWN_AHEAD = {
    .epoch = 7, .seen = 100, .shown = 105, .is_known = true, .stale_seconds = 5};

static struct timeline with(struct timeline now, uint64_t seen, uint64_t shown)
{
    now.seen = seen;
    now.shown = shown;
    return now;
}

/* --- the present --- */

START_TEST(it_is_watched_when_it_was_seen_and_is_not_stale)
{
    struct timeline now = WATCHED;
    ck_assert(timeline_is_watched(&now));
    now.is_lost = true; /* just now: until it is stale, what is kept is known to be good */
    ck_assert(timeline_is_watched(&now));
    now.stale_seconds = 1;
    ck_assert(!timeline_is_watched(&now));
    now = WATCHED;
    now.is_known = false;
    ck_assert(!timeline_is_watched(&now));
}
END_TEST

START_TEST(no_answer_is_older_than_what_was_seen_or_shown)
{
    struct timeline now = WATCHED;
    ck_assert_uint_eq(timeline_oldest_allowed(&now), 100);
    timeline_note_shown(&now, 110);
    ck_assert_uint_eq(timeline_oldest_allowed(&now), 110);
    timeline_note_shown(&now, 105); /* never back */
    ck_assert_uint_eq(timeline_oldest_allowed(&now), 110);
    now.seen = 120;
    ck_assert_uint_eq(timeline_oldest_allowed(&now), 120);
}
END_TEST

START_TEST(a_new_epoch_may_begin_at_any_generation)
{
    struct timeline now = SHOWN_AHEAD;
    timeline_begin_epoch(&now);
    now.seen = 3;
    ck_assert_uint_eq(now.epoch, SHOWN_AHEAD.epoch + 1);
    ck_assert_uint_eq(timeline_oldest_allowed(&now), 3);
}
END_TEST

/* --- queries: all are asked at generation 100 of epoch 7 --- */

struct query_case {
    const char *what;
    uint64_t snapshot; /* 0: no row has come */
    uint64_t touched_at;
    unsigned n_looks;
    /* when it has come */
    uint64_t epoch;
    uint64_t seen;
    uint64_t shown;
    uint64_t stale_seconds;
    bool is_lost;
    /* then */
    enum timeline_verdict verdict;
    bool may_share;
    bool may_keep;
    uint64_t shows;
};

/* clang-format off */
static const struct query_case QUERIES[] = {
    /*                             result            now                        then */
    {"nothing happened",           100, 0, 0,        7, 100, 90, 0, false,      TIMELINE_USE, true, true, 100},
    {"others changed",             100, 0, 0,        7, 103, 90, 0, false,      TIMELINE_USE, false, true, 103},
    {"touched meanwhile",          100, 102, 0,      7, 103, 90, 0, false,      TIMELINE_USE, false, false, 100},
    {"touched, but it saw that",   102, 102, 0,      7, 103, 90, 0, false,      TIMELINE_USE, false, true, 103},
    {"touched after what it saw",  101, 102, 0,      7, 102, 90, 0, false,      TIMELINE_USE, false, false, 101},
    {"another one showed more",    100, 0, 0,        7, 100, 104, 0, false,     TIMELINE_USE, false, true, 100},
    {"a standby lags",             99, 0, 0,         7, 100, 90, 0, false,      TIMELINE_BEHIND, true, true, 100},
    {"another epoch",              100, 0, 0,        8, 100, 0, 0, false,       TIMELINE_BEHIND, false, true, 100},
    {"another epoch, further",     200, 0, 3,        8, 100, 0, 0, false,       TIMELINE_BEHIND, false, true, 200},
    {"newer than is told",         101, 0, 0,        7, 100, 90, 0, false,      TIMELINE_AHEAD, true, true, 101},
    {"two looks later",            101, 0, 2,        7, 100, 90, 0, false,      TIMELINE_AHEAD, true, true, 101},
    {"three looks later",          101, 0, 3,        7, 100, 90, 0, false,      TIMELINE_ELSEWHERE, true, true, 101},
    {"told by the third look",     101, 0, 3,        7, 101, 90, 0, false,      TIMELINE_USE, true, true, 101},
    {"newer, nobody watches",      101, 0, 0,        7, 100, 90, 4, true,       TIMELINE_USE, true, false, 101},
    {"newer, just lost",           101, 0, 0,        7, 100, 90, 0, true,       TIMELINE_USE, true, true, 101},
    {"no row has come",            0, 0, 0,          7, 100, 90, 0, false,      TIMELINE_USE, true, true, 100},
    {"no row, and a change",       0, 0, 0,          7, 101, 90, 0, false,      TIMELINE_USE, false, true, 101},
};
/* clang-format on */
enum { N_QUERIES = sizeof(QUERIES) / sizeof(QUERIES[0]) };

START_TEST(what_becomes_of_a_query)
{
    const struct query_case *c = &QUERIES[_i];
    struct timeline_query query;
    timeline_ask(&query, &WATCHED);
    ck_assert_uint_eq(query.oldest_allowed, 100);
    query.has_snapshot = c->snapshot > 0;
    query.snapshot = c->snapshot;
    query.n_looks = c->n_looks;
    if (c->touched_at > 0)
        timeline_touch(&query, c->touched_at);
    const struct timeline now = {.epoch = c->epoch,
                                 .seen = c->seen,
                                 .shown = c->shown,
                                 .is_known = true,
                                 .is_lost = c->is_lost,
                                 .stale_seconds = c->stale_seconds};
    ck_assert_msg(timeline_judge(&query, &now) == c->verdict, "%s: verdict", c->what);
    ck_assert_msg(timeline_may_share(&query, &now) == c->may_share, "%s: share", c->what);
    ck_assert_msg(timeline_may_keep(&query, &now) == c->may_keep, "%s: keep", c->what);
    ck_assert_msg(timeline_generation_to_show(&query, &now) == c->shows, "%s: generation", c->what);
}
END_TEST

START_TEST(asking_again_forgets_what_came_before)
{
    struct timeline_query query = {
        .touched_at = 99, .has_snapshot = true, .snapshot = 98, .n_looks = 3};
    timeline_ask(&query, &SHOWN_AHEAD);
    ck_assert_uint_eq(query.epoch, 7);
    ck_assert_uint_eq(query.oldest_allowed, 105);
    ck_assert(!query.has_snapshot && query.snapshot == 0 && query.touched_at == 0 &&
              query.n_looks == 0);
}
END_TEST

/* --- what is kept --- */

struct kept_case {
    const char *what;
    uint64_t snapshot;
    bool has_expired;
    struct timeline now;
    bool may_serve;
    bool may_show;
    uint64_t shows;
};

START_TEST(what_is_kept_is_never_older_than_what_was_shown)
{
    const struct timeline stale = {
        .epoch = 7, .seen = 100, .shown = 90, .is_known = true, .stale_seconds = 5};
    const struct kept_case cases[] = {
        {"good", 80, false, WATCHED, true, true, 100},
        {"from after what is told", 102, false, WATCHED, true, true, 102},
        {"shown by another query", 80, false, with(WATCHED, 100, 101), false, false, 100},
        {"expired", 80, true, WATCHED, false, true, 100},
        {"expired, but nobody watches", 80, true, stale, true, true, 100},
        {"a query has shown more", 80, false, SHOWN_AHEAD, false, false, 100},
        {"it is what was shown", 105, false, SHOWN_AHEAD, true, true, 105},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct kept_case *c = &cases[i];
        bool may_serve = timeline_may_serve(c->snapshot, c->has_expired, &c->now);
        ck_assert_msg(may_serve == c->may_serve, "%s: serve", c->what);
        ck_assert_msg(timeline_may_show(c->snapshot, &c->now) == c->may_show, "%s: show", c->what);
        ck_assert_msg(timeline_kept_generation(c->snapshot, &c->now) == c->shows, "%s: generation",
                      c->what);
    }
}
END_TEST

START_TEST(the_latest_is_known_while_it_is_watched)
{
    ck_assert(timeline_is_latest(100, &WATCHED));
    ck_assert(!timeline_is_latest(99, &WATCHED));
    ck_assert(!timeline_is_latest(101, &WATCHED));
    ck_assert(!timeline_is_latest(100, &SHOWN_AHEAD));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("timeline");
    TCase *test = tcase_create("timeline");
    tcase_add_test(test, it_is_watched_when_it_was_seen_and_is_not_stale);
    tcase_add_test(test, no_answer_is_older_than_what_was_seen_or_shown);
    tcase_add_test(test, a_new_epoch_may_begin_at_any_generation);
    tcase_add_loop_test(test, what_becomes_of_a_query, 0, N_QUERIES);
    tcase_add_test(test, asking_again_forgets_what_came_before);
    tcase_add_test(test, what_is_kept_is_never_older_than_what_was_shown);
    tcase_add_test(test, the_latest_is_known_while_it_is_watched);
    suite_add_tcase(suite, test);
    return suite;
}
