/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking into JSON that our own statements made. Values are views of its text, taken apart only
 * where somebody looks; nothing is copied but strings. What is not there, or is null, is absent;
 * what is no JSON gives absent values, too, and never more than the text has. An object may lack
 * its end. Pure.
 */
#ifndef PAGES_JSON_H
#define PAGES_JSON_H

#include "common/base/arena.h"

/* The value of a member of an object. */
struct ms_str json_get(struct ms_str object, const char *member);

/* Walks through an array or an object: `*rest` is the whole value at first. False: there is no
 * more. `out_key` (of an object; NULL: not wanted) has its quotes. */
bool json_next(struct ms_str *out_key, struct ms_str *out_value, struct ms_str *rest);
/* Elements of an array, or members of an object; at most `max` are counted. */
size_t json_count(struct ms_str value, size_t max);

/* A string, its escapes undone, in the arena or a view; absent: it is none, or the arena is full.
 */
struct ms_str json_text(struct ms_str value, struct ms_arena *arena);
/* A whole number from 0 on; -1: it is none. */
int64_t json_number(struct ms_str value);
bool json_is_true(struct ms_str value);

#endif
