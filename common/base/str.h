/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views: a pointer and a length into bytes that somebody else owns. Not terminated, may hold NUL.
 * A view with ptr NULL is "absent" (SQL's NULL); a view with len 0 and a pointer is empty.
 */
#ifndef MS_STR_H
#define MS_STR_H

#include "common/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ms_str {
    const char *ptr;
    size_t len;
};

/* A view of a string literal, usable as an expression and (MS_STR_INIT) as a static initializer. */
#define MS_STR(literal) ((struct ms_str){(literal), sizeof(literal) - 1})
/* Versions of clang-format lay out braces in macros differently. */
/* clang-format off */
#define MS_STR_INIT(literal) {(literal), sizeof(literal) - 1}
/* clang-format on */
#define MS_STR_ABSENT ((struct ms_str){NULL, 0})

/* For printf: printf("%.*s", MS_STR_ARG(view)). Longer than INT_MAX is cut. */
#define MS_STR_ARG(view)                                                                           \
    ((view).len > 0x7fffffff ? 0x7fffffff : (int)(view).len), ((view).ptr != NULL ? (view).ptr : "")

struct ms_str ms_str(const char *terminated); /* NULL gives an absent view */
struct ms_str ms_str_n(const char *ptr, size_t len);
bool ms_str_is_absent(struct ms_str s);
/* Comparisons look at the bytes alone: an absent view is like an empty one. */
bool ms_str_equal(struct ms_str a, struct ms_str b);
bool ms_str_equal_ci(struct ms_str a, struct ms_str b); /* ASCII case only */
int ms_str_compare(struct ms_str a, struct ms_str b);   /* byte order, as C's memcmp */
bool ms_str_starts_with(struct ms_str s, struct ms_str prefix);
bool ms_str_ends_with(struct ms_str s, struct ms_str suffix);
bool ms_str_contains(struct ms_str s, struct ms_str part);
struct ms_str ms_str_skip(struct ms_str s, size_t n);                /* n past the end: empty */
struct ms_str ms_str_slice(struct ms_str s, size_t from, size_t to); /* clamped */
struct ms_str ms_str_trim(struct ms_str s); /* spaces and tabs, both ends */

/* Cuts `*rest` at the first `separator`: the piece before it is returned, `*rest` becomes what is
 * behind it, or absent when there was none. Call while !ms_str_is_absent(*rest). */
struct ms_str ms_str_next(struct ms_str *rest, char separator);

/* The digits of any number, and the NUL behind them. */
enum { MS_STR_NUMBER_MAX = 24 };
/* The number in decimal digits, a view into `out`. */
struct ms_str ms_str_from_u64(char out[static MS_STR_NUMBER_MAX], uint64_t number);

/* Decimal digits only, whole view, no sign, no overflow; else MS_INVALID. */
enum ms_status ms_str_to_u64(uint64_t *out, struct ms_str s) MS_CHECKED;

/* True when the bytes are well-formed UTF-8 (no surrogates, no overlong forms). NUL is allowed. */
bool ms_str_is_utf8(struct ms_str s);

/* Bytes (1 to 4) of the well-formed UTF-8 sequence that `s` begins with; 0: there is none. */
size_t ms_str_utf8_length(struct ms_str s);

/* Compares without telling by its duration where the difference is (secrets). */
bool ms_str_equal_secret(struct ms_str a, struct ms_str b);

/* Levenshtein's distance in bytes, to suggest what was meant by a misspelled word. A view longer
 * than MS_STR_EDITS_MAX is SIZE_MAX away from every other: the work is bounded. */
enum { MS_STR_EDITS_MAX = 64 };
size_t ms_str_edits(struct ms_str a, struct ms_str b);

/* FNV-1a, 64 bits, the same in every process. For tables of foreign keys: common/base/siphash.h. */
uint64_t ms_str_hash(struct ms_str s);

#endif
