/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See content.h. A graph walk: every digest is a node, examined once.
 *
 *   examine   ask the store about nodes not asked about yet (which also tells of all below them)
 *   probe     HEAD: stored already, but does this repository hold it, or still?
 *   fetch     GET the manifest, unless a root brought it, then its configuration (content_fetch.c,
 *             content_configs.c); parse; queue the record
 *   flush     store a batch of records; while one is being stored, fetching goes on up to a bound
 *
 * The first failure of the registry or of the database ends the walk; a node that cannot be read
 * does not: it is held as unreadable, with the reason.
 */
#include "writer/sync/content.h"

#include "common/base/alloc.h"
#include "common/base/map.h"
#include "common/runtime/limit.h"
#include "writer/env.h"
#include "writer/sync/content_fetch.h"
#include "writer/sync/write.h"

#include <stdlib.h>
#include <string.h>

enum { CONTENT_ARENA_MAX = 64 * 1024 * 1024, CONTENT_REASON_MAX = 200, CONTENT_EXAMINE_MAX = 1000 };

enum node_state {
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

struct node {
    struct content *content;
    struct ms_digest digest;
    enum node_state state;
    bool is_root;
    bool is_unseen_root;
    bool was_unreadable;                /* here, when it was last asked for */
    struct ms_str manifest, media_type; /* of a root that brought them */
    struct ms_str told_unreadable;      /* the same */
    struct ms_str unreadable;
    struct registry_call *call;        /* probing, or NULL */
    struct content_fetch *fetch;       /* fetching, and until the record is stored; or NULL */
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

    struct node **nodes; /* in order of discovery */
    size_t n_nodes, node_capacity;
    size_t first_unfinished; /* all before it are done or left out */
    size_t n_new;            /* nodes that are NODE_NEW */
    bool is_full;            /* the store told of more than there may be nodes */
    struct ms_map by_digest; /* the same nodes */

