/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a catalog page or a tag list, each once, in the order they came, within limits. */
#ifndef REGISTRY_NAMES_H
#define REGISTRY_NAMES_H

#include "common/str.h"

struct registry_names;

enum { REGISTRY_NAMES_MAX = 2 * 1000 * 1000, REGISTRY_NAMES_BYTES_MAX = 256 * 1024 * 1024 };

struct registry_names *registry_names_new(void);
void registry_names_free(struct registry_names *names); /* NULL is fine */

/* Copies the name, unless it is there: *out_is_new says so. MS_TOO_LARGE at a limit. */
enum ms_status registry_names_add(bool *out_is_new, struct registry_names *names,
                                  struct ms_str name) MS_CHECKED;
const struct ms_str *registry_names_list(const struct registry_names *names, size_t *out_count);

#endif
