/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the configuration, shared by the files of this folder only: the one table of keys,
 * and what a key's type means (reading, checking, writing of one value).
 */
#ifndef MS_CONFIG_KEYS_H
#define MS_CONFIG_KEYS_H

#include "common/config/config.h"

/* How values are stored: char * up to LISTEN, uint64_t up to SIZE, bool, an enum, a list. */
enum ms_config_type {
    MS_TYPE_TEXT,
    MS_TYPE_REGISTRY_URL,
    MS_TYPE_PUBLIC_URL,
    MS_TYPE_DATABASE,
    MS_TYPE_HEADER, /* the value of an HTTP header */
    MS_TYPE_LISTEN,
    MS_TYPE_COUNT,
    MS_TYPE_WORKERS, /* a count, or `auto`, which is 0 */
    MS_TYPE_DURATION,
    MS_TYPE_SIZE,
    MS_TYPE_BOOL,
    MS_TYPE_WORD, /* one of `words`, stored as its position */
    MS_TYPE_GLOBS,
    MS_TYPE_REPOSITORIES,
    MS_TYPE_NETWORKS,
};

enum {
    MS_KEY_REQUIRED = 1,
    MS_KEY_SECRET = 2, /* masked when printed; not kept by a reader */
    MS_KEY_RELOAD = 4, /* changes at run time */
    MS_KEY_ZERO = 8,   /* 0 is allowed beside the range */
    MS_KEY_FILE = 16,  /* a file that the writer must be able to read; a reader never opens it */
};

struct ms_config_key {
    const char *name; /* "registry.url" */
    enum ms_config_type type;
    int flags;
    size_t offset;             /* in struct ms_config */
    const char *fallback;      /* as one would write it in the file; NULL: not set */
    const char *fallback_note; /* what stands for the default in the manual; NULL: fallback */
    const char *const *words;  /* of MS_TYPE_WORD, ends with NULL */
    uint64_t min;              /* of numbers; of lists: how many items */
    uint64_t max;
    const char *meaning;
};

/* In the order of the file, the keys of a section together; ends with a name of NULL. */
extern const struct ms_config_key MS_CONFIG_KEYS[];
enum { MS_CONFIG_KEYS_MAX = 64 };

const struct ms_config_key *ms_config_key_find(struct ms_str name); /* NULL: unknown */
bool ms_config_key_is_section(struct ms_str name);                  /* "database.postgres" */
/* A known key or section that `unknown` may be a misspelling of, else absent. Static. */
struct ms_str ms_config_key_suggest(struct ms_str unknown);

bool ms_config_type_is_string(enum ms_config_type type);
bool ms_config_type_is_number(enum ms_config_type type);
bool ms_config_type_is_list(enum ms_config_type type);

/* Where the value of `key` is. */
void *ms_config_field(struct ms_config *config, const struct ms_config_key *key);
const void *ms_config_field_const(const struct ms_config *config, const struct ms_config_key *key);

/* config/value.c: checks `text` and stores it; of a list: appends it. A text of no bytes unsets a
 * string. On failure the field is as before and `err` says what is wrong, without quoting secrets.
 */
enum ms_status ms_config_value_set(void *field, const struct ms_config_key *key, struct ms_str text,
                                   bool quoted, struct ms_error *err) MS_CHECKED;
void ms_config_value_clear(void *field, const struct ms_config_key *key); /* wipes strings */
bool ms_config_value_equal(const void *a, const void *b, const struct ms_config_key *key);
void ms_config_value_swap(void *a, void *b, const struct ms_config_key *key);
/* A number as it stands in the file: "1h30m", "64MiB", "auto". */
void ms_config_number_print(struct ms_buf *out, const struct ms_config_key *key, uint64_t value);

/* config/url.c: MS_OK, or what is wrong in `err`. */
enum ms_status ms_config_check_registry_url(struct ms_str url, struct ms_error *err) MS_CHECKED;
enum ms_status ms_config_check_public_url(struct ms_str url, struct ms_error *err) MS_CHECKED;
enum ms_status ms_config_check_database(struct ms_str url, struct ms_error *err) MS_CHECKED;
enum ms_status ms_config_check_listen(struct ms_str address, struct ms_error *err) MS_CHECKED;

#endif
