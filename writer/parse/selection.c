/* SPDX-License-Identifier: Apache-2.0 */
/* See selection.h. */
#include "writer/parse/selection.h"

#include "common/base/refname.h"

static bool matches_any(const struct ms_string_list *globs, struct ms_str name)
{
    for (size_t i = 0; i < globs->count; i++) {
        if (ms_refname_glob_match(ms_str(globs->items[i]), name))
            return true;
    }
    return false;
}

bool selection_has(const struct ms_config *config, struct ms_str repository)
{
    return ms_refname_is_repository(repository) &&
           matches_any(&config->registry.include, repository) &&
           !matches_any(&config->registry.exclude, repository);
}
