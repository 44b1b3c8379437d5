/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fair queues. A class has a ring of clients, a client has his turns in the order in which he came
 * for them, and an item knows its turns. Always: a client is in a ring of a class as long as he has
 * a turn in it. One ring has those of whom it is known what their items usually take, in the order
 * of what they will have used after the next; one has those who are new, in the order of what they
 * have used; equals are in the order of their last turns. The first of one of both is the next.
 * What he has used is the time of the class: who comes into a ring has used that much at least. Who
 * leaves is remembered for a while, so that he is not taken for one who is new; of many the one who
 * left first is forgotten.
 */
#include "reader/answer/turns.h"

#include "common/base/alloc.h"
#include "common/base/map.h"

#include <assert.h>
#include <string.h>

/* Who is new is taken for one who asks for so many times what is usual: forty who come at once, and
 * ask for much, do not go before who is known to ask for little. */
enum { NEWCOMER_FACTOR = 4 };

struct turn {
    TAILQ_ENTRY(turn) of_client;
    TAILQ_ENTRY(turn) of_item;
    struct waiting *waiting;
    struct turns_item *item;
    size_t n_requests;
};

/* One client in one class. */
struct waiting {
    TAILQ_ENTRY(waiting) ring; /* or among those who are remembered */
    uint64_t used_us;
    uint64_t usual_us;  /* what his items take; 0: none was charged yet */
    uint64_t end_us;    /* used_us and usual_us together: his place in the ring */
    uint64_t last_turn; /* its number; 0: there was none */
    struct {
        struct client client;
        uint64_t class;
    } key; /* no padding: its bytes are the key of the map */
    struct turn_list turns;
    size_t n_turns;
};
TAILQ_HEAD(ring, waiting);

struct turns {
    size_t max_items;
    size_t n_items;
    struct {
        struct ring known, new;
        size_t n_items;
        uint64_t time_us;  /* what who had the last turn had used before it */
        uint64_t usual_us; /* what its items take */
    } classes[TURNS_CLASSES_MAX];
    size_t last_class;      /* the one that came last */
    uint64_t n_turns;       /* that were given out */
    struct ms_map waiting;  /* by client and class, with those who have left */
    struct ring remembered; /* the first left first */
    size_t n_remembered;
};

static_assert(sizeof(((struct waiting *)0)->key) == sizeof(struct client) + sizeof(uint64_t),
              "padding in a key");

static struct ms_str key_of(const struct waiting *waiting)
{
    return ms_str_n((const char *)&waiting->key, sizeof(waiting->key));
}

static void forget_first(struct turns *turns)
{
    struct waiting *first = TAILQ_FIRST(&turns->remembered);
    TAILQ_REMOVE(&turns->remembered, first, ring);
    turns->n_remembered--;
    ms_map_remove(&turns->waiting, key_of(first));
    free(first);
}

struct turns *turns_new(size_t max_items)
{
    struct turns *turns = ms_alloc(sizeof(*turns));
    turns->max_items = max_items;
    TAILQ_INIT(&turns->remembered);
    for (size_t i = 0; i < TURNS_CLASSES_MAX; i++) {
        TAILQ_INIT(&turns->classes[i].known);
        TAILQ_INIT(&turns->classes[i].new);
    }
    return turns;
}

void turns_free(struct turns *turns)
{
    if (turns == NULL)
        return;
    while (turns->n_remembered > 0)
        forget_first(turns);
    ms_map_free(&turns->waiting);
    free(turns);
}

void turns_item_init(struct turns_item *item, size_t class)
{
    assert(class < TURNS_CLASSES_MAX);
    item->class = class;
    item->taken_us = 0;
    TAILQ_INIT(&item->turns);
}

bool turns_item_waits(const struct turns_item *item)
{
    return !TAILQ_EMPTY(&item->turns);
}

size_t turns_count(const struct turns *turns, size_t class)
{
    return turns->classes[class].n_items;
}

/* --- clients --- */

static struct waiting *find(const struct turns *turns, size_t class, const struct client *client)
{
    struct waiting probe = {.key = {*client, class}};
    return ms_map_get(&turns->waiting, key_of(&probe));
}

static struct ring *ring_of(struct turns *turns, const struct waiting *waiting)
{
    return waiting->usual_us > 0 ? &turns->classes[waiting->key.class].known
                                 : &turns->classes[waiting->key.class].new;
}

