/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that say which parameters a resource takes, and in which shapes. */
#ifndef QUERY_PARAM_H
#define QUERY_PARAM_H

enum query_shape {
    QUERY_PLAIN, /* name=value */
    QUERY_GLOB,  /* and name:matches=glob */
    QUERY_MAP    /* name:KEY=value, name:KEY:matches=glob, name:KEY:exists=1 */
};

/* A row of a table of parameters. Rows stand in the order of their names. */
struct query_param {
    const char *name;
    enum query_shape shape;
};

#endif
