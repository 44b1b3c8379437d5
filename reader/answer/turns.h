/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is next: fair queues of what waits for the database. Pure.
 *
 * Each class has a queue of its own. In it the turns go round the clients that wait, so that a
 * client's thousand items cost another client one turn. Next is who will have used the least time
 * when his item has taken what his items usually take (weighted fair queuing), of equals who had
 * his last turn longest ago: so who asks seldom, or for little, does not wait for forty who always
 * ask for much. Who is new is taken for one who asks for several times what was usual of late, or
 * else forty who are new would come first. Who comes back has no credit for the time that he was
 * away. An item that several clients wait for comes at the earliest of their turns, and is on the
 * account of that client. Classes that may come at the same time take turns as well.
 *
 * One client's queue is bounded only while others wait in the same class.
 */
#ifndef TURNS_H
#define TURNS_H

#include "reader/answer/client.h"

#include <sys/queue.h>

enum {
    TURNS_CLASSES_MAX = 8,
    TURNS_CLIENT_MAX = 32,      /* items of one client while others wait */
    TURNS_COST_MIN = 1000,      /* microseconds of each item, whatever it took */
    TURNS_REMEMBERED_MAX = 1024 /* clients who wait no more and are remembered */
};

struct turns;
struct turn; /* of a client for an item */
TAILQ_HEAD(turn_list, turn);

/* Part of what waits. */
struct turns_item {
    struct turn_list turns; /* empty: it does not wait */
    size_t class;
    struct client taken_by; /* whose turn it was */
    int64_t taken_us;       /* when, for who charges for it; 0: charged, or never taken */
    uint64_t advance_us;    /* what his account was charged when it was taken */
};

enum turns_verdict {
    TURNS_WAITS,
    TURNS_FULL,       /* as many items wait as may */
    TURNS_CLIENT_FULL /* as many items of this client do, and others wait too */
};

/* At most `max_items` wait, over all classes. */
struct turns *turns_new(size_t max_items);
void turns_free(struct turns *turns); /* nothing may wait; NULL is fine */

void turns_item_init(struct turns_item *item, size_t class);
bool turns_item_waits(const struct turns_item *item);

/* The client waits for the item: one more request of his, at the end of his own queue if he did not
 * wait for it before. An item that waits already takes everybody. */
enum turns_verdict turns_add(struct turns *turns, struct turns_item *item,
                             const struct client *client);
/* A request of the client does not wait for the item any more. */
void turns_leave(struct turns *turns, struct turns_item *item, const struct client *client);
/* Nobody waits for it any more. */
void turns_remove(struct turns *turns, struct turns_item *item);

/* The next item of the classes in the mask (1 << class), which does not wait any more; or NULL. */
struct turns_item *turns_next(struct turns *turns, unsigned classes);

/* What an item that has had its turn has taken, in microseconds; once for each turn. */
void turns_charge(struct turns *turns, const struct turns_item *item, uint64_t cost_us);

/* When all is full: of the client for whom most items wait in one class, the item that came last
 * and that nobody else waits for. It does not wait any more. NULL when nobody has more than
 * `client` would have. */
struct turns_item *turns_displace(struct turns *turns, size_t class, const struct client *client);

size_t turns_count(const struct turns *turns, size_t class); /* items that wait */

#endif
