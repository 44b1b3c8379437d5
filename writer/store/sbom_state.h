/* SPDX-License-Identifier: Apache-2.0 */
/* What became of SBOM documents; each state has one word in /status and one in the database, in
 * metrics and logs. */
#ifndef MS_SBOM_STATE_H
#define MS_SBOM_STATE_H

#include "common/base/str.h"

/* X(upper, key in /status, text). WAITING is of manifests that may hold documents and were not read
 * yet, never of a document. */
#define MS_SBOM_STATES(X)                                                                          \
    X(WAITING, waiting, "waiting")                                                                 \
    X(DONE, done, "done")                                                                          \
    X(TOO_LARGE, too_large, "too large")                                                           \
    X(MALFORMED, malformed, "malformed")                                                           \
    X(ABOUT_OTHER, about_something_else, "about something else")                                   \
    X(GONE, gone, "gone")

enum ms_sbom_state {
#define MS_SBOM_ENUM(upper, key, text) MS_SBOM_##upper,
    MS_SBOM_STATES(MS_SBOM_ENUM)
#undef MS_SBOM_ENUM
        MS_SBOM_STATE_COUNT
};

static inline const char *ms_sbom_state_text(enum ms_sbom_state state)
{
    static const char *const TEXTS[MS_SBOM_STATE_COUNT] = {
#define MS_SBOM_TEXT(upper, key, text) text,
        MS_SBOM_STATES(MS_SBOM_TEXT)
#undef MS_SBOM_TEXT
    };
    return TEXTS[state];
}

/* MS_SBOM_STATE_COUNT: the text is none of them. */
static inline enum ms_sbom_state ms_sbom_state_of(struct ms_str text)
{
    enum ms_sbom_state state = 0;
    while (state < MS_SBOM_STATE_COUNT && !ms_str_equal(text, ms_str(ms_sbom_state_text(state))))
        state++;
    return state;
}

#endif
