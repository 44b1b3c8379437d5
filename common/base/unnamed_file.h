/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files without a name, which are gone when they are closed, whatever becomes of the process.
 */
#ifndef MS_UNNAMED_FILE_H
#define MS_UNNAMED_FILE_H

/* For reading and writing, on the file system of `dir`, closed on exec. -1: see errno. */
int ms_unnamed_file(const char *dir);

#endif
