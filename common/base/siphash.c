/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash by Aumasson and Bernstein: two rounds for each eight bytes, four at the end. The key is
 * the kernel's random bytes.
 */
#include "common/base/siphash.h"

#include "common/base/clock.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { WORD_BYTES = 8, ROUNDS = 2, LAST_ROUNDS = 4 };

struct state {
    uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void mix(struct state *s, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        s->a += s->b;
        s->c += s->d;
        s->b = rotate(s->b, 13) ^ s->a;
        s->d = rotate(s->d, 16) ^ s->c;
        s->a = rotate(s->a, 32);
        s->c += s->b;
        s->a += s->d;
        s->b = rotate(s->b, 17) ^ s->c;
        s->d = rotate(s->d, 21) ^ s->a;
        s->c = rotate(s->c, 32);
    }
}

/* At most eight bytes, the least significant first. */
static uint64_t word_of(struct ms_str bytes)
{
    uint64_t word = 0;
    for (size_t i = bytes.len; i > 0; i--)
        word = word << 8 | (unsigned char)bytes.ptr[i - 1];
    return word;
}

static void absorb(struct state *s, uint64_t word)
{
    s->d ^= word;
    mix(s, ROUNDS);
    s->a ^= word;
}

uint64_t ms_siphash(struct ms_siphash_key key, struct ms_str bytes)
{
    struct state s = {
        key.low ^ UINT64_C(0x736f6d6570736575), key.high ^ UINT64_C(0x646f72616e646f6d),
        key.low ^ UINT64_C(0x6c7967656e657261), key.high ^ UINT64_C(0x7465646279746573)};
    size_t at = 0;
    for (; bytes.len - at >= WORD_BYTES; at += WORD_BYTES)
        absorb(&s, word_of(ms_str_slice(bytes, at, at + WORD_BYTES)));
    absorb(&s, (uint64_t)bytes.len << 56 | word_of(ms_str_skip(bytes, at)));
    s.c ^= 0xff;
    mix(&s, LAST_ROUNDS);
    return s.a ^ s.b ^ s.c ^ s.d;
}

uint64_t ms_siphash_own(struct ms_str bytes)
{
    static struct ms_siphash_key key;
    static bool is_drawn;
    if (!is_drawn) {
        ssize_t n = getrandom(&key, sizeof(key), 0);
        if (n != (ssize_t)sizeof(key)) /* without the system call: better than nothing */
            key = (struct ms_siphash_key){(uint64_t)ms_clock_mono_ms(), (uint64_t)getpid()};
        is_drawn = true;
    }
    return ms_siphash(key, bytes);
}
