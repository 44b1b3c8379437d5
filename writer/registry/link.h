/* SPDX-License-Identifier: Apache-2.0 */
/* The Link header of registries (RFC 8288, OCI distribution 1.1 "Listing Tags"): pure. */
#ifndef REGISTRY_LINK_H
#define REGISTRY_LINK_H

#include "common/base/str.h"

/* Where the next page of `resource` is: the query of the link with rel="next", a view into
 * `header`. The link may be relative or absolute, with or without the path prefix of a proxy; its
 * path must end with `resource` ("/v2/_catalog"), and an absolute one must name `host` (ports and
 * schemes are not compared: what is taken is used on our own base). MS_NOT_FOUND: no link to a next
 * page, this was the last; MS_INVALID: there is one that cannot be followed. */
enum ms_status registry_link_next(struct ms_str *out_query, struct ms_str header,
                                  struct ms_str host, struct ms_str resource) MS_CHECKED;

/* The host of "http://host:port/path", without brackets of an IPv6 address; absent: no such URL. */
struct ms_str registry_url_host(struct ms_str url);

#endif
