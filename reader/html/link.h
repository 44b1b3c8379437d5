/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs of this place: a path and parameters, which are the state of a page. Equal states have
 * equal URLs: parameters in the order of their names, empty ones dropped.
 */
#ifndef LINK_H
#define LINK_H

#include "common/base/buf.h"

enum { LINK_PARAMS_MAX = 12 };

struct link {
    const char *base;   /* of ours, e.g. "/r/"; static */
    struct ms_str name; /* behind it: foreign, may have slashes; may be absent */
    const char *middle; /* of ours behind that, e.g. "/-/"; NULL: nothing */
    struct ms_str tail; /* foreign, behind it; may be absent */
    const char *end;    /* of ours behind that, e.g. "/-/derived"; NULL: nothing */
    size_t n_params;
    struct {
        const char *name; /* static */
        struct ms_str value;
    } params[LINK_PARAMS_MAX];
};

struct link link_to(const char *base);
struct link link_to_repository(struct ms_str name);
/* A manifest by its tag or digest. */
struct link link_to_manifest(struct ms_str repository, struct ms_str reference);
struct link link_to_search(struct ms_str q);

/* Sets a parameter; an empty or absent value drops it. More than LINK_PARAMS_MAX is asserted. */
void link_set(struct link *link, const char *name, struct ms_str value);

/* As the value of an attribute. */
void link_write(struct ms_buf *out, const struct link *link);
/* `<a href="…">`, and the same with the marks of our own in between, e.g. ` class="x"`. */
void link_open(struct ms_buf *out, const struct link *link);
void link_open_with(struct ms_buf *out, const struct link *link, const char *attributes);

/* The text, as a link if it is a whole http or https URL, else as a foreign string. At most
 * `max_bytes` of it are shown, and what is left out is told. */
void link_foreign(struct ms_buf *out, struct ms_str text, size_t max_bytes);

#endif
