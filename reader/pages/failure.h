/* SPDX-License-Identifier: Apache-2.0 */
/* What the page of an error shows. */
#ifndef FAILURE_H
#define FAILURE_H

#include "reader/pages/view.h"

struct failure {
    int status;                  /* of HTTP */
    struct ms_str detail;        /* a sentence, of ours, that may quote the request */
    struct ms_str name;          /* the repository that was asked for; absent: none was */
    struct ms_str repository;    /* one that is there, and likely what was meant; absent: none */
    bool was_there;              /* a repository of that name is known to have been there */
    bool were_below;             /* repositories are known to have been below that name */
    struct ms_str tag_until;     /* when the tag asked for was last there; absent: it never was */
    struct view_strings nearest; /* names like it */
    uint64_t retry_seconds;      /* of a 429 or 503; 0: not said */
};

#endif
