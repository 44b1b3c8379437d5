/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration for people: as YAML that loads again (--print-config), and the table of keys as
 * Markdown (the manual).
 *
 * Pure. Always holds: strings are quoted, so that no value can break out of its line; secrets and
 * the passwords in URLs are masked.
 */
#include "common/config/keys.h"
#include "common/pg/conninfo.h"

#include <string.h>

enum { INDENT_COLUMNS = 4, NUMBER_MAX = 64 };

/* --- values --- */

/* The length of the UTF-8 sequence at the start of `s` and its code point, or 0. */
static size_t decode(struct ms_str s, uint32_t *out)
{
    static const unsigned char LEADS[] = {0, 0, 0xc0, 0xe0, 0xf0};
    static const unsigned char MASKS[] = {0, 0, 0x1f, 0x0f, 0x07};
    unsigned char first = (unsigned char)s.ptr[0];
    for (size_t len = 2; len <= 4; len++) {
        if ((first & ~MASKS[len] & 0xff) != LEADS[len] || s.len < len)
            continue;
        uint32_t code = first & MASKS[len];
        for (size_t i = 1; i < len; i++)
            code = code << 6 | ((unsigned char)s.ptr[i] & 0x3f);
        *out = code;
        return len;
    }
    return 0;
}

/* YAML refuses some characters as they are, but none that is escaped. */
static void print_quoted(struct ms_buf *out, struct ms_str s)
{
    ms_buf_append_char(out, '"');
    while (s.len > 0) {
        uint32_t code = 0;
        unsigned char c = (unsigned char)s.ptr[0];
        size_t len = c < 0x80 ? 1 : decode(s, &code);
        if (c == '"' || c == '\\')
            ms_buf_printf(out, "\\%c", c);
        else if (c >= 0x20 && c < 0x7f)
            ms_buf_append_char(out, (char)c);
        else if (len > 1)
            ms_buf_printf(out, "\\U%08x", code);
        else
            ms_buf_printf(out, "\\x%02x", c);
        s = ms_str_skip(s, len > 0 ? len : 1);
    }
    ms_buf_append_char(out, '"');
}

static void print_masked(struct ms_buf *out, const char *url)
{
    struct ms_buf masked;
    ms_buf_init(&masked, strlen(url) * 4 + NUMBER_MAX);
    ms_pg_conninfo_mask(&masked, ms_str(url));
    print_quoted(out, ms_buf_view(&masked));
    ms_buf_free(&masked);
}

static void print_list(struct ms_buf *out, const struct ms_string_list *list)
{
    ms_buf_append_char(out, '[');
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            ms_buf_append_c(out, ", ");
        print_quoted(out, ms_str(list->items[i]));
    }
    ms_buf_append_char(out, ']');
}

/* A secret that came from a file must not stand beside the file's name: that would not load again.
 */
static bool is_from_file(const struct ms_config *config, const struct ms_config_key *key)
{
    if (key->offset == offsetof(struct ms_config, registry.password))
        return config->registry.password_file != NULL;
    if (key->offset == offsetof(struct ms_config, events.token))
        return config->events.token_file != NULL;
    return false;
}

static void print_string(struct ms_buf *out, const struct ms_config *config,
                         const struct ms_config_key *key)
{
    const char *text = *(char *const *)ms_config_field_const(config, key);
    if (text == NULL || is_from_file(config, key))
        return; /* an empty key is one that is not set */
    ms_buf_append_char(out, ' ');
    if (key->flags & MS_KEY_SECRET)
        ms_buf_append_c(out, "\"****\"");
    else if (key->type == MS_TYPE_DATABASE)
        print_masked(out, text);
    else
        print_quoted(out, ms_str(text));
}

static void print_value(struct ms_buf *out, const struct ms_config *config,
                        const struct ms_config_key *key)
{
    const void *field = ms_config_field_const(config, key);
    if (ms_config_type_is_string(key->type)) {
        print_string(out, config, key);
        return;
    }
    ms_buf_append_char(out, ' ');
    if (ms_config_type_is_number(key->type))
        ms_config_number_print(out, key, *(const uint64_t *)field);
    else if (ms_config_type_is_list(key->type))
        print_list(out, field);
    else if (key->type == MS_TYPE_BOOL)
        ms_buf_append_c(out, *(const bool *)field ? "true" : "false");
    else
        print_quoted(out, ms_str(key->words[*(const unsigned *)field])); /* a bare `off` is false */
}

/* --- sections --- */

