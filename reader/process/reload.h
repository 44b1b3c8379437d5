/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the configuration again. */
#ifndef RELOAD_H
#define RELOAD_H

#include "reader/process/program.h"

/* Moves what can change while the program runs into program->config. False (and logged, if `log`)
 * when the file is bad: then nothing has changed. */
bool reload_config(const struct reader_program *program, bool log);

#endif
