/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value of the configuration: text to number, duration, size, word or list item and back, with
 * the checks that the type and the key's range ask for.
 *
 * Always holds: no message quotes a value that could be a secret (only numbers, words and names of
 * repositories).
 */
#include "common/base/alloc.h"
#include "common/base/refname.h"
#include "common/config/keys.h"
#include "common/runtime/network.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { GLOB_MAX = 255, QUOTE_MAX = 64 };

struct unit {
    const char *name;
    uint64_t factor;
};

/* From large to small: a duration names them in this order. */
enum { UNIT_SECONDS = 2 };
static const struct unit DURATION_UNITS[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
enum { N_DURATION_UNITS = sizeof(DURATION_UNITS) / sizeof(DURATION_UNITS[0]) };

/* A size is printed with the first of these that divides it. */
static const struct unit SIZE_UNITS[] = {
    {"TiB", UINT64_C(1) << 40},      {"GiB", UINT64_C(1) << 30},
    {"MiB", UINT64_C(1) << 20},      {"KiB", UINT64_C(1) << 10},
    {"TB", UINT64_C(1000000000000)}, {"GB", UINT64_C(1000000000)},
    {"MB", UINT64_C(1000000)},       {"kB", UINT64_C(1000)},
    {"KB", UINT64_C(1000)},          {"B", 1},
};
enum { N_SIZE_UNITS = sizeof(SIZE_UNITS) / sizeof(SIZE_UNITS[0]) };

/* --- numbers with units --- */

static struct ms_str cut_digits(struct ms_str *rest)
{
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] >= '0' && rest->ptr[n] <= '9')
        n++;
    struct ms_str digits = ms_str_slice(*rest, 0, n);
    *rest = ms_str_skip(*rest, n);
    return digits;
}

static struct ms_str cut_letters(struct ms_str *rest)
{
    size_t n = 0;
    while (n < rest->len && !(rest->ptr[n] >= '0' && rest->ptr[n] <= '9'))
        n++;
    struct ms_str letters = ms_str_slice(*rest, 0, n);
    *rest = ms_str_skip(*rest, n);
    return letters;
}

/* Cuts "30s" off `rest` and adds it to `*total`; `*next_unit` is the first unit that may stand
 * there and becomes the one after it. */
static enum ms_status add_quantity(uint64_t *total, struct ms_str *rest, const struct unit *units,
                                   size_t n_units, size_t *next_unit)
{
    uint64_t number = 0;
    if (ms_str_to_u64(&number, cut_digits(rest)) != MS_OK)
        return MS_INVALID;
    struct ms_str name = cut_letters(rest);
    for (size_t i = *next_unit; i < n_units; i++) {
        if (!ms_str_equal(ms_str(units[i].name), name))
            continue;
        *next_unit = i + 1;
        return __builtin_mul_overflow(number, units[i].factor, &number) ||
                       __builtin_add_overflow(*total, number, total)
                   ? MS_INVALID
                   : MS_OK;
    }
    return MS_INVALID;
}

enum ms_status ms_config_parse_duration(uint64_t *out_ms, struct ms_str text)
{
    uint64_t total = 0;
    size_t next_unit = 0;
    if (text.len == 0)
        return MS_INVALID;
    struct ms_str rest = ms_str_equal(text, MS_STR("0")) ? MS_STR("0s") : text;
    while (rest.len > 0) {
        if (add_quantity(&total, &rest, DURATION_UNITS, N_DURATION_UNITS, &next_unit) != MS_OK)
            return MS_INVALID;
    }
    *out_ms = total;
    return MS_OK;
}

static enum ms_status parse_size(uint64_t *out, struct ms_str text)
{
    uint64_t total = 0;
    size_t next_unit = 0;
    struct ms_str rest = ms_str_equal(text, MS_STR("0")) ? MS_STR("0B") : text;
    if (add_quantity(&total, &rest, SIZE_UNITS, N_SIZE_UNITS, &next_unit) != MS_OK || rest.len > 0)
        return MS_INVALID;
    *out = total;
    return MS_OK;
}

/* "75s" is what people write, not "1m15s". */
static void print_duration(struct ms_buf *out, uint64_t value)
{
    static const uint64_t MINUTE = 60000;
    bool is_in_seconds = value < 2 * MINUTE && value != MINUTE;
    if (value == 0)
        ms_buf_append_char(out, '0');
    for (size_t i = is_in_seconds ? UNIT_SECONDS : 0; i < N_DURATION_UNITS; i++) {
        uint64_t number = value / DURATION_UNITS[i].factor;
        value %= DURATION_UNITS[i].factor;
        if (number > 0) {
            ms_buf_append_u64(out, number);
            ms_buf_append_c(out, DURATION_UNITS[i].name);
        }
    }
}

static void print_size(struct ms_buf *out, uint64_t value)
{
    size_t i = 0;
    while (value % SIZE_UNITS[i].factor != 0)
        i++;
    ms_buf_append_u64(out, value / SIZE_UNITS[i].factor);
    if (value > 0)
        ms_buf_append_c(out, SIZE_UNITS[i].name);
}

