/* SPDX-License-Identifier: Apache-2.0 */
/* reader/answer/cache.c: what is kept, what goes first, what an invalidation drops. */
#include "reader/answer/cache.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

enum { PLENTY = 1 << 20, SOME_REPOSITORY = 17, OTHER_REPOSITORY = 18 };

static struct cache *cache;

static void begin(void)
{
    cache = cache_new(PLENTY, PLENTY);
}

static void end(void)
{
    cache_free(cache);
}

static void put(const char *key, uint64_t repository_hash, uint64_t generation, size_t body_bytes)
{
    char *bytes = calloc(1, body_bytes + 1);
    memset(bytes, 'x', body_bytes);
    struct cache_entry entry = {.generation = generation};
    entry.entity.status = 200;
    entry.entity.body = ms_doc_copy(ms_str_n(bytes, body_bytes));
    cache_put(cache, ms_str(key), repository_hash, &entry);
    cache_entry_release(&entry);
    free(bytes);
}

static bool has(const char *key)
{
    return cache_find(cache, ms_str(key)) != NULL;
}

START_TEST(finds_what_was_put)
{
    put("/v1/search?q=a", 0, 7, 10);
    const struct cache_entry *entry = cache_find(cache, MS_STR("/v1/search?q=a"));
    ck_assert_ptr_nonnull(entry);
    ck_assert_uint_eq(entry->generation, 7);
    ck_assert_uint_eq(ms_doc_view(entry->entity.body).len, 10);
    ck_assert(!has("/v1/search?q="));
    ck_assert(!has("/v1/search?q=ab"));
}
END_TEST

START_TEST(a_second_put_replaces_the_first)
{
    put("k", 0, 1, 100);
    uint64_t bytes = cache_bytes(cache);
    put("k", SOME_REPOSITORY, 2, 100);
    ck_assert_uint_eq(cache_bytes(cache), bytes);
    ck_assert_uint_eq(cache_find(cache, MS_STR("k"))->generation, 2);
    cache_invalidate(cache, OTHER_REPOSITORY, 9); /* no longer depends on everything */
    ck_assert(has("k"));
}
END_TEST

START_TEST(a_touched_repository_drops_its_own_and_what_depends_on_all)
{
    put("own", SOME_REPOSITORY, 1, 1);
    put("other", OTHER_REPOSITORY, 1, 1);
    put("all", 0, 1, 1);
    cache_invalidate(cache, SOME_REPOSITORY, 2);
    ck_assert(!has("own"));
    ck_assert(has("other"));
    ck_assert(!has("all"));
}
END_TEST

START_TEST(what_was_made_after_the_change_stays)
{
    put("own", SOME_REPOSITORY, 5, 1);
    put("all", 0, 5, 1);
    cache_invalidate(cache, SOME_REPOSITORY, 5);
    ck_assert(has("own") && has("all"));
    cache_invalidate(cache, SOME_REPOSITORY, 6);
    ck_assert(!has("own") && !has("all"));
}
END_TEST

START_TEST(least_recently_used_goes_first)
{
    put("a", 0, 1, 1000);
    uint64_t one = cache_bytes(cache);
    cache_free(cache);
    cache = cache_new(3 * one, 3 * one);
    put("a", 0, 1, 1000);
    put("b", 0, 1, 1000);
    put("c", 0, 1, 1000);
    ck_assert(has("a")); /* used: now b is the oldest */
    put("d", 0, 1, 1000);
    ck_assert(has("a") && !has("b") && has("c") && has("d"));
    ck_assert_uint_le(cache_bytes(cache), 3 * one);
    ck_assert(cache_drop_oldest(cache));
    ck_assert(!has("a"));
}
END_TEST

