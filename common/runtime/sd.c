/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service and systemd tell each other by the environment: notifications, the watchdog, the
 * journal. A notification that fails is ignored: without a listener the service must run all the
 * same.
 */
#include "common/runtime/sd.h"

#include "common/base/str.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* The address in $NOTIFY_SOCKET: a path, or a name in the abstract space, written with '@'. */
static bool notify_address(struct sockaddr_un *out, socklen_t *out_len)
{
    struct ms_str path = ms_str(getenv("NOTIFY_SOCKET"));
    if (path.len < 2 || path.len >= sizeof(out->sun_path) ||
        (path.ptr[0] != '/' && path.ptr[0] != '@'))
        return false;
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(out->sun_path, path.ptr, path.len);
    *out_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len);
    if (path.ptr[0] == '@')
        out->sun_path[0] = '\0'; /* an abstract name has no terminating NUL */
    else
        *out_len += 1;
    return true;
}

void ms_sd_notify(const char *state)
{
    struct sockaddr_un address;
    socklen_t address_len;
    if (!notify_address(&address, &address_len))
        return;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                          address_len);
    (void)sent;
    close(fd);
}

static bool is_meant_for_us(void)
{
    const char *pid = getenv("WATCHDOG_PID");
    uint64_t value;
    if (pid == NULL)
        return true;
    return ms_str_to_u64(&value, ms_str(pid)) == MS_OK && value == (uint64_t)getpid();
}

uint64_t ms_sd_watchdog_ms(void)
{
    uint64_t interval_us;
    if (ms_str_to_u64(&interval_us, ms_str(getenv("WATCHDOG_USEC"))) != MS_OK || interval_us == 0 ||
        !is_meant_for_us())
        return 0;
    return interval_us >= 2000 ? interval_us / 2000 : 1;
}

/* $JOURNAL_STREAM is "DEVICE:INODE" of the stream that was connected to the journal; standard error
 * may have been redirected since. */
bool ms_sd_stderr_is_journal(void)
{
    struct ms_str inode = ms_str(getenv("JOURNAL_STREAM"));
    struct stat info;
    uint64_t device_value, inode_value;
    if (ms_str_is_absent(inode) || fstat(STDERR_FILENO, &info) != 0)
        return false;
    struct ms_str device = ms_str_next(&inode, ':');
    return ms_str_to_u64(&device_value, device) == MS_OK &&
           ms_str_to_u64(&inode_value, inode) == MS_OK && device_value == info.st_dev &&
           inode_value == info.st_ino;
}