void ms_config_number_print(struct ms_buf *out, const struct ms_config_key *key, uint64_t value)
{
    if (key->type == MS_TYPE_DURATION)
        print_duration(out, value);
    else if (key->type == MS_TYPE_SIZE)
        print_size(out, value);
    else if (key->type == MS_TYPE_WORKERS && value == 0)
        ms_buf_append_c(out, "auto");
    else
        ms_buf_append_u64(out, value);
}

static enum ms_status range_error(const struct ms_config_key *key, struct ms_error *err)
{
    struct ms_buf text;
    ms_buf_init(&text, MS_ERROR_TEXT_MAX);
    ms_buf_append_c(&text, "must be ");
    if (key->flags & MS_KEY_ZERO)
        ms_buf_append_c(&text, "0 or ");
    if (key->type == MS_TYPE_WORKERS)
        ms_buf_append_c(&text, "auto or ");
    ms_buf_append_c(&text, "between ");
    ms_config_number_print(&text, key, key->min);
    ms_buf_append_c(&text, " and ");
    ms_config_number_print(&text, key, key->max);
    (void)ms_error_set(err, MS_INVALID, "%.*s", MS_STR_ARG(ms_buf_view(&text)));
    ms_buf_free(&text);
    return MS_INVALID;
}

static enum ms_status type_error(struct ms_str text, const char *expected, struct ms_error *err)
{
    struct ms_str quote = ms_str_slice(text, 0, QUOTE_MAX);
    while (quote.len > 0 && quote.len < text.len && (text.ptr[quote.len] & 0xc0) == 0x80)
        quote.len--; /* never half a character */
    return ms_error_set(err, MS_INVALID, "must be %s, not \"%.*s\"%s", expected, MS_STR_ARG(quote),
                        quote.len < text.len ? " and so on" : "");
}

static bool is_negative(struct ms_str text)
{
    uint64_t number;
    return ms_str_starts_with(text, MS_STR("-")) &&
           ms_str_to_u64(&number, ms_str_skip(text, 1)) == MS_OK;
}

static enum ms_status parse_count(uint64_t *out, const struct ms_config_key *key,
                                  struct ms_str text, bool quoted, struct ms_error *err)
{
    bool may_be_auto = key->type == MS_TYPE_WORKERS;
    if (quoted)
        return type_error(text, "a number without quotes", err);
    if (is_negative(text))
        return range_error(key, err);
    if (ms_str_to_u64(out, text) != MS_OK)
        return type_error(text, may_be_auto ? "auto or a number" : "a number", err);
    return MS_OK;
}

static enum ms_status set_number(uint64_t *field, const struct ms_config_key *key,
                                 struct ms_str text, bool quoted, struct ms_error *err)
{
    uint64_t value = 0;
    enum ms_status status;
    if (key->type == MS_TYPE_WORKERS && ms_str_equal(text, MS_STR("auto"))) {
        *field = 0;
        return MS_OK;
    }
    if (key->type == MS_TYPE_DURATION) {
        status = ms_config_parse_duration(&value, text);
        if (status != MS_OK)
            return type_error(text, "a duration such as 500ms, 30s, 1h30m or 0", err);
    } else if (key->type == MS_TYPE_SIZE) {
        status = parse_size(&value, text);
        if (status != MS_OK)
            return type_error(text, "a size such as 64MiB, 1MB or 0", err);
    } else {
        status = parse_count(&value, key, text, quoted, err);
        if (status != MS_OK)
            return status;
    }
    bool is_zero_allowed = (key->flags & MS_KEY_ZERO) && value == 0;
    if (!is_zero_allowed && (value < key->min || value > key->max))
        return range_error(key, err);
    *field = value;
    return MS_OK;
}

/* --- words --- */

static enum ms_status set_bool(bool *field, struct ms_str text, bool quoted, struct ms_error *err)
{
    bool is_true = ms_str_equal(text, MS_STR("true"));
    if (quoted || (!is_true && !ms_str_equal(text, MS_STR("false"))))
        return type_error(text, quoted ? "true or false without quotes" : "true or false", err);
    *field = is_true;
    return MS_OK;
}

static enum ms_status set_word(unsigned *field, const struct ms_config_key *key, struct ms_str text,
                               struct ms_error *err)
{
    struct ms_buf expected;
    ms_buf_init(&expected, MS_ERROR_TEXT_MAX);
    for (unsigned i = 0; key->words[i] != NULL; i++) {
        if (ms_str_equal(text, ms_str(key->words[i]))) {
            *field = i;
            ms_buf_free(&expected);
            return MS_OK;
        }
        ms_buf_printf(&expected, "%s%s", i > 0 ? ", " : "one of ", key->words[i]);
    }
    enum ms_status status = type_error(text, expected.data, err);
    ms_buf_free(&expected);
    return status;
}

/* --- strings --- */

static enum ms_status check_text(struct ms_str text, struct ms_error *err)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == 0x7f)
            return ms_error_set(err, MS_INVALID, "must not hold control characters");
    }
    return MS_OK;
}

