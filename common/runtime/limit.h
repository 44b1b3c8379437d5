/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits that are counted when they are reached, each a row: MS_LIMIT_X, and the value that
 * the label `limit` of metastore_limit_reached_total has for it. The lint refuses a row that nobody
 * counts.
 */
#ifndef MS_LIMIT_H
#define MS_LIMIT_H

/* clang-format off */
#define MS_LIMITS(LIMIT)                                                                           \
    /* common/http */                                                                              \
    LIMIT(CONNECTIONS, connections)                                                                \
    LIMIT(DESCRIPTORS, descriptors)                                                                \
    LIMIT(HEADERS, headers)                                                                        \
    LIMIT(TARGET, target)                                                                          \
    LIMIT(BODY, body)                                                                              \
    LIMIT(BODIES, bodies)                                                                          \
    LIMIT(HEADER_TIME, header_time)                                                                \
    LIMIT(BODY_TIME, body_time)                                                                    \
    LIMIT(WRITE_TIME, write_time)                                                                  \
    LIMIT(IDLE_TIME, idle_time)                                                                    \
    LIMIT(UNREAD_INPUT, unread_input)                                                              \
    LIMIT(REPLY_HEAD, reply_head)                                                                  \
    /* common/pg */                                                                                \
    LIMIT(PG_WAITING, pg_waiting)                                                                  \
    LIMIT(PG_WAIT_TIMEOUT, pg_wait_timeout)                                                        \
    LIMIT(PG_BATCH, pg_batch)                                                                      \
    LIMIT(PG_CANCEL_TIME, pg_cancel_time)                                                          \
    LIMIT(STATEMENT_TIME, statement_time)                                                          \
    /* writer */                                                                                   \
    LIMIT(EVENT_BODY, event_body)                                                                  \
    LIMIT(INBOX_WAITING, inbox_waiting)                                                            \
    LIMIT(REGISTRY_BODY, registry_body)                                                            \
    LIMIT(REGISTRY_CALLS, registry_calls)                                                          \
    LIMIT(REGISTRY_NAMES, registry_names)                                                          \
    LIMIT(REGISTRY_OWN_NOTIFICATIONS, registry_own_notifications)                                  \
    LIMIT(REGISTRY_REDIRECTS, registry_redirects)                                                  \
    LIMIT(REGISTRY_SLOWDOWNS, registry_slowdowns)                                                  \
    LIMIT(REGISTRY_TOKENS, registry_tokens)                                                        \
    LIMIT(CHAIN_LAYERS, chain_layers)                                                              \
    LIMIT(CONTENT_DIGESTS, content_digests)                                                        \
    LIMIT(EVENT_TAGS, event_tags)                                                                  \
    LIMIT(SBOM, sbom)                                                                              \
    LIMIT(SCAN_NAMES, scan_names)                                                                  \
    LIMIT(TAG_MANIFESTS, tag_manifests)                                                            \
    LIMIT(VISIT_NAMES, visit_names)                                                                \
    /* reader */                                                                                   \
    LIMIT(ANSWER_SIZE, answer_size)                                                                \
    LIMIT(CLIENT_WAITING, client_waiting)                                                          \
    LIMIT(CACHE_ENTRY, cache_entry)                                                                \
    LIMIT(PARKED_REQUESTS, parked_requests)                                                        \
    LIMIT(QUERY_GLOB_BYTES, query_glob_bytes)                                                      \
    LIMIT(QUERY_GLOBS, query_globs)                                                                \
    LIMIT(QUERY_PARAMETERS, query_parameters)                                                      \
    LIMIT(RING, ring)                                                                              \
    LIMIT(SEARCH_CANDIDATES, search_candidates)                                                    \
    LIMIT(SEARCH_TERMS, search_terms)                                                              \
    LIMIT(SEARCH_WORD_BYTES, search_word_bytes)                                                    \
    LIMIT(SPOOL_BYTES, spool_bytes)                                                                \
    LIMIT(TIMED_OUT_AGAIN, timed_out_again)
/* clang-format on */

enum ms_limit {
#define MS_LIMIT_MEMBER(upper, lower) MS_LIMIT_##upper,
    MS_LIMITS(MS_LIMIT_MEMBER)
#undef MS_LIMIT_MEMBER
        MS_LIMIT_COUNT,
    MS_LIMIT_NONE = MS_LIMIT_COUNT /* where a fault may be a limit's, or another */
};

/* Counts it. The log is the caller's: what a limit means, the module knows that has it. */
void ms_limit_reached(enum ms_limit limit);

struct ms_buf;
/* Appends what a question may cost, and what is answered beyond that, as Markdown. */
void ms_limit_manual(struct ms_buf *out);

#endif
