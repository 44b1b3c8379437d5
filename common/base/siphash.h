/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash-2-4, 64 bits: a keyed hash for tables whose keys others choose. Who does not know the key
 * cannot choose keys that collide, which would make a table a list. Not for signing.
 */
#ifndef MS_SIPHASH_H
#define MS_SIPHASH_H

#include "common/base/str.h"

struct ms_siphash_key {
    uint64_t low, high;
};

uint64_t ms_siphash(struct ms_siphash_key key, struct ms_str bytes);

/* With a key that the process draws at its first use, and that its children inherit: another one
 * in each program that is started, so never for what is stored or sent. */
uint64_t ms_siphash_own(struct ms_str bytes);

#endif
