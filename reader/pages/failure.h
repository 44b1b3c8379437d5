/* SPDX-License-Identifier: Apache-2.0 */
/* What the page of an error shows. */
#ifndef FAILURE_H
#define FAILURE_H

#include "reader/pages/view.h"

struct failure {
    int status;                  /* of HTTP */
    struct ms_str detail;        /* a sentence, of ours, that may quote the request */
    struct ms_str name;          /* the repository that was asked for; absent: none was */
    bool was_there;              /* it is known to have been there */
    struct view_strings nearest; /* names like it */
    uint64_t retry_seconds;      /* of a 429 or 503; 0: not said */
};

#endif
