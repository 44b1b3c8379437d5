/* SPDX-License-Identifier: Apache-2.0 */
/* `--dead-letters [retry]`. */
#ifndef DEAD_LETTERS_H
#define DEAD_LETTERS_H

#include "common/config/config.h"

/* Prints a table on standard output, oldest first, a line each: id, time of death, repository with
 * tag or digest, action, reason. Returns the exit status. */
int dead_letters_list(const struct ms_config *config);
/* Puts those that name something back into the inbox, where a running leader finds them within a
 * second, and says how many on standard output. */
int dead_letters_retry(const struct ms_config *config);

#endif