    size_t in_flight;                /* probing or fetching */
    struct ms_store_call *examining; /* what the store knows is being asked, or NULL */
    struct content_configs *configs;
    struct node *ready[CONTENT_BATCH_RECORDS];
    size_t n_ready, ready_bytes;
    struct node *storing[CONTENT_BATCH_RECORDS];
    size_t n_storing, first_putting, n_putting; /* the store has these of them now */
    struct ms_store_call *putting;              /* or NULL: nothing is being stored */
};

static void advance(struct content *content);

/* --- nodes --- */

/* The node of a digest, made when it is new. NULL: too many. */
static struct node *node_for(struct content *content, const struct ms_digest *digest)
{
    struct node *node = ms_map_get(&content->by_digest, ms_digest_bytes(digest));
    if (node != NULL)
        return node;
    if (content->n_nodes < CONTENT_DIGESTS_MAX)
        node = ms_arena_try_alloc(content->arena, sizeof(*node));
    if (node == NULL)
        return NULL;
    *node = (struct node){.content = content, .digest = *digest};
    if (content->n_nodes == content->node_capacity) {
        content->node_capacity = content->node_capacity == 0 ? 16 : content->node_capacity * 2;
        content->nodes =
            ms_alloc_resize(content->nodes, content->node_capacity, sizeof(struct node *));
    }
    content->nodes[content->n_nodes++] = node;
    content->n_new++;
    (void)ms_map_put(&content->by_digest, ms_digest_bytes(&node->digest), node);
    return node;
}

/* --- the end --- */

/* Cancels what is under way for a node, and frees its record. */
static void drop(struct node *node)
{
    registry_call_cancel(node->call);
    content_fetch_free(node->fetch);
    node->call = NULL;
    node->fetch = NULL;
    node->record = NULL;
}

/* No call is under way after it, and no callback comes. */
static void stop(struct content *content)
{
    ms_store_call_cancel(content->examining);
    ms_store_call_cancel(content->putting);
    for (size_t i = 0; i < content->n_nodes; i++)
        drop(content->nodes[i]);
    content_configs_free(content->configs);
    content->configs = NULL;
}

static void release(struct content *content)
{
    ms_arena_free(content->arena);
    free(content->nodes);
    ms_map_free(&content->by_digest);
    ms_loop_defer_free(content->env->loop, content);
}

static void succeed(struct content *content)
{
    struct ms_held_record *held = ms_alloc((content->n_nodes + 1) * sizeof(*held));
    struct content_result result = {.held = held};
    for (size_t i = 0; i < content->n_nodes; i++) {
        const struct node *node = content->nodes[i];
        if (node->state != NODE_LEFT_OUT)
            held[result.n_held++] = (struct ms_held_record){node->digest, node->unreadable};
    }
    stop(content);
    content->on_done(&result, content->arg);
    free(held);
    release(content);
}

static void fail(struct content *content, const struct ms_error *err)
{
    struct content_result result = {.err = err};
    stop(content);
    content->on_done(&result, content->arg);
    release(content);
}

/* --- a node's life --- */

/* The registry has told of it: it is in flight no more. */
static void end_node(struct node *node, enum node_state state)
{
    node->state = state;
    node->content->in_flight--;
    advance(node->content);
}

static void set_unreadable(struct node *node, struct ms_str reason)
{
    reason = ms_str_slice(reason, 0, CONTENT_REASON_MAX);
    if (ms_arena_copy(&node->unreadable, node->content->arena, reason) != MS_OK)
        node->unreadable = MS_STR("unreadable");
}

static void end_unreadable(struct node *node, const char *reason)
{
    set_unreadable(node, ms_str(reason)); /* before the text goes with what was fetched */
    drop(node);
    end_node(node, NODE_DONE);
}

static void end_absent(struct node *node)
{
    if (!node->is_unseen_root) {
        end_unreadable(node, "missing in the registry");
        return;
    }
    drop(node);
    end_node(node, NODE_LEFT_OUT);
}

/* A scan asks once for what was unreadable before. An event may tell of its repair. */
static bool expects_unreadable(const struct node *node)
{
    return node->was_unreadable && node->content->priority == REGISTRY_SCAN;
}

/* --- probe --- */

static void end_probe(struct node *node, const struct registry_reply *reply)
{
    if (reply->outcome == REGISTRY_FOUND || reply->outcome == REGISTRY_NOT_MODIFIED)
        end_node(node, NODE_DONE);
    else if (reply->outcome == REGISTRY_ABSENT)
        end_absent(node);
    else if (reply->outcome == REGISTRY_UNREADABLE)
        end_unreadable(node, reply->error->text);
    else
        fail(node->content, reply->error);
}

static void on_confirmed(const struct registry_reply *reply, void *arg)
{
    struct node *node = arg;
    node->call = NULL;
    end_probe(node, reply);
}

static void confirm(struct node *node)
{
    struct content *content = node->content;
    char reference[MS_DIGEST_TEXT_MAX];
    node->call = registry_get_manifest(
        content->env->registry, content->priority, content->repository,
        ms_str(ms_digest_format(reference, &node->digest)), on_confirmed, node);
    if (expects_unreadable(node))
        registry_call_expect_unreadable(node->call);
}

/* Anybody may answer a HEAD with 404; only the body of a GET's shows that the registry did. */
static void on_probed(const struct registry_reply *reply, void *arg)
{
    struct node *node = arg;
    node->call = NULL;
    if (reply->outcome == REGISTRY_ABSENT)
        confirm(node);
    else
        end_probe(node, reply);
}

static void probe(struct node *node)
{
    struct content *content = node->content;
    char reference[MS_DIGEST_TEXT_MAX];
    node->state = NODE_PROBING;
    if (expects_unreadable(node)) {
        confirm(node); /* which is all it takes if it is still missing */
        return;
    }
    node->call =
        registry_head_manifest(content->env->registry, content->priority, content->repository,
                               ms_str(ms_digest_format(reference, &node->digest)), on_probed, node);
}

/* --- examine: what does the store know? --- */

static void on_known(const struct ms_known_manifest *known, void *arg)
{
    struct content *content = arg;
    struct node *node = node_for(content, &known->digest);
    content->is_full = content->is_full || node == NULL;
    if (node == NULL || (node->state != NODE_NEW && node->state != NODE_EXAMINING))
        return;
    content->n_new -= node->state == NODE_NEW;
    node->was_unreadable = known->is_unreadable;
    if (!known->is_stored)
        node->state = NODE_TO_FETCH;
    else if ((known->is_held && !content->asks_below) || (node->is_root && !node->is_unseen_root))
        node->state = NODE_DONE;
    else
        node->state = NODE_TO_PROBE;
}

static void on_examined(const struct ms_error *err, void *arg)
{
    struct content *content = arg;
    struct ms_error full = {.status = MS_TOO_LARGE, .text = "too many manifests at once"};
    content->examining = NULL;
    if (content->is_full)
        ms_limit_reached(MS_LIMIT_CONTENT_DIGESTS);
    if (err != NULL || content->is_full) {
        fail(content, err != NULL ? err : &full);
        return;
    }
    for (size_t i = content->first_unfinished; i < content->n_nodes; i++) {
        struct node *node = content->nodes[i];
        if (node->state == NODE_EXAMINING)
            node->state = NODE_TO_FETCH; /* never seen by the store */
        if (node->state == NODE_TO_FETCH && !ms_str_is_absent(node->told_unreadable)) {
            set_unreadable(node, node->told_unreadable);
            node->state = NODE_DONE;
        }
    }
    advance(content);
}

static void examine(struct content *content)
{
    struct ms_digest *digests = ms_alloc(CONTENT_EXAMINE_MAX * sizeof(*digests));
    size_t n = 0;
    for (size_t i = content->first_unfinished; i < content->n_nodes && n < CONTENT_EXAMINE_MAX;
         i++) {
        if (content->nodes[i]->state == NODE_NEW) {
            content->nodes[i]->state = NODE_EXAMINING;
            content->n_new--;
            digests[n++] = content->nodes[i]->digest;
        }
    }
    content->examining = ms_store_manifests_known(content->env->store, content->repository, digests,
                                                  n, on_known, on_examined, content);
    free(digests);
}

/* --- flush: records to the store --- */

static void put(struct content *content, size_t first, size_t n);

/* What the database refuses is stored again in halves, down to the one record that cannot be
 * stored, which harms only itself; from there on in doubles. */
static void on_stored(const struct ms_error *err, void *arg)
{
    struct content *content = arg;
    char reason[WRITE_REASON_MAX];
    content->putting = NULL;
    if (err != NULL && !ms_store_is_refusal(err)) {
        fail(content, err);
        return;
    }
    if (err != NULL && content->n_putting > 1) {
        put(content, content->first_putting, content->n_putting / 2);
        return;
    }
    for (size_t i = 0; i < content->n_putting; i++) {
        struct node *node = content->storing[content->first_putting + i];
        drop(node);
        node->state = NODE_DONE;
        if (err != NULL)
            set_unreadable(node, write_reason(reason, err));
    }
    size_t next = content->first_putting + content->n_putting;
    size_t left = content->n_storing - next, n = content->n_putting * 2;
    if (left > 0)
        put(content, next, n < left ? n : left);
    else
        advance(content);
}

static void put(struct content *content, size_t first, size_t n)
{
    struct ms_manifest_record records[CONTENT_BATCH_RECORDS];
    for (size_t i = 0; i < n; i++)
        records[i] = *content->storing[first + i]->record;
    content->first_putting = first;
    content->n_putting = n;
    content->putting = ms_store_contents_put(content->env->store, content->env->term, records, n,
                                             on_stored, content);
}

static size_t bytes_of(const struct node *node)
{
    return (size_t)node->record->size + node->record->config_raw.len;
}

/* Gives out what fills one batch, in order; nodes that were under way when it was full wait for the
 * next: a few large configurations must not become one parameter that the store refuses. */
static void flush(struct content *content)
{
    size_t n = 0, bytes = 0;
    for (; n < content->n_ready && bytes < CONTENT_BATCH_BYTES; n++) {
        bytes += bytes_of(content->ready[n]);
        content->storing[n] = content->ready[n];
    }
    content->n_ready -= n;
    content->ready_bytes -= bytes;
    memmove(content->ready, content->ready + n, content->n_ready * sizeof(content->ready[0]));
    content->n_storing = n;
    put(content, 0, n);
}

/* --- fetch --- */

static void end_read(struct node *node, struct ms_manifest_record *record)
{
    struct content *content = node->content;
    node->record = record;
    for (size_t i = 0; i < record->n_children; i++) {
        if (node_for(content, &record->children[i].digest) == NULL) {
            ms_limit_reached(MS_LIMIT_CONTENT_DIGESTS);
            end_unreadable(node, "too many manifests below it");
            return;
        }
    }
    content->ready[content->n_ready++] = node;
    content->ready_bytes += bytes_of(node);
    end_node(node, NODE_READY);
}

static void on_fetched(const struct content_fetch_result *result, void *arg)
{
    struct node *node = arg;
    switch (result->outcome) {
    case CONTENT_FETCH_READ:
        end_read(node, result->record);
        break;
    case CONTENT_FETCH_ABSENT:
        end_absent(node);
        break;
    case CONTENT_FETCH_UNREADABLE:
        end_unreadable(node, result->reason);
        break;
    case CONTENT_FETCH_FAILED:
        fail(node->content, result->err);
        break;
    }
}

static void fetch(struct node *node)
{
    struct content *content = node->content;
    node->state = NODE_FETCHING;
    node->fetch = content_fetch_start(
        content->env,
        &(struct content_fetch_options){.repository = content->repository,
                                        .priority = content->priority,
                                        .digest = node->digest,
                                        .manifest = node->manifest,
                                        .media_type = node->media_type,
                                        .configs = content->configs,
                                        .was_unreadable = expects_unreadable(node)},
        on_fetched, node);
}

/* --- the walk --- */

static bool batch_is_full(const struct content *content)
{
    return content->n_ready >= CONTENT_BATCH_RECORDS || content->ready_bytes >= CONTENT_BATCH_BYTES;
}

/* Nodes under way may all become ready: there must be room for them in the batch. Those whose
 * manifest is at hand wait for no others, so that the store is asked about all their configurations
 * together. */
static bool may_start(const struct content *content, const struct node *node)
{
    bool may_ask = content->in_flight < content->env->config->registry.concurrency;
    return (may_ask || !ms_str_is_absent(node->manifest)) &&
           content->n_ready + content->in_flight < CONTENT_BATCH_RECORDS &&
           content->ready_bytes < CONTENT_BATCH_BYTES;
}

static bool is_finished(const struct node *node)
{
    return node->state == NODE_DONE || node->state == NODE_LEFT_OUT;
}

static void start_nodes(struct content *content)
{
    for (size_t i = content->first_unfinished; i < content->n_nodes; i++) {
        struct node *node = content->nodes[i];
        if (node->state != NODE_TO_FETCH && node->state != NODE_TO_PROBE)
            continue;
        if (!may_start(content, node))
            break;
        content->in_flight++;
        if (node->state == NODE_TO_PROBE)
            probe(node);
        else
            fetch(node);
    }
}

/* Starts whatever may go on now; ends the walk when there is nothing left. */
static void advance(struct content *content)
{
    while (content->first_unfinished < content->n_nodes &&
           is_finished(content->nodes[content->first_unfinished]))
        content->first_unfinished++;
    start_nodes(content);
    if (content->n_new > 0 && content->examining == NULL)
        examine(content);
    bool is_quiet = content->in_flight == 0 && content->examining == NULL;
    if (content->n_ready > 0 && content->putting == NULL && (is_quiet || batch_is_full(content)))
        flush(content);
    if (is_quiet && content->putting == NULL && content->first_unfinished == content->n_nodes)
        succeed(content);
}

struct content *content_start(const struct env *env, struct ms_str repository,
                              enum registry_priority priority, const struct content_root *roots,
                              size_t n_roots, content_done *on_done, void *arg)
{
    struct content *content = ms_alloc(sizeof(*content));
    content->env = env;
    content->arena = ms_arena_new(CONTENT_ARENA_MAX);
    content->repository = ms_arena_dup(content->arena, repository);
    content->configs = content_configs_new(env, content->repository, priority);
    content->priority = priority;
    content->on_done = on_done;
    content->arg = arg;
    for (size_t i = 0; i < n_roots; i++) {
        struct node *node = node_for(content, &roots[i].digest);
        if (node == NULL)
            abort(); /* callers ask for chunks, far below the limit */
        bool was_seen = roots[i].was_seen || (node->is_root && !node->is_unseen_root);
        node->is_root = true;
        node->is_unseen_root = !was_seen;
        if (!ms_str_is_absent(roots[i].manifest)) {
            node->manifest = roots[i].manifest;
            node->media_type = roots[i].media_type;
        }
        if (!ms_str_is_absent(roots[i].unreadable))
            node->told_unreadable = roots[i].unreadable;
        content->asks_below |= roots[i].asks_below;
    }
    examine(content);
    return content;
}

void content_hurry(struct content *content)
{
    if (content == NULL)
        return;
    content->priority = REGISTRY_EVENT;
    content_configs_hurry(content->configs);
    for (size_t i = content->first_unfinished; i < content->n_nodes; i++) {
        registry_call_hurry(content->nodes[i]->call);
        content_fetch_hurry(content->nodes[i]->fetch);
    }
}

void content_cancel(struct content *content)
{
    if (content == NULL)
        return;
    stop(content);
    release(content);
}
