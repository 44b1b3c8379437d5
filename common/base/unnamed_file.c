/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/unnamed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 4096 };

/* For file systems without O_TMPFILE. */
static int open_and_unlink(const char *dir)
{
    char path[PATH_BYTES_MAX];
    int len = snprintf(path, sizeof(path), "%s/metastore-XXXXXX", dir);
    if (len < 0 || (size_t)len >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int file = mkostemp(path, O_CLOEXEC);
    if (file >= 0)
        unlink(path);
    return file;
}

int ms_unnamed_file(const char *dir)
{
    int file = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        file = open_and_unlink(dir);
    return file;
}
