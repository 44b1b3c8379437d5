/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a ticket from a batch: one block of memory that holds the ticket and its arrays, freed in
 * one piece. The values of the parameters stay where the caller has them, unless they are to be
 * copied. Arrays stand in the block in the order of their alignment: pointers and 64 bits, then
 * ints, then bytes.
 */
#include "common/pg/ticket.h"

#include <stdlib.h>
#include <string.h>

/* How much a batch needs of each. */
struct sizes {
    size_t params;
    size_t bytes; /* of values, with a NUL for each */
};

enum { REPLIES_PER_STEP = 3 }; /* prepare, its sync, execute */

static enum ms_status check_param(const struct ms_pg_param *param, struct sizes *sizes,
                                  struct ms_error *err)
{
    struct ms_str value = param->value;
    if (value.len >= MS_PG_BATCH_BYTES_MAX - sizes->bytes)
        return ms_error_set(err, MS_TOO_LARGE, "a batch's parameters are over the limit");
    if (!param->binary && value.len > 0 && memchr(value.ptr, '\0', value.len) != NULL)
        return ms_error_set(err, MS_INVALID, "a text parameter holds a NUL");
    if (!param->binary && value.ptr != NULL && value.ptr[value.len] != '\0')
        abort(); /* libpq would send what follows as well */
    sizes->bytes += value.len + 1;
    return MS_OK;
}

static enum ms_status measure(struct sizes *out, const struct ms_pg_batch *batch,
                              struct ms_error *err)
{
    struct sizes sizes = {0};
    if (batch->n_steps == 0 || (batch->row_by_row && batch->n_steps != 1))
        return ms_error_set(err, MS_INVALID, "a batch of %zu statements", batch->n_steps);
    if (batch->n_steps > MS_PG_BATCH_STEPS_MAX)
        return ms_error_set(err, MS_TOO_LARGE, "a batch of %zu statements", batch->n_steps);
    for (size_t i = 0; i < batch->n_steps; i++) {
        const struct ms_pg_step *step = &batch->steps[i];
        if (step->n_params > MS_PG_STEP_PARAMS_MAX)
            return ms_error_set(err, MS_TOO_LARGE, "%zu parameters", step->n_params);
        sizes.params += step->n_params;
        for (size_t p = 0; p < step->n_params; p++) {
            enum ms_status status = check_param(&step->params[p], &sizes, err);
            if (status != MS_OK)
                return status;
        }
    }
    *out = sizes;
    return MS_OK;
}

/* Takes `bytes` from the block. */
static void *take(char **at, size_t bytes)
{
    void *piece = *at;
    *at += bytes;
    return piece;
}

static void fill(struct ms_pg_ticket *ticket, const struct ms_pg_batch *batch, size_t n_params)
{
    char *at = (char *)(ticket + 1);
    size_t n = batch->n_steps;
    ticket->commands = take(&at, n * sizeof(*ticket->commands));
    ticket->affected = take(&at, n * sizeof(*ticket->affected));
    ticket->replies = take(&at, (n * REPLIES_PER_STEP + 1) * sizeof(*ticket->replies));
    const char **values = take(&at, n_params * sizeof(*values));
    int *lengths = take(&at, n_params * sizeof(*lengths));
    int *formats = take(&at, n_params * sizeof(*formats));
    for (size_t i = 0, first = 0; i < n; first += batch->steps[i].n_params, i++) {
        const struct ms_pg_step *step = &batch->steps[i];
        struct ms_pg_command *command = &ticket->commands[i];
        *command = (struct ms_pg_command){
            .statement = step->statement,
            .n_params = (int)step->n_params,
            .values = values + first,
            .lengths = lengths + first,
            .formats = formats + first,
        };
        for (size_t p = 0; p < step->n_params; p++) {
            struct ms_str value = step->params[p].value;
            command->lengths[p] = (int)value.len;
            command->formats[p] = step->params[p].binary ? 1 : 0;
            command->values[p] = value.ptr;
            if (value.ptr != NULL && batch->copies_params)
                command->values[p] = memcpy(take(&at, value.len + 1), value.ptr, value.len + 1);
        }
    }
}

enum ms_status ms_pg_ticket_new(struct ms_pg_ticket **out, const struct ms_pg_batch *batch,
                                struct ms_error *err)
{
    struct sizes sizes = {0};
    enum ms_status status = measure(&sizes, batch, err);
    if (status != MS_OK)
        return status;
    size_t total = sizeof(struct ms_pg_ticket) +
                   batch->n_steps * (sizeof(struct ms_pg_command) + sizeof(uint64_t)) +
                   (batch->n_steps * REPLIES_PER_STEP + 1) * sizeof(struct ms_pg_reply) +
                   sizes.params * (sizeof(const char *) + 2 * sizeof(int)) +
                   (batch->copies_params ? sizes.bytes : 0);
    struct ms_pg_ticket *ticket = calloc(1, total);
    if (ticket == NULL)
        return ms_error_set(err, MS_TOO_LARGE, "no memory for a batch of %zu bytes", total);
    ticket->on_row = batch->on_row;
    ticket->on_done = batch->on_done;
    ticket->arg = batch->arg;
    ticket->binary_results = batch->binary_results;
    ticket->row_by_row = batch->row_by_row;
    ticket->close_on_cancel = batch->close_on_cancel;
    ticket->is_exclusive = batch->is_exclusive;
    ticket->statement_timeout_ms = batch->statement_timeout_ms;
    ticket->n_commands = batch->n_steps;
    fill(ticket, batch, sizes.params);
    *out = ticket;
    return MS_OK;
}

void ms_pg_ticket_rewind(struct ms_pg_ticket *ticket)
{
    ticket->conn = NULL;
    ticket->stale = false;
    ticket->single_row = false;
    ticket->null_seen = false;
    ticket->n_replies = 0;
    ticket->reply = 0;
    ticket->err.status = MS_OK;
    ticket->sqlstate[0] = '\0';
    memset(ticket->affected, 0, ticket->n_commands * sizeof(*ticket->affected));
}

void ms_pg_ticket_finish(struct ms_pg_ticket *ticket, const struct ms_error *err,
                         const char *sqlstate)
{
    struct ms_pg_outcome outcome = {
        .err = err, .was_silent = ticket->was_silent, .affected = ticket->affected};
    memcpy(outcome.sqlstate, sqlstate, strnlen(sqlstate, sizeof(outcome.sqlstate) - 1));
    if (!ticket->cancelled) {
        ticket->cancelled = true; /* ending is the last callback */
        ticket->on_done(&outcome, ticket->arg);
    }
    free(ticket);
}