/* How much of two names is the same, in whole sections, with the last dot. */
static size_t common_sections(struct ms_str a, struct ms_str b)
{
    size_t common = 0;
    for (size_t i = 0; i < a.len && i < b.len && a.ptr[i] == b.ptr[i]; i++) {
        if (a.ptr[i] == '.')
            common = i + 1;
    }
    return common;
}

static size_t count_dots(struct ms_str s)
{
    size_t dots = 0;
    for (size_t i = 0; i < s.len; i++)
        dots += s.ptr[i] == '.';
    return dots;
}

static void print_indented(struct ms_buf *out, size_t depth, struct ms_str word)
{
    ms_buf_printf(out, "%*s%.*s:", (int)(depth * INDENT_COLUMNS), "", MS_STR_ARG(word));
}

/* The headings of sections that begin with this key, then the key itself, without its value. */
static void print_key(struct ms_buf *out, struct ms_str name, struct ms_str previous)
{
    size_t common = common_sections(name, previous);
    size_t depth = count_dots(ms_str_slice(name, 0, common));
    struct ms_str rest = ms_str_skip(name, common);
    for (;;) {
        struct ms_str word = ms_str_next(&rest, '.');
        print_indented(out, depth++, word);
        if (ms_str_is_absent(rest))
            return;
        ms_buf_append_char(out, '\n');
    }
}

static void print_fallback(struct ms_buf *out, const struct ms_config_key *key)
{
    bool is_list = ms_config_type_is_list(key->type);
    if (key->flags & MS_KEY_REQUIRED)
        ms_buf_append_c(out, "required");
    else if (key->fallback_note != NULL)
        ms_buf_append_c(out, key->fallback_note);
    else if (key->fallback != NULL)
        ms_buf_printf(out, is_list ? "[\"%s\"]" : "%s", key->fallback);
    else
        ms_buf_append_c(out, "none");
}

void ms_config_print(struct ms_buf *out, const struct ms_config *config)
{
    struct ms_str previous = MS_STR_ABSENT;
    for (const struct ms_config_key *key = MS_CONFIG_KEYS; key->name != NULL; key++) {
        print_key(out, ms_str(key->name), previous);
        previous = ms_str(key->name);
        print_value(out, config, key);
        ms_buf_append_c(out, key->flags & MS_KEY_REQUIRED ? "  # " : "  # default: ");
        print_fallback(out, key);
        ms_buf_append_char(out, '\n');
    }
}

/* --- the manual --- */

static void print_range(struct ms_buf *out, const struct ms_config_key *key)
{
    static const char *const TYPES[] = {
        [MS_TYPE_TEXT] = "text",
        [MS_TYPE_REGISTRY_URL] = "URL",
        [MS_TYPE_PUBLIC_URL] = "URL or path",
        [MS_TYPE_DATABASE] = "URI or keyword string",
        [MS_TYPE_HEADER] = "`*` or an origin",
        [MS_TYPE_LISTEN] = "address",
        [MS_TYPE_COUNT] = "number",
        [MS_TYPE_WORKERS] = "`auto` or number",
        [MS_TYPE_DURATION] = "duration",
        [MS_TYPE_SIZE] = "size",
        [MS_TYPE_BOOL] = "`true`, `false`",
        [MS_TYPE_WORD] = "",
        [MS_TYPE_GLOBS] = "list of globs",
        [MS_TYPE_REPOSITORIES] = "list of names",
        [MS_TYPE_NETWORKS] = "list of networks",
    };
    ms_buf_append_c(out, TYPES[key->type]);
    if (ms_config_type_is_number(key->type)) {
        ms_buf_append_c(out, key->flags & MS_KEY_ZERO ? ", 0 or " : ", ");
        ms_config_number_print(out, key, key->type == MS_TYPE_WORKERS ? 1 : key->min);
        ms_buf_append_c(out, " to ");
        ms_config_number_print(out, key, key->max);
    }
    for (size_t i = 0; key->words != NULL && key->words[i] != NULL; i++)
        ms_buf_printf(out, "%s`%s`", i > 0 ? ", " : "", key->words[i]);
}

void ms_config_manual(struct ms_buf *out)
{
    ms_buf_append_c(out, "| key | default | value | changes at run time | meaning |\n"
                         "|---|---|---|---|---|\n");
    for (const struct ms_config_key *key = MS_CONFIG_KEYS; key->name != NULL; key++) {
        ms_buf_printf(out, "| `%s` | ", key->name);
        print_fallback(out, key);
        ms_buf_append_c(out, " | ");
        print_range(out, key);
        ms_buf_printf(out, " | %s | %s |\n", key->flags & MS_KEY_RELOAD ? "yes" : "no",
                      key->meaning);
    }
}
