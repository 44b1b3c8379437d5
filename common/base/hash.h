/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 and SHA-512, whole and incremental. The only file that includes libcrypto. */
#ifndef MS_HASH_H
#define MS_HASH_H

#include "common/base/digest.h"

struct ms_hash;
struct ms_hash *ms_hash_new(enum ms_digest_algorithm algorithm);
void ms_hash_update(struct ms_hash *hash, struct ms_str bytes);
void ms_hash_finish(struct ms_digest *out, struct ms_hash *hash); /* frees it */
void ms_hash_free(struct ms_hash *hash);

/* Digest of bytes in memory, and the check against an expected one (same algorithm). */
void ms_hash_digest(struct ms_digest *out, enum ms_digest_algorithm algorithm, struct ms_str bytes);
bool ms_hash_matches(const struct ms_digest *expected, struct ms_str bytes);

#endif
