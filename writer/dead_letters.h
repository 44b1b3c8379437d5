/* SPDX-License-Identifier: Apache-2.0 */
/* `--dead-letters [retry]`. Called by main.c. */
#ifndef DEAD_LETTERS_H
#define DEAD_LETTERS_H

#include "common/config.h"

/* Prints each dead letter as a line of JSON on standard output, oldest first. Returns the exit
 * status. */
int dead_letters_list(const struct ms_config *config);
/* Puts all of them back into the inbox and says how many on standard output. */
int dead_letters_retry(const struct ms_config *config);

#endif
