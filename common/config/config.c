/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading: file to YAML entries (yaml.c), entries to values (value.c) by the table of keys
 * (keys.c), then the rules between keys, then the files of secrets.
 *
 * Always holds: every fault is written to `diagnostics` and counted, nothing is logged, and no
 * fault's text holds a secret.
 */
#include "common/config/config.h"

#include "common/base/alloc.h"
#include "common/config/keys.h"
#include "common/config/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECRET_FILE_MAX = 4096 };

/* A configuration on its way in. */
struct loading {
    struct ms_config *config;
    const char *name; /* of the file */
    enum ms_config_program program;
    struct ms_buf *diagnostics;
    size_t faults;
    const struct ms_yaml_entry *given[MS_CONFIG_KEYS_MAX]; /* by row; NULL: not in the file */
    struct ms_str refused; /* a section whose keys are not looked at */
};

/* A secret may stand in the file or in a file of its own. */
static const struct secret {
    const char *key;
    const char *file_key;
} SECRETS[] = {
    {"registry.password", "registry.password_file"},
    {"events.token", "events.token_file"},
};
enum { N_SECRETS = sizeof(SECRETS) / sizeof(SECRETS[0]) };

/* --- faults --- */

static void fault_at(struct loading *loading, size_t line, size_t column, struct ms_str key,
                     const char *what)
{
    loading->faults++;
    ms_buf_printf(loading->diagnostics, "%s:%zu:%zu: %.*s: %s\n", loading->name, line, column,
                  MS_STR_ARG(key), what);
}

static void fault_in_entry(struct loading *loading, const struct ms_yaml_entry *entry,
                           const char *what)
{
    fault_at(loading, entry->line, entry->column, entry->key, what);
}

static void fault_in_value(struct loading *loading, const struct ms_yaml_entry *entry, size_t i,
                           const char *what)
{
    fault_at(loading, entry->values[i].line, entry->values[i].column, entry->key, what);
}

static void fault_missing(struct loading *loading, const char *key, const char *why)
{
    loading->faults++;
    ms_buf_printf(loading->diagnostics, "%s: %s: required%s\n", loading->name, key, why);
}

/* --- entries --- */

static bool is_null(const struct ms_yaml_value *value)
{
    static const char *const NULLS[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof(NULLS) / sizeof(NULLS[0]); i++) {
        if (!value->quoted && ms_str_equal(value->text, ms_str(NULLS[i])))
            return true;
    }
    return false;
}

static bool is_unset(const struct ms_yaml_entry *entry)
{
    return !entry->is_map && !entry->is_list && is_null(&entry->values[0]);
}

static void set_value(struct loading *loading, const struct ms_config_key *key,
                      const struct ms_yaml_entry *entry, size_t i)
{
    const struct ms_yaml_value *value = &entry->values[i];
    struct ms_error err;
    void *field = ms_config_field(loading->config, key);
    if (is_null(value))
        fault_in_value(loading, entry, i, "an item of the list is empty");
    else if (ms_config_value_set(field, key, value->text, value->quoted, &err) != MS_OK)
        fault_in_value(loading, entry, i, err.text);
}

static void set_list(struct loading *loading, const struct ms_config_key *key,
                     const struct ms_yaml_entry *entry)
{
    ms_config_value_clear(ms_config_field(loading->config, key), key);
    for (size_t i = 0; i < entry->n_values; i++)
        set_value(loading, key, entry, i);
    if (entry->n_values < key->min)
        fault_in_entry(loading, entry, "the list must not be empty");
}

static void refuse_keys_below(struct loading *loading, const struct ms_yaml_entry *entry)
{
    if (entry->is_map)
        loading->refused = entry->key;
}

static void apply_known(struct loading *loading, const struct ms_config_key *key,
                        const struct ms_yaml_entry *entry)
{
    bool wants_list = ms_config_type_is_list(key->type);
    if (is_unset(entry))
        return;
    loading->given[key - MS_CONFIG_KEYS] = entry;
    refuse_keys_below(loading, entry);
    if (wants_list && entry->is_list)
        set_list(loading, key, entry);
    else if (wants_list)
        fault_in_entry(loading, entry, "must be a list, such as [\"team/*\"]");
    else if (entry->is_list || entry->is_map)
        fault_in_entry(loading, entry,
                       entry->is_map ? "must be a single value, not a map of keys"
                                     : "must be a single value, not a list");
    else
        set_value(loading, key, entry, 0);
}

