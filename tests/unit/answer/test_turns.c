/* SPDX-License-Identifier: Apache-2.0 */
/* Who is next. Clients are letters; an item is named by its client and a number. */
#include "reader/answer/turns.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

enum { MAX_ITEMS = 100, N_ITEMS = 200 };

static struct turns *turns;
static struct turns_item items[N_ITEMS];
static size_t n_items;

static struct client client(char letter)
{
    return (struct client){{{(uint8_t)letter}}};
}

static void begin(void)
{
    turns = turns_new(MAX_ITEMS);
    n_items = 0;
}

static void end(void)
{
    for (size_t i = 0; i < n_items; i++)
        turns_remove(turns, &items[i]);
    for (size_t class = 0; class < TURNS_CLASSES_MAX; class += 1)
        ck_assert_uint_eq(turns_count(turns, class), 0);
    turns_free(turns);
}

static struct turns_item *new_item(size_t class)
{
    struct turns_item *item = &items[n_items++];
    turns_item_init(item, class);
    return item;
}

static enum turns_verdict add_to(struct turns_item *item, char letter)
{
    struct client whose = client(letter);
    return turns_add(turns, item, &whose);
}

static struct turns_item *add(char letter, size_t class)
{
    struct turns_item *item = new_item(class);
    ck_assert_int_eq(add_to(item, letter), TURNS_WAITS);
    return item;
}

static void leave(struct turns_item *item, char letter)
{
    struct client whose = client(letter);
    turns_leave(turns, item, &whose);
}

static void expect_next(unsigned classes, const struct turns_item *item)
{
    struct turns_item *next = turns_next(turns, classes);
    ck_assert_ptr_eq(next, item);
    ck_assert(next == NULL || !turns_item_waits(next));
}

START_TEST(turns_go_round_the_clients)
{
    struct turns_item *a[4], *b[2];
    for (int i = 0; i < 4; i++)
        a[i] = add('a', 0);
    for (int i = 0; i < 2; i++)
        b[i] = add('b', 0);
    ck_assert_uint_eq(turns_count(turns, 0), 6);
    expect_next(1, a[0]);
    expect_next(1, b[0]);
    struct turns_item *c = add('c', 0);
    expect_next(1, c); /* who had no turn yet */
    expect_next(1, a[1]);
    expect_next(1, b[1]);
    expect_next(1, a[2]);
    expect_next(1, a[3]);
    expect_next(1, NULL);
}
END_TEST

START_TEST(what_several_wait_for_comes_at_the_earliest_turn)
{
    struct turns_item *a[3];
    for (int i = 0; i < 3; i++)
        a[i] = add('a', 0);
    ck_assert_int_eq(add_to(a[2], 'b'), TURNS_WAITS);
    expect_next(1, a[0]);
    expect_next(1, a[2]); /* it is b's turn */
    expect_next(1, a[1]);
    expect_next(1, NULL);
}
END_TEST

START_TEST(who_leaves_has_no_turn)
{
    struct turns_item *a = add('a', 0), *b = add('b', 0);
    ck_assert_int_eq(add_to(a, 'a'), TURNS_WAITS); /* two requests */
    leave(a, 'a');
    ck_assert(turns_item_waits(a));
    ck_assert_int_eq(add_to(b, 'c'), TURNS_WAITS);
    leave(b, 'b');
    ck_assert(turns_item_waits(b));
    leave(a, 'a');
    ck_assert(!turns_item_waits(a));
    ck_assert_uint_eq(turns_count(turns, 0), 1);
    leave(a, 'z'); /* who never came */
    expect_next(1, b);
}
END_TEST

START_TEST(who_seldom_asks_is_next)
{
    struct turns_item *seldom = add('s', 0), *a[4], *b[4];
    expect_next(1, seldom);
    for (int i = 0; i < 4; i++) {
        a[i] = add('a', 0);
        b[i] = add('b', 0);
    }
    expect_next(1, a[0]);
    expect_next(1, b[0]);
    seldom = add('s', 0); /* his turn was before theirs */
    expect_next(1, seldom);
    seldom = add('s', 0); /* at once again: it is after theirs */
    expect_next(1, a[1]);
    expect_next(1, b[1]);
    expect_next(1, seldom);
    expect_next(1, a[2]);
}
END_TEST

static struct turns_item *take(char letter, uint64_t cost)
{
    struct turns_item *item = add(letter, 0);
    expect_next(1, item);
    turns_charge(turns, item, cost * TURNS_COST_MIN);
    return item;
}

START_TEST(who_asks_for_little_is_next)
{
    struct turns_item *dear, *cheap[4];
    (void)take('d', 10);
    (void)take('c', 4);
    dear = add('d', 0);
    for (int i = 0; i < 4; i++)
        cheap[i] = add('c', 0);
    for (int i = 0; i < 3; i++) {
        expect_next(1, cheap[i]);
        turns_charge(turns, cheap[i], 4 * TURNS_COST_MIN);
    }
    expect_next(1, dear); /* both would end with 20, and his last turn was before the other's */
    expect_next(1, cheap[3]);
}
END_TEST

