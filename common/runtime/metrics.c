/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics: where the cells of a family lie in a slot, counting, and the text. The families
 * themselves are in metrics_table.h.
 *
 * Always holds: a slot is an array of doubles whose layout follows from the table and the label
 * values alone, so it is the same in every process of a program; a cell is written by one process
 * and read by any.
 */
#include "common/runtime/metrics.h"

#include "common/base/alloc.h"
#include "common/runtime/limit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "metastore_"
#define OTHER "other"

/* --- the table --- */

enum { LABELS_MAX = 2, VALUE_TEXT_MAX = 32 };

/* The sets that both programs share come after those of ms_metrics_set_labels. */
enum label {
    LABEL_ROUTE = MS_LABEL_ROUTE,
    LABEL_QUERY = MS_LABEL_QUERY,
    LABEL_CODE = MS_LABEL_COUNT,
    LABEL_LIMIT,
    LABEL_ACTION,
    LABEL_RESULT,
    LABEL_KIND,
    LABEL_STATE,
    LABEL_CLASS,
    LABEL_SBOM,
    LABEL_NONE,
};

static const char *const CODES[] = {
    "200", "201", "202", "204", "206", "301", "302", "303", "304",   "307", "308",
    "400", "401", "403", "404", "405", "406", "408", "409", "410",   "411", "412",
    "413", "414", "415", "416", "417", "421", "422", "425", "428",   "429", "431",
    "499", "500", "501", "502", "503", "504", "505", "507", "error", /* no answer at all */
};
static const char *const LIMITS[] = {
#define LIMIT_NAME(upper, lower) #lower,
    MS_LIMITS(LIMIT_NAME)
#undef LIMIT_NAME
};
static const char *const ACTIONS[] = {"push", "pull", "delete", "mount"};
static const char *const RESULTS[] = {"accepted", "duplicate", "ignored", "oversized",
                                      "applied",  "dead",      "refused", "retried"};
static const char *const KINDS[] = {"catalog", "tags",   "head",  "manifest",
                                    "blob",    "delete", "token", "ping"};
static const char *const STATES[] = {"done", "total"};
static const char *const STATEMENT_CLASSES[] = {"lookup", "list",  "words",
                                                "search", "index", "walk"};
static const char *const SBOM_STATES[] = {"waiting",   "done", "too large",
                                          "malformed", "gone", "about something else"};

/* clang-format off */
#define SET(label_name, list)                                                                      \
    {.name = (label_name), .values = (list), .count = sizeof(list) / sizeof((list)[0])}

/* The value after the last one is "other". */
static struct label_set {
    const char *name;
    const char *const *values;
    size_t count;
} sets[] = {
    [LABEL_ROUTE] = {.name = "route"},    [LABEL_QUERY] = {.name = "query"},
    [LABEL_CODE] = SET("code", CODES),    [LABEL_LIMIT] = SET("limit", LIMITS),
    [LABEL_ACTION] = SET("action", ACTIONS), [LABEL_RESULT] = SET("result", RESULTS),
    [LABEL_KIND] = SET("kind", KINDS),    [LABEL_STATE] = SET("state", STATES),
    [LABEL_CLASS] = SET("class", STATEMENT_CLASSES),
    [LABEL_SBOM] = SET("state", SBOM_STATES),
};
/* clang-format on */

enum type { COUNTER, GAUGE, GAUGE_MAX, HISTOGRAM };
enum program { BOTH, WRITER, READER };

static const double BUCKETS[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                 0.25,  0.5,    1,     2.5,  5,     10};
enum {
    N_BUCKETS = sizeof(BUCKETS) / sizeof(BUCKETS[0]),
    CELL_SUM = N_BUCKETS + 1, /* behind the bucket of what is larger than all */
    HISTOGRAM_CELLS,
};

