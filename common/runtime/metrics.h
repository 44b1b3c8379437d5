/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics: one table (metrics_table.h) names every family, its help, type and labels, and drives
 * /metrics and the manual. Limits are counted with common/runtime/limit.h. Values are cells of a
 * flat array, so that each reader worker counts in its own slot of shared memory without locks and
 * any worker can add the slots up.
 *
 * A family has up to two labels, each with a fixed set of values known when the program starts;
 * a value outside the set is counted as "other".
 */
#ifndef MS_METRICS_H
#define MS_METRICS_H

#include "common/base/buf.h"
#include "common/runtime/metrics_table.h"

enum ms_metric {
#define MS_METRIC_MEMBER(upper, name, type, program, labels, help) MS_METRIC_##upper,
    MS_METRICS(MS_METRIC_MEMBER)
#undef MS_METRIC_MEMBER
        MS_METRIC_COUNT
};

enum ms_metric_label { MS_LABEL_ROUTE, MS_LABEL_QUERY, MS_LABEL_COUNT };

/* The label values that differ between the programs: `values` is an array of static strings without
 * "other". Call before anything is counted and before ms_metrics_size, the same way in every
 * process of a program. */
void ms_metrics_set_labels(enum ms_metric_label label, const char *const *values, size_t count);

/* Bytes of one slot; slots may lie in shared memory, zeroed, aligned for a double. */
size_t ms_metrics_size(void);
/* The slot that this process counts in; without it counting goes to a private one. What a process
 * before this one counted there stays, and its gauges are 0. */
void ms_metrics_use_slot(void *slot);

/* A label that the family does not have is NULL. Counters only grow. */
void ms_metrics_add(enum ms_metric metric, const char *label_a, const char *label_b, double amount);
void ms_metrics_set(enum ms_metric metric, const char *label_a, const char *label_b, double value);
void ms_metrics_observe(enum ms_metric metric, const char *label_a, double seconds);
/* Of this process's slot; of a histogram: how often it was observed. */
double ms_metrics_get(enum ms_metric metric, const char *label_a, const char *label_b);

/* Prometheus text format 0.0.4 of the sum over `n_slots` slots that lie `stride` bytes apart
 * (gauges that are no sums, such as the generation, as their maximum), only families of `writer` or
 * of the reader. Of families with two labels, of labelled histograms, and of "other", only what was
 * counted is written: all combinations would be thousands of lines. */
void ms_metrics_render(struct ms_buf *out, bool writer, const void *slots, size_t n_slots,
                       size_t stride);
/* The same of this process's own slot. */
void ms_metrics_render_own(struct ms_buf *out, bool writer);
/* A Markdown table of every family. */
void ms_metrics_manual(struct ms_buf *out);

#endif
