/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The things that every part of the writer may use. This header lies below all parts: a part is
 * given the env, and the other parts that it needs, when it is made. To tell something to a part
 * above it calls a callback that it was given then.
 */
#ifndef ENV_H
#define ENV_H

#include <stdint.h>

struct ms_loop;
struct ms_config;
struct ms_store_writer;
struct registry_client;

struct env {
    struct ms_loop *loop;
    struct ms_config *config; /* its values change when it is read again, the object stays */
    struct ms_store_writer *store;
    struct registry_client *registry;
    uint64_t term; /* of the leadership; 0: this process does not lead */
};

#endif