static const struct family {
    const char *name; /* without the prefix */
    enum type type;
    enum program program;
    enum label labels[LABELS_MAX];
    const char *help;
} FAMILIES[MS_METRIC_COUNT] = {
/* clang-format off */
#define NO_LABEL {LABEL_NONE, LABEL_NONE}
#define ONE(a) {LABEL_##a, LABEL_NONE}
#define TWO(a, b) {LABEL_##a, LABEL_##b}
#define METRIC(upper, name, type, program, labels, help)                                            \
    [MS_METRIC_##upper] = {name, type, program, labels, help},
    MS_METRICS(METRIC)
#undef METRIC
    /* clang-format on */
};

/* --- the layout of a slot --- */

static struct {
    size_t first[MS_METRIC_COUNT]; /* cell of a family's first series */
    size_t cells;                  /* 0: not yet laid out */
    double *slot;                  /* what this process counts in */
    double *private_slot;          /* the same when no other was given; ours to free */
} state;

/* With "other"; a label that is none has one value. */
static size_t value_count(enum label label)
{
    return label == LABEL_NONE ? 1 : sets[label].count + 1;
}

static size_t series_count(const struct family *family)
{
    return value_count(family->labels[0]) * value_count(family->labels[1]);
}

static size_t cells_per_series(const struct family *family)
{
    return family->type == HISTOGRAM ? HISTOGRAM_CELLS : 1;
}

static void lay_out(void)
{
    state.cells = 0;
    for (size_t i = 0; i < MS_METRIC_COUNT; i++) {
        state.first[i] = state.cells;
        state.cells += series_count(&FAMILIES[i]) * cells_per_series(&FAMILIES[i]);
    }
}

void ms_metrics_set_labels(enum ms_metric_label label, const char *const *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert(strcmp(values[i], OTHER) != 0);
    sets[label].values = values;
    sets[label].count = count;
    free(state.private_slot);
    state.private_slot = NULL;
    state.slot = NULL;
    lay_out();
}

size_t ms_metrics_size(void)
{
    if (state.cells == 0)
        lay_out();
    return state.cells * sizeof(double);
}

static void store(double *cell, double value)
{
    __atomic_store(cell, &value, __ATOMIC_RELAXED);
}

void ms_metrics_use_slot(void *slot)
{
    state.slot = slot;
    for (size_t i = 0; slot != NULL && i < MS_METRIC_COUNT; i++) {
        bool is_gauge = FAMILIES[i].type == GAUGE || FAMILIES[i].type == GAUGE_MAX;
        for (size_t series = 0; is_gauge && series < series_count(&FAMILIES[i]); series++)
            store(&state.slot[state.first[i] + series], 0);
    }
}

static double *own_slot(void)
{
    if (state.slot == NULL) {
        if (state.private_slot == NULL)
            state.private_slot = ms_alloc(ms_metrics_size());
        state.slot = state.private_slot;
    }
    return state.slot;
}

static size_t value_index(enum label label, const char *value)
{
    const struct label_set *set = label == LABEL_NONE ? NULL : &sets[label];
    size_t count = set != NULL ? set->count : 0;
    for (size_t i = 0; value != NULL && i < count; i++) {
        if (set->values[i] == value || strcmp(set->values[i], value) == 0)
            return i;
    }
    return count;
}

static size_t first_cell(enum ms_metric metric, const char *label_a, const char *label_b)
{
    const struct family *family = &FAMILIES[metric];
    size_t series = value_index(family->labels[0], label_a) * value_count(family->labels[1]) +
                    value_index(family->labels[1], label_b);
    return state.first[metric] + series * cells_per_series(family);
}

/* --- counting --- */

/* Another process may be reading: a cell is always stored whole. */
static double load(const double *cell)
{
    double value;
    __atomic_load(cell, &value, __ATOMIC_RELAXED);
    return value;
}

static void add(double *cell, double amount)
{
    store(cell, load(cell) + amount); /* nobody else writes it */
}

void ms_metrics_add(enum ms_metric metric, const char *label_a, const char *label_b, double amount)
{
    assert(FAMILIES[metric].type != HISTOGRAM);
    double *slot = own_slot();
    add(&slot[first_cell(metric, label_a, label_b)], amount);
}

void ms_metrics_set(enum ms_metric metric, const char *label_a, const char *label_b, double value)
{
    assert(FAMILIES[metric].type == GAUGE || FAMILIES[metric].type == GAUGE_MAX);
    double *slot = own_slot();
    store(&slot[first_cell(metric, label_a, label_b)], value);
}

void ms_metrics_observe(enum ms_metric metric, const char *label_a, double seconds)
{
    assert(FAMILIES[metric].type == HISTOGRAM);
    double *slot = own_slot();
    double *cells = &slot[first_cell(metric, label_a, NULL)];
    size_t bucket = 0;
    while (bucket < N_BUCKETS && seconds > BUCKETS[bucket])
        bucket++;
    add(&cells[bucket], 1);
    add(&cells[CELL_SUM], seconds);
}

static double observations(const double *cells)
{
    double count = 0;
    for (size_t i = 0; i <= N_BUCKETS; i++)
        count += load(&cells[i]);
    return count;
}

double ms_metrics_get(enum ms_metric metric, const char *label_a, const char *label_b)
{
    const double *slot = own_slot();
    const double *cells = &slot[first_cell(metric, label_a, label_b)];
    return FAMILIES[metric].type == HISTOGRAM ? observations(cells) : load(cells);
}

/* --- the text --- */

/* A series under way: the name, its labels, and the sum of its cells over all slots. */
struct series {
    const struct family *family;
    const char *values[LABELS_MAX]; /* NULL: no such label */
    double cells[HISTOGRAM_CELLS];
};

static void append_number(struct ms_buf *out, double value)
{
    bool is_whole = value > -1e15 && value < 1e15 && (double)(int64_t)value == value;
    ms_buf_printf(out, is_whole ? "%.0f" : "%.15g", value);
}

/* Values of labels are constants of the program, but a route may hold anything. */
static void append_label(struct ms_buf *out, const char *name, const char *value, bool is_first)
{
    ms_buf_printf(out, "%s%s=\"", is_first ? "{" : ",", name);
    for (; *value; value++) {
        if (*value == '\n')
            ms_buf_append_c(out, "\\n");
        else if (*value == '"' || *value == '\\')
            ms_buf_printf(out, "\\%c", *value);
        else
            ms_buf_append_char(out, *value);
    }
    ms_buf_append_char(out, '"');
}

/* `le` is a histogram's own label, or NULL. */
static void append_sample(struct ms_buf *out, const struct series *series, const char *suffix,
                          const char *le, double value)
{
    bool is_first = true;
    ms_buf_printf(out, PREFIX "%s%s", series->family->name, suffix);
    for (size_t i = 0; i < LABELS_MAX; i++) {
        if (series->values[i] == NULL)
            continue;
        append_label(out, sets[series->family->labels[i]].name, series->values[i], is_first);
        is_first = false;
    }
    if (le != NULL) {
        append_label(out, "le", le, is_first);
        is_first = false;
    }
    ms_buf_append_c(out, is_first ? " " : "} ");
    append_number(out, value);
    ms_buf_append_char(out, '\n');
}

static void append_histogram(struct ms_buf *out, const struct series *series)
{
    double count = 0;
    for (size_t i = 0; i < N_BUCKETS; i++) {
        struct ms_buf le;
        ms_buf_init(&le, VALUE_TEXT_MAX);
        append_number(&le, BUCKETS[i]);
        count += series->cells[i];
        append_sample(out, series, "_bucket", le.data, count);
        ms_buf_free(&le);
    }
    count += series->cells[N_BUCKETS];
    append_sample(out, series, "_bucket", "+Inf", count);
    append_sample(out, series, "_sum", NULL, series->cells[CELL_SUM]);
    append_sample(out, series, "_count", NULL, count);
}

static const char *value_name(enum label label, size_t index)
{
    if (label == LABEL_NONE)
        return NULL;
    return index < sets[label].count ? sets[label].values[index] : OTHER;
}

static bool is_other(enum label label, size_t index)
{
    return label != LABEL_NONE && index == sets[label].count;
}

/* Where slots lie and how many. */
struct slots {
    const void *first;
    size_t count;
    size_t stride;
};

static double merge(const struct slots *slots, enum type type, size_t cell)
{
    double merged = 0;
    for (size_t i = 0; i < slots->count; i++) {
        const void *slot = (const unsigned char *)slots->first + i * slots->stride;
        const double *cells = slot;
        double value = load(&cells[cell]);
        if (type != GAUGE_MAX)
            merged += value;
        else if (i == 0 || value > merged)
            merged = value;
    }
    return merged;
}

/* All series that a small family can have are there from the start, so that a rate over one sees
 * its first event; of large families only what was counted. */
static bool is_worth_writing(const struct series *series, bool is_of_other)
{
    const struct family *family = series->family;
    bool is_labelled = family->labels[0] != LABEL_NONE;
    bool is_large = family->labels[1] != LABEL_NONE || (is_labelled && family->type == HISTOGRAM);
    if (!is_large && !is_of_other)
        return true;
    return family->type == HISTOGRAM ? observations(series->cells) > 0 : series->cells[0] != 0;
}

static void append_family(struct ms_buf *out, size_t metric, const struct slots *slots)
{
    static const char *const TYPES[] = {"counter", "gauge", "gauge", "histogram"};
    const struct family *family = &FAMILIES[metric];
    size_t n_second = value_count(family->labels[1]);
    ms_buf_printf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", family->name,
                  family->help, family->name, TYPES[family->type]);
    for (size_t i = 0; i < series_count(family); i++) {
        size_t a = i / n_second;
        size_t b = i % n_second;
        struct series series = {family, {0}, {0}};
        series.values[0] = value_name(family->labels[0], a);
        series.values[1] = value_name(family->labels[1], b);
        size_t n_cells = cells_per_series(family);
        for (size_t cell = 0; cell < n_cells; cell++)
            series.cells[cell] =
                merge(slots, family->type, state.first[metric] + i * n_cells + cell);
        if (!is_worth_writing(&series, is_other(family->labels[0], a)))
            continue;
        if (family->type == HISTOGRAM)
            append_histogram(out, &series);
        else
            append_sample(out, &series, "", NULL, series.cells[0]);
    }
}

