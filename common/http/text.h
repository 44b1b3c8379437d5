/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of header values and of targets: pure functions over views, no input or output.
 * The daemons see http/request.h and http/response.h.
 */
#ifndef MS_HTTP_TEXT_H
#define MS_HTTP_TEXT_H

#include "common/base/str.h"

/* One or more token characters (RFC 9110 5.6.2): methods, header names. */
bool ms_http_is_token(struct ms_str s);
/* May stand in a header value: no control bytes but the tab (RFC 9110 5.5). */
bool ms_http_is_field_value(struct ms_str s);
/* `host[:port]` as far as its characters go; empty is allowed (RFC 9112 3.2). */
bool ms_http_is_host(struct ms_str s);

/* Cuts the next element off a comma separated list, trimmed, empty ones skipped; absent at the end.
 */
struct ms_str ms_http_list_next(struct ms_str *rest);
/* True when the list holds that element, ASCII case ignored. */
bool ms_http_list_has(struct ms_str list, const char *element);

/* If-None-Match: `*`, or a list of tags compared weakly (RFC 9110 13.1.2). `etag` has its quotes.
 * Anything else in the list matches nothing. */
bool ms_http_etag_listed(struct ms_str if_none_match, struct ms_str etag);

/* Accept-Encoding: true when gzip (or x-gzip, or `*`) stands there with a weight above 0. An absent
 * header is no, and so is a weight that cannot be read. */
bool ms_http_gzip_acceptable(struct ms_str accept_encoding);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7). */
enum { MS_HTTP_DATE_MAX = 30 };
void ms_http_format_date(char out[static MS_HTTP_DATE_MAX], int64_t wall_ms);

/* "200"; "other" for what the table does not hold. Never NULL. */
const char *ms_http_code(int status);

/* Decodes the path of a target once, into `buffer` of at least raw.len bytes; `out` is a view of
 * it. "*" is one, too. MS_INVALID: does not begin with exactly one slash (also when decoded), a bad
 * escape, a control byte, invalid UTF-8. */
enum ms_status ms_http_path_decode(struct ms_str *out, char *buffer, struct ms_str raw) MS_CHECKED;

#endif