static bool is_before(const struct waiting *a, const struct waiting *b)
{
    return a->end_us != b->end_us ? a->end_us < b->end_us : a->last_turn <= b->last_turn;
}

static void enter_ring(struct turns *turns, struct waiting *waiting)
{
    struct ring *ring = ring_of(turns, waiting);
    struct waiting *before = TAILQ_LAST(ring, ring);
    if (waiting->used_us < turns->classes[waiting->key.class].time_us)
        waiting->used_us = turns->classes[waiting->key.class].time_us;
    waiting->end_us = waiting->used_us + waiting->usual_us;
    while (before != NULL && !is_before(before, waiting))
        before = TAILQ_PREV(before, ring, ring);
    if (before != NULL)
        TAILQ_INSERT_AFTER(ring, before, waiting, ring);
    else
        TAILQ_INSERT_HEAD(ring, waiting, ring);
}

/* `waiting` NULL: he is not remembered. */
static struct waiting *enter(struct turns *turns, struct waiting *waiting, size_t class,
                             const struct client *client)
{
    if (waiting != NULL) {
        TAILQ_REMOVE(&turns->remembered, waiting, ring);
        turns->n_remembered--;
    } else {
        waiting = ms_alloc(sizeof(*waiting));
        waiting->key.client = *client;
        waiting->key.class = class;
        TAILQ_INIT(&waiting->turns);
        ms_map_put(&turns->waiting, key_of(waiting), waiting);
    }
    enter_ring(turns, waiting);
    return waiting;
}

static void leave_ring(struct turns *turns, struct waiting *waiting)
{
    TAILQ_REMOVE(ring_of(turns, waiting), waiting, ring);
    TAILQ_INSERT_TAIL(&turns->remembered, waiting, ring);
    if (++turns->n_remembered > TURNS_REMEMBERED_MAX)
        forget_first(turns);
}

static void drop_turn(struct turns *turns, struct turn *turn)
{
    struct waiting *waiting = turn->waiting;
    TAILQ_REMOVE(&waiting->turns, turn, of_client);
    TAILQ_REMOVE(&turn->item->turns, turn, of_item);
    free(turn);
    if (--waiting->n_turns == 0)
        leave_ring(turns, waiting);
}

/* --- items --- */

static void count_items(struct turns *turns, const struct turns_item *item, size_t before,
                        size_t after)
{
    turns->n_items = turns->n_items - before + after;
    turns->classes[item->class].n_items = turns->classes[item->class].n_items - before + after;
}

static struct turn *turn_of(const struct turns_item *item, const struct waiting *waiting)
{
    struct turn *turn;
    TAILQ_FOREACH(turn, &waiting->turns, of_client) {
        if (turn->item == item)
            return turn;
    }
    return NULL;
}

static bool others_wait(const struct turns *turns, size_t class, const struct waiting *waiting)
{
    const struct waiting *known = TAILQ_FIRST(&turns->classes[class].known);
    const struct waiting *new = TAILQ_FIRST(&turns->classes[class].new);
    const struct waiting *first = known != NULL ? known : new;
    bool has_two = known != NULL && new != NULL;
    return first != NULL && (first != waiting || has_two || TAILQ_NEXT(first, ring) != NULL);
}

enum turns_verdict turns_add(struct turns *turns, struct turns_item *item,
                             const struct client *client)
{
    struct waiting *waiting = find(turns, item->class, client);
    struct turn *turn = waiting != NULL ? turn_of(item, waiting) : NULL;
    if (!turns_item_waits(item)) {
        if (waiting != NULL && waiting->n_turns >= TURNS_CLIENT_MAX &&
            others_wait(turns, item->class, waiting))
            return TURNS_CLIENT_FULL;
        if (turns->n_items >= turns->max_items)
            return TURNS_FULL;
        count_items(turns, item, 0, 1);
    }
    if (turn == NULL) {
        if (waiting == NULL || waiting->n_turns == 0)
            waiting = enter(turns, waiting, item->class, client);
        turn = ms_alloc(sizeof(*turn));
        turn->waiting = waiting;
        turn->item = item;
        TAILQ_INSERT_TAIL(&waiting->turns, turn, of_client);
        TAILQ_INSERT_TAIL(&item->turns, turn, of_item);
        waiting->n_turns++;
    }
    turn->n_requests++;
    return TURNS_WAITS;
}