void ms_metrics_render(struct ms_buf *out, bool writer, const void *slots, size_t n_slots,
                       size_t stride)
{
    enum program wanted = writer ? WRITER : READER;
    struct slots all = {slots, n_slots, stride};
    if (state.cells == 0)
        lay_out();
    for (size_t i = 0; i < MS_METRIC_COUNT; i++) {
        if (FAMILIES[i].program == BOTH || FAMILIES[i].program == wanted)
            append_family(out, i, &all);
    }
}

void ms_metrics_render_own(struct ms_buf *out, bool writer)
{
    ms_metrics_render(out, writer, own_slot(), 1, 0);
}

void ms_metrics_manual(struct ms_buf *out)
{
    static const char *const TYPES[] = {"counter", "gauge", "gauge", "histogram"};
    static const char *const PROGRAMS[] = {"both", "writer", "reader"};
    ms_buf_append_c(out, "| metric | type | program | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < MS_METRIC_COUNT; i++) {
        const struct family *family = &FAMILIES[i];
        ms_buf_printf(out, "| `" PREFIX "%s", family->name);
        for (size_t j = 0; j < LABELS_MAX && family->labels[j] != LABEL_NONE; j++)
            ms_buf_printf(out, "%s%s", j == 0 ? "{" : ",", sets[family->labels[j]].name);
        ms_buf_printf(out, "%s` | %s | %s | %s |\n", family->labels[0] == LABEL_NONE ? "" : "}",
                      TYPES[family->type], PROGRAMS[family->program], family->help);
    }
}