static enum ms_status check_header(struct ms_str text, struct ms_error *err)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return ms_error_set(err, MS_INVALID,
                                "must be \"*\" or an origin such as \"https://example.com\"");
    }
    return MS_OK;
}

static enum ms_status check_string(const struct ms_config_key *key, struct ms_str text,
                                   struct ms_error *err)
{
    enum ms_status status = check_text(text, err);
    if (status != MS_OK)
        return status;
    if (key->type == MS_TYPE_REGISTRY_URL)
        return ms_config_check_registry_url(text, err);
    if (text.len == 0)
        return key->fallback != NULL ? ms_error_set(err, MS_INVALID, "must not be empty") : MS_OK;
    if (key->type == MS_TYPE_PUBLIC_URL)
        return ms_config_check_public_url(text, err);
    if (key->type == MS_TYPE_DATABASE)
        return ms_config_check_database(text, err);
    if (key->type == MS_TYPE_HEADER)
        return check_header(text, err);
    return key->type == MS_TYPE_LISTEN ? ms_config_check_listen(text, err) : MS_OK;
}

/* Values are no longer than the file, which is capped. */
static enum ms_status set_string(char **field, const struct ms_config_key *key, struct ms_str text,
                                 struct ms_error *err)
{
    enum ms_status status = check_string(key, text, err);
    if (status != MS_OK)
        return status;
    while (key->type == MS_TYPE_REGISTRY_URL && ms_str_ends_with(text, MS_STR("/")))
        text.len--;
    ms_alloc_wipe(*field);
    *field = text.len > 0 ? ms_alloc_str(text) : NULL;
    return MS_OK;
}

/* --- lists --- */

static enum ms_status check_item(const struct ms_config_key *key, struct ms_str text,
                                 struct ms_error *err)
{
    if (key->type == MS_TYPE_REPOSITORIES)
        return ms_refname_is_repository(text)
                   ? MS_OK
                   : type_error(text, "the name of a repository such as library/postgres", err);
    struct ms_network network;
    if (key->type == MS_TYPE_NETWORKS)
        return ms_network_parse(&network, text) == MS_OK
                   ? MS_OK
                   : type_error(text, "an address or a network such as 10.0.0.0/8 or fd00::/8",
                                err);
    if (text.len == 0 || text.len > GLOB_MAX || memchr(text.ptr, ' ', text.len) != NULL)
        return type_error(text, "a glob such as library/*", err);
    return check_text(text, err);
}

static enum ms_status add_item(struct ms_string_list *list, const struct ms_config_key *key,
                               struct ms_str text, struct ms_error *err)
{
    enum ms_status status = check_item(key, text, err);
    if (status != MS_OK)
        return status;
    list->items =
        ms_alloc_grow(list->items, &list->capacity, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = ms_alloc_str(text);
    return MS_OK;
}

static void clear_list(struct ms_string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct ms_string_list){.items = NULL};
}

static bool lists_equal(const struct ms_string_list *a, const struct ms_string_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    }
    return true;
}

/* --- any type --- */

static_assert(sizeof(enum ms_collect_mode) == sizeof(unsigned), "set_word stores enums");

enum ms_status ms_config_value_set(void *field, const struct ms_config_key *key, struct ms_str text,
                                   bool quoted, struct ms_error *err)
{
    if (ms_config_type_is_string(key->type))
        return set_string(field, key, text, err);
    if (ms_config_type_is_number(key->type))
        return set_number(field, key, text, quoted, err);
    if (ms_config_type_is_list(key->type))
        return add_item(field, key, text, err);
    if (key->type == MS_TYPE_BOOL)
        return set_bool(field, text, quoted, err);
    return set_word(field, key, text, err);
}

static size_t size_of(const struct ms_config_key *key)
{
    if (ms_config_type_is_string(key->type))
        return sizeof(char *);
    if (ms_config_type_is_number(key->type))
        return sizeof(uint64_t);
    if (ms_config_type_is_list(key->type))
        return sizeof(struct ms_string_list);
    return key->type == MS_TYPE_BOOL ? sizeof(bool) : sizeof(unsigned);
}

void ms_config_value_clear(void *field, const struct ms_config_key *key)
{
    if (ms_config_type_is_string(key->type))
        ms_alloc_wipe(*(char **)field);
    else if (ms_config_type_is_list(key->type))
        clear_list(field);
    memset(field, 0, size_of(key));
}

bool ms_config_value_equal(const void *a, const void *b, const struct ms_config_key *key)
{
    if (ms_config_type_is_list(key->type))
        return lists_equal(a, b);
    if (!ms_config_type_is_string(key->type))
        return memcmp(a, b, size_of(key)) == 0;
    struct ms_str text_a = ms_str(*(char *const *)a);
    struct ms_str text_b = ms_str(*(char *const *)b);
    return ms_str_is_absent(text_a) == ms_str_is_absent(text_b) && ms_str_equal(text_a, text_b);
}

void ms_config_value_swap(void *a, void *b, const struct ms_config_key *key)
{
    unsigned char kept[sizeof(struct ms_string_list)];
    size_t size = size_of(key);
    memcpy(kept, a, size);
    memcpy(a, b, size);
    memcpy(b, kept, size);
}