void turns_leave(struct turns *turns, struct turns_item *item, const struct client *client)
{
    const struct waiting *waiting = find(turns, item->class, client);
    struct turn *turn = waiting != NULL ? turn_of(item, waiting) : NULL;
    if (turn == NULL || --turn->n_requests > 0)
        return;
    drop_turn(turns, turn);
    if (!turns_item_waits(item))
        count_items(turns, item, 1, 0);
}

void turns_remove(struct turns *turns, struct turns_item *item)
{
    struct turn *turn;
    if (!turns_item_waits(item))
        return;
    while ((turn = TAILQ_FIRST(&item->turns)) != NULL)
        drop_turn(turns, turn);
    count_items(turns, item, 1, 0);
}

/* --- who is next --- */

static struct waiting *next_in(struct turns *turns, size_t class)
{
    struct waiting *known = TAILQ_FIRST(&turns->classes[class].known);
    struct waiting *new = TAILQ_FIRST(&turns->classes[class].new);
    if (known == NULL || new == NULL)
        return known != NULL ? known : new;
    uint64_t new_end_us = new->used_us + NEWCOMER_FACTOR * turns->classes[class].usual_us;
    return new_end_us <= known->end_us ? new : known;
}

static struct turns_item *take_from(struct turns *turns, size_t class)
{
    struct waiting *next = next_in(turns, class);
    struct turns_item *item = TAILQ_FIRST(&next->turns)->item;
    if (turns->classes[class].time_us < next->used_us)
        turns->classes[class].time_us = next->used_us;
    item->taken_by = next->key.client;
    item->advance_us = next->usual_us > 0 ? next->usual_us : turns->classes[class].usual_us;
    TAILQ_REMOVE(ring_of(turns, next), next, ring);
    next->last_turn = ++turns->n_turns;
    next->used_us += item->advance_us;
    enter_ring(turns, next);
    turns_remove(turns, item);
    return item;
}

/* The latest as much as all before them. */
static uint64_t usual_with(uint64_t usual_us, uint64_t cost_us)
{
    return usual_us > 0 ? (usual_us + cost_us) / 2 : cost_us;
}

void turns_charge(struct turns *turns, const struct turns_item *item, uint64_t cost_us)
{
    struct waiting *waiting = find(turns, item->class, &item->taken_by);
    uint64_t cost = cost_us > TURNS_COST_MIN ? cost_us : TURNS_COST_MIN;
    uint64_t *usual_us = &turns->classes[item->class].usual_us;
    *usual_us = usual_with(*usual_us, cost);
    if (waiting == NULL)
        return;
    if (waiting->n_turns > 0)
        TAILQ_REMOVE(ring_of(turns, waiting), waiting, ring);
    waiting->usual_us = usual_with(waiting->usual_us, cost);
    waiting->used_us -= waiting->used_us < item->advance_us ? waiting->used_us : item->advance_us;
    waiting->used_us += cost;
    if (waiting->n_turns > 0)
        enter_ring(turns, waiting);
}

struct turns_item *turns_next(struct turns *turns, unsigned classes)
{
    for (size_t i = 1; i <= TURNS_CLASSES_MAX; i++) {
        size_t class = (turns->last_class + i) % TURNS_CLASSES_MAX;
        if ((classes & 1U << class) == 0 || turns->classes[class].n_items == 0)
            continue;
        turns->last_class = class;
        return take_from(turns, class);
    }
    return NULL;
}

static const struct waiting *find_longest(const struct turns *turns)
{
    const struct waiting *longest = NULL, *waiting;
    for (size_t i = 0; i < 2 * TURNS_CLASSES_MAX; i++) {
        const struct ring *ring =
            i % 2 == 0 ? &turns->classes[i / 2].known : &turns->classes[i / 2].new;
        TAILQ_FOREACH(waiting, ring, ring) {
            if (longest == NULL || waiting->n_turns > longest->n_turns)
                longest = waiting;
        }
    }
    return longest;
}

struct turns_item *turns_displace(struct turns *turns, size_t class, const struct client *client)
{
    const struct waiting *own = find(turns, class, client);
    const struct waiting *longest = find_longest(turns);
    const struct turn *turn;
    if (longest == NULL || longest->n_turns <= (own != NULL ? own->n_turns : 0) + 1)
        return NULL;
    TAILQ_FOREACH_REVERSE(turn, &longest->turns, turn_list, of_client)
    {
        struct turns_item *item = turn->item;
        if (TAILQ_NEXT(TAILQ_FIRST(&item->turns), of_item) != NULL)
            continue;
        turns_remove(turns, item);
        return item;
    }
    return NULL;
}
