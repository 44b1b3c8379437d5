/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of packages as they are asked for: `2.14.1`, or a comparison, `<2.17`, `>= 1.2`. Pure.
 */
#ifndef PACKAGE_VERSION_H
#define PACKAGE_VERSION_H

#include "common/base/str.h"

struct package_version {
    struct ms_str comparison; /* "=", "<", "<=", ">" or ">="; static; absent: any version */
    struct ms_str version;    /* a view into the text; absent: any */
};

/* An absent text asks for any version. MS_INVALID: it compares with nothing. */
enum ms_status package_version_parse(struct package_version *out, struct ms_str text) MS_CHECKED;

#endif
