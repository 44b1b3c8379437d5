/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content digests: `sha256:<64 hex>` and `sha512:<128 hex>`, lower case (OCI image spec,
 * descriptor.md). Stored in the database as one byte for the algorithm followed by the hash.
 */
#ifndef MS_DIGEST_H
#define MS_DIGEST_H

#include "common/base/str.h"

enum ms_digest_algorithm { MS_SHA256 = 1, MS_SHA512 = 2 };

enum { MS_DIGEST_TEXT_MAX = 7 + 128 + 1, MS_DIGEST_BYTES_MAX = 1 + 64 };

/* Plain value: the algorithm, then the hash. `bytes` up to `len` is the database form. */
struct ms_digest {
    uint8_t len; /* 33 or 65; 0: no digest */
    uint8_t bytes[MS_DIGEST_BYTES_MAX];
};

enum ms_status ms_digest_parse(struct ms_digest *out, struct ms_str text) MS_CHECKED;
enum ms_status ms_digest_from_bytes(struct ms_digest *out, struct ms_str bytes) MS_CHECKED;
struct ms_str ms_digest_bytes(const struct ms_digest *digest); /* view into *digest */
bool ms_digest_equal(const struct ms_digest *a, const struct ms_digest *b);
bool ms_digest_is_none(const struct ms_digest *digest);

/* Writes the terminated text form and returns `out`; "" for no digest. */
const char *ms_digest_format(char out[static MS_DIGEST_TEXT_MAX], const struct ms_digest *digest);

#endif
