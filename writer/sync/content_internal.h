/* SPDX-License-Identifier: Apache-2.0 */
/* What content.c (the walk) and content_fetch.c (one node's bytes) share. */
#ifndef CONTENT_INTERNAL_H
#define CONTENT_INTERNAL_H

#include "writer/sync/content.h"

enum content_node_state {
    NODE_NEW,       /* nobody was asked about it yet */
    NODE_EXAMINING, /* the store is being asked */
    NODE_TO_PROBE,  /* stored; the registry is to be asked whether this repository holds it */
    NODE_PROBING,
    NODE_TO_FETCH,
    NODE_FETCHING,
    NODE_READY,   /* parsed, waits to be stored or is being stored */
    NODE_DONE,    /* stored, or unreadable with a reason */
    NODE_LEFT_OUT /* a root that nobody had seen, and that the registry does not have */
};

struct content_node {
    struct content *content;
    struct ms_digest digest;
    enum content_node_state state;
    bool is_root;
    bool is_doubtful_root;
    struct ms_str unreadable;
    struct registry_call *call;        /* under way, or NULL */
    struct ms_arena *arena;            /* of the record; NULL when there is none */
    struct ms_manifest_record *record; /* while fetched and not stored */
};

struct content {
    const struct env *env;
    struct ms_arena *arena;
    struct ms_str repository;
    enum registry_priority priority;
    bool asks_below; /* what is known to be held is asked for all the same */
    content_done *on_done;
    void *arg;

    struct content_node **nodes; /* in order of discovery */
    size_t n_nodes, node_capacity;
    size_t first_unsettled; /* all before it are done or left out */
    size_t n_new;           /* nodes that are NODE_NEW */
    bool is_full;           /* the store told of more than there may be nodes */
    size_t *slots;          /* hash table: index of a node + 1, or 0 */
    size_t n_slots;

    size_t in_flight; /* probing or fetching */
    bool examining;
    struct content_node *ready[CONTENT_BATCH_RECORDS];
    size_t n_ready, ready_bytes;
    struct content_node *storing[CONTENT_BATCH_RECORDS];
    size_t n_storing, first_putting, n_putting; /* the store has these of them now */
    bool is_storing;
    uint64_t fetched;

    size_t store_calls; /* callbacks that will still come, also after the end */
    bool ended;
};

/* content_fetch.c: starts fetching; ends in one of the four calls below. */
void content_fetch(struct content_node *node);
/* Cancels what is under way for a node and frees its record. */
void content_node_drop(struct content_node *node);

/* content.c */
void content_node_done(struct content_node *node);
void content_node_fetched(struct content_node *node);
void content_node_unreadable(struct content_node *node, const char *reason);
void content_node_absent(struct content_node *node);
void content_fail(struct content *content, const struct ms_error *err);
/* Counts a store callback that ended; false when nobody waits any more. */
bool content_store_call_ended(struct content *content);

#endif
