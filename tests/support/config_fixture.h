/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the configuration share: parsing that must or must not succeed, printing,
 * files. Needs METASTORE_SOURCE_DIR.
 */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

#include "common/config/config.h"
#include "common/config/keys.h"
#include "common/config/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#define ORIGINAL_SAMPLE METASTORE_SOURCE_DIR "/tests/fuzz/corpus/config/config/original_sample.yaml"
#define SHIPPED_SAMPLE METASTORE_SOURCE_DIR "/deploy/config.sample.yaml"
#define URL "registry: {url: \"https://r.example\"}\n"

enum { DIAGNOSTICS_MAX = 256 * 1024, TEXT_MAX = 256 * 1024 };

static inline struct ms_config *parse_as(const char *yaml, enum ms_config_program program)
{
    struct ms_buf diagnostics;
    ms_buf_init(&diagnostics, DIAGNOSTICS_MAX);
    struct ms_config *config = NULL;
    enum ms_status status = ms_config_parse(&config, ms_str(yaml), "f", program, &diagnostics);
    ck_assert_msg(status == MS_OK, "%s", diagnostics.data);
    ck_assert_ptr_null(diagnostics.data);
    return config;
}

static inline struct ms_config *parse(const char *yaml)
{
    return parse_as(yaml, MS_CONFIG_WRITER);
}

static inline struct ms_buf faults_of(const char *yaml)
{
    struct ms_buf diagnostics;
    ms_buf_init(&diagnostics, DIAGNOSTICS_MAX);
    struct ms_config *config = NULL;
    ck_assert_int_eq(ms_config_parse(&config, ms_str(yaml), "f", MS_CONFIG_WRITER, &diagnostics),
                     MS_INVALID);
    ck_assert_ptr_null(config);
    return diagnostics;
}

static inline void assert_faults(const char *yaml, const char *expected)
{
    struct ms_buf diagnostics = faults_of(yaml);
    ck_assert_str_eq(diagnostics.data, expected);
    ms_buf_free(&diagnostics);
}

static inline struct ms_buf print(const struct ms_config *config)
{
    struct ms_buf text;
    ms_buf_init(&text, TEXT_MAX);
    ms_config_print(&text, config);
    ck_assert(!text.overflowed);
    return text;
}

static inline void assert_printed(const struct ms_config *config, const char *part)
{
    struct ms_buf text = print(config);
    ck_assert_msg(strstr(text.data, part) != NULL, "no \"%s\" in\n%s", part, text.data);
    ms_buf_free(&text);
}

static inline void assert_loads_again(const struct ms_config *config)
{
    struct ms_buf first = print(config);
    struct ms_config *again = parse(first.data);
    struct ms_buf second = print(again);
    ck_assert_str_eq(first.data, second.data);
    ms_buf_free(&first);
    ms_buf_free(&second);
    ms_config_free(again);
}

static inline struct ms_buf read_whole(const char *path)
{
    struct ms_buf bytes;
    ms_buf_init(&bytes, MS_CONFIG_FILE_MAX);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    for (int c = getc(file); c != EOF; c = getc(file))
        ms_buf_append_char(&bytes, (char)c);
    (void)fclose(file);
    ck_assert(!bytes.overflowed);
    return bytes;
}

static inline void write_file(char path[static 32], const char *text, size_t len)
{
    (void)snprintf(path, 32, "/tmp/metastore-test-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
    ck_assert_int_eq(close(fd), 0);
}

#endif
