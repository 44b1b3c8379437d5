/* SPDX-License-Identifier: Apache-2.0 */
/* What registries send in headers: challenges, pauses, errors. A realm that is accepted can be
 * asked. */
#include "writer/registry/answer.h"
#include "writer/registry/challenge.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_visible(struct ms_str s)
{
    for (size_t i = 0; i < s.len; i++)
        must(s.ptr[i] > 0x20 && s.ptr[i] < 0x7f);
}

static void check_challenge(struct ms_str header)
{
    struct registry_challenge challenge;
    if (registry_challenge_parse(&challenge, header) != MS_OK)
        return;
    must(memchr(challenge.scope, '\0', sizeof(challenge.scope)) != NULL);
    if (challenge.scheme != REGISTRY_BEARER)
        return;
    struct ms_str realm = ms_str(challenge.realm);
    check_visible(realm);
    must(ms_str_starts_with(realm, MS_STR("http")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str input = ms_str_n((const char *)data, size);
    enum { RETRY_AFTER_MAX_MS = 60000 };
    struct registry_error_body body;
    check_challenge(input);
    must(registry_retry_after_ms(input, 0, RETRY_AFTER_MAX_MS) <= RETRY_AFTER_MAX_MS);
    if (registry_error_parse(&body, input))
        must(body.code[0] != '\0');
    return 0;
}
