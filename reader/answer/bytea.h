/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of bytes, as PostgreSQL writes them in text: `\x` and two digits a byte. */
#ifndef BYTEA_H
#define BYTEA_H

#include "common/base/buf.h"

/* What is no such column adds nothing. */
void bytea_append(struct ms_buf *out, struct ms_str column);

#endif
