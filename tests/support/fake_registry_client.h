/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry's client that a test plays (fake_calls.h): a few repositories whose tags and
 * manifests the test sets. Stands in for writer/registry/client.h in a program that links it.
 *
 * Of a manifest only the letter of its digest matters: 'p' to 's' are images with the configuration
 * of that letter in upper case, 'x' to 'z' indexes of "a" and "b", all others artifacts.
 *
 * Logged: catalog NEXT | list REPOSITORY | head, get, get_unless (what is known) REPOSITORY
 * REFERENCE | blob REPOSITORY LETTER
 * | delete REPOSITORY LETTER, and after the call that it is about: expect_unreadable REFERENCE. A
 * digest as a reference is "@" and its letter.
 */
#ifndef FAKE_REGISTRY_CLIENT_H
#define FAKE_REGISTRY_CLIENT_H

#include "tests/support/fake_calls.h"
#include "writer/registry/client.h"

enum { FAKE_REGISTRY_TAGS_MAX = 400, FAKE_REGISTRY_REPOSITORIES_MAX = 4 };

struct fake_tag {
    const char *name; /* NULL: the end */
    char digest;      /* 0: listed, and its manifest is missing */
};

extern struct fake_registry {
    const char *repositories[FAKE_REGISTRY_REPOSITORIES_MAX]; /* of the catalog */
    struct fake_tag tags[FAKE_REGISTRY_TAGS_MAX];             /* of every repository */
    const char *unlisted;                    /* a tag of these that a list lacks; NULL: none */
    const char *manifests;                   /* letters: those that it has; NULL: all */
    bool is_unreachable;                     /* for registry_client_health() */
    bool is_unknown;                         /* no repository is there: NAME_UNKNOWN */
    const char *unreadable;                  /* letters */
    bool names_unreadable;                   /* their digests, to a HEAD */
    enum registry_outcome deletion, listing; /* of tags */
    uint64_t n_requests;
} fake_registry;

void fake_registry_reset(void);

#endif
