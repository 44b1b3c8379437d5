/* SPDX-License-Identifier: Apache-2.0 */
/* Digests: every text that is accepted is written back as it was, also through the database form.
 */

#include "common/base/digest.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(struct ms_str text)
{
    struct ms_digest digest;
    struct ms_digest again;
    char written[MS_DIGEST_TEXT_MAX];
    if (ms_digest_parse(&digest, text) != MS_OK)
        return;
    must(ms_str_equal(ms_str(ms_digest_format(written, &digest)), text));
    must(ms_digest_from_bytes(&again, ms_digest_bytes(&digest)) == MS_OK);
    must(ms_digest_equal(&digest, &again));
}

static void check_bytes(struct ms_str bytes)
{
    struct ms_digest digest;
    struct ms_digest again;
    char written[MS_DIGEST_TEXT_MAX];
    if (ms_digest_from_bytes(&digest, bytes) != MS_OK)
        return;
    must(ms_str_equal(ms_digest_bytes(&digest), bytes));
    must(ms_digest_parse(&again, ms_str(ms_digest_format(written, &digest))) == MS_OK);
    must(ms_digest_equal(&digest, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str input = ms_str_n((const char *)data, size);
    check_text(input);
    check_bytes(input);
    return 0;
}
