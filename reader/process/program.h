/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What main.c hands to every process of a reader.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "common/config/config.h"

struct reader_program {
    const char *config_path;
    size_t n_workers;
    struct ms_config *config; /* each process has its own after the fork */
};

#endif
