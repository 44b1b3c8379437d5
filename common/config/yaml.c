/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML to a flat list of entries. Walks libyaml's events with one function for each kind of node;
 * the event under way is always walk->event, and advance() is the only place that replaces it.
 *
 * Always holds: a function that reads a node leaves walk->event at the node's
 * last event; nothing is resolved (no anchors, no tags), so what is read is as large as the file.
 */
#include "common/config/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <yaml.h>

enum {
    TAB_COLUMNS = 4,
    NESTING_MAX = 8,
    SKIPPED_NESTING_MAX = 64, /* deeper, libyaml takes time that grows with the square */
    ENTRIES_MAX = 1024,
    KEY_MAX = 128, /* of a dotted key */
    FAULT_TEXT_MAX = 256,
};

struct walk {
    yaml_parser_t parser;
    yaml_event_t event;
    struct ms_arena *arena;
    const char *name;
    struct ms_buf *diagnostics;
    struct ms_yaml_document document;
    size_t capacity; /* of document.entries */
};

/* --- faults --- */

static void append_fault(struct walk *walk, size_t line, size_t column, struct ms_str key,
                         const char *what)
{
    walk->document.n_faults++;
    ms_buf_printf(walk->diagnostics, "%s:%zu:%zu: ", walk->name, line, column);
    if (key.len > 0)
        ms_buf_printf(walk->diagnostics, "%.*s: ", MS_STR_ARG(key));
    ms_buf_append_c(walk->diagnostics, what);
    ms_buf_append_char(walk->diagnostics, '\n');
}

static void fault(struct walk *walk, struct ms_str key, const char *what)
{
    yaml_mark_t mark = walk->event.start_mark;
    append_fault(walk, mark.line + 1, mark.column + 1, key, what);
}

/* The reader of libyaml knows only an offset of the byte that it refuses. */
static void position_of(struct ms_str text, size_t offset, size_t *out_line, size_t *out_column)
{
    *out_line = 1;
    *out_column = 1;
    for (size_t i = 0; i < offset && i < text.len; i++) {
        ++*out_column;
        if (text.ptr[i] == '\n') {
            ++*out_line;
            *out_column = 1;
        }
    }
}

/* libyaml's texts never quote the file, so that no secret gets into a message. */
static void syntax_fault(struct walk *walk, struct ms_str text)
{
    const yaml_parser_t *parser = &walk->parser;
    const char *context = parser->context != NULL ? parser->context : "";
    size_t line = parser->problem_mark.line + 1;
    size_t column = parser->problem_mark.column + 1;
    if (parser->error == YAML_READER_ERROR)
        position_of(text, parser->problem_offset, &line, &column);

    bool is_sigil = strstr(context, "alias") != NULL || strstr(context, "anchor") != NULL;
    char what[FAULT_TEXT_MAX];
    (void)snprintf(what, sizeof(what), "no YAML: %s%s%s%s",
                   parser->problem != NULL ? parser->problem : "cannot be parsed",
                   *context ? " " : "", context,
                   is_sigil ? " (quote a value that begins with * or &)" : "");
    append_fault(walk, line, column, MS_STR_ABSENT, what);
}

/* --- events --- */

static enum ms_status advance(struct walk *walk)
{
    yaml_event_delete(&walk->event);
    return yaml_parser_parse(&walk->parser, &walk->event) ? MS_OK : MS_INVALID;
}

static bool at(const struct walk *walk, yaml_event_type_t type)
{
    return walk->event.type == type;
}

/* Reads over the node that begins at the present event. */
static enum ms_status skip_node(struct walk *walk)
{
    size_t depth = 0;
    for (;;) {
        if (at(walk, YAML_MAPPING_START_EVENT) || at(walk, YAML_SEQUENCE_START_EVENT))
            depth++;
        if (at(walk, YAML_MAPPING_END_EVENT) || at(walk, YAML_SEQUENCE_END_EVENT))
            depth--;
        if (depth == 0)
            return MS_OK;
        if (depth > SKIPPED_NESTING_MAX || advance(walk) != MS_OK)
            return MS_INVALID;
    }
}

