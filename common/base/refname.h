/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of repositories and tags (OCI distribution 1.1) and globs over them. Pure.
 */
#ifndef MS_REFNAME_H
#define MS_REFNAME_H

#include "common/base/str.h"

enum { MS_REPOSITORY_NAME_MAX = 255, MS_TAG_NAME_MAX = 128 };

bool ms_refname_is_repository(struct ms_str name);
bool ms_refname_is_tag(struct ms_str tag);

/* `*` any run, `?` one character (one UTF-8 sequence), everything else literal, over the whole
 * value; linear in the product of the lengths, never exponential. */
bool ms_refname_glob_match(struct ms_str pattern, struct ms_str value);

#endif
