/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer of the registry means: pure. Nothing is called absent but on the registry's own
 * word; everything that may come from a proxy, a page of HTML or a storage that is down says
 * nothing about the item.
 */
#ifndef REGISTRY_ANSWER_H
#define REGISTRY_ANSWER_H

#include "common/base/str.h"

enum registry_kind {
    REGISTRY_KIND_CATALOG,
    REGISTRY_KIND_TAGS,
    REGISTRY_KIND_HEAD, /* of a manifest */
    REGISTRY_KIND_MANIFEST,
    REGISTRY_KIND_BLOB,
    REGISTRY_KIND_DELETE,
    REGISTRY_KIND_TOKEN,
    REGISTRY_KIND_PING
};
/* As in metrics: "manifest"; "200", "error" for no answer at all. */
const char *registry_kind_name(enum registry_kind kind);
const char *registry_code_name(int http_status);

/* The first error of a distribution error body (OCI distribution 1.1, "Error Codes"). */
enum { REGISTRY_ERROR_CODE_MAX = 64, REGISTRY_ERROR_MESSAGE_MAX = 200 };
struct registry_error_body {
    char code[REGISTRY_ERROR_CODE_MAX];
    char message[REGISTRY_ERROR_MESSAGE_MAX]; /* visible ASCII; "" when there is none */
};
/* False when the body is no such thing, or has no code. */
bool registry_error_parse(struct registry_error_body *out, struct ms_str body);

/* Retry-After, seconds or a date (RFC 9110 10.2.3), as a pause of at most `max_ms`. 0: absent, past
 * or unreadable. */
uint64_t registry_retry_after_ms(struct ms_str header, int64_t now_wall_ms, uint64_t max_ms);

struct registry_answer {
    enum registry_kind kind;
    enum ms_status transport; /* MS_OK: an answer came, whole */
    int http_status;
    bool is_conditional; /* If-None-Match was sent */
    bool was_sent_away;  /* the answer is that of another place, to which the registry redirects */
    bool is_refused;     /* by ourselves: it redirects to where we do not go */
    bool is_html;        /* a page for people: never from a registry */
    bool names_pause;    /* Retry-After */
    const char *error_code; /* NULL: the body was no error of the registry's */
};

enum registry_verdict {
    REGISTRY_SAYS_FOUND,
    REGISTRY_SAYS_NOT_MODIFIED,
    REGISTRY_SAYS_ABSENT,
    REGISTRY_SAYS_UNREADABLE,   /* this item, now and later */
    REGISTRY_SAYS_CHALLENGE,    /* 401 */
    REGISTRY_SAYS_SLOWER,       /* 429, 503 with Retry-After: again after a pause, patiently */
    REGISTRY_SAYS_ASK_BY_GET,   /* a HEAD was refused: only a GET tells why */
    REGISTRY_SAYS_NO,           /* not because of the item, and asking again will not help */
    REGISTRY_IN_TROUBLE,        /* ask again; then it says nothing */
    REGISTRY_PERHAPS_UNREADABLE /* ask again; then the item is unreadable if others of its kind can
                                   be read */
};
enum registry_verdict registry_judge(const struct registry_answer *answer);

/* False when the answer looks as if nobody, or only a proxy, were there. */
bool registry_is_alive(const struct registry_answer *answer);

#endif