static bool has_properties(const yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        return event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return event->data.sequence_start.anchor != NULL || event->data.sequence_start.tag != NULL;
    if (event->type == YAML_MAPPING_START_EVENT)
        return event->data.mapping_start.anchor != NULL || event->data.mapping_start.tag != NULL;
    return event->type == YAML_ALIAS_EVENT;
}

static void check_properties(struct walk *walk, struct ms_str key)
{
    if (has_properties(&walk->event))
        fault(walk, key,
              "anchors, aliases and tags are not supported (quote a value that begins "
              "with *, & or !)");
}

/* --- values --- */

static enum ms_status read_scalar(struct walk *walk, struct ms_yaml_value *out)
{
    const yaml_event_t *event = &walk->event;
    struct ms_yaml_value value = {
        .quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE,
        .line = event->start_mark.line + 1,
        .column = event->start_mark.column + 1,
    };
    struct ms_str text =
        ms_str_n((const char *)event->data.scalar.value, event->data.scalar.length);
    if (ms_arena_copy(&value.text, walk->arena, text) != MS_OK)
        return MS_INVALID;
    *out = value;
    return MS_OK;
}

/* Room for one more of `count` elements. The arena keeps the outgrown arrays, which at most doubles
 * what is used. */
static void *grow(struct walk *walk, void *array, size_t count, size_t *capacity, size_t bytes)
{
    if (count < *capacity)
        return array;
    size_t wanted = *capacity ? *capacity * 2 : 4;
    void *larger = ms_arena_try_array(walk->arena, wanted, bytes);
    if (larger == NULL)
        return NULL;
    if (count > 0)
        memcpy(larger, array, count * bytes);
    *capacity = wanted;
    return larger;
}

static enum ms_status read_list(struct walk *walk, struct ms_yaml_entry *entry)
{
    size_t capacity = 0;
    for (;;) {
        if (advance(walk) != MS_OK)
            return MS_INVALID;
        if (at(walk, YAML_SEQUENCE_END_EVENT))
            return MS_OK;
        check_properties(walk, entry->key);
        if (!at(walk, YAML_SCALAR_EVENT)) {
            if (!at(walk, YAML_ALIAS_EVENT))
                fault(walk, entry->key, "a list holds single values only");
            if (skip_node(walk) != MS_OK)
                return MS_INVALID;
            continue;
        }
        struct ms_yaml_value *values =
            grow(walk, entry->values, entry->n_values, &capacity, sizeof(*values));
        if (values == NULL || read_scalar(walk, &values[entry->n_values]) != MS_OK)
            return MS_INVALID;
        entry->values = values;
        entry->n_values++;
    }
}

/* --- keys --- */

static bool is_key_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

static const char *key_problem(struct ms_str key)
{
    if (key.len == 0)
        return "a key is missing";
    for (size_t i = 0; i < key.len; i++) {
        if (!is_key_byte(key.ptr[i]))
            return "a key consists of letters, digits and '_'";
    }
    if (memchr(key.ptr, '.', key.len) != NULL)
        return "a key holds no dots: write \"registry:\", and \"url:\" indented in the next line";
    return NULL;
}

static const struct ms_yaml_entry *find_entry(const struct walk *walk, struct ms_str key)
{
    for (size_t i = 0; i < walk->document.n_entries; i++) {
        if (ms_str_equal(walk->document.entries[i].key, key))
            return &walk->document.entries[i];
    }
    return NULL;
}