static void apply_unknown(struct loading *loading, const struct ms_yaml_entry *entry)
{
    struct ms_str suggestion = ms_config_key_suggest(entry->key);
    refuse_keys_below(loading, entry);
    loading->faults++;
    ms_buf_printf(loading->diagnostics, "%s:%zu:%zu: %.*s: unknown key", loading->name, entry->line,
                  entry->column, MS_STR_ARG(entry->key));
    if (!ms_str_is_absent(suggestion))
        ms_buf_printf(loading->diagnostics, "; did you mean \"%.*s\"?", MS_STR_ARG(suggestion));
    ms_buf_append_char(loading->diagnostics, '\n');
}

static void apply_entry(struct loading *loading, const struct ms_yaml_entry *entry)
{
    struct ms_str refused = loading->refused;
    if (refused.len > 0 && refused.len < entry->key.len &&
        ms_str_starts_with(entry->key, refused) && entry->key.ptr[refused.len] == '.')
        return;
    const struct ms_config_key *key = ms_config_key_find(entry->key);
    if (key != NULL)
        apply_known(loading, key, entry);
    else if (!ms_config_key_is_section(entry->key))
        apply_unknown(loading, entry);
    else if (!entry->is_map && !is_unset(entry))
        fault_in_entry(loading, entry, "must be a map of keys");
}

/* --- what concerns more than one key --- */

static const struct ms_yaml_entry *given(const struct loading *loading, const char *name)
{
    const struct ms_config_key *key = ms_config_key_find(ms_str(name));
    return key != NULL ? loading->given[key - MS_CONFIG_KEYS] : NULL;
}

static void check_required(struct loading *loading)
{
    for (const struct ms_config_key *key = MS_CONFIG_KEYS; key->name != NULL; key++) {
        if ((key->flags & MS_KEY_REQUIRED) && given(loading, key->name) == NULL)
            fault_missing(loading, key->name, "");
    }
}

static void check_pairs(struct loading *loading)
{
    const struct ms_config *config = loading->config;
    if (config->registry.client_cert != NULL && config->registry.client_key == NULL)
        fault_missing(loading, "registry.client_key", " beside registry.client_cert");
    if (config->registry.client_key != NULL && config->registry.client_cert == NULL)
        fault_missing(loading, "registry.client_cert", " beside registry.client_key");
    bool has_password = config->registry.password != NULL || config->registry.password_file != NULL;
    if (has_password && config->registry.username == NULL)
        fault_missing(loading, "registry.username", " beside the password");
}

static void finish_public_url(struct ms_config *config)
{
    if (config->registry.public_url != NULL || config->registry.url == NULL)
        return;
    config->registry.public_url = ms_alloc_copy(config->registry.url);
}

/* --- files and secrets --- */

/* Reads at most `size` bytes; -1 with errno. */
static ssize_t read_file(const char *path, char *bytes, size_t size)
{
    size_t len = 0;
    ssize_t n = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    while (n != 0 && len < size) {
        n = read(fd, bytes + len, size - len);
        if (n < 0 && errno != EINTR)
            break;
        len += n > 0 ? (size_t)n : 0;
    }
    int saved_errno = errno;
    (void)close(fd);
    errno = saved_errno;
    return n < 0 ? -1 : (ssize_t)len;
}

/* A certificate that is missing would show only as a registry that cannot be reached. */
static void check_files(struct loading *loading)
{
    for (const struct ms_config_key *key = MS_CONFIG_KEYS; key->name != NULL; key++) {
        const struct ms_yaml_entry *entry = loading->given[key - MS_CONFIG_KEYS];
        const char *path = (key->flags & MS_KEY_FILE) != 0
                               ? *(char **)ms_config_field(loading->config, key)
                               : NULL;
        char byte;
        struct ms_error err;
        if (path == NULL || entry == NULL || read_file(path, &byte, 1) >= 0)
            continue;
        (void)ms_error_set(&err, MS_IO, "cannot read %s: %s", path, strerror(errno));
        fault_in_value(loading, entry, 0, err.text);
    }
}

/* An empty file is an error: it would switch the check of a token off without a word. */
static enum ms_status set_secret(char **field, const struct ms_config_key *key, const char *path,
                                 struct ms_error *err)
{
    char bytes[SECRET_FILE_MAX + 1];
    ssize_t len = read_file(path, bytes, sizeof(bytes));
    if (len < 0)
        return ms_error_set(err, MS_IO, "cannot read %s: %s", path, strerror(errno));
    if (len > SECRET_FILE_MAX)
        return ms_error_set(err, MS_INVALID, "%s is larger than 4 KiB", path);
    struct ms_str text = ms_str_n(bytes, (size_t)len);
    if (ms_str_ends_with(text, MS_STR("\n")))
        text.len--;
    if (ms_str_ends_with(text, MS_STR("\r")))
        text.len--;
    enum ms_status status = text.len > 0 ? ms_config_value_set(field, key, text, true, err)
                                         : ms_error_set(err, MS_INVALID, "%s is empty", path);
    explicit_bzero(bytes, sizeof(bytes));
    return status;
}

