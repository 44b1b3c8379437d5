/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 and SHA-512 by libcrypto. The only thing that libcrypto can refuse here is memory: that
 * aborts.
 */
#include "common/base/hash.h"

#include "common/base/alloc.h"

#include <openssl/evp.h>

struct ms_hash {
    enum ms_digest_algorithm algorithm;
    EVP_MD_CTX *context;
};

static const EVP_MD *implementation(enum ms_digest_algorithm algorithm)
{
    return algorithm == MS_SHA512 ? EVP_sha512() : EVP_sha256();
}

static void must(int succeeded)
{
    if (succeeded != 1)
        abort();
}

struct ms_hash *ms_hash_new(enum ms_digest_algorithm algorithm)
{
    struct ms_hash *hash = ms_alloc(sizeof(*hash));
    hash->algorithm = algorithm;
    hash->context = EVP_MD_CTX_new();
    must(hash->context != NULL &&
         EVP_DigestInit_ex(hash->context, implementation(algorithm), NULL));
    return hash;
}

void ms_hash_update(struct ms_hash *hash, struct ms_str bytes)
{
    must(EVP_DigestUpdate(hash->context, bytes.ptr, bytes.len));
}

void ms_hash_finish(struct ms_digest *out, struct ms_hash *hash)
{
    unsigned hash_len = 0;
    *out = (struct ms_digest){0};
    out->bytes[0] = (uint8_t)hash->algorithm;
    must(EVP_DigestFinal_ex(hash->context, out->bytes + 1, &hash_len));
    out->len = (uint8_t)(1 + hash_len);
    ms_hash_free(hash);
}

void ms_hash_free(struct ms_hash *hash)
{
    if (hash == NULL)
        return;
    EVP_MD_CTX_free(hash->context);
    free(hash);
}

void ms_hash_digest(struct ms_digest *out, enum ms_digest_algorithm algorithm, struct ms_str bytes)
{
    unsigned hash_len = 0;
    *out = (struct ms_digest){0};
    out->bytes[0] = (uint8_t)algorithm;
    must(EVP_Digest(bytes.ptr, bytes.len, out->bytes + 1, &hash_len, implementation(algorithm),
                    NULL));
    out->len = (uint8_t)(1 + hash_len);
}

bool ms_hash_matches(const struct ms_digest *expected, struct ms_str bytes)
{
    if (ms_digest_is_none(expected))
        return false;
    struct ms_digest actual;
    ms_hash_digest(&actual, (enum ms_digest_algorithm)expected->bytes[0], bytes);
    return ms_digest_equal(expected, &actual);
}
