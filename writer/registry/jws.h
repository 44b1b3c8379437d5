/* SPDX-License-Identifier: Apache-2.0 */
/* The payload of a signed schema 1 manifest: what its digest is made of. Pure. */
#ifndef REGISTRY_JWS_H
#define REGISTRY_JWS_H

#include "common/base/buf.h"

/* Rebuilds the payload as distribution does (libtrust's "pretty" JSON signatures): the first
 * formatLength bytes of the body, then the decoded formatTail, both from the protected headers,
 * which must agree. `out` is empty before. MS_NOT_FOUND: the body is not signed; MS_INVALID: it
 * pretends. */
enum ms_status registry_jws_payload(struct ms_buf *out, struct ms_str body) MS_CHECKED;

#endif
