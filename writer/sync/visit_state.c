/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the steps of a visit: how they end, and the registry's list of names. */
#include "writer/sync/visit_internal.h"

#include <stdlib.h>

void visit_end_step(struct visit *visit, enum visit_phase phase)
{
    visit->phase = phase;
    visit->on_stepped(&visit->report, phase == VISIT_FINISHED, visit->arg);
}

void visit_fail(struct visit *visit, const struct ms_error *err)
{
    visit->err = *err;
    visit->report.err = &visit->err;
    visit_end_step(visit, VISIT_FINISHED);
}

void visit_cancel_calls(struct visit *visit)
{
    tags_cancel(visit->asking);
    registry_call_cancel(visit->call);
    ms_store_call_cancel(visit->store_call);
    visit->asking = NULL;
    visit->call = NULL;
    visit->store_call = NULL;
}

static int compare_names(const void *a, const void *b)
{
    return ms_str_compare(*(const struct ms_str *)a, *(const struct ms_str *)b);
}

void visit_sort_names(struct visit *visit)
{
    qsort(visit->names, visit->n_names, sizeof(*visit->names), compare_names);
}

struct ms_str *visit_find_name(const struct visit *visit, struct ms_str name)
{
    if (visit->n_names == 0)
        return NULL;
    return bsearch(&name, visit->names, visit->n_names, sizeof(*visit->names), compare_names);
}
