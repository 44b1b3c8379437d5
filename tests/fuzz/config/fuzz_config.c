/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a configuration file of either program: a refused one has diagnostics, an accepted
 * one prints to something that loads again and prints the same.
 */
#include "common/config/config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DIAGNOSTICS_MAX = 1024 * 1024, PRINTED_MAX = 4 * 1024 * 1024, LOADABLE_MAX = 64 * 1024 };

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* NULL when it is refused. A file of secrets would be opened by a writer: fuzz the reader there. */
static struct ms_config *parse(struct ms_str yaml, enum ms_config_program program)
{
    struct ms_buf diagnostics;
    struct ms_config *config = NULL;
    ms_buf_init(&diagnostics, DIAGNOSTICS_MAX);
    enum ms_status status = ms_config_parse(&config, yaml, "fuzz", program, &diagnostics);
    require((status == MS_OK) == (config != NULL));
    require((status == MS_OK) == (diagnostics.len == 0 && !diagnostics.overflowed));
    ms_buf_free(&diagnostics);
    return config;
}

static void check_printing(const struct ms_config *config)
{
    struct ms_buf first;
    struct ms_buf second;
    ms_buf_init(&first, PRINTED_MAX);
    ms_buf_init(&second, PRINTED_MAX);
    ms_config_print(&first, config);
    require(!first.overflowed);
    if (first.len <= LOADABLE_MAX) { /* escaping and comments can outgrow what a file may hold */
        struct ms_config *again = parse(ms_buf_view(&first), MS_CONFIG_READER);
        require(again != NULL);
        ms_config_print(&second, again);
        require(ms_str_equal(ms_buf_view(&first), ms_buf_view(&second)));
        ms_config_free(again);
    }
    ms_buf_free(&first);
    ms_buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str yaml = ms_str_n((const char *)data, size);
    struct ms_config *config = parse(yaml, MS_CONFIG_READER);
    if (config != NULL)
        check_printing(config);
    if (config != NULL && config->registry.password_file == NULL &&
        config->events.token_file == NULL)
        ms_config_free(parse(yaml, MS_CONFIG_WRITER));
    ms_config_free(config);
    return 0;
}