/* `out` gets the dotted key below `prefix`; an absent key when the fault was reported. */
static enum ms_status read_key(struct walk *walk, struct ms_str prefix, struct ms_str *out)
{
    struct ms_str word =
        ms_str_n((const char *)walk->event.data.scalar.value, walk->event.data.scalar.length);
    const char *problem = key_problem(word);
    if (problem == NULL && prefix.len + 1 + word.len > KEY_MAX)
        problem = "this key is too long";
    if (problem != NULL) {
        fault(walk, prefix, problem);
        *out = MS_STR_ABSENT;
        return MS_OK;
    }
    char dotted[KEY_MAX + 1];
    int len = snprintf(dotted, sizeof(dotted), "%.*s%s%.*s", MS_STR_ARG(prefix),
                       prefix.len > 0 ? "." : "", MS_STR_ARG(word));
    struct ms_str key;
    if (ms_arena_copy(&key, walk->arena, ms_str_n(dotted, (size_t)len)) != MS_OK)
        return MS_INVALID;
    const struct ms_yaml_entry *first = find_entry(walk, key);
    if (first != NULL) {
        char what[FAULT_TEXT_MAX];
        (void)snprintf(what, sizeof(what), "given twice (first in line %zu)", first->line);
        fault(walk, key, what);
        key = MS_STR_ABSENT;
    }
    *out = key;
    return MS_OK;
}

static enum ms_status add_entry(struct walk *walk, const struct ms_yaml_entry *entry)
{
    struct ms_yaml_document *document = &walk->document;
    if (document->n_entries == ENTRIES_MAX)
        return MS_INVALID;
    struct ms_yaml_entry *entries =
        grow(walk, document->entries, document->n_entries, &walk->capacity, sizeof(*entries));
    if (entries == NULL)
        return MS_INVALID;
    entries[document->n_entries++] = *entry;
    document->entries = entries;
    return MS_OK;
}

/* --- maps --- */

static enum ms_status walk_map(struct walk *walk, struct ms_str prefix, unsigned depth);

static enum ms_status walk_section(struct walk *walk, struct ms_yaml_entry *entry, unsigned depth)
{
    entry->is_map = true;
    if (add_entry(walk, entry) != MS_OK)
        return MS_INVALID;
    if (depth + 1 < NESTING_MAX)
        return walk_map(walk, entry->key, depth + 1);
    fault(walk, entry->key, "nested too deeply");
    return skip_node(walk);
}

static enum ms_status walk_value(struct walk *walk, struct ms_yaml_entry *entry, unsigned depth)
{
    check_properties(walk, entry->key);
    if (at(walk, YAML_ALIAS_EVENT))
        return MS_OK;
    if (at(walk, YAML_MAPPING_START_EVENT))
        return walk_section(walk, entry, depth);

    enum ms_status status;
    if (at(walk, YAML_SEQUENCE_START_EVENT)) {
        entry->is_list = true;
        status = read_list(walk, entry);
    } else {
        entry->n_values = 1;
        entry->values = ms_arena_try_alloc(walk->arena, sizeof(*entry->values));
        status = entry->values != NULL ? read_scalar(walk, entry->values) : MS_INVALID;
    }
    return status == MS_OK ? add_entry(walk, entry) : status;
}

static enum ms_status walk_pair(struct walk *walk, struct ms_str prefix, unsigned depth)
{
    struct ms_yaml_entry entry = {
        .line = walk->event.start_mark.line + 1,
        .column = walk->event.start_mark.column + 1,
    };
    check_properties(walk, prefix);
    if (at(walk, YAML_SCALAR_EVENT)) {
        if (read_key(walk, prefix, &entry.key) != MS_OK)
            return MS_INVALID;
    } else if (!at(walk, YAML_ALIAS_EVENT)) {
        fault(walk, prefix, "a key must be a single word");
    }
    if (skip_node(walk) != MS_OK || advance(walk) != MS_OK)
        return MS_INVALID;
    return entry.key.ptr != NULL ? walk_value(walk, &entry, depth) : skip_node(walk);
}

