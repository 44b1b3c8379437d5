/* SPDX-License-Identifier: Apache-2.0 */
/* The Link header of registries (RFC 8288, OCI distribution 1.1 "Listing Tags"): pure. */
#ifndef REGISTRY_LINK_H
#define REGISTRY_LINK_H

#include "common/base/str.h"

/* Where the next page is: the query of the link with rel="next", or of the first one that has a
 * query and no rel at all; a view into `header`. Host and path of the link are not looked at: what
 * is taken is used on our own URL. MS_NOT_FOUND: no link to a next page, this was the last;
 * MS_INVALID: there is one that cannot be followed, or the header breaks the grammar. */
enum ms_status registry_link_next(struct ms_str *out_query, struct ms_str header) MS_CHECKED;

#endif