static void load_secret(struct loading *loading, const struct secret *secret)
{
    const struct ms_config_key *key = ms_config_key_find(ms_str(secret->key));
    const struct ms_config_key *file_key = ms_config_key_find(ms_str(secret->file_key));
    const struct ms_yaml_entry *entry = given(loading, secret->file_key);
    if (key == NULL || file_key == NULL)
        return;
    char **field = ms_config_field(loading->config, key);
    const char *path = *(char **)ms_config_field(loading->config, file_key);
    struct ms_error err;
    if (path != NULL && *field != NULL) {
        (void)ms_error_set(&err, MS_INVALID, "given beside %s: use one of them", secret->key);
        fault_in_entry(loading, entry, err.text);
    } else if (path != NULL && loading->program == MS_CONFIG_WRITER &&
               set_secret(field, key, path, &err) != MS_OK) {
        fault_in_value(loading, entry, 0, err.text);
    }
    if (loading->program == MS_CONFIG_READER)
        ms_config_value_clear(field, key);
}

/* --- a whole configuration --- */

static struct ms_config *new_config(void)
{
    struct ms_config *config = ms_alloc(sizeof(*config));
    for (const struct ms_config_key *key = MS_CONFIG_KEYS; key->name != NULL; key++) {
        struct ms_error err;
        if (key->fallback != NULL &&
            ms_config_value_set(ms_config_field(config, key), key, ms_str(key->fallback), false,
                                &err) != MS_OK)
            abort(); /* a fault of the table */
    }
    return config;
}

void ms_config_free(struct ms_config *config)
{
    if (config == NULL)
        return;
    for (const struct ms_config_key *key = MS_CONFIG_KEYS; key->name != NULL; key++)
        ms_config_value_clear(ms_config_field(config, key), key);
    free(config);
}

static void apply_document(struct loading *loading, const struct ms_yaml_document *document)
{
    loading->faults += document->n_faults;
    for (size_t i = 0; i < document->n_entries; i++)
        apply_entry(loading, &document->entries[i]);
    check_required(loading);
    check_pairs(loading);
    if (loading->program == MS_CONFIG_WRITER)
        check_files(loading);
    for (size_t i = 0; i < N_SECRETS; i++)
        load_secret(loading, &SECRETS[i]);
    finish_public_url(loading->config);
}

enum ms_status ms_config_parse(struct ms_config **out, struct ms_str yaml, const char *name,
                               enum ms_config_program program, struct ms_buf *diagnostics)
{
    struct ms_yaml_document document;
    struct ms_arena *arena = ms_arena_new(MS_YAML_ARENA_BYTES);
    enum ms_status status = ms_yaml_read(&document, arena, yaml, name, diagnostics);
    if (status == MS_OK) {
        struct loading loading = {
            .config = new_config(),
            .name = name,
            .program = program,
            .diagnostics = diagnostics,
        };
        apply_document(&loading, &document);
        if (loading.faults == 0) {
            *out = loading.config;
        } else {
            ms_config_free(loading.config);
            status = MS_INVALID;
        }
    }
    ms_arena_free(arena);
    return status;
}

enum ms_status ms_config_load(struct ms_config **out, const char *path,
                              enum ms_config_program program, struct ms_buf *diagnostics)
{
    enum { SIZE = MS_CONFIG_FILE_MAX + 1 }; /* one more shows that it is too large */
    char *bytes = ms_alloc(SIZE);
    enum ms_status status = MS_IO;
    ssize_t len = read_file(path, bytes, SIZE);
    if (len < 0)
        ms_buf_printf(diagnostics, "%s: cannot be read: %s\n", path, strerror(errno));
    else
        status = ms_config_parse(out, ms_str_n(bytes, (size_t)len), path, program, diagnostics);
    explicit_bzero(bytes, SIZE);
    free(bytes);
    return status;
}

void ms_config_reload(struct ms_config *current, struct ms_config *fresh,
                      struct ms_buf *needs_restart)
{
    for (const struct ms_config_key *key = MS_CONFIG_KEYS; key->name != NULL; key++) {
        void *ours = ms_config_field(current, key);
        void *theirs = ms_config_field(fresh, key);
        if (ms_config_value_equal(ours, theirs, key))
            continue;
        if (key->flags & MS_KEY_RELOAD)
            ms_config_value_swap(ours, theirs, key);
        else
            ms_buf_printf(needs_restart, "%s\n", key->name);
    }
}