START_TEST(many_who_are_new_do_not_come_first)
{
    struct turns_item *new[5], *old;
    (void)take('c', 10);
    for (int i = 0; i < 5; i++)
        new[i] = add((char)('m' + i), 0);
    for (int i = 0; i < 2; i++) {
        old = add('c', 0);
        expect_next(1, old); /* who is new may ask for four times as much */
        turns_charge(turns, old, 10 * TURNS_COST_MIN);
    }
    old = add('c', 0);
    expect_next(1, new[0]); /* that is as much as he will have used, and has waited longer */
    turns_charge(turns, new[0], 250 * TURNS_COST_MIN);
    expect_next(1, old); /* it was much, so the others are taken for what costs much */
    turns_charge(turns, old, 10 * TURNS_COST_MIN);
    (void)take('c', 10);
    for (int i = 1; i < 5; i++)
        expect_next(1, new[i]);
}
END_TEST

START_TEST(who_was_away_has_no_credit)
{
    struct turns_item *away = add('w', 0), *a[3];
    expect_next(1, away);
    for (int i = 0; i < 3; i++) {
        a[i] = add('a', 0);
        expect_next(1, a[i]);
        turns_charge(turns, a[i], 10 * TURNS_COST_MIN);
    }
    struct turns_item *new = add('n', 0), *back[2];
    back[0] = add('w', 0);
    back[1] = add('w', 0);
    expect_next(1, new); /* both have used as much as the last before his turn */
    turns_charge(turns, new, TURNS_COST_MIN);
    expect_next(1, back[0]);
    turns_charge(turns, back[0], 5 * TURNS_COST_MIN);
    new = add('n', 0);
    expect_next(1, new);
    expect_next(1, back[1]);
}
END_TEST

START_TEST(few_are_remembered)
{
    for (uint32_t i = 0; i < TURNS_REMEMBERED_MAX + 10; i++) {
        struct client whose = {{{0}}};
        memcpy(whose.ip.bytes, &i, sizeof(i));
        turns_item_init(&items[0], 0);
        ck_assert_int_eq(turns_add(turns, &items[0], &whose), TURNS_WAITS);
        expect_next(1, &items[0]);
    }
}
END_TEST

START_TEST(classes_have_queues_of_their_own_and_take_turns)
{
    struct turns_item *list = add('a', 1), *search = add('a', 2), *other = add('b', 2);
    expect_next(1U << 0, NULL);
    expect_next(1U << 2, search);
    expect_next(1U << 1 | 1U << 2, list);
    expect_next(1U << 1 | 1U << 2, other);
    list = add('a', 1);
    search = add('a', 2);
    struct turns_item *list2 = add('a', 1);
    expect_next(1U << 1 | 1U << 2, list);
    expect_next(1U << 1 | 1U << 2, search);
    expect_next(1U << 1 | 1U << 2, list2);
}
END_TEST

START_TEST(a_client_is_bounded_only_while_others_wait)
{
    for (int i = 0; i < TURNS_CLIENT_MAX + 5; i++)
        add('a', 0);
    add('b', 1); /* in another class */
    struct turns_item *last = add('a', 0);
    struct turns_item *b = add('b', 0);
    struct turns_item *more = new_item(0);
    ck_assert_int_eq(add_to(more, 'a'), TURNS_CLIENT_FULL);
    ck_assert(!turns_item_waits(more));
    ck_assert_int_eq(add_to(b, 'a'), TURNS_WAITS); /* what waits already takes everybody */
    ck_assert_int_eq(add_to(last, 'a'), TURNS_WAITS);
    leave(b, 'b');
    ck_assert_int_eq(add_to(more, 'a'), TURNS_WAITS); /* nobody else waits */
}
END_TEST

START_TEST(when_all_is_full_the_longest_queue_makes_room)
{
    struct turns_item *last = NULL, *before = NULL;
    for (int i = 0; i < MAX_ITEMS; i++) {
        before = last;
        last = add('a', 3);
    }
    struct client a = client('a'), b = client('b');
    struct turns_item *more = new_item(0);
    ck_assert_int_eq(add_to(more, 'a'), TURNS_FULL);
    ck_assert_int_eq(add_to(more, 'b'), TURNS_FULL);
    ck_assert_ptr_null(turns_displace(turns, 3, &a)); /* it would have more than all others */
    ck_assert_int_eq(add_to(last, 'c'), TURNS_WAITS); /* somebody else waits for it */
    ck_assert_ptr_eq(turns_displace(turns, 0, &b), before);
    ck_assert(!turns_item_waits(before));
    ck_assert_int_eq(add_to(more, 'b'), TURNS_WAITS);
    expect_next(1, more);
}
END_TEST

START_TEST(equal_shares_displace_nobody)
{
    for (int i = 0; i < MAX_ITEMS; i++)
        add((char)(' ' + i), 0);
    struct client client_b = client('\x01');
    ck_assert_ptr_null(turns_displace(turns, 0, &client_b));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("turns");
    TCase *tcase = tcase_create("turns");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, turns_go_round_the_clients);
    tcase_add_test(tcase, what_several_wait_for_comes_at_the_earliest_turn);
    tcase_add_test(tcase, who_leaves_has_no_turn);
    tcase_add_test(tcase, who_seldom_asks_is_next);
    tcase_add_test(tcase, who_asks_for_little_is_next);
    tcase_add_test(tcase, many_who_are_new_do_not_come_first);
    tcase_add_test(tcase, who_was_away_has_no_credit);
    tcase_add_test(tcase, few_are_remembered);
    tcase_add_test(tcase, classes_have_queues_of_their_own_and_take_turns);
    tcase_add_test(tcase, a_client_is_bounded_only_while_others_wait);
    tcase_add_test(tcase, when_all_is_full_the_longest_queue_makes_room);
    tcase_add_test(tcase, equal_shares_displace_nobody);
    suite_add_tcase(suite, tcase);
    return suite;
}
