/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One manifest with its configuration: the bytes from the registry, unless they are at hand, and a
 * configuration that another image brought already from the store; checked and parsed.
 */
#ifndef CONTENT_FETCH_H
#define CONTENT_FETCH_H

#include "writer/registry/client.h"
#include "writer/store/store.h"
#include "writer/sync/content_configs.h"

struct env;
struct content_fetch;

enum content_fetch_outcome {
    CONTENT_FETCH_READ,       /* `record`, which lives until content_fetch_free */
    CONTENT_FETCH_ABSENT,     /* the registry does not have it */
    CONTENT_FETCH_UNREADABLE, /* it, or its configuration, can never be read: `reason` */
    CONTENT_FETCH_FAILED      /* says nothing about it: `err` */
};

/* Views until the callback ends, but for the record. */
struct content_fetch_result {
    enum content_fetch_outcome outcome;
    struct ms_manifest_record *record;
    const char *reason;
    const struct ms_error *err;
};
typedef void content_fetch_done(const struct content_fetch_result *result, void *arg);

struct content_fetch_options {
    struct ms_str repository; /* lives as long as the fetch */
    enum registry_priority priority;
    struct ms_digest digest;
    struct ms_str manifest, media_type; /* live as long; absent: it is asked for */
    struct content_configs *configs;    /* lives longer */
    bool was_unreadable;                /* when it still is, one answer is enough */
};
struct content_fetch *content_fetch_start(const struct env *env,
                                          const struct content_fetch_options *options,
                                          content_fetch_done *on_done, void *arg);
/* From now on with the priority of events; NULL is fine. */
void content_fetch_hurry(struct content_fetch *fetch);
/* Always, also after the callback; before it, none comes any more. NULL is fine. */
void content_fetch_free(struct content_fetch *fetch);

#endif
