/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML to a flat list of (dotted key, values, position): the only file that includes libyaml.
 * Walks events; refuses anchors, aliases, tags, second documents, duplicate keys, files over
 * 64 KiB. Tabs that indent a line are expanded to multiples of four columns before parsing, and
 * positions in messages are those of the expanded line.
 */
#ifndef MS_CONFIG_YAML_H
#define MS_CONFIG_YAML_H

#include "common/base/arena.h"
#include "common/base/buf.h"

enum { MS_CONFIG_FILE_MAX = 64 * 1024, MS_YAML_ARENA_BYTES = 8 * 1024 * 1024 };

struct ms_yaml_value {
    struct ms_str text;
    bool quoted; /* a quoted scalar is a string, never a number or null */
    size_t line; /* from 1 */
    size_t column;
};

struct ms_yaml_entry {
    struct ms_str key; /* "registry.url" */
    size_t line;       /* of the key */
    size_t column;
    bool is_list;
    bool is_map; /* a section: no values, its keys follow as entries of their own */
    struct ms_yaml_value *values; /* one for a scalar */
    size_t n_values;
};

struct ms_yaml_document {
    struct ms_yaml_entry *entries;
    size_t n_entries;
    size_t n_faults; /* keys given twice, anchors, ...: reported, and left out of the entries */
};

/* MS_OK also when the file is YAML with faults that do not keep it from being read further
 * (n_faults), so that a caller finds every fault of a file at once; MS_INVALID when it is no YAML.
 * Each fault is a line "NAME:LINE:COLUMN: [key: ]what" in `diagnostics`. Texts live in `arena`,
 * for which MS_YAML_ARENA_BYTES are enough; keys consist of letters, digits, '_', '-' and '.'. */
enum ms_status ms_yaml_read(struct ms_yaml_document *out, struct ms_arena *arena,
                            struct ms_str yaml, const char *name,
                            struct ms_buf *diagnostics) MS_CHECKED;

#endif
