/* SPDX-License-Identifier: Apache-2.0 */
/* SIGHUP: the configuration is read again. */
#ifndef RELOAD_H
#define RELOAD_H

struct writer;

/* Keys that can change at run time change, others are named in the log; a bad file changes nothing.
 */
void reload_config(struct writer *writer, const char *path);

#endif
