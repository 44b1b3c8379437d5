/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's life and health. What it is made of, from the top down; each file depends on those
 * below it only:
 *
 *   list.c               calls on lists: catalog pages, tag lists over their pages
 *   call.c               calls on one item: manifests, blobs, deletions
 *   request.c            one request until it has an answer: credentials, pauses, tries
 *   own_notifications.c  what our requests make the registry notify us of
 *   circuit.c            is the registry there at all
 *   queue.c              who asks next
 *   auth.c               credentials
 *   curl_loop.c          HTTP
 *
 * Pure: address.c answer.c challenge.c jws.c link.c name_list.c redirect.c.
 */
#include "common/base/alloc.h"
#include "writer/registry/call.h"

struct registry_client *registry_client_new(struct ms_loop *loop, const struct ms_config *config)
{
    return registry_client_new_timed(loop, config, &REGISTRY_TIMING);
}

struct registry_client *registry_client_new_timed(struct ms_loop *loop,
                                                  const struct ms_config *config,
                                                  const struct registry_timing *timing)
{
    struct registry_client *client = ms_alloc(sizeof(*client));
    struct registry_peer *peer = &client->peer;
    LIST_INIT(&client->calls);
    peer->loop = loop;
    peer->timing = timing;
    peer->base_url = ms_alloc_copy(config->registry.url);
    peer->timeout_ms = config->registry.timeout_ms;
    peer->curl = curl_loop_new(loop, &(struct curl_loop_options){
                                         .own_url = config->registry.url,
                                         .ca_file = config->registry.ca_file,
                                         .client_cert = config->registry.client_cert,
                                         .client_key = config->registry.client_key,
                                         .user_agent = REGISTRY_USER_AGENT,
                                         .max_connections = (size_t)config->registry.concurrency,
                                     });
    peer->auth = registry_auth_new(peer->curl, config, timing);
    peer->queue = registry_queue_new(loop, (size_t)config->registry.concurrency);
    peer->own = registry_own_notifications_new(loop, peer->queue, timing);
    struct ms_buf probe_url;
    ms_buf_init(&probe_url, REGISTRY_URL_MAX);
    ms_buf_printf(&probe_url, "%s/v2/", peer->base_url);
    peer->circuit = registry_circuit_new(loop, peer->curl, peer->queue, timing, probe_url.data,
                                         peer->timeout_ms);
    ms_buf_free(&probe_url);
    return client;
}

void registry_client_reload(struct registry_client *client, const struct ms_config *config)
{
    struct registry_peer *peer = &client->peer;
    size_t concurrency = (size_t)config->registry.concurrency;
    peer->timeout_ms = config->registry.timeout_ms;
    curl_loop_set_connections(peer->curl, concurrency);
    registry_queue_set_slots(peer->queue, concurrency);
    registry_circuit_set_timeout(peer->circuit, peer->timeout_ms);
    registry_auth_reload(peer->auth, config);
}

/* In a turn of its own, after the deferred calls that still know the client. */
static void destroy(void *arg)
{
    struct registry_client *client = arg;
    registry_auth_free(client->peer.auth);
    curl_loop_free(client->peer.curl);
    free(client->peer.base_url);
    free(client);
}

void registry_client_free(struct registry_client *client)
{
    if (client == NULL || client->is_freed)
        return;
    client->is_freed = true;
    while (!LIST_EMPTY(&client->calls))
        registry_call_cancel(LIST_FIRST(&client->calls));
    registry_circuit_free(client->peer.circuit);
    registry_own_notifications_free(client->peer.own);
    registry_queue_free(client->peer.queue);
    ms_loop_defer(client->peer.loop, destroy, client);
}

/* --- health --- */

void registry_client_health(struct registry_health *out, const struct registry_client *client)
{
    registry_circuit_health(out, client->peer.circuit);
    out->requests += client->peer.requests;
    out->retries = client->peer.retries;
    out->own_notifications_missing = registry_own_notifications_n_missing(client->peer.own);
    out->own_notifications_window = registry_own_notifications_window(client->peer.own);
}

void registry_client_on_reachable(struct registry_client *client,
                                  void (*on_change)(bool reachable, void *arg), void *arg)
{
    registry_circuit_on_reachable(client->peer.circuit, on_change, arg);
}

void registry_client_note_own_notifications(struct registry_client *client, size_t n)
{
    registry_own_notifications_arrived(client->peer.own, n);
}

void registry_client_forget_own_notifications(struct registry_client *client)
{
    registry_own_notifications_forget(client->peer.own);
}