START_TEST(what_grows_in_it_pushes_others_out)
{
    put("a", 0, 1, 1000);
    uint64_t one = cache_bytes(cache);
    cache_free(cache);
    cache = cache_new(2 * one, 2 * one);
    put("a", 0, 1, 1000);
    put("b", 0, 1, 1000);
    ms_doc_set_form(cache_find(cache, MS_STR("a"))->entity.body, ms_doc_copy(MS_STR("grown")));
    cache_recount(cache, MS_STR("a"));
    ck_assert_uint_eq(cache_bytes(cache), one + 5);
    ck_assert(has("a") && !has("b"));
    cache_recount(cache, MS_STR("b"));
    cache_clear(cache);
    ck_assert_uint_eq(cache_bytes(cache), 0);
}
END_TEST

START_TEST(what_is_in_it_may_grow_up_to_all_of_it)
{
    put("a", 0, 1, 1000);
    uint64_t left = PLENTY - cache_bytes(cache);
    put("b", 0, 1, 1000);
    ck_assert(cache_may_grow(cache, MS_STR("a"), left));
    ck_assert(!cache_may_grow(cache, MS_STR("a"), left + 1));
    ck_assert(cache_may_grow(cache, MS_STR("none"), left + 1));
    ck_assert(has("a") && has("b"));
}
END_TEST

START_TEST(too_large_an_entry_is_not_kept_and_costs_no_other)
{
    cache_free(cache);
    cache = cache_new(100000, 25000);
    put("small", 0, 1, 20000);
    put("large", 0, 1, 25000);
    ck_assert(has("small") && !has("large"));
    put("small", 0, 2, 30000); /* what it replaces is out of date all the same */
    ck_assert(!has("small"));
}
END_TEST

START_TEST(size_0_keeps_nothing)
{
    cache_free(cache);
    cache = cache_new(0, 0);
    put("a", 0, 1, 1);
    ck_assert(!has("a"));
    ck_assert_uint_eq(cache_bytes(cache), 0);
    ck_assert(!cache_drop_oldest(cache));
}
END_TEST

START_TEST(thousands_of_entries)
{
    enum { MANY = 2000 };
    char key[32];
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(key, sizeof(key), "key-%u", i);
        put(key, i % 10 + 1, 1, 1);
    }
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(key, sizeof(key), "key-%u", i);
        ck_assert(has(key));
    }
    cache_invalidate(cache, 4, 2);
    unsigned left = 0;
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(key, sizeof(key), "key-%u", i);
        left += has(key) ? 1 : 0;
        ck_assert(has(key) == (i % 10 + 1 != 4));
    }
    ck_assert_uint_eq(left, MANY / 10 * 9);
    cache_clear(cache);
    ck_assert_uint_eq(cache_bytes(cache), 0);
}
END_TEST

START_TEST(a_reference_outlives_its_entry)
{
    put("k", 0, 1, 5);
    struct cache_entry mine;
    cache_entry_copy(&mine, cache_find(cache, MS_STR("k")));
    cache_clear(cache);
    ck_assert(ms_str_equal(ms_doc_view(mine.entity.body), MS_STR("xxxxx")));
    cache_entry_release(&mine);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("cache");
    TCase *tcase = tcase_create("cache");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, finds_what_was_put);
    tcase_add_test(tcase, a_second_put_replaces_the_first);
    tcase_add_test(tcase, a_touched_repository_drops_its_own_and_what_depends_on_all);
    tcase_add_test(tcase, what_was_made_after_the_change_stays);
    tcase_add_test(tcase, least_recently_used_goes_first);
    tcase_add_test(tcase, what_grows_in_it_pushes_others_out);
    tcase_add_test(tcase, what_is_in_it_may_grow_up_to_all_of_it);
    tcase_add_test(tcase, too_large_an_entry_is_not_kept_and_costs_no_other);
    tcase_add_test(tcase, size_0_keeps_nothing);
    tcase_add_test(tcase, thousands_of_entries);
    tcase_add_test(tcase, a_reference_outlives_its_entry);
    suite_add_tcase(suite, tcase);
    return suite;
}
