/* SPDX-License-Identifier: Apache-2.0 */
/* Names, each once, in the order they came, within limits: of a catalog page, a tag list, a scan.
 */
#ifndef NAME_LIST_H
#define NAME_LIST_H

#include "common/base/str.h"

struct name_list;

enum { NAME_LIST_MAX = 2 * 1000 * 1000, NAME_LIST_BYTES_MAX = 256 * 1024 * 1024 };

struct name_list *name_list_new(void);
void name_list_free(struct name_list *names); /* NULL is fine */

/* Copies the name, unless it is there: *out_is_new says so. MS_TOO_LARGE at a limit. */
enum ms_status name_list_add(bool *out_is_new, struct name_list *names,
                             struct ms_str name) MS_CHECKED;
const struct ms_str *name_list_all(const struct name_list *names, size_t *out_count);

#endif
