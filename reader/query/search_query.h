/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The language of `q` in /api/v1/search and /api/v1/facets. Pure.
 *
 *     query      = { term }                       all of them must be true
 *     term       = [ "-" ] ( word | phrase | field )
 *     phrase     = '"' characters '"'
 *     field      = repository ":" tag | ":" tag | "sha256:" hex digits
 *                | "label:" key [ "=" value ] | "annotation:" key [ "=" value ]
 *                | "os:" value | "arch:" value
 *                | "is:" ( "image" | "index" | "artifact" | "outdated" | "signed" )
 *                | "has:" ( "sbom" | "provenance" )
 *                | "base:" ( repository [ ":" tag ] | "sha256:" hex digits )
 *                | "package:" name [ "@" [ "<" | "<=" | ">" | ">=" ] version ]
 *                | "updated:" [ "<" | "<=" | ">" | ">=" ] ( date | time )
 *     value      = characters without blanks | phrase
 *
 * A date is YYYY-MM-DD and means the whole day (UTC), a time is RFC 3339. `-` in front: not true.
 */
#ifndef SEARCH_QUERY_H
#define SEARCH_QUERY_H

#include "common/base/str.h"

/* Bytes of a word or phrase are few: it is compared with many texts. */
enum { SEARCH_TERMS_MAX = 16, SEARCH_WORD_BYTES_MAX = 512, SEARCH_DIGEST_HEX = 64 };

enum search_kind {
    SEARCH_WORD, /* value; also phrases */
    SEARCH_TAG,  /* value; key: repository, or its last components; absent: any */
    SEARCH_DIGEST,
    SEARCH_LABEL, /* key; value; absent: it exists */
    SEARCH_ANNOTATION,
    SEARCH_OS,
    SEARCH_ARCH,
    SEARCH_IS,
    SEARCH_PACKAGE, /* key: name; comparison and value: version; absent: any */
    SEARCH_UPDATED, /* not_before_ms, before_ms */
    SEARCH_BASE,    /* key: repository; value: tag; absent: any */
    SEARCH_BASE_DIGEST,
    SEARCH_HAS /* signed, sbom, provenance */
};

/* Views into the text. */
struct search_term {
    enum search_kind kind;
    bool is_not;
    struct ms_str key;
    struct ms_str value;
    struct ms_str comparison; /* of versions: "=", "<" …, static */
    int64_t not_before_ms;    /* INT64_MIN: no such end */
    int64_t before_ms;        /* INT64_MAX: no such end */
};

struct search_query {
    struct search_term terms[SEARCH_TERMS_MAX];
    size_t n_terms;
};

struct search_fault {
    size_t
        character; /* which one, from 1, in characters and not bytes; behind the last: at the end */
    const char *what; /* static string */
};

/* `text` is valid UTF-8. MS_INVALID: `fault` says where and why. */
enum ms_status search_query_parse(struct search_query *out, struct ms_str text,
                                  struct search_fault *fault) MS_CHECKED;

/* The name of a kind in sql/queries/read_find.sql. */
const char *search_kind_name(enum search_kind kind);

#endif
