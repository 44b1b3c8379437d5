/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The style sheet and the script of the pages, which are part of the program. Their paths have a
 * hash of their bytes, so that a browser may keep them as long as it likes.
 */
#ifndef ASSETS_H
#define ASSETS_H

#include "common/base/str.h"

struct asset {
    struct ms_str path; /* "/assets/metastore.0123456789ab.css" */
    const char *content_type;
    struct ms_str bytes;
};

/* Both live as long as the process, and are the same in all processes of a program. */
const struct asset *assets_sheet(void);
const struct asset *assets_script(void);

/* The one at this path; NULL: there is none, or its bytes were others. */
const struct asset *assets_find(struct ms_str path);

#endif