static enum ms_status walk_map(struct walk *walk, struct ms_str prefix, unsigned depth)
{
    for (;;) {
        if (advance(walk) != MS_OK)
            return MS_INVALID;
        if (at(walk, YAML_MAPPING_END_EVENT))
            return MS_OK;
        if (walk_pair(walk, prefix, depth) != MS_OK)
            return MS_INVALID;
    }
}

/* --- the file --- */

static enum ms_status walk_root(struct walk *walk)
{
    if (at(walk, YAML_MAPPING_START_EVENT)) {
        check_properties(walk, MS_STR_ABSENT);
        return walk_map(walk, MS_STR_ABSENT, 0);
    }
    if (!at(walk, YAML_SCALAR_EVENT) || walk->event.data.scalar.length > 0)
        fault(walk, MS_STR_ABSENT, "the file must be a map of keys, such as \"registry:\"");
    return skip_node(walk);
}

static enum ms_status walk_stream(struct walk *walk)
{
    /* The start of the stream, then that of a document, if there is one. */
    if (advance(walk) != MS_OK || advance(walk) != MS_OK)
        return MS_INVALID;
    if (at(walk, YAML_STREAM_END_EVENT))
        return MS_OK;
    if (advance(walk) != MS_OK || walk_root(walk) != MS_OK)
        return MS_INVALID;
    if (advance(walk) != MS_OK || advance(walk) != MS_OK)
        return MS_INVALID;
    if (!at(walk, YAML_STREAM_END_EVENT))
        fault(walk, MS_STR_ABSENT, "a second document is not supported");
    return MS_OK;
}

/* YAML forbids tabs as indentation, people use them all the same. */
static void expand_tabs(struct ms_buf *out, struct ms_str yaml)
{
    static const char SPACES[TAB_COLUMNS + 1] = "    ";
    bool is_indentation = true;
    size_t column = 0;
    for (size_t i = 0; i < yaml.len; i++) {
        char c = yaml.ptr[i];
        if (is_indentation && c == '\t') {
            size_t width = TAB_COLUMNS - column % TAB_COLUMNS;
            ms_buf_append(out, ms_str_n(SPACES, width));
            column += width;
            continue;
        }
        ms_buf_append_char(out, c);
        is_indentation = c == '\n' || c == '\r' || (is_indentation && c == ' ');
        column = c == ' ' ? column + 1 : 0;
    }
}

static enum ms_status parse(struct walk *walk, struct ms_str text)
{
    if (!yaml_parser_initialize(&walk->parser)) {
        append_fault(walk, 1, 1, MS_STR_ABSENT, "out of memory");
        return MS_INVALID;
    }
    yaml_parser_set_encoding(&walk->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&walk->parser, (const unsigned char *)text.ptr, text.len);
    enum ms_status status = walk_stream(walk);
    if (status != MS_OK && walk->parser.error != YAML_NO_ERROR)
        syntax_fault(walk, text);
    else if (status != MS_OK)
        fault(walk, MS_STR_ABSENT, "the file holds too much");
    yaml_event_delete(&walk->event);
    yaml_parser_delete(&walk->parser);
    return status;
}

enum ms_status ms_yaml_read(struct ms_yaml_document *out, struct ms_arena *arena,
                            struct ms_str yaml, const char *name, struct ms_buf *diagnostics)
{
    struct walk walk = {.arena = arena, .name = name, .diagnostics = diagnostics};
    if (yaml.len > MS_CONFIG_FILE_MAX) {
        append_fault(&walk, 1, 1, MS_STR_ABSENT, "the file is larger than 64 KiB");
        return MS_INVALID;
    }
    struct ms_buf text;
    ms_buf_init(&text, (size_t)MS_CONFIG_FILE_MAX * TAB_COLUMNS);
    expand_tabs(&text, yaml);
    enum ms_status status = parse(&walk, text.len > 0 ? ms_buf_view(&text) : MS_STR(""));
    ms_buf_free(&text);
    if (status == MS_OK)
        *out = walk.document;
    return status;
}
